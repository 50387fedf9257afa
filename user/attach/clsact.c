/* SPDX-License-Identifier: BSD-2-Clause */
#include "clsact.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "chain.h"

#define CLSACT_SLOTS 8
/* Handles: who made the qdisc (where weirs did, the last of them removes it), and the slot. */
#define CLSACT_HANDLE_FOUND 0x7e100000
#define CLSACT_HANDLE_MADE  0x7e200000
/* Priorities before this one that others hold with another kind of filter are passed over. */
#define CLSACT_PRIORITY_MAX 64
/* What fails for want of memory or descriptors may do a moment later. */
#define CLSACT_TRIES  3
#define CLSACT_WAIT_NS 10000000
#define GATE_TRIES    200

/* libbpf refuses a hook or a place whose padding is not zero: what an initializer leaves open. */
static void hook_init(struct bpf_tc_hook *hook, unsigned int ifindex, enum attach_point point)
{
	memset(hook, 0, sizeof(*hook));
	hook->sz = sizeof(*hook);
	hook->ifindex = (int)ifindex;
	hook->attach_point = point == ATTACH_CLSACT_INGRESS ? BPF_TC_INGRESS : BPF_TC_EGRESS;
}

static void place_init(struct bpf_tc_opts *place, uint32_t handle, uint32_t priority)
{
	memset(place, 0, sizeof(*place));
	place->sz = sizeof(*place);
	place->handle = handle;
	place->priority = priority;
}

/* Of an object that is not there any more, or whose interface or qdisc is not. */
static bool is_absent(int err)
{
	return err == -ENOENT || err == -ENODEV || err == -EINVAL;
}

static void wait_a_moment(void)
{
	const struct timespec moment = { .tv_nsec = CLSACT_WAIT_NS };

	nanosleep(&moment, NULL);
}

/* An abstract socket's name is one of the network namespace and goes with its process. */
static int name_take(unsigned int ifindex, const char *what, unsigned int number)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int len, err;

	if (fd < 0)
		return -errno;
	len = snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "weir/%u/%s/%u",
		       ifindex, what, number);
	len += (int)offsetof(struct sockaddr_un, sun_path) + 1;
	if (bind(fd, (struct sockaddr *)&address, (socklen_t)len) == 0)
		return fd;
	err = -errno;
	close(fd);
	return err;
}

static int owner_open(unsigned int ifindex, enum attach_point point, unsigned int slot)
{
	return name_take(ifindex, attach_point_name(point), slot);
}

/*
 * One weir at a time makes and removes the qdisc of an interface: removing it would take away the
 * filter that another one has just put there. -EBUSY where it takes too long.
 */
static int gate_open(unsigned int ifindex)
{
	int fd = -EADDRINUSE;

	for (int i = 0; i < GATE_TRIES && fd == -EADDRINUSE; i++) {
		if (i)
			wait_a_moment();
		fd = name_take(ifindex, "qdisc", 0);
	}
	return fd == -EADDRINUSE ? -EBUSY : fd;
}

static void gate_close(int fd)
{
	if (fd >= 0)
		close(fd);
}

static int filters_read(struct chain *chain, enum attach_point point, unsigned int ifindex)
{
	int err = 0;

	for (int i = 0; i < CLSACT_TRIES; i++) {
		err = chain_read(chain, point, ifindex);
		if (!err || is_absent(err))
			return err;
		wait_a_moment();
	}
	return err;
}

/* Whether it is a filter of this weir or another one. */
static bool is_ours(const struct chain_entry *entry, bool *made_qdisc, unsigned int *slot)
{
	*made_qdisc = entry->handle >= CLSACT_HANDLE_MADE;
	*slot = entry->handle - (*made_qdisc ? CLSACT_HANDLE_MADE : CLSACT_HANDLE_FOUND);
	return entry->is_weirs && *slot < CLSACT_SLOTS;
}

/* What the filters of an interface, in and out, say of its qdisc. */
struct qdisc_use {
	bool by_weir; /* a weir made it, one at work or one that was killed */
	bool by_any;
};

