/* SPDX-License-Identifier: BSD-2-Clause */
#include "netdev.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "netdev_ethtool.h"
#include "netdev_driver.h"
#include "netlink.h"

/* include/uapi/linux/netdev.h, since Linux 6.3: the netdev family of generic netlink. */
#define NETDEV_FAMILY             "netdev"
#define NETDEV_CMD_DEV_GET        1
#define NETDEV_A_DEV_IFINDEX      1
#define NETDEV_A_DEV_XDP_FEATURES 3
#define NETDEV_A_DEV_XDP_RX_METADATA_FEATURES 5
#define NETDEV_XDP_RX_METADATA_VLAN_TAG       (1ull << 2)
#define NETDEV_XDP_ACT_BASIC      (1ull << 0)
#define NETDEV_XDP_ACT_RX_SG      (1ull << 5)

/* include/uapi/linux/bpf.h, enum bpf_attach_type, since Linux 6.6. */
#define TCX_INGRESS ((enum bpf_attach_type)46)
#define TCX_EGRESS  ((enum bpf_attach_type)47)

/* include/uapi/linux/if.h, which net/if.h excludes. */
#define ALTIFNAMSIZ 128

/* A link as RTM_GETLINK tells it; peer_netns is -1 where the peer lives in this namespace. */
struct link_message {
	struct netdev_facts *facts;
	bool is_loopback;
	unsigned peer;
	int peer_netns;
};

static void xdp_parse(const struct nlattr *nest, struct netdev_facts *facts)
{
	static const struct {
		uint16_t attribute;
		enum netdev_xdp_mode mode;
	} holders[] = {
		{ IFLA_XDP_HW_PROG_ID, NETDEV_XDP_HW },
		{ IFLA_XDP_SKB_PROG_ID, NETDEV_XDP_GENERIC },
		{ IFLA_XDP_DRV_PROG_ID, NETDEV_XDP_NATIVE },
	};
	const struct nlattr *table[IFLA_XDP_MAX + 1];

	netlink_nested(nest, table, IFLA_XDP_MAX);
	for (size_t i = 0; i < sizeof(holders) / sizeof(holders[0]); i++) {
		const struct nlattr *id = table[holders[i].attribute];

		if (!id || mnl_attr_validate(id, MNL_TYPE_U32) < 0 || !mnl_attr_get_u32(id))
			continue;
		facts->xdp_mode = holders[i].mode;
		facts->xdp_prog_id = mnl_attr_get_u32(id);
	}
}

static void kind_parse(const struct nlattr *nest, struct netdev_facts *facts)
{
	const struct nlattr *table[IFLA_INFO_MAX + 1];
	const struct nlattr *kind;

	netlink_nested(nest, table, IFLA_INFO_MAX);
	kind = table[IFLA_INFO_KIND];
	if (kind && mnl_attr_validate(kind, MNL_TYPE_STRING) == 0)
		snprintf(facts->driver, sizeof(facts->driver), "%.*s",
			 (int)mnl_attr_get_payload_len(kind), mnl_attr_get_str(kind));
}

enum netdev_header netdev_header_of(unsigned int type, unsigned int flags)
{
	switch (type) {
	case ARPHRD_ETHER:
	case ARPHRD_LOOPBACK:
		return NETDEV_HEADER_ETHERNET;
	case ARPHRD_NONE:
	case ARPHRD_RAWIP:
	case ARPHRD_PPP:
	case ARPHRD_SLIP:
	case ARPHRD_CSLIP:
	case ARPHRD_TUNNEL:
	case ARPHRD_TUNNEL6:
	case ARPHRD_SIT:
		return NETDEV_HEADER_IP;
	case ARPHRD_IPGRE:
	case ARPHRD_IP6GRE:
		return flags & IFF_POINTOPOINT ? NETDEV_HEADER_IP : NETDEV_HEADER_OTHER;
	default:
		return NETDEV_HEADER_OTHER;
	}
}

