/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Builds packets for tests, one layer after the other: each writes its own number into the type
 * field of the layer before. A packet is a list of layers:
 *
 *     { ETHERNET, VLAN(7), IPV4, TCP(SYN), PAYLOAD(10) }
 */
#ifndef WEIR_TESTS_PACKET_BUILDER_H
#define WEIR_TESTS_PACKET_BUILDER_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* First: linux/in.h makes way for netinet/in.h only if that came before. */
#include "../include/platform.h"
#include "../include/parse.h"

#define FRAME_MAX    32768
#define FRAME_LAYERS 20

/* What all packets carry, in host order. */
#define IPV4_SRC 0x0a010203
#define IPV4_DST 0xc0a80405
#define IPV6_SRC { 0x20, 1, 0xd, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 }
#define IPV6_DST { 0xfd, 0, 0x11, 0x22, 0x33, 0x44, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5 }
#define SRC_PORT 40000
#define DST_PORT 443

struct frame {
	uint8_t bytes[FRAME_MAX];
	uint32_t len;
	uint32_t type_at;    /* the EtherType field that the next layer fills in */
	uint32_t next_at;    /* the same of an IP protocol field */
	uint32_t ip_at;      /* 0: no IP header yet */
	uint32_t length_at;  /* the length field of the IP header */
	uint32_t length_from; /* where what it counts begins */
	int32_t ip_length;   /* -1: the true one */
};

/* How to put one layer, with up to two arguments. */
struct layer {
	void (*put)(struct frame *frame, const struct layer *layer);
	uint32_t a, b;
};

static inline uint8_t *frame_grow(struct frame *f, uint32_t size)
{
	uint8_t *at = f->bytes + f->len;

	if (f->len + size > sizeof(f->bytes))
		abort();
	f->len += size;
	return at;
}

static inline void frame_set16(struct frame *f, uint32_t at, uint32_t value)
{
	f->bytes[at] = (uint8_t)(value >> 8);
	f->bytes[at + 1] = (uint8_t)value;
}

static inline void frame_put16(struct frame *f, uint32_t value)
{
	frame_grow(f, 2);
	frame_set16(f, f->len - 2, value);
}

static inline void frame_put32(struct frame *f, uint32_t value)
{
	frame_put16(f, value >> 16);
	frame_put16(f, value);
}

/* Bytes that no field mistakes for nothing. */
static inline void frame_put_fill(struct frame *f, uint32_t size)
{
	memset(frame_grow(f, size), 0xa5, size);
}

static inline void put_ethernet(struct frame *f, const struct layer *layer)
{
	(void)layer;
	frame_put_fill(f, 12);
	f->type_at = f->len;
	frame_put16(f, 0);
}

/* An EtherType with nothing that is known behind it. */
static inline void put_ethertype(struct frame *f, const struct layer *layer)
{
	frame_set16(f, f->type_at, layer->a);
}

static inline void put_tag(struct frame *f, const struct layer *layer)
{
	frame_set16(f, f->type_at, layer->a);
	frame_put16(f, layer->b);
	f->type_at = f->len;
	frame_put16(f, 0);
}

/* a: bytes of options; b: the fragment field. */
static inline void put_ipv4(struct frame *f, const struct layer *layer)
{
	frame_set16(f, f->type_at, ETH_P_IP);
	f->ip_at = f->length_from = f->len;
	*frame_grow(f, 1) = (uint8_t)(0x45 + layer->a / 4);
	*frame_grow(f, 1) = 0;
	f->length_at = f->len;
	frame_put16(f, 0);
	frame_put16(f, 0x1234);
	frame_put16(f, layer->b);
	*frame_grow(f, 1) = 64;
	f->next_at = f->len;
	frame_put_fill(f, 3);
	frame_put32(f, IPV4_SRC);
	frame_put32(f, IPV4_DST);
	memset(frame_grow(f, layer->a), 1, layer->a);
}

static inline void put_ipv6(struct frame *f, const struct layer *layer)
{
	const uint8_t src[] = IPV6_SRC, dst[] = IPV6_DST;

	(void)layer;
	frame_set16(f, f->type_at, ETH_P_IPV6);
	f->ip_at = f->len;
	frame_put32(f, 0x60000000);
	f->length_at = f->len;
	frame_put16(f, 0);
	f->next_at = f->len;
	frame_put_fill(f, 2);
	memcpy(frame_grow(f, sizeof(src)), src, sizeof(src));
	memcpy(frame_grow(f, sizeof(dst)), dst, sizeof(dst));
	f->length_from = f->len;
}

/* a: protocol number of the extension header; b: its size in bytes, a multiple of 8 (AH: 4). */
static inline void put_extension(struct frame *f, const struct layer *layer)
{
	f->bytes[f->next_at] = (uint8_t)layer->a;
	f->next_at = f->len;
	frame_put_fill(f, layer->b);
	f->bytes[f->next_at + 1] = (uint8_t)(layer->a == IPV6_EXT_AH ? layer->b / 4 - 2 :
								       layer->b / 8 - 1);
}

/* a: the field of offset and flag, the offset in its upper 13 bits. */
static inline void put_fragment6(struct frame *f, const struct layer *layer)
{
	const struct layer extension = { put_extension, IPV6_EXT_FRAGMENT, 8 };

	put_extension(f, &extension);
	frame_set16(f, f->next_at + 2, layer->a);
}

