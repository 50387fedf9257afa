/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcpdump's filter language. libpcap compiles an expression to classic BPF. In a replay
 * libpcap's own interpreter runs it; live it is translated to eBPF and runs at the hook.
 *
 * The meaning is that of a savefile in both cases: VLAN tags are part of the packet (`vlan`
 * shifts what follows), `len` is the length on the wire, a load past the end rejects. On TC a
 * tag that the kernel keeps beside the packet is put back where it was, for all expressions.
 * XDP cannot see a tag that the hardware took off: weir check tells where that is so.
 */
#ifndef WEIR_FILTER_H
#define WEIR_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "filter_error.h"

/* What packets an expression is about. */
struct filter_link {
	int type;         /* DLT_*; live: DLT_EN10MB only */
	uint32_t netmask; /* for `ip broadcast`, 255.0.0.0 is 0xff000000; 0 in a replay */
	bool is_live;
	bool is_swapped;  /* replay: the file was written in the other byte order */
};

/* One instruction of classic BPF: libpcap's struct bpf_insn, whose name linux/bpf.h takes. */
struct classic_insn {
	uint16_t code;
	uint8_t jt, jf;
	uint32_t k;
};

struct filter;

/*
 * Compiles an expression; an empty one accepts all. 0 and a filter to be closed; -EINVAL and
 * an error in libpcap's words; -ENOMEM; -ETIMEDOUT or -EINTR where nobody answered about a name
 * in it (patience.h). The error has a text after each failure.
 */
int filter_compile(const char *expression, const struct filter_link *link,
		   struct filter **filter, struct filter_error *error);
void filter_close(struct filter *filter);

/* Whether a packet passes, of which captured bytes are there and which had wire_len bytes. */
bool filter_matches(const struct filter *filter, const uint8_t *packet, uint32_t captured,
		    uint32_t wire_len);

/* The DLT_* it was compiled for. */
int filter_link_type(const struct filter *filter);

/* The compiled program; borrowed. */
const struct classic_insn *filter_classic(const struct filter *filter, size_t *count);

#endif
