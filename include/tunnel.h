/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Tunnels: what a packet can have another one in. Of a flow inside, its key tells the outermost
 * one, and the number that is in its header.
 */
#ifndef WEIR_TUNNEL_H
#define WEIR_TUNNEL_H

#include <linux/types.h>
#include <stdbool.h>

/*
 * The one list: X(id, name, whether both directions have the same number). MPLS labels, TEIDs of
 * GTP and call numbers of PPTP are given out by who receives.
 */
#define TUNNELS(X)                                                                    \
	X(TUNNEL_NONE,    "",        true)                                            \
	X(TUNNEL_MPLS,    "mpls",    false) /* the label at the top; over IP too (RFC 4023) */ \
	X(TUNNEL_PPPOE,   "pppoe",   true)  /* session (RFC 2516) */                  \
	X(TUNNEL_IPIP,    "ipip",    true)  /* no number; IPv4 or IPv6 in either (RFC 2003, 2473) */ \
	X(TUNNEL_ETHERIP, "etherip", true)  /* no number (RFC 3378) */                \
	X(TUNNEL_GRE,     "gre",     true)  /* the key, where there is one (RFC 2890) */ \
	X(TUNNEL_ERSPAN,  "erspan",  true)  /* session; type I has none */            \
	X(TUNNEL_PPTP,    "pptp",    false) /* call (RFC 2637) */                     \
	X(TUNNEL_VXLAN,   "vxlan",   true)  /* VNI (RFC 7348) */                      \
	X(TUNNEL_GENEVE,  "geneve",  true)  /* VNI (RFC 8926) */                      \
	X(TUNNEL_GTP,     "gtp",     false) /* TEID (3GPP TS 29.281) */

#define TUNNEL_AS_ENUM(id, name, is_shared) id,
enum tunnel_kind { TUNNELS(TUNNEL_AS_ENUM) TUNNEL_KIND_COUNT };

/* flow_key.tunnel: 0 of a packet that is in none. */
#define TUNNEL_NUMBER         0x00000000ffffffffull
#define TUNNEL_HAS_NUMBER     0x0000000100000000ull
#define TUNNEL_KIND       0x0000ff0000000000ull
#define TUNNEL_KIND_SHIFT 40

static inline __u64 tunnel_of(enum tunnel_kind kind)
{
	return (__u64)kind << TUNNEL_KIND_SHIFT;
}

static inline __u64 tunnel_numbered(enum tunnel_kind kind, __u32 number)
{
	return tunnel_of(kind) | TUNNEL_HAS_NUMBER | number;
}

static inline enum tunnel_kind tunnel_kind_of(__u64 tunnel)
{
	return (enum tunnel_kind)((tunnel & TUNNEL_KIND) >> TUNNEL_KIND_SHIFT);
}

/*
 * What both directions of a conversation have of it: its kind, and its number where they share it.
 */
static inline __u64 tunnel_of_both_ways(__u64 tunnel)
{
#define TUNNEL_IS_SHARED(id, name, is_shared) (__u64)(is_shared) << (id) |
	const __u64 shared = TUNNELS(TUNNEL_IS_SHARED) 0;

	return shared >> tunnel_kind_of(tunnel) & 1 ? tunnel : tunnel & TUNNEL_KIND;
}

#endif