/* A protocol number with nothing that is known behind it. */
static inline void put_proto(struct frame *f, const struct layer *layer)
{
	f->bytes[f->next_at] = (uint8_t)layer->a;
}

static inline void put_ports(struct frame *f, uint32_t proto)
{
	f->bytes[f->next_at] = (uint8_t)proto;
	frame_put16(f, SRC_PORT);
	frame_put16(f, DST_PORT);
}

/* a: flags; b: bytes of options. */
static inline void put_tcp(struct frame *f, const struct layer *layer)
{
	put_ports(f, IPPROTO_TCP);
	frame_put_fill(f, 8);
	*frame_grow(f, 1) = (uint8_t)((20 + layer->b) / 4 << 4);
	*frame_grow(f, 1) = (uint8_t)layer->a;
	frame_put_fill(f, 6 + layer->b);
}

/* a: one of the protocols that have only ports to tell; b: size of the header. */
static inline void put_transport(struct frame *f, const struct layer *layer)
{
	put_ports(f, layer->a);
	frame_put_fill(f, layer->b - 4);
}

/* a: type and code as 16 bits; b: protocol. */
static inline void put_icmp(struct frame *f, const struct layer *layer)
{
	f->bytes[f->next_at] = (uint8_t)layer->b;
	frame_put16(f, layer->a);
	frame_put_fill(f, 6);
}

static inline void put_payload(struct frame *f, const struct layer *layer)
{
	frame_put_fill(f, layer->a);
}

static inline void put_zeros(struct frame *f, const struct layer *layer)
{
	memset(frame_grow(f, layer->a), 0, layer->a);
}

/* a: what the IP header says its length is. */
static inline void put_ip_length(struct frame *f, const struct layer *layer)
{
	f->ip_length = (int32_t)layer->a;
}

/* a: which byte of the IP header; b: what it is instead. */
static inline void put_ip_byte(struct frame *f, const struct layer *layer)
{
	f->bytes[f->ip_at + layer->a] = (uint8_t)layer->b;
}

#define ETHERNET                 { put_ethernet, 0, 0 }
#define ETHERTYPE(number)        { put_ethertype, number, 0 }
#define TAG(tpid, tci)           { put_tag, tpid, tci }
#define VLAN(tci)                TAG(ETH_P_8021Q, tci)
#define IPV4                     { put_ipv4, 0, 0 }
#define IPV4_OPTIONS(size)       { put_ipv4, size, 0 }
#define IPV4_FRAGMENT(field)     { put_ipv4, 0, field }
#define IPV6                     { put_ipv6, 0, 0 }
#define EXTENSION(kind, size)    { put_extension, kind, size }
#define AH(size)                 { put_extension, IPV6_EXT_AH, size }
#define FRAGMENT6(field)         { put_fragment6, field, 0 }
#define PROTO(number)            { put_proto, number, 0 }
#define TCP(flags)               { put_tcp, flags, 0 }
#define TCP_OPTIONS(flags, size) { put_tcp, flags, size }
#define UDP                      { put_transport, IPPROTO_UDP, 8 }
#define UDPLITE                  { put_transport, IPPROTO_UDPLITE, 8 }
#define SCTP                     { put_transport, IPPROTO_SCTP, 12 }
#define DCCP                     { put_transport, IPPROTO_DCCP, 16 }
#define ICMP(type, code)         { put_icmp, (type) << 8 | (code), IPPROTO_ICMP }
#define ICMPV6(type, code)       { put_icmp, (type) << 8 | (code), IPPROTO_ICMPV6 }
#define PAYLOAD(size)            { put_payload, size, 0 }
#define ZEROS(size)              { put_zeros, size, 0 }
#define IP_LENGTH(length)        { put_ip_length, length, 0 }
#define IP_BYTE(at, value)       { put_ip_byte, at, value }

static inline void frame_end(struct frame *f)
{
	if (!f->ip_at)
		return;
	if (f->ip_length < 0)
		f->ip_length = (int32_t)(f->len - f->length_from);
	frame_set16(f, f->length_at, (uint32_t)f->ip_length);
}

/* The packet of these layers; the list ends with one that puts nothing, or is full. */
static inline void frame_build(struct frame *f, const struct layer *layers)
{
	memset(f, 0, sizeof(*f));
	f->ip_length = -1;
	for (int i = 0; i < FRAME_LAYERS && layers[i].put; i++)
		layers[i].put(f, &layers[i]);
	frame_end(f);
}

/* UDP over IPv6 behind so many extension headers of the smallest size. */
static inline void frame_build_chain(struct frame *f, uint32_t headers)
{
	const struct layer begin[FRAME_LAYERS] = { ETHERNET, IPV6 }, udp = UDP;
	const struct layer extension = EXTENSION(IPV6_EXT_DESTINATION, 8);

	frame_build(f, begin);
	for (uint32_t i = 0; i < headers; i++)
		extension.put(f, &extension);
	udp.put(f, &udp);
	f->ip_length = -1;
	frame_end(f);
}

/* Puts the number of a link into a key without one. */
static inline void key_set_link(struct flow_key *key, uint32_t number)
{
	struct flow_link link = flow_link_of(number);

	key->flags |= link.flags;
	key->vlan |= link.vlan;
	key->inner_vlan |= link.inner_vlan;
}

#endif