static int qdisc_use_read(struct qdisc_use *use, unsigned int ifindex)
{
	struct chain chain;
	int err = 0;

	*use = (struct qdisc_use){ false };
	for (int point = ATTACH_CLSACT_INGRESS; point <= ATTACH_CLSACT_EGRESS && !err; point++) {
		err = filters_read(&chain, (enum attach_point)point, ifindex);
		for (size_t i = 0; !err && i < chain.count; i++) {
			unsigned int slot;
			bool made;

			use->by_any = true;
			use->by_weir |= is_ours(&chain.entries[i], &made, &slot) && made;
		}
	}
	return err;
}

static int qdisc_remove(unsigned int ifindex)
{
	struct bpf_tc_hook hook;
	struct qdisc_use use;
	int err = qdisc_use_read(&use, ifindex);

	if (err || use.by_any)
		return is_absent(err) ? 0 : err;
	hook_init(&hook, ifindex, ATTACH_CLSACT_INGRESS);
	hook.attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS;
	for (int i = 0; i < CLSACT_TRIES; i++) {
		err = bpf_tc_hook_destroy(&hook);
		if (!err || is_absent(err))
			return 0;
		wait_a_moment();
	}
	return err;
}

static int filter_remove(unsigned int ifindex, enum attach_point point, uint32_t handle,
			 uint32_t priority)
{
	struct bpf_tc_opts place;
	struct bpf_tc_hook hook;
	int err = 0;

	hook_init(&hook, ifindex, point);
	for (int i = 0; i < CLSACT_TRIES; i++) {
		place_init(&place, handle, priority);
		err = bpf_tc_detach(&hook, &place);
		if (!err || is_absent(err))
			return 0;
		wait_a_moment();
	}
	return err;
}

/* Filters at one hook whose owner is no more: their number; with remove they are taken away. */
static unsigned int hook_leftovers(unsigned int ifindex, enum attach_point point, bool remove,
				   bool *made_qdisc, int *err)
{
	int read_err;
	unsigned int count = 0, slot;
	struct chain chain;
	bool made;

	read_err = filters_read(&chain, point, ifindex);
	if (read_err && !is_absent(read_err))
		*err = read_err;
	for (size_t i = 0; !read_err && i < chain.count; i++) {
		const struct chain_entry *entry = &chain.entries[i];
		int owner = -1;

		if (is_ours(entry, &made, &slot))
			owner = owner_open(ifindex, point, slot);
		if (owner < 0)
			continue;
		count++;
		*made_qdisc |= made;
		if (remove && !*err)
			*err = filter_remove(ifindex, point, entry->handle, entry->priority);
		close(owner);
	}
	return count;
}

unsigned int clsact_leftovers(unsigned int ifindex)
{
	bool made = false;
	int err = 0;

	return hook_leftovers(ifindex, ATTACH_CLSACT_INGRESS, false, &made, &err) +
	       hook_leftovers(ifindex, ATTACH_CLSACT_EGRESS, false, &made, &err);
}

static int leftovers_remove(unsigned int ifindex)
{
	bool made = false;
	int err = 0;

	for (int point = ATTACH_CLSACT_INGRESS; point <= ATTACH_CLSACT_EGRESS; point++)
		hook_leftovers(ifindex, (enum attach_point)point, true, &made, &err);
	return made && !err ? qdisc_remove(ifindex) : err;
}

int clsact_clean(unsigned int ifindex)
{
	int gate, err;

	if (!clsact_leftovers(ifindex))
		return 0;
	gate = gate_open(ifindex);
	err = gate < 0 ? gate : leftovers_remove(ifindex);
	gate_close(gate);
	return err;
}

