/* SPDX-License-Identifier: BSD-2-Clause */
/* Whose a socket is: as the hooks tell, else by who has it open. */
#include <stdlib.h>
#include <string.h>

#include "container.h"
#include "owners_private.h"

#define TRIES_SHIFT_MAX 6

/* A control group that has gone has no name any more; a number is never used again. */
static const char *group_container(struct owners *owners, uint64_t number)
{
	struct known_group *group = &owners->groups[number % GROUPS_KEPT];
	char name[CONTAINER_NAME_MAX];

	if (group->number == number)
		return group->name;
	free(group->name);
	group->number = number;
	group->name = container_of_group(owners->root_fd, number, name) ? strdup(name) : NULL;
	return group->name;
}

uint64_t owner_of_process(struct owners *owners, uint32_t pid)
{
	char name[SOCKET_NAME_MAX], container[CONTAINER_NAME_MAX];
	bool has_container = container_of_process(pid, container);

	process_name(pid, name);
	return owner_make(owners->names, pid, name, has_container ? container : NULL);
}

/* Sockets that a worker of the kernel closes were somebody's, who is not known. */
static bool is_kernel_worker(const struct socket_owner *told)
{
	return told->use == SOCKET_CLOSED && !strncmp(told->name, "kworker/", 8);
}

bool owner_of_hooks(struct owners *owners, const struct socket_owner *told, uint64_t *owner)
{
	char name[SOCKET_NAME_MAX] = "", of_process[CONTAINER_NAME_MAX];
	const char *container = group_container(owners, told->cgroup);

	if (told->is_shared || is_kernel_worker(told))
		return false;
	/* A thread may have a name of its own. */
	if (told->pid != told->thread)
		process_name(told->pid, name);
	if (!*name)
		memcpy(name, told->name, sizeof(name));
	/* Where control groups of both versions are in use, containers may be in the older ones. */
	if (!container && container_of_process(told->pid, of_process))
		container = of_process;
	*owner = owner_make(owners->names, told->pid, name, container);
	return true;
}

/* What is known of a socket by a look at /proc gives way only to who was seen to make or use it. */
static void socket_take_hooks(struct owners *owners, struct known_socket *socket,
			      const struct socket_owner *told)
{
	socket->released_ns = told->released_ns;
	if (told->use == SOCKET_CLOSED && socket->state != OWNER_UNKNOWN)
		return;
	if (socket->state == OWNER_TOLD && socket->told_pid == told->pid &&
	    socket->told_use == told->use && !told->is_shared)
		return;
	socket->told_pid = told->pid;
	socket->told_use = (uint8_t)told->use;
	if (owner_of_hooks(owners, told, &socket->owner))
		socket->state = OWNER_TOLD;
	else
		socket->state = told->is_shared ? OWNER_SHARED : OWNER_UNKNOWN;
}

struct known_socket *owners_socket(struct owners *owners, uint64_t cookie)
{
	struct known_socket *socket = known_socket_of(&owners->sockets, cookie);
	struct socket_owner told;

	if (!socket || socket->pane == owners->pane)
		return socket;
	socket->pane = owners->pane;
	if (!socket->is_final && owner_hooks_find(owners->hooks, cookie, &told))
		socket_take_hooks(owners, socket, &told);
	return socket;
}

const struct socket_list *owners_list(struct owners *owners)
{
	if (!owners->is_listed) {
		socket_list_fini(&owners->list);
		(void)socket_list_make(&owners->list);
		owners->is_listed = true;
	}
	return &owners->list;
}

/* When it is worth another look: at once, then later and later. */
static bool is_due(struct owners *owners, uint32_t *retry, uint8_t *tries)
{
	if (*retry > owners->pane)
		return false;
	*retry = owners->pane + (*tries > 1 ? 1u << *tries : 1);
	if (*tries < TRIES_SHIFT_MAX)
		++*tries;
	return true;
}

void owners_want(struct owners *owners, uint64_t cookie, const struct socket_ends *ends)
{
	struct known_socket *socket = owners_socket(owners, cookie);
	struct pending_socket *pending;

	if (!socket || socket->state == OWNER_TOLD || !owners->may_seek ||
	    !is_due(owners, &socket->retry, &socket->tries))
		return;
	if (owners->pending_count == owners->pending_room) {
		size_t room = owners->pending_room ? 2 * owners->pending_room : 64;

		pending = realloc(owners->pending, room * sizeof(*pending));
		if (!pending)
			return;
		owners->pending = pending;
		owners->pending_room = room;
	}
	owners->pending[owners->pending_count++] =
		(struct pending_socket){ .cookie = cookie, .ends = *ends };
}

/* The inodes of those that are pending, and of who listens for them. */
static size_t pending_place(struct owners *owners, struct sought_socket *sought)
{
	const struct socket_list *list = owners_list(owners);
	size_t count = 0;

	for (size_t i = 0; i < owners->pending_count; i++) {
		struct pending_socket *pending = &owners->pending[i];
		const struct listed_socket *found = socket_list_find(list, &pending->ends);
		const struct listed_socket *bound = socket_list_find_bound(list, &pending->ends);

		if (found && found->cookie == pending->cookie && found->inode) {
			pending->inode = found->inode;
			sought[count++] = (struct sought_socket){ .inode = found->inode };
		}
		if (bound && bound != found && bound->inode) {
			pending->listener = bound->inode;
			sought[count++] = (struct sought_socket){ .inode = bound->inode };
		}
	}
	return count;
}

static const struct sought_socket *sought_find(const struct sought_socket *sought, size_t count,
					       uint32_t inode)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (sought[middle].inode < inode)
			low = middle + 1;
		else
			high = middle;
	}
	return low < count && inode && sought[low].inode == inode ? &sought[low] : NULL;
}

/*
 * Who has it open; it may have been closed while we looked, which a hook has told. Of one that
 * nobody has accepted yet, who alone can.
 */
static void pending_tell(struct owners *owners, const struct pending_socket *pending,
			 const struct sought_socket *sought, size_t count)
{
	const struct sought_socket *holder = sought_find(sought, count, pending->inode);
	struct known_socket *socket = known_socket_of(&owners->sockets, pending->cookie);
	struct socket_owner told;

	if (!socket)
		return;
	if (owner_hooks_find(owners->hooks, pending->cookie, &told)) {
		socket_take_hooks(owners, socket, &told);
		return;
	}
	if (!holder || !holder->holders)
		holder = sought_find(sought, count, pending->listener);
	if (!holder || !holder->holders)
		return;
	socket->state = holder->holders == 1 ? OWNER_TOLD : OWNER_SHARED;
	if (holder->holders == 1)
		socket->owner = owner_of_process(owners, holder->pid);
	socket->is_final = holder->holders == 1 && holder->inode == pending->inode &&
			   pending->ends.ip_proto == IPPROTO_TCP;
}

void owners_seek(struct owners *owners)
{
	struct sought_socket *sought;
	size_t count;

	if (!owners->pending_count)
		return;
	sought = calloc(2 * owners->pending_count, sizeof(*sought));
	if (sought) {
		count = pending_place(owners, sought);
		if (count)
			(void)process_scan(sought, &count);
		for (size_t i = 0; i < owners->pending_count; i++)
			pending_tell(owners, &owners->pending[i], sought, count);
	}
	free(sought);
	owners->pending_count = 0;
}
