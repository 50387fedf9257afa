/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A cursor walks the headers of a packet and never reads past what is there. The kinds differ
 * in how they reach the bytes; a kind is a constant where it is used, so that after inlining
 * one way is left.
 */
#ifndef WEIR_CURSOR_H
#define WEIR_CURSOR_H

#include "platform.h"

enum cursor_kind {
	CURSOR_MEMORY, /* host, thorough: all headers, in memory */
	CURSOR_FAST,   /* the linear part, the usual headers; the rest is left to a thorough one */
	CURSOR_LINEAR, /* BPF, thorough: the linear part, every access checked anew */
	CURSOR_SKB,    /* BPF, thorough: copies by bpf_skb_load_bytes */
	CURSOR_XDP,    /* BPF, thorough: copies by bpf_xdp_load_bytes (kernel 5.18) */
};

/* Headers end before this, all ones; it bounds what the verifier has to think of. */
#define CURSOR_OFFSET_MAX 0x3fff

struct inward;

struct cursor {
	enum cursor_kind kind;
	const __u8 *start;
	const __u8 *pos;     /* CURSOR_MEMORY, CURSOR_FAST */
	const __u8 *end;
	void *context;       /* CURSOR_SKB, CURSOR_XDP */
	__u32 offset;        /* the thorough kinds */
	volatile __u32 *blur; /* the thorough kinds: see cursor_blur */
	bool incomplete;     /* a read was refused, or a thorough cursor could tell more */
	struct inward *inward; /* where parsers note how far they came; NULL: nobody goes on */
};

static __always_inline struct cursor cursor_over(enum cursor_kind kind, const void *start,
						 const void *end)
{
	return (struct cursor){ .kind = kind, .start = start, .pos = start, .end = end };
}

#ifdef __bpf__
static __always_inline const __u8 *cursor_reach_linear(const struct cursor *c, __u32 len)
{
	const __u8 *at;

	if (c->offset > CURSOR_OFFSET_MAX)
		return NULL;
	at = c->start + (opaque(c->offset) & CURSOR_OFFSET_MAX);
	return at + len <= c->end ? at : NULL;
}

static __always_inline const __u8 *cursor_reach(struct cursor *c, void *copy, __u32 len)
{
	if (c->kind == CURSOR_SKB)
		return bpf_skb_load_bytes(c->context, c->offset, copy, len) ? NULL : copy;
	if (c->kind == CURSOR_XDP)
		return bpf_xdp_load_bytes(c->context, c->offset, copy, len) ? NULL : copy;
	if (c->kind == CURSOR_LINEAR)
		return cursor_reach_linear(c, len);
	return c->pos + len <= c->end ? c->pos : NULL;
}
#else
static __always_inline const __u8 *cursor_reach(struct cursor *c, void *copy, __u32 len)
{
	(void)copy;
	return c->end - c->pos >= (long)len ? c->pos : NULL;
}
#endif

/*
 * The next len bytes (a constant), without moving: in place or in copy, which holds len bytes.
 * NULL where the packet ends before.
 */
static __always_inline const __u8 *cursor_peek(struct cursor *c, void *copy, __u32 len)
{
	const __u8 *bytes = cursor_reach(c, copy, len);

	if (unlikely(!bytes))
		c->incomplete = true;
	return bytes;
}

/* Leaves what is rare to a thorough cursor; false where this is one. */
static __always_inline bool cursor_defer(struct cursor *c)
{
	if (c->kind != CURSOR_FAST)
		return false;
	c->incomplete = true;
	return true;
}

/*
 * The same value, of which the verifier knows nothing any more: it does not follow what is kept
 * behind a global function's pointer argument. So all turns of a loop over headers look alike,
 * and it need not follow each sequence of header lengths.
 */
static __always_inline __u32 cursor_blur(struct cursor *c, __u32 value)
{
	if (!c->blur)
		return value;
	*c->blur = value;
	return *c->blur;
}

/* Moves on by len bytes, which may be past the end: then every later read is refused. */
static __always_inline void cursor_skip(struct cursor *c, __u32 len)
{
	if (c->kind == CURSOR_FAST)
		c->pos += len;
	else if (c->kind == CURSOR_MEMORY)
		c->pos = c->end - c->pos >= (long)len ? c->pos + len : c->end;
	else
		c->offset = cursor_blur(c, c->offset + len);
}

/* Bytes walked over. */
static __always_inline __u32 cursor_offset(const struct cursor *c)
{
	if (c->kind == CURSOR_MEMORY || c->kind == CURSOR_FAST) {
		__u64 walked = (__u64)(c->pos - c->start);

#ifdef __bpf__
		/* At once: half a pointer kept on the stack meanwhile would be refused. */
		asm volatile("" : "+r"(walked));
#endif
		return (__u32)walked;
	}
	return c->offset;
}

#endif
