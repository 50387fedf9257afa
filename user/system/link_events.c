/* SPDX-License-Identifier: BSD-2-Clause */
#include "link_events.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>

#include "netlink.h"

/* An event is a whole description of a link: a page, or more with many virtual functions. */
#define EVENT_MAX 32768

struct link_events {
	struct mnl_socket *socket;
};

struct event_taker {
	link_event_fn *is_awaited;
	void *context;
	bool found;
};

struct link_events *link_events_open(void)
{
	struct link_events *events = calloc(1, sizeof(*events));

	if (!events)
		return NULL;
	events->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (events->socket &&
	    mnl_socket_bind(events->socket, RTMGRP_LINK, MNL_SOCKET_AUTOPID) == 0)
		return events;
	link_events_close(events);
	return NULL;
}

void link_events_close(struct link_events *events)
{
	if (!events)
		return;
	if (events->socket)
		mnl_socket_close(events->socket);
	free(events);
}

int link_events_fd(const struct link_events *events)
{
	return events ? mnl_socket_get_fd(events->socket) : -1;
}

/* Bridges tell of their ports in the same words, with a family of their own: not of the link. */
static int event_parse(const struct nlmsghdr *header, void *context)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(header);
	const struct nlattr *table[IFLA_IFNAME + 1];
	struct event_taker *taker = context;
	struct link_event event = { .is_deleted = header->nlmsg_type == RTM_DELLINK,
				    .is_up = info->ifi_flags & IFF_UP };

	if (info->ifi_family != AF_UNSPEC ||
	    (header->nlmsg_type != RTM_NEWLINK && header->nlmsg_type != RTM_DELLINK))
		return MNL_CB_OK;
	netlink_attributes(header, sizeof(*info), table, IFLA_IFNAME);
	event.ifindex = (unsigned int)info->ifi_index;
	event.name = table[IFLA_IFNAME] ? mnl_attr_get_str(table[IFLA_IFNAME]) : "";
	taker->found |= taker->is_awaited(taker->context, &event);
	return MNL_CB_OK;
}

bool link_events_take(struct link_events *events, link_event_fn *is_awaited, void *context)
{
	_Alignas(8) char bytes[EVENT_MAX];
	struct event_taker taker = { is_awaited, context, false };

	if (!events)
		return false;
	for (;;) {
		ssize_t len = mnl_socket_recvfrom(events->socket, bytes, sizeof(bytes));

		if (len >= 0) {
			mnl_cb_run(bytes, (size_t)len, 0, 0, event_parse, &taker);
			continue;
		}
		if (errno == EAGAIN || errno == EWOULDBLOCK)
			return taker.found;
		if (errno == EINTR)
			continue;
		taker.found = true;
		if (errno != ENOBUFS)
			return true;
	}
}
