/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * On TC the kernel hands over merged packets (GSO, GRO): one buffer that stands for several
 * packets of the wire, whose headers are repeated in each (Linux, net/core/gso.c).
 */
#ifndef WEIR_MERGED_H
#define WEIR_MERGED_H

#include "account.h"

/* gso_size of packets whose segments are as long as their fragments (skbuff.h, GSO_BY_FRAGS). */
#define GSO_SIZE_BY_FRAGMENTS 0xffffu

struct merged_packet {
	__u32 len;         /* of the buffer, from the Ethernet header */
	__u32 wire_len;    /* as the kernel computed it; on ingress without the Ethernet headers */
	__u32 headers_len; /* repeated in each segment; 0: not known */
	__u32 gso_size;    /* payload of a full segment; 0: not merged */
	__u32 gso_segs;    /* 0: not yet computed (from a virtual machine) */
};

/* Leaves out len bytes of the headers that no segment has, though the kernel counts them. */
static __always_inline void merged_packet_cut(struct merged_packet *m, __u32 len)
{
	if (!len)
		return;
	m->len -= len;
	m->wire_len = m->len;
	if (m->headers_len)
		m->headers_len -= len;
}

/* The wire packets that a buffer stands for; at least one. */
static __always_inline struct packet_size packet_size_merged(const struct merged_packet *m)
{
	struct packet_size size = packet_size_single(m->len);
	__u32 full;

	if (!m->gso_size)
		return size;
	size.packets = m->gso_segs;
	if (!size.packets && m->len > m->headers_len)
		size.packets = (m->len - m->headers_len + m->gso_size - 1) / m->gso_size;
	if (size.packets < 2)
		return packet_size_single(m->len);
	/* The kernel may know of more headers (of tunnels); on ingress it leaves out the link's. */
	size.bytes = m->len + (size.packets - 1) * m->headers_len;
	if (m->wire_len > size.bytes)
		size.bytes = m->wire_len;

	/* All but the last are full; where that cannot be, the mean is all there is to tell. */
	full = m->headers_len + m->gso_size;
	size.max_len = full;
	size.min_len = size.bytes - (size.packets - 1) * full;
	if (m->gso_size == GSO_SIZE_BY_FRAGMENTS || !m->headers_len || size.min_len > full ||
	    !size.min_len) {
		size.max_len = (size.bytes + size.packets - 1) / size.packets;
		size.min_len = size.bytes / size.packets;
	}
	return size;
}

/* Adds a VLAN tag that is kept beside the buffer and will be in each of its packets. */
static __always_inline void packet_size_add_tag(struct packet_size *size)
{
	size->bytes += 4 * size->packets;
	size->max_len += 4;
	size->min_len += 4;
}

#endif
