/* SPDX-License-Identifier: BSD-2-Clause */
#include "netlink.h"

#include <errno.h>
#include <string.h>

/* The kernel cuts dumps into pieces of at most 32 KiB (net/netlink/af_netlink.c). */
#define NETLINK_ANSWER_MAX 32768
/* A dump during which something changed is asked for again, and an answer that found no room. */
#define NETLINK_TRIES_MAX  4

struct attribute_table {
	const struct nlattr **entries;
	uint16_t max;
};

void *netlink_request_init(struct netlink_request *request, uint16_t type, uint16_t flags,
			   size_t extra_size)
{
	memset(request, 0, sizeof(*request));
	request->header = mnl_nlmsg_put_header(request->bytes);
	request->header->nlmsg_type = type;
	/* With an acknowledgement every exchange has an end that is told. */
	request->header->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	request->header->nlmsg_seq = 1;
	return mnl_nlmsg_put_extra_header(request->header, extra_size);
}

static int receive_all(struct mnl_socket *socket, mnl_cb_t parse, void *context)
{
	_Alignas(8) char answer[NETLINK_ANSWER_MAX];
	unsigned port = mnl_socket_get_portid(socket);
	int more = MNL_CB_OK;

	while (more > MNL_CB_STOP) {
		ssize_t len = mnl_socket_recvfrom(socket, answer, sizeof(answer));

		if (len < 0)
			return -errno;
		more = mnl_cb_run(answer, (size_t)len, 1, port, parse, context);
		if (more < 0)
			return -errno;
	}
	return 0;
}

static int ask_once(int bus, struct netlink_request *request, mnl_cb_t parse, void *context)
{
	struct mnl_socket *socket = mnl_socket_open2(bus, SOCK_CLOEXEC);
	int err = 0;

	if (!socket)
		return -errno;
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_sendto(socket, request->header, request->header->nlmsg_len) < 0)
		err = -errno;
	if (!err)
		err = receive_all(socket, parse, context);
	mnl_socket_close(socket);
	return err;
}

int netlink_ask(int bus, struct netlink_request *request, mnl_cb_t parse, void *context)
{
	int err = -EINTR;

	for (int i = 0; i < NETLINK_TRIES_MAX && (err == -EINTR || err == -ENOBUFS); i++)
		err = ask_once(bus, request, parse, context);
	return err;
}

static int collect(const struct nlattr *attribute, void *context)
{
	struct attribute_table *table = context;
	uint16_t type = mnl_attr_get_type(attribute);

	if (type <= table->max)
		table->entries[type] = attribute;
	return MNL_CB_OK;
}

void netlink_attributes(const struct nlmsghdr *header, size_t extra_size,
			const struct nlattr **table, uint16_t max)
{
	struct attribute_table collected = { table, max };

	memset(table, 0, (max + 1) * sizeof(*table));
	mnl_attr_parse(header, (unsigned)extra_size, collect, &collected);
}

void netlink_nested(const struct nlattr *nest, const struct nlattr **table, uint16_t max)
{
	struct attribute_table collected = { table, max };

	memset(table, 0, (max + 1) * sizeof(*table));
	mnl_attr_parse_nested(nest, collect, &collected);
}