static int link_parse(const struct nlmsghdr *header, void *context)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(header);
	const struct nlattr *table[IFLA_MAX + 1];
	struct link_message *link = context;
	struct netdev_facts *facts = link->facts;

	netlink_attributes(header, sizeof(*info), table, IFLA_MAX);
	facts->ifindex = (unsigned)info->ifi_index;
	facts->up = info->ifi_flags & IFF_UP;
	facts->running = facts->up && info->ifi_flags & IFF_RUNNING;
	facts->header = netdev_header_of(info->ifi_type, info->ifi_flags);
	link->is_loopback = info->ifi_type == ARPHRD_LOOPBACK;
	if (table[IFLA_IFNAME])
		snprintf(facts->name, sizeof(facts->name), "%s",
			 mnl_attr_get_str(table[IFLA_IFNAME]));
	if (table[IFLA_MTU])
		facts->mtu = mnl_attr_get_u32(table[IFLA_MTU]);
	if (table[IFLA_MASTER])
		facts->master = mnl_attr_get_u32(table[IFLA_MASTER]);
	if (table[IFLA_LINK])
		link->peer = mnl_attr_get_u32(table[IFLA_LINK]);
	if (table[IFLA_LINK_NETNSID])
		link->peer_netns = (int)mnl_attr_get_u32(table[IFLA_LINK_NETNSID]);
	if (table[IFLA_LINKINFO])
		kind_parse(table[IFLA_LINKINFO], facts);
	if (table[IFLA_XDP])
		xdp_parse(table[IFLA_XDP], facts);
	return MNL_CB_OK;
}

/* netns is the id of another namespace as this one knows it, or -1. */
static int link_ask(unsigned ifindex, int netns, mnl_cb_t parse, void *context)
{
	struct netlink_request request;
	struct ifinfomsg *info = netlink_request_init(&request, RTM_GETLINK, 0, sizeof(*info));

	info->ifi_index = (int)ifindex;
	if (netns >= 0)
		mnl_attr_put_u32(request.header, IFLA_TARGET_NETNSID, (uint32_t)netns);
	return netlink_ask(NETLINK_ROUTE, &request, parse, context);
}

/*
 * By its name or another one that it has. if_nametoindex does not tell a name that is missing
 * from a question that could not be asked.
 */
static int link_find(const char *name, mnl_cb_t parse, void *context)
{
	struct netlink_request request;
	size_t len = strlen(name);

	if (!len || len >= ALTIFNAMSIZ)
		return -ENODEV;
	netlink_request_init(&request, RTM_GETLINK, 0, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(request.header, len < IF_NAMESIZE ? IFLA_IFNAME : IFLA_ALT_IFNAME, name);
	return netlink_ask(NETLINK_ROUTE, &request, parse, context);
}

static int index_parse(const struct nlmsghdr *header, void *context)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(header);

	*(unsigned *)context = (unsigned)info->ifi_index;
	return MNL_CB_OK;
}

int netdev_index(const char *name, unsigned *ifindex)
{
	*ifindex = 0;
	return link_find(name, index_parse, ifindex);
}

static int header_parse(const struct nlmsghdr *header, void *context)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(header);

	*(enum netdev_header *)context = netdev_header_of(info->ifi_type, info->ifi_flags);
	return MNL_CB_OK;
}

int netdev_header(const char *name, enum netdev_header *header)
{
	*header = NETDEV_HEADER_OTHER;
	return link_find(name, header_parse, header);
}

static int family_parse(const struct nlmsghdr *header, void *context)
{
	const struct nlattr *table[CTRL_ATTR_FAMILY_ID + 1];

	netlink_attributes(header, GENL_HDRLEN, table, CTRL_ATTR_FAMILY_ID);
	if (table[CTRL_ATTR_FAMILY_ID])
		*(uint16_t *)context = mnl_attr_get_u16(table[CTRL_ATTR_FAMILY_ID]);
	return MNL_CB_OK;
}

static bool features_bits(const struct nlattr *features, uint64_t *bits)
{
	if (!features || mnl_attr_get_payload_len(features) != sizeof(*bits))
		return false;
	*bits = mnl_attr_get_u64(features);
	return true;
}

static int features_parse(const struct nlmsghdr *header, void *context)
{
	const struct nlattr *table[NETDEV_A_DEV_XDP_RX_METADATA_FEATURES + 1];
	struct netdev_facts *facts = context;
	uint64_t bits;

	netlink_attributes(header, GENL_HDRLEN, table, NETDEV_A_DEV_XDP_RX_METADATA_FEATURES);
	if (features_bits(table[NETDEV_A_DEV_XDP_FEATURES], &bits)) {
		facts->native_xdp = bits & NETDEV_XDP_ACT_BASIC ? NETDEV_YES : NETDEV_NO;
		facts->xdp_frags = bits & NETDEV_XDP_ACT_RX_SG ? NETDEV_YES : NETDEV_NO;
	}
	if (features_bits(table[NETDEV_A_DEV_XDP_RX_METADATA_FEATURES], &bits))
		facts->xdp_rx_vlan = bits & NETDEV_XDP_RX_METADATA_VLAN_TAG;
	return MNL_CB_OK;
}

