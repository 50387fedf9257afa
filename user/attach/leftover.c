/* SPDX-License-Identifier: BSD-2-Clause */
#include "leftover.h"

#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "clsact.h"
#include "../base/report.h"
#include "../system/netlink.h"

/* Interfaces that have a clsact qdisc. */
struct holders {
	unsigned int *ifindexes;
	size_t count;
};

static int holder_parse(const struct nlmsghdr *header, void *context)
{
	const struct tcmsg *message = mnl_nlmsg_get_payload(header);
	const struct nlattr *table[TCA_KIND + 1];
	struct holders *holders = context;
	unsigned int *grown;

	netlink_attributes(header, sizeof(*message), table, TCA_KIND);
	if (!table[TCA_KIND] || strcmp(mnl_attr_get_str(table[TCA_KIND]), "clsact") != 0)
		return MNL_CB_OK;
	grown = reallocarray(holders->ifindexes, holders->count + 1, sizeof(*grown));
	if (!grown)
		return MNL_CB_OK;
	holders->ifindexes = grown;
	grown[holders->count++] = (unsigned int)message->tcm_ifindex;
	return MNL_CB_OK;
}

static void interface_clean(unsigned int ifindex)
{
	unsigned int count = clsact_leftovers(ifindex);
	char name[IF_NAMESIZE];
	int err;

	if (!count || !if_indextoname(ifindex, name))
		return;
	err = clsact_clean(ifindex);
	if (err)
		report_error("remove from %s what a killed weir left there: %s", name,
			     strerror(-err));
	else
		report_notice("removed from %s what a killed weir left there: %u filter%s", name,
			      count, count == 1 ? "" : "s");
}

void leftovers_clean(void)
{
	struct holders holders = { 0 };
	struct netlink_request request;

	netlink_request_init(&request, RTM_GETQDISC, NLM_F_DUMP, sizeof(struct tcmsg));
	netlink_ask(NETLINK_ROUTE, &request, holder_parse, &holders);
	for (size_t i = 0; i < holders.count; i++)
		interface_clean(holders.ifindexes[i]);
	free(holders.ifindexes);
}
