/* SPDX-License-Identifier: BSD-2-Clause */
#include "netdev_route.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stddef.h>

#include "netdev.h"
#include "netlink.h"

struct best_route {
	unsigned ifindex;
	uint32_t metric;
};

/* The way out of a route: its own interface, or that of its first next hop; 0: none. */
static unsigned route_interface(const struct nlattr *const *table)
{
	const struct nlattr *hops = table[RTA_MULTIPATH];

	if (table[RTA_OIF])
		return mnl_attr_get_u32(table[RTA_OIF]);
	if (hops && mnl_attr_get_payload_len(hops) >= sizeof(struct rtnexthop))
		return (unsigned)((struct rtnexthop *)mnl_attr_get_payload(hops))->rtnh_ifindex;
	return 0;
}

static int route_parse(const struct nlmsghdr *header, void *context)
{
	const struct rtmsg *route = mnl_nlmsg_get_payload(header);
	const struct nlattr *table[RTA_MAX + 1];
	struct best_route *best = context;
	unsigned ifindex;
	uint32_t metric;

	if (route->rtm_dst_len || route->rtm_type != RTN_UNICAST ||
	    route->rtm_table != RT_TABLE_MAIN)
		return MNL_CB_OK;
	netlink_attributes(header, sizeof(*route), table, RTA_MAX);
	ifindex = route_interface(table);
	metric = table[RTA_PRIORITY] ? mnl_attr_get_u32(table[RTA_PRIORITY]) : 0;
	if (ifindex && (!best->ifindex || metric < best->metric))
		*best = (struct best_route){ ifindex, metric };
	return MNL_CB_OK;
}

int netdev_default_route(char name[IF_NAMESIZE])
{
	static const unsigned char families[] = { AF_INET, AF_INET6 };

	for (size_t i = 0; i < sizeof(families); i++) {
		struct best_route best = { 0 };
		struct netlink_request request;
		struct rtmsg *route = netlink_request_init(&request, RTM_GETROUTE, NLM_F_DUMP,
							   sizeof(*route));

		route->rtm_family = families[i];
		if (netlink_ask(NETLINK_ROUTE, &request, route_parse, &best) == 0 &&
		    best.ifindex && if_indextoname(best.ifindex, name))
			return 0;
	}
	return -ENOENT;
}
