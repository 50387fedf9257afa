/* SPDX-License-Identifier: BSD-2-Clause */
#include "pinned.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "pinned_ask.h"

/* enum bpf_link_type of Linux 6.6, include/uapi/linux/bpf.h: libbpf 1.1 knows the first. */
#define LINK_TYPE_XDP 6
#define LINK_TYPE_TCX 11

/* Of bpf_link_info, as of Linux 6.6: what XDP and TCX have behind its head. */
struct link_place {
	uint32_t ifindex;
	uint32_t attach_type; /* TCX */
};

/* A descriptor of what is pinned there, and what it is; or negative errno. */
static int open_pinned(const struct pin_place *place, unsigned int ifindex, int side,
		       struct pinned_link *link)
{
	struct bpf_link_info info;
	struct link_place at;
	__u32 len = sizeof(info);
	char path[PATH_MAX];
	int fd, err;

	memset(&info, 0, sizeof(info));
	pin_link_path(place, ifindex, side, path);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return fd;
	err = bpf_obj_get_info_by_fd(fd, &info, &len);
	memcpy(&at, &info.xdp, sizeof(at));
	*link = (struct pinned_link){ info.type, info.prog_id, at.ifindex, at.attach_type };
	if (err)
		close(fd);
	return err ? err : fd;
}

int pinned_read(const struct pin_place *place, unsigned int ifindex, int side,
		struct pinned_link *link)
{
	int fd;

	if (helper_is_used())
		return pinned_ask(ifindex, side, link);
	fd = open_pinned(place, ifindex, side, link);
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

void pinned_leave_out(const struct pin_place *place, struct netdev_facts *facts)
{
	struct pinned_link link;

	if (pinned_read(place, facts->ifindex, 0, &link) || link.type != LINK_TYPE_XDP ||
	    link.ifindex != facts->ifindex || link.prog_id != facts->xdp_prog_id)
		return;
	facts->xdp_mode = NETDEV_XDP_NONE;
	facts->xdp_prog_id = 0;
	facts->xdp_prog_name[0] = '\0';
}

static bool is_of_point(const struct pinned_link *link, enum attach_point point)
{
	switch (point) {
	case ATTACH_XDP_NATIVE:
	case ATTACH_XDP_GENERIC:
		return link->type == LINK_TYPE_XDP;
	case ATTACH_TCX_INGRESS:
		return link->type == LINK_TYPE_TCX && link->attach_type == TCX_INGRESS;
	case ATTACH_TCX_EGRESS:
		return link->type == LINK_TYPE_TCX && link->attach_type == TCX_EGRESS;
	default:
		return false;
	}
}

const char *pinned_refuses(const struct pin_place *place, const struct netdev_facts *facts,
			   const struct attach_plan *plan)
{
	const enum attach_point points[] = { plan->in, plan->out };

	for (int side = 0; side < 2; side++) {
		struct pinned_link link;

		if (attach_point_is_clsact(points[side]))
			return "only XDP and TCX (Linux 6.6) can count on without the agent";
		if (pinned_read(place, facts->ifindex, side, &link))
			continue;
		if (link.ifindex == facts->ifindex && !is_of_point(&link, points[side]))
			return "it is counted at another hook: weir detach, or attach as before (-a, -d)";
	}
	return NULL;
}

/* -ENOENT where there is nothing, or what is there has lost its interface. */
static int take_over(const struct pin_place *place, struct attachment *a, int side, int prog_fd)
{
	struct pinned_link link;
	int fd = open_pinned(place, (unsigned int)a->ifindex, side, &link), err;

	if (fd < 0)
		return fd;
	if (link.ifindex != (unsigned int)a->ifindex) {
		close(fd);
		pinned_remove(place, (unsigned int)a->ifindex, side);
		return -ENOENT;
	}
	err = bpf_link_update(fd, prog_fd, NULL);
	if (err)
		close(fd);
	else
		a->link_fd = fd;
	return err;
}

int pinned_attach(const struct pin_place *place, struct attachment *a, enum attach_point point,
		  int ifindex, int side, int prog_fd)
{
	struct bpf_prog_info info = { 0 };
	__u32 len = sizeof(info);
	char path[PATH_MAX];
	int err;

	*a = (struct attachment){ .point = point, .ifindex = ifindex, .link_fd = -1,
				  .owner_fd = -1 };
	if (helper_is_used())
		return pinned_ask_attach(a, side, prog_fd);
	err = bpf_obj_get_info_by_fd(prog_fd, &info, &len);
	if (err)
		return err;
	a->prog_id = info.id;
	err = take_over(place, a, side, prog_fd);
	if (err != -ENOENT)
		return err;
	err = attachment_open(a, point, ifindex, prog_fd);
	if (err)
		return err;
	pin_link_path(place, (unsigned int)ifindex, side, path);
	err = bpf_obj_pin(a->link_fd, path);
	if (err)
		attachment_close(a);
	return err;
}

void pinned_leave(struct attachment *a)
{
	if (a->link_fd >= 0)
		close(a->link_fd);
	a->link_fd = -1;
}

void pinned_remove(const struct pin_place *place, unsigned int ifindex, int side)
{
	char path[PATH_MAX];

	if (helper_is_used()) {
		pinned_ask_remove(ifindex, side);
		return;
	}
	pin_link_path(place, ifindex, side, path);
	unlink(path);
}
