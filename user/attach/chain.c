/* SPDX-License-Identifier: BSD-2-Clause */
#include "chain.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../system/netlink.h"
#include "attach_ask.h"

/* union bpf_attr for BPF_PROG_QUERY as of Linux 6.6: libbpf before 1.3 has no revision. */
struct prog_query {
	uint32_t ifindex;
	uint32_t attach_type;
	uint32_t query_flags;
	uint32_t attach_flags;
	uint64_t prog_ids;
	uint32_t count;
	uint32_t spare;
	uint64_t prog_attach_flags;
	uint64_t link_ids;
	uint64_t link_attach_flags;
	uint64_t revision;
};

static int tcx_query(struct prog_query *query, enum attach_point point, unsigned int ifindex)
{
	query->ifindex = ifindex;
	query->attach_type = point == ATTACH_TCX_INGRESS ? TCX_INGRESS : TCX_EGRESS;
	return syscall(SYS_bpf, BPF_PROG_QUERY, query, sizeof(*query)) ? -errno : 0;
}

int chain_revision(enum attach_point point, unsigned int ifindex, uint64_t *revision)
{
	struct prog_query query = { 0 };
	int err;

	if (helper_is_used())
		return chain_ask_revision(point, ifindex, revision);
	err = tcx_query(&query, point, ifindex);
	*revision = query.revision;
	return err;
}

void chain_program_name(uint32_t prog_id, char name[CHAIN_NAME_MAX])
{
	struct bpf_prog_info info = { 0 };
	__u32 len = sizeof(info);
	int fd;

	if (helper_is_used()) {
		chain_ask_name(prog_id, name);
		return;
	}
	fd = bpf_prog_get_fd_by_id(prog_id);
	name[0] = '\0';
	if (fd < 0)
		return;
	if (bpf_obj_get_info_by_fd(fd, &info, &len) == 0)
		snprintf(name, CHAIN_NAME_MAX, "%s", info.name);
	close(fd);
}

/* The kernel keeps 15 characters of a name. */
bool chain_name_is_weirs(const char *name)
{
	static const char *const prefixes[] = { "count_tc_", "count_xdp", "weir_filter" };

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	}
	return false;
}

static int tcx_read(struct chain *chain, enum attach_point point, unsigned int ifindex)
{
	uint32_t ids[CHAIN_MAX];
	struct prog_query query = { .prog_ids = (uintptr_t)ids, .count = CHAIN_MAX };
	int err = tcx_query(&query, point, ifindex);

	/* A kernel without TCX does not know the hook; one with it may have no entry yet. */
	if (err)
		return err == -EINVAL || err == -ENOENT ? 0 : err;
	chain->count = query.count;
	for (size_t i = 0; i < chain->count; i++) {
		struct chain_entry *entry = &chain->entries[i];

		*entry = (struct chain_entry){ .prog_id = ids[i] };
		chain_program_name(ids[i], entry->name);
		entry->is_weirs = chain_name_is_weirs(entry->name);
	}
	return 0;
}

/* libbpf names a filter "NAME:[ID]", tc by its file and section: "NAME.o:[SECTION]". */
static void bpf_options_parse(const struct nlattr *nest, struct chain_entry *entry)
{
	const struct nlattr *table[TCA_BPF_MAX + 1];
	const struct nlattr *id, *name;

	netlink_nested(nest, table, TCA_BPF_MAX);
	id = table[TCA_BPF_ID];
	name = table[TCA_BPF_NAME];
	if (id && mnl_attr_validate(id, MNL_TYPE_U32) == 0)
		entry->prog_id = mnl_attr_get_u32(id);
	if (entry->prog_id)
		chain_program_name(entry->prog_id, entry->name);
	if (!entry->name[0] && name && mnl_attr_validate(name, MNL_TYPE_NUL_STRING) == 0)
		snprintf(entry->name, sizeof(entry->name), "%.*s",
			 (int)strcspn(mnl_attr_get_str(name), ":"), mnl_attr_get_str(name));
	entry->is_weirs = chain_name_is_weirs(entry->name);
}

/* A dump that had to be asked for again has told of some filters already. */
static bool chain_has(const struct chain *chain, const struct chain_entry *filter)
{
	for (size_t i = 0; i < chain->count; i++) {
		const struct chain_entry *entry = &chain->entries[i];

		if (entry->handle == filter->handle && entry->priority == filter->priority &&
		    strcmp(entry->kind, filter->kind) == 0)
			return true;
	}
	return false;
}

/*
 * A filter without a handle is the head of a list that may be empty. Chains but the first are
 * reached from filters of the first only.
 */
static int filter_parse(const struct nlmsghdr *header, void *context)
{
	const struct tcmsg *message = mnl_nlmsg_get_payload(header);
	const struct nlattr *table[TCA_CHAIN + 1];
	struct chain *chain = context;
	struct chain_entry entry;

	netlink_attributes(header, sizeof(*message), table, TCA_CHAIN);
	if (!message->tcm_handle || !table[TCA_KIND] ||
	    (table[TCA_CHAIN] && mnl_attr_get_u32(table[TCA_CHAIN])))
		return MNL_CB_OK;
	entry = (struct chain_entry){ .handle = message->tcm_handle,
				      .priority = (uint16_t)(message->tcm_info >> 16),
				      .protocol = ntohs((uint16_t)message->tcm_info) };
	snprintf(entry.kind, sizeof(entry.kind), "%s", mnl_attr_get_str(table[TCA_KIND]));
	if (strcmp(entry.kind, "bpf") == 0 && table[TCA_OPTIONS])
		bpf_options_parse(table[TCA_OPTIONS], &entry);
	if (chain_has(chain, &entry))
		return MNL_CB_OK;
	chain->is_cut = chain->count == CHAIN_MAX;
	if (!chain->is_cut)
		chain->entries[chain->count++] = entry;
	return MNL_CB_OK;
}

static int clsact_read(struct chain *chain, enum attach_point point, unsigned int ifindex)
{
	struct netlink_request request;
	struct tcmsg *message = netlink_request_init(&request, RTM_GETTFILTER, NLM_F_DUMP,
						     sizeof(*message));

	message->tcm_family = AF_UNSPEC;
	message->tcm_ifindex = (int)ifindex;
	message->tcm_parent = TC_H_MAKE(TC_H_CLSACT, point == ATTACH_CLSACT_INGRESS ?
						     TC_H_MIN_INGRESS : TC_H_MIN_EGRESS);
	return netlink_ask(NETLINK_ROUTE, &request, filter_parse, chain);
}

int chain_read(struct chain *chain, enum attach_point point, unsigned int ifindex)
{
	chain->count = 0;
	chain->is_cut = false;
	if (helper_is_used())
		return chain_ask(chain, point, ifindex);
	return attach_point_is_clsact(point) ? clsact_read(chain, point, ifindex) :
					       tcx_read(chain, point, ifindex);
}
