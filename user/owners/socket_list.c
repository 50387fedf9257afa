/* SPDX-License-Identifier: BSD-2-Clause */
#include "socket_list.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "../system/netlink.h"

#define ALL_STATES UINT32_MAX

struct filling {
	struct socket_list *list;
	uint8_t ip_proto;
};

static void put_address(__be32 out[4], const __be32 address[4], uint8_t family)
{
	if (family == AF_INET6) {
		memcpy(out, address, 16);
		return;
	}
	out[0] = out[1] = 0;
	out[2] = htonl(0xffff);
	out[3] = address[0];
}

static bool is_any(const __be32 address[4])
{
	return !address[0] && !address[1] && !address[3] &&
	       (!address[2] || address[2] == htonl(0xffff));
}

static int take_socket(const struct nlmsghdr *header, void *context)
{
	const struct inet_diag_msg *message = mnl_nlmsg_get_payload(header);
	struct filling *filling = context;
	struct socket_list *list = filling->list;
	struct listed_socket *socket;

	if (mnl_nlmsg_get_payload_len(header) < sizeof(*message))
		return MNL_CB_OK;
	if (list->count == list->room) {
		size_t room = list->room ? 2 * list->room : 256;

		socket = realloc(list->sockets, room * sizeof(*socket));
		if (!socket) {
			errno = ENOMEM;
			return MNL_CB_ERROR;
		}
		list->sockets = socket;
		list->room = room;
	}
	socket = &list->sockets[list->count++];
	memset(socket, 0, sizeof(*socket));
	put_address(socket->ends.src, message->id.idiag_src, message->idiag_family);
	put_address(socket->ends.dst, message->id.idiag_dst, message->idiag_family);
	socket->ends.src_port = message->id.idiag_sport;
	socket->ends.dst_port = message->id.idiag_dport;
	socket->ends.ip_proto = filling->ip_proto;
	socket->cookie = (uint64_t)message->id.idiag_cookie[1] << 32 | message->id.idiag_cookie[0];
	socket->inode = message->idiag_inode;
	/* All addresses are told in one way. */
	if (is_any(socket->ends.src))
		memset(socket->ends.src, 0, sizeof(socket->ends.src));
	if (!socket->ends.dst_port && is_any(socket->ends.dst))
		memset(socket->ends.dst, 0, sizeof(socket->ends.dst));
	return MNL_CB_OK;
}

static int list_family(struct socket_list *list, uint8_t family, uint8_t ip_proto)
{
	struct filling filling = { list, ip_proto };
	struct netlink_request request;
	struct inet_diag_req_v2 *wanted;
	size_t count = list->count;
	int err;

	wanted = netlink_request_init(&request, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, sizeof(*wanted));
	wanted->sdiag_family = family;
	wanted->sdiag_protocol = ip_proto;
	wanted->idiag_states = ALL_STATES;
	err = netlink_ask(NETLINK_SOCK_DIAG, &request, take_socket, &filling);
	/* A kernel without that protocol's module has no such sockets to tell. */
	if (err == -ENOENT)
		list->count = count;
	return err == -ENOENT ? 0 : err;
}

static int ends_compare(const void *a, const void *b)
{
	const struct listed_socket *first = a, *second = b;

	return memcmp(&first->ends, &second->ends, sizeof(first->ends));
}

int socket_list_make(struct socket_list *list)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	static const uint8_t protocols[] = { IPPROTO_TCP, IPPROTO_UDP };
	int err = 0;

	memset(list, 0, sizeof(*list));
	for (size_t i = 0; i < 4 && !err; i++)
		err = list_family(list, families[i / 2], protocols[i % 2]);
	if (list->count)
		qsort(list->sockets, list->count, sizeof(*list->sockets), ends_compare);
	return err;
}

void socket_list_fini(struct socket_list *list)
{
	free(list->sockets);
	memset(list, 0, sizeof(*list));
}

static const struct listed_socket *find_exact(const struct socket_list *list,
					      const struct socket_ends *ends)
{
	const struct listed_socket wanted = { .ends = *ends }, *found, *end;

	if (!list->count)
		return NULL;
	found = bsearch(&wanted, list->sockets, list->count, sizeof(wanted), ends_compare);
	end = list->sockets + list->count;
	if (!found || (found > list->sockets && !ends_compare(found - 1, &wanted)) ||
	    (found + 1 < end && !ends_compare(found + 1, &wanted)))
		return NULL;
	return found;
}

const struct listed_socket *socket_list_find_bound(const struct socket_list *list,
						   const struct socket_ends *ends)
{
	const struct listed_socket *found;
	struct socket_ends bound = *ends;

	memset(bound.dst, 0, sizeof(bound.dst));
	bound.dst_port = 0;
	found = find_exact(list, &bound);
	memset(bound.src, 0, sizeof(bound.src));
	return found ? found : find_exact(list, &bound);
}

const struct listed_socket *socket_list_find(const struct socket_list *list,
					     const struct socket_ends *ends)
{
	const struct listed_socket *found = find_exact(list, ends);

	return found ? found : socket_list_find_bound(list, ends);
}
