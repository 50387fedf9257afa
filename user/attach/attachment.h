/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hooks there are, and what is known of a program that hangs at one.
 */
#ifndef WEIR_ATTACHMENT_H
#define WEIR_ATTACHMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ATTACH_POINTS(X)                                   \
	X(ATTACH_NOTHING,        NULL)                     \
	X(ATTACH_XDP_NATIVE,     "xdp-native")             \
	X(ATTACH_XDP_GENERIC,    "xdp-generic")            \
	X(ATTACH_TCX_INGRESS,    "tcx-ingress")            \
	X(ATTACH_TCX_EGRESS,     "tcx-egress")             \
	X(ATTACH_CLSACT_INGRESS, "clsact-ingress")         \
	X(ATTACH_CLSACT_EGRESS,  "clsact-egress")          \
	X(ATTACH_CAPTURE,        "pcap")

#define ATTACH_AS_ENUM(id, text) id,
enum attach_point { ATTACH_POINTS(ATTACH_AS_ENUM) ATTACH_POINT_COUNT };

/* The hooks among them. */
#define ATTACH_HOOK_FIRST ATTACH_XDP_NATIVE
#define ATTACH_HOOK_LAST  ATTACH_CLSACT_EGRESS

struct attachment {
	enum attach_point point;
	int ifindex;
	uint32_t prog_id;
	int link_fd;      /* XDP, TCX; -1: none */
	int owner_fd;     /* clsact: marks the filter as one of a living process; -1: none */
	uint32_t handle;   /* clsact: these two say which filter it is */
	uint32_t priority;
	bool made_qdisc;   /* clsact: a weir did, not somebody else */
};

/* "xdp-native", ...: as the document and weir check name it; NULL of ATTACH_NOTHING. */
const char *attach_point_name(enum attach_point point);

/* enum bpf_attach_type of Linux 6.6, include/uapi/linux/bpf.h. */
#define TCX_INGRESS 46
#define TCX_EGRESS  47

static inline bool attach_point_is_xdp(enum attach_point point)
{
	return point == ATTACH_XDP_NATIVE || point == ATTACH_XDP_GENERIC;
}

static inline bool attach_point_is_clsact(enum attach_point point)
{
	return point == ATTACH_CLSACT_INGRESS || point == ATTACH_CLSACT_EGRESS;
}

#endif