static int features_query(struct netdev_facts *facts)
{
	struct netlink_request request;
	struct genlmsghdr *genl;
	uint16_t family = 0;
	int err;

	genl = netlink_request_init(&request, GENL_ID_CTRL, 0, sizeof(*genl));
	genl->cmd = CTRL_CMD_GETFAMILY;
	genl->version = 1;
	mnl_attr_put_strz(request.header, CTRL_ATTR_FAMILY_NAME, NETDEV_FAMILY);
	err = netlink_ask(NETLINK_GENERIC, &request, family_parse, &family);
	if (err || !family)
		return err ? err : -ENOENT;
	genl = netlink_request_init(&request, family, 0, sizeof(*genl));
	genl->cmd = NETDEV_CMD_DEV_GET;
	genl->version = 1;
	mnl_attr_put_u32(request.header, NETDEV_A_DEV_IFINDEX, facts->ifindex);
	return netlink_ask(NETLINK_GENERIC, &request, features_parse, facts);
}

/* Asks by trying: a kernel without packets of several buffers does not know the flag. */
static enum netdev_answer try_frags(void)
{
	const struct bpf_insn pass[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options, .prog_flags = BPF_F_XDP_HAS_FRAGS);
	int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "weir_check", "Dual BSD/GPL", pass,
			       sizeof(pass) / sizeof(pass[0]), &options);

	if (fd < 0)
		return fd == -EINVAL ? NETDEV_NO : NETDEV_UNKNOWN;
	close(fd);
	return NETDEV_YES;
}

enum netdev_answer netdev_kernel_has_frags(void)
{
	static _Atomic int known = NETDEV_UNKNOWN;

	if (known == NETDEV_UNKNOWN)
		known = try_frags();
	return (enum netdev_answer)known;
}

/* Before 6.3 a kernel does not tell what drivers have. */
static void native_query(struct netdev_facts *facts)
{
	if (features_query(facts) || facts->native_xdp == NETDEV_UNKNOWN)
		facts->native_xdp = netdev_driver_has_native(facts->driver);
	/* veth takes fragments since there are any, Linux 5.18. */
	if (facts->xdp_frags == NETDEV_UNKNOWN && strcmp(facts->driver, "veth") == 0)
		facts->xdp_frags = netdev_kernel_has_frags();
}

static int qdisc_parse(const struct nlmsghdr *header, void *context)
{
	const struct tcmsg *info = mnl_nlmsg_get_payload(header);
	const struct nlattr *table[TCA_KIND + 1];
	struct netdev_facts *facts = context;
	const char *kind;

	netlink_attributes(header, sizeof(*info), table, TCA_KIND);
	if (info->tcm_ifindex != (int)facts->ifindex || !table[TCA_KIND])
		return MNL_CB_OK;
	kind = mnl_attr_get_str(table[TCA_KIND]);
	facts->has_clsact |= strcmp(kind, "clsact") == 0;
	facts->has_ingress_qdisc |= strcmp(kind, "ingress") == 0;
	return MNL_CB_OK;
}

static void qdisc_query(struct netdev_facts *facts)
{
	struct netlink_request request;

	netlink_request_init(&request, RTM_GETQDISC, NLM_F_DUMP, sizeof(struct tcmsg));
	netlink_ask(NETLINK_ROUTE, &request, qdisc_parse, facts);
}

/* A kernel without TCX does not know the attach type; one with it may have no entry yet. */
static enum netdev_answer tcx_count(unsigned ifindex, enum bpf_attach_type where, uint32_t *count)
{
	int err = bpf_prog_query((int)ifindex, where, 0, NULL, NULL, count);

	if (err == 0)
		return NETDEV_YES;
	*count = 0;
	if (err == -ENOENT)
		return NETDEV_YES;
	return err == -EINVAL || err == -ENOSYS ? NETDEV_NO : NETDEV_UNKNOWN;
}

static void tcx_query(struct netdev_facts *facts)
{
	facts->tcx = tcx_count(facts->ifindex, TCX_INGRESS, &facts->tcx_ingress);
	if (facts->tcx == NETDEV_YES)
		facts->tcx = tcx_count(facts->ifindex, TCX_EGRESS, &facts->tcx_egress);
}

static void prog_name_query(struct netdev_facts *facts)
{
	struct bpf_prog_info info = { 0 };
	uint32_t len = sizeof(info);
	int fd;

	if (!facts->xdp_prog_id)
		return;
	fd = bpf_prog_get_fd_by_id(facts->xdp_prog_id);
	if (fd < 0)
		return;
	if (bpf_obj_get_info_by_fd(fd, &info, &len) == 0)
		snprintf(facts->xdp_prog_name, sizeof(facts->xdp_prog_name), "%s", info.name);
	close(fd);
}

