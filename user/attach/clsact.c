/* SPDX-License-Identifier: BSD-2-Clause */
#include "clsact.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../system/netlink.h"

#define CLSACT_SLOTS    8
/* Which priority tells who made the qdisc: where weirs did, the last of them removes it. */
#define CLSACT_PRIORITY_FOUND 0x7e1
#define CLSACT_PRIORITY_MADE  0x7e2
/* The kernel keeps 15 characters of a program's name; all of weir's for TC begin so. */
#define CLSACT_PROGRAM_PREFIX "count_tc_"
#define CLSACT_FILTER_PREFIX  "weir_filter"

/* libbpf refuses a hook or a place whose padding is not zero: what an initializer leaves open. */
static void hook_init(struct bpf_tc_hook *hook, const struct attachment *a)
{
	memset(hook, 0, sizeof(*hook));
	hook->sz = sizeof(*hook);
	hook->ifindex = a->ifindex;
	hook->attach_point = a->point == ATTACH_CLSACT_INGRESS ? BPF_TC_INGRESS : BPF_TC_EGRESS;
}

/* An abstract socket's name is one of the network namespace and goes with its process. */
static int owner_open(const struct attachment *a, unsigned int slot)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int len, err;

	if (fd < 0)
		return -errno;
	len = snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "weir/%d/%d/%u",
		       a->ifindex, a->point, slot);
	len += (int)offsetof(struct sockaddr_un, sun_path) + 1;
	if (bind(fd, (struct sockaddr *)&address, (socklen_t)len) == 0)
		return fd;
	err = -errno;
	close(fd);
	return err;
}

static bool is_our_program(__u32 prog_id)
{
	struct bpf_prog_info info = { 0 };
	__u32 len = sizeof(info);
	int fd = bpf_prog_get_fd_by_id(prog_id);
	bool ours;

	if (fd < 0)
		return false;
	ours = bpf_obj_get_info_by_fd(fd, &info, &len) == 0 &&
	       (strncmp(info.name, CLSACT_PROGRAM_PREFIX, strlen(CLSACT_PROGRAM_PREFIX)) == 0 ||
		strncmp(info.name, CLSACT_FILTER_PREFIX, strlen(CLSACT_FILTER_PREFIX)) == 0);
	close(fd);
	return ours;
}

static void place_init(struct bpf_tc_opts *place, unsigned int slot, bool made_qdisc)
{
	memset(place, 0, sizeof(*place));
	place->sz = sizeof(*place);
	place->handle = slot + 1;
	place->priority = made_qdisc ? CLSACT_PRIORITY_MADE : CLSACT_PRIORITY_FOUND;
}

static bool is_ours(const struct bpf_tc_hook *hook, unsigned int slot, bool made_qdisc)
{
	struct bpf_tc_opts place;

	place_init(&place, slot, made_qdisc);
	return bpf_tc_query(hook, &place) == 0 && is_our_program(place.prog_id);
}

/* True where a filter says so, in or out, of a weir at work or of one that was killed. */
static bool weir_made_qdisc(const struct attachment *a)
{
	struct bpf_tc_hook hook;
	bool made = false;

	hook_init(&hook, a);
	for (unsigned int slot = 0; slot < CLSACT_SLOTS && !made; slot++) {
		hook.attach_point = BPF_TC_INGRESS;
		made = is_ours(&hook, slot, true);
		hook.attach_point = BPF_TC_EGRESS;
		made = made || is_ours(&hook, slot, true);
	}
	return made;
}

static void leftovers_remove(const struct attachment *a, unsigned int slot)
{
	struct bpf_tc_hook hook;
	struct bpf_tc_opts place;

	hook_init(&hook, a);
	for (int made = 0; made < 2; made++) {
		if (!is_ours(&hook, slot, made))
			continue;
		place_init(&place, slot, made);
		bpf_tc_detach(&hook, &place);
	}
}

/* Takes the first free slot and cleans all that have no owner. */
static int slot_take(struct attachment *a)
{
	for (unsigned int slot = 0; slot < CLSACT_SLOTS; slot++) {
		int fd = owner_open(a, slot);

		if (fd == -EADDRINUSE)
			continue;
		if (fd < 0)
			return fd;
		leftovers_remove(a, slot);
		if (a->owner_fd >= 0) {
			close(fd);
			continue;
		}
		a->owner_fd = fd;
		a->slot = slot;
	}
	return a->owner_fd >= 0 ? 0 : -EBUSY;
}

static int count_filter(const struct nlmsghdr *header, void *context)
{
	const struct tcmsg *message = mnl_nlmsg_get_payload(header);
	int *filters = context;

	if (message->tcm_handle)
		(*filters)++;
	return MNL_CB_OK;
}

static bool has_filters(int ifindex, uint32_t parent)
{
	struct netlink_request request;
	struct tcmsg *message = netlink_request_init(&request, RTM_GETTFILTER, NLM_F_DUMP,
						     sizeof(*message));
	int filters = 0;

	message->tcm_family = AF_UNSPEC;
	message->tcm_ifindex = ifindex;
	message->tcm_parent = parent;
	return netlink_ask(NETLINK_ROUTE, &request, count_filter, &filters) || filters;
}

static void qdisc_remove(const struct attachment *a)
{
	struct bpf_tc_hook hook;

	hook_init(&hook, a);
	hook.attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS;
	if (!has_filters(a->ifindex, TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS)) &&
	    !has_filters(a->ifindex, TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS)))
		bpf_tc_hook_destroy(&hook);
}

int clsact_attach(struct attachment *a, int prog_fd)
{
	struct bpf_tc_hook hook;
	struct bpf_tc_opts place;
	int err;

	hook_init(&hook, a);
	err = bpf_tc_hook_create(&hook);
	if (err && err != -EEXIST)
		return err;
	a->made_qdisc = !err || weir_made_qdisc(a);
	err = slot_take(a);
	if (!err) {
		place_init(&place, a->slot, a->made_qdisc);
		place.prog_fd = prog_fd;
		err = bpf_tc_attach(&hook, &place);
	}
	if (!err)
		return 0;
	if (a->owner_fd >= 0)
		close(a->owner_fd);
	a->owner_fd = -1;
	if (a->made_qdisc)
		qdisc_remove(a);
	return err;
}

bool clsact_holds(const struct attachment *a)
{
	struct bpf_tc_hook hook;
	struct bpf_tc_opts place;

	hook_init(&hook, a);
	place_init(&place, a->slot, a->made_qdisc);
	return bpf_tc_query(&hook, &place) == 0;
}

void clsact_detach(struct attachment *a)
{
	struct bpf_tc_hook hook;
	struct bpf_tc_opts place;

	hook_init(&hook, a);
	place_init(&place, a->slot, a->made_qdisc);
	bpf_tc_detach(&hook, &place);
	if (a->made_qdisc)
		qdisc_remove(a);
	close(a->owner_fd);
	a->owner_fd = -1;
}
