/* SPDX-License-Identifier: BSD-2-Clause */
#include "attach.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <unistd.h>

#include "attach_ask.h"
#include "clsact.h"

/* Of Linux 6.6: before all others, where no other is named. */
#ifndef BPF_F_BEFORE
#define BPF_F_BEFORE (1u << 3)
#endif

static int link_open(struct attachment *a, int prog_fd)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts);
	int type;

	switch (a->point) {
	case ATTACH_XDP_NATIVE:
		opts.flags = XDP_FLAGS_DRV_MODE;
		type = BPF_XDP;
		break;
	case ATTACH_XDP_GENERIC:
		opts.flags = XDP_FLAGS_SKB_MODE;
		type = BPF_XDP;
		break;
	default:
		opts.flags = BPF_F_BEFORE;
		type = a->point == ATTACH_TCX_INGRESS ? TCX_INGRESS : TCX_EGRESS;
		break;
	}
	a->link_fd = bpf_link_create(prog_fd, a->ifindex, (enum bpf_attach_type)type, &opts);
	return a->link_fd < 0 ? a->link_fd : 0;
}

int attachment_open(struct attachment *a, enum attach_point point, int ifindex, int prog_fd)
{
	struct bpf_prog_info info = { 0 };
	__u32 len = sizeof(info);
	int err;

	*a = (struct attachment){ .point = point, .ifindex = ifindex, .link_fd = -1,
				  .owner_fd = -1 };
	if (helper_is_used())
		return attach_ask_open(a, prog_fd);
	err = bpf_obj_get_info_by_fd(prog_fd, &info, &len);
	if (err)
		return err;
	a->prog_id = info.id;
	if (attach_point_is_clsact(point))
		return clsact_attach(a, prog_fd);
	return link_open(a, prog_fd);
}

/* A link outlives its device, without an index; TCX has its own at the place of XDP's. */
int attachment_holds(const struct attachment *a)
{
	struct bpf_link_info info = { 0 };
	__u32 len = sizeof(info);
	int err;

	if (a->owner_fd >= 0)
		return clsact_holds(a);
	err = bpf_obj_get_info_by_fd(a->link_fd, &info, &len);
	return err ? err : info.xdp.ifindex != 0;
}

int attachment_close(struct attachment *a)
{
	int err = 0;

	if (a->owner_fd >= 0)
		err = helper_is_used() ? attach_ask_close(a) : clsact_detach(a);
	if (a->link_fd >= 0)
		close(a->link_fd);
	a->link_fd = -1;
	return err;
}
