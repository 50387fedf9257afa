/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One question to the kernel over netlink, and all of its answers.
 */
#ifndef WEIR_NETLINK_H
#define WEIR_NETLINK_H

#include <libmnl/libmnl.h>
#include <stdint.h>

#define NETLINK_REQUEST_MAX 1024

/* A request in the making; header points into bytes. */
struct netlink_request {
	_Alignas(8) char bytes[NETLINK_REQUEST_MAX];
	struct nlmsghdr *header;
};

/*
 * Begins a request of this type; flags NLM_F_DUMP asks for all objects. Returns the family
 * header behind it, extra_size bytes of zeroes, for the caller to fill and follow by attributes.
 */
void *netlink_request_init(struct netlink_request *request, uint16_t type, uint16_t flags,
			   size_t extra_size);

/*
 * Asks over a socket of its own (bus: NETLINK_ROUTE, ...) and hands every answer to parse,
 * which returns MNL_CB_OK. 0, or a negative errno: the kernel's, or that of the exchange.
 */
int netlink_ask(int bus, struct netlink_request *request, mnl_cb_t parse, void *context);

/*
 * Collects the attributes of a message (behind extra_size bytes of family header) or of a nest
 * into table[0..max]; later kernels' attributes are left out.
 */
void netlink_attributes(const struct nlmsghdr *header, size_t extra_size,
			const struct nlattr **table, uint16_t max);
void netlink_nested(const struct nlattr *nest, const struct nlattr **table, uint16_t max);

#endif
