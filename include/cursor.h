/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A cursor walks the headers of a packet and never reads past what is there. On the host and
 * in the linear part of a kernel packet it points into the bytes; for the rest of a kernel
 * packet it copies them with the helpers. The kind is a constant where it is used, so that
 * only one of the two ways is left after inlining.
 */
#ifndef WEIR_CURSOR_H
#define WEIR_CURSOR_H


#include "platform.h"

enum cursor_kind {
	CURSOR_DIRECT, /* pos and end */
	CURSOR_SKB,    /* bpf_skb_load_bytes at offset; context is the struct __sk_buff */
	CURSOR_XDP,    /* bpf_xdp_load_bytes (kernel 5.18) at offset; context is the xdp_md */
};

struct cursor {
	enum cursor_kind kind;
	const __u8 *start;
	const __u8 *pos;
	const __u8 *end;
	void *context;
	__u32 offset;     /* not for CURSOR_DIRECT */
	bool ran_out;     /* a read was refused: more bytes might tell more */
};

static __always_inline struct cursor cursor_direct(const void *start, const void *end)
{
	return (struct cursor){ .kind = CURSOR_DIRECT, .start = start, .pos = start, .end = end };
}

#ifdef __bpf__
static __always_inline long cursor_load(struct cursor *c, void *copy, __u32 len)
{
	if (c->kind == CURSOR_XDP)
		return bpf_xdp_load_bytes(c->context, c->offset, copy, len);
	return bpf_skb_load_bytes(c->context, c->offset, copy, len);
}
#endif

/*
 * The next len bytes (a constant), without moving: in place or in copy, which holds len bytes.
 * NULL where the packet ends before.
 */
static __always_inline const __u8 *cursor_peek(struct cursor *c, void *copy, __u32 len)
{
#ifdef __bpf__
	if (c->kind != CURSOR_DIRECT) {
		if (cursor_load(c, copy, len) == 0)
			return copy;
		c->ran_out = true;
		return NULL;
	}
#endif
	(void)copy;
#ifdef __bpf__
	if (c->pos + len <= c->end)
		return c->pos;
#else
	if (c->end - c->pos >= (long)len)
		return c->pos;
#endif
	c->ran_out = true;
	return NULL;
}

/* Moves on by len bytes, which may be past the end: then every later read is refused. */
static __always_inline void cursor_skip(struct cursor *c, __u32 len)
{
#ifdef __bpf__
	if (c->kind != CURSOR_DIRECT) {
		c->offset += len;
		return;
	}
	c->pos += len;
#else
	c->pos = c->end - c->pos >= (long)len ? c->pos + len : c->end;
#endif
}

/* Bytes walked over. */
static __always_inline __u32 cursor_offset(const struct cursor *c)
{
	return c->kind == CURSOR_DIRECT ? (__u32)(c->pos - c->start) : c->offset;
}

#endif