static int slot_take(struct attachment *a)
{
	unsigned int slot = 0;
	int fd = -EADDRINUSE;

	while (slot < CLSACT_SLOTS && fd == -EADDRINUSE)
		fd = owner_open((unsigned int)a->ifindex, a->point, slot++);
	if (fd < 0)
		return fd == -EADDRINUSE ? -EBUSY : fd;
	a->owner_fd = fd;
	a->handle = (a->made_qdisc ? CLSACT_HANDLE_MADE : CLSACT_HANDLE_FOUND) + slot - 1;
	return 0;
}

/*
 * The kernel may have done what it had no memory to acknowledge: what exists at the second try
 * was made by the first, since nobody else has this handle.
 */
static int filter_add_at(const struct attachment *a, int prog_fd)
{
	struct bpf_tc_opts place;
	struct bpf_tc_hook hook;
	int err = 0;

	hook_init(&hook, (unsigned int)a->ifindex, a->point);
	for (int i = 0; i < CLSACT_TRIES; i++) {
		place_init(&place, a->handle, a->priority);
		place.prog_fd = prog_fd;
		err = bpf_tc_attach(&hook, &place);
		if (i && err == -EEXIST)
			return 0;
		if (!err || is_absent(err))
			return err;
		wait_a_moment();
	}
	return err;
}

/* -EINVAL: the priority is held by filters of another kind or protocol. */
static int filter_add(struct attachment *a, int prog_fd)
{
	int err = -EINVAL;

	for (a->priority = 0; err == -EINVAL && a->priority < CLSACT_PRIORITY_MAX;) {
		a->priority++;
		err = filter_add_at(a, prog_fd);
	}
	return err;
}

/* Likewise; one that was there before tells by its filters who made it. */
static int qdisc_make(struct attachment *a)
{
	unsigned int ifindex = (unsigned int)a->ifindex;
	struct bpf_tc_hook hook;
	struct qdisc_use use;
	int err = 0;

	hook_init(&hook, ifindex, a->point);
	for (int i = 0; i < CLSACT_TRIES; i++) {
		err = bpf_tc_hook_create(&hook);
		a->made_qdisc = !err || (i && err == -EEXIST);
		if (a->made_qdisc)
			return 0;
		if (err == -EEXIST || is_absent(err))
			break;
		wait_a_moment();
	}
	if (err != -EEXIST)
		return err;
	err = qdisc_use_read(&use, ifindex);
	a->made_qdisc = use.by_weir;
	return err;
}

static int place_take(struct attachment *a, int prog_fd)
{
	unsigned int ifindex = (unsigned int)a->ifindex;
	int err = leftovers_remove(ifindex);

	if (!err)
		err = qdisc_make(a);
	if (err)
		return err;
	err = slot_take(a);
	if (!err)
		err = filter_add(a, prog_fd);
	/* The kernel may have done what it could not acknowledge. */
	if (err && a->owner_fd >= 0)
		filter_remove(ifindex, a->point, a->handle, a->priority);
	if (err && a->made_qdisc)
		qdisc_remove(ifindex);
	return err;
}

int clsact_attach(struct attachment *a, int prog_fd)
{
	int gate = gate_open((unsigned int)a->ifindex);
	int err = gate < 0 ? gate : place_take(a, prog_fd);

	gate_close(gate);
	if (err && a->owner_fd >= 0) {
		close(a->owner_fd);
		a->owner_fd = -1;
	}
	return err;
}

int clsact_holds(const struct attachment *a)
{
	struct bpf_tc_opts place;
	struct bpf_tc_hook hook;
	int err;

	hook_init(&hook, (unsigned int)a->ifindex, a->point);
	place_init(&place, a->handle, a->priority);
	err = bpf_tc_query(&hook, &place);
	if (err)
		return is_absent(err) ? 0 : err;
	return 1;
}

int clsact_detach(struct attachment *a)
{
	unsigned int ifindex = (unsigned int)a->ifindex;
	int gate = gate_open(ifindex);
	int err = filter_remove(ifindex, a->point, a->handle, a->priority);

	if (!err && a->made_qdisc)
		err = qdisc_remove(ifindex);
	gate_close(gate);
	close(a->owner_fd);
	a->owner_fd = -1;
	return err;
}