/* The peer's MTU is what a veth compares (drivers/net/veth.c, veth_xdp_set). */
static void native_mtu_query(struct netdev_facts *facts, const struct link_message *link)
{
	struct netdev_facts peer = { 0 };
	struct link_message peer_link = { .facts = &peer, .peer_netns = -1 };

	facts->native_mtu = facts->mtu;
	facts->native_mtu_max = netdev_driver_mtu_max(facts->driver, (unsigned)getpagesize());
	if (strcmp(facts->driver, "veth") != 0 || !link->peer)
		return;
	if (link_ask(link->peer, link->peer_netns, link_parse, &peer_link) == 0 && peer.mtu)
		facts->native_mtu = peer.mtu;
}

/* What such an interface is linked to is its other end, not what it lies on. */
static bool is_pair(const char *driver)
{
	return strcmp(driver, "veth") == 0 || strcmp(driver, "netkit") == 0;
}

int netdev_query(const char *name, struct netdev_facts *facts)
{
	struct link_message link = { .facts = facts, .peer_netns = -1 };
	int err;

	memset(facts, 0, sizeof(*facts));
	err = link_find(name, link_parse, &link);
	if (err)
		return err;
	if (link.is_loopback && !facts->driver[0])
		snprintf(facts->driver, sizeof(facts->driver), "loopback");
	if (link.peer_netns < 0 && !is_pair(facts->driver))
		facts->lower = link.peer;
	netdev_ethtool_query(facts);
	native_query(facts);
	native_mtu_query(facts, &link);
	prog_name_query(facts);
	tcx_query(facts);
	qdisc_query(facts);
	return 0;
}

static struct netdev_counters counters_parse(const struct nlattr *attribute)
{
	struct rtnl_link_stats64 stats = { 0 };
	size_t len = mnl_attr_get_payload_len(attribute);

	memcpy(&stats, mnl_attr_get_payload(attribute), len < sizeof(stats) ? len : sizeof(stats));
	return (struct netdev_counters){
		.rx_packets = stats.rx_packets,
		.rx_bytes = stats.rx_bytes,
		.tx_packets = stats.tx_packets,
		.tx_bytes = stats.tx_bytes,
		.rx_errors = stats.rx_errors,
		.rx_dropped = stats.rx_dropped,
		.rx_missed_errors = stats.rx_missed_errors,
		.rx_fifo_errors = stats.rx_fifo_errors,
		.rx_over_errors = stats.rx_over_errors,
		.rx_nohandler = stats.rx_nohandler,
		.tx_dropped = stats.tx_dropped,
	};
}

static int state_parse(const struct nlmsghdr *header, void *context)
{
	struct netdev_facts facts = { 0 };
	struct link_message link = { .facts = &facts };
	const struct nlattr *table[IFLA_MAX + 1];
	struct netdev_state *state = context;

	link_parse(header, &link);
	memcpy(state->name, facts.name, sizeof(state->name));
	state->up = facts.up;
	state->xdp_mode = facts.xdp_mode;
	state->xdp_prog_id = facts.xdp_prog_id;
	netlink_attributes(header, sizeof(struct ifinfomsg), table, IFLA_MAX);
	if (table[IFLA_STATS64])
		state->counters = counters_parse(table[IFLA_STATS64]);
	return MNL_CB_OK;
}

int netdev_state_query(unsigned ifindex, struct netdev_state *state)
{
	memset(state, 0, sizeof(*state));
	return link_ask(ifindex, -1, state_parse, state);
}

uint64_t netdev_counters_missed(const struct netdev_counters *counters)
{
	uint64_t queue = counters->rx_fifo_errors > counters->rx_over_errors ?
				 counters->rx_fifo_errors : counters->rx_over_errors;

	return counters->rx_missed_errors + queue;
}

const char *netdev_stands_to(const struct netdev_facts *one, const struct netdev_facts *other)
{
	if (one->master && one->master == other->ifindex)
		return "is a port of";
	return one->lower && one->lower == other->ifindex ? "lies on" : NULL;
}

const char *netdev_xdp_mode_name(enum netdev_xdp_mode mode)
{
	static const char *const names[] = {
		[NETDEV_XDP_NONE] = "none",
		[NETDEV_XDP_NATIVE] = "native",
		[NETDEV_XDP_GENERIC] = "generic",
		[NETDEV_XDP_HW] = "hw",
	};

	return names[mode];
}
