/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Attaching one program at one hook of one interface. XDP and TCX go by links, which vanish
 * with the process; a clsact filter is removed at detaching, and one that a killed weir left
 * behind is recognised and replaced.
 */
#ifndef WEIR_ATTACH_H
#define WEIR_ATTACH_H

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

/*
 * Attaches the program to the interface, at one of the hooks, first in line where the kernel
 * lets it. 0; -EBUSY where the hook is taken; else the kernel's negative errno. After a failure
 * there is nothing to detach.
 */
int attachment_open(struct attachment *attachment, enum attach_point point, int ifindex,
		    int prog_fd);

/*
 * 1 while the program is on its hook. 0 once it has been taken off: by an administrator, or
 * because the interface has gone, be it that another one has its index now. A negative errno
 * where the kernel could not be asked.
 */
int attachment_holds(const struct attachment *attachment);

/*
 * Detaches, also where the interface has gone. Once. 0, or a negative errno where something may
 * have been left behind.
 */
int attachment_close(struct attachment *attachment);

#endif
