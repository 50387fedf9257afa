/* SPDX-License-Identifier: BSD-2-Clause */
#include "interface_judge.h"

#include <stdio.h>
#include <string.h>

#include "../attach/native.h"
#include "../cli/options_table.h"
#include "../kernel/tag_program.h"
#include "../text/escape.h"
#include "survey.h"

/* One interface in the judging: its name is ready for commands. */
struct judging {
	const struct netdev_facts *facts;
	const struct attach_plan *plan;
	struct findings *findings;
	char word[SHELL_WORD_MAX];
};

static void link_judge(struct judging *judging)
{
	const struct netdev_facts *facts = judging->facts;
	struct finding *finding = findings_add(judging->findings, "link");
	const char *driver = facts->driver[0] ? facts->driver : "driver not known";

	finding_fact(finding, "%s, %s", driver,
		     facts->running ? "up" : facts->up ? "up, no carrier" : "down");
	finding_action(finding, "counts");
	if (facts->header == NETDEV_HEADER_OTHER) {
		finding->state = judging->plan->impossible ? FINDING_FAIL : FINDING_NOTE;
		finding_fact(finding, "%s, neither Ethernet nor IP", driver);
		finding_action(finding, "counted by libpcap alone: merged packets count as one");
	} else if (!facts->up) {
		finding->state = FINDING_NOTE;
		finding_action(finding, "counts nothing until it is up");
		finding_mend(finding, "ip link set dev %s up", judging->word);
	} else if (!facts->running) {
		finding->state = FINDING_NOTE;
		finding_action(finding, "counts nothing until its other end is up");
	} else if (facts->header == NETDEV_HEADER_IP) {
		finding_action(finding, "counts at TC: no Ethernet header, bytes are of IP packets");
	}
}

static void mtu_refused(struct judging *judging, struct finding *finding)
{
	const struct netdev_facts *facts = judging->facts;
	bool peer = strcmp(facts->driver, "veth") == 0;

	finding->state = FINDING_NOTE;
	finding_action(finding, "native XDP is refused");
	if (peer)
		finding_action(finding, "native XDP is refused until the peer has %u",
			       facts->native_mtu_max);
	else
		finding_mend(finding, "ip link set dev %s mtu %u", judging->word,
			     facts->native_mtu_max);
}

static void mtu_judge(struct judging *judging)
{
	const struct netdev_facts *facts = judging->facts;
	struct finding *finding = findings_add(judging->findings, "MTU");
	char peer[32] = "";

	if (facts->native_mtu != facts->mtu)
		snprintf(peer, sizeof(peer), " (its peer's %u)", facts->native_mtu);
	finding_fact(finding, "%u%s", facts->mtu, peer);
	if (facts->native_xdp == NETDEV_NO) {
		finding_action(finding, "accepted by TC");
	} else if (!facts->native_mtu_max) {
		finding_action(finding, "the driver alone knows whether native XDP takes it");
	} else if (native_refuses_mtu(facts)) {
		finding_fact(finding, "%u%s, past the %u of native XDP", facts->mtu, peer,
			     facts->native_mtu_max);
		mtu_refused(judging, finding);
	} else if (native_needs_frags(facts)) {
		finding_fact(finding, "%u%s, past the %u of plain XDP", facts->mtu, peer,
			     facts->native_mtu_max);
		finding_action(finding, "accepted with xdp.frags");
	} else {
		finding_action(finding, "accepted (native XDP: up to %u)", facts->native_mtu_max);
	}
}

static void hook_held(struct judging *judging, struct finding *finding)
{
	const struct netdev_facts *facts = judging->facts;
	const char *name = facts->xdp_prog_name;
	const char *mode = netdev_xdp_mode_name(facts->xdp_mode);

	finding->state = FINDING_NOTE;
	finding_fact(finding, "program %u%s%s%s, %s", facts->xdp_prog_id, name[0] ? " (" : "",
		     name, name[0] ? ")" : "", mode);
	finding_action(finding, "left alone: what it drops or redirects is not seen");
	finding_mend(finding, "ip link set dev %s %s off", judging->word,
		     facts->xdp_mode == NETDEV_XDP_NATIVE  ? "xdpdrv" :
		     facts->xdp_mode == NETDEV_XDP_GENERIC ? "xdpgeneric" : "xdpoffload");
}

static void hook_judge(struct judging *judging)
{
	static const char *const drivers[] = {
		[NETDEV_UNKNOWN] = "free, driver not known to have native XDP",
		[NETDEV_NO] = "free, driver without native XDP",
		[NETDEV_YES] = "free, driver with native XDP",
	};
	const struct netdev_facts *facts = judging->facts;
	struct finding *finding = findings_add(judging->findings, "XDP hook");
	const char *cost = native_cost(facts);
	bool native = judging->plan->in == ATTACH_XDP_NATIVE;

	if (facts->xdp_mode != NETDEV_XDP_NONE) {
		hook_held(judging, finding);
		return;
	}
	finding_fact(finding, "%s", drivers[facts->native_xdp]);
	finding_action(finding, "left free");
	if (judging->plan->in == ATTACH_XDP_GENERIC) {
		finding->state = FINDING_NOTE;
		finding_action(finding, "generic XDP: merged packets count as one");
	} else if (native && cost) {
		finding->state = FINDING_NOTE;
		finding_action(finding, "taken: takes away %s", cost);
	} else if (native) {
		finding_action(finding, "taken: the driver may reset its queues for a moment");
	}
}

static void vlan_judge(struct judging *judging)
{
	struct finding *finding = findings_add(judging->findings, "VLAN tags");
	char mend[NETDEV_WHY_MAX];

	if (!xdp_tags_mend(judging->facts, mend, sizeof(mend))) {
		finding_fact(finding, "left in the packet");
		finding_action(finding, "seen");
		return;
	}
	finding_fact(finding, "moved beside the packet");
	finding_action(finding, "seen: TC reads them there");
	if (!attach_point_is_xdp(judging->plan->in))
		return;
	if (judging->plan->in == ATTACH_XDP_NATIVE && judging->facts->xdp_rx_vlan) {
		finding_action(finding, "seen: XDP asks the driver, but not beside FILTER, --tcp, "
					"--tunnels, --pin or past %u interfaces", TAG_PROGRAMS_MAX);
		return;
	}
	finding->state = FINDING_NOTE;
	finding_action(finding, "not seen by XDP: flows have no vlan");
	finding_mend(finding, "%s", mend);
}

static void merging_judge(struct judging *judging)
{
	const struct netdev_facts *facts = judging->facts;
	struct finding *finding = findings_add(judging->findings, "merging");
	bool merges_in = facts->gro || facts->gro_hw || facts->lro;

	finding_fact(finding, "GRO %s, LRO %s, TSO %s, GSO %s",
		     facts->gro_hw ? "in hardware" : facts->gro ? "on" : "off",
		     facts->lro ? "on" : "off", facts->tso ? "on" : "off",
		     facts->gso ? "on" : "off");
	finding_action(finding, merges_in || facts->tso || facts->gso ?
			       "counted as the packets on the wire" : "none");
	if (judging->plan->in == ATTACH_XDP_NATIVE && !facts->lro)
		finding_action(finding, "in: counted before it; out: as on the wire");
	if (!facts->lro)
		return;
	finding->state = FINDING_NOTE;
	finding_action(finding, "LRO: counted as the segments that the driver reports");
	finding_mend(finding, "ethtool -K %s lro off", judging->word);
}

static void tc_judge(struct judging *judging, bool tcx)
{
	const struct netdev_facts *facts = judging->facts;
	struct finding *finding = findings_add(judging->findings, "TC");

	if (tcx) {
		finding_fact(finding, "TCX, programs there: %u in, %u out", facts->tcx_ingress,
			     facts->tcx_egress);
		finding_action(finding, "links that vanish with weir, before those of others");
		return;
	}
	finding_fact(finding, "%s", facts->has_clsact ? "clsact is there" :
			      facts->has_ingress_qdisc ? "the qdisc ingress is there" :
							 "no clsact yet");
	finding_action(finding, facts->has_clsact ? "filters, removed at the end" :
						    "clsact and filters, removed at the end");
	if (facts->has_clsact || !facts->has_ingress_qdisc)
		return;
	finding->state = judging->plan->impossible ? FINDING_FAIL : FINDING_NOTE;
	finding_action(finding, "clsact is kept out");
	finding_mend(finding, "tc qdisc del dev %s ingress", judging->word);
}

static void plan_judge(struct judging *judging, const struct attach_settings *settings)
{
	const struct attach_plan *plan = judging->plan;
	struct finding *finding = findings_add(judging->findings, "attach");

	finding_fact(finding, "%s%s", attach_how_name(settings->how),
		     settings->direction == DIRECTION_IN	 ? ", in" :
		     settings->direction == DIRECTION_OUT ? ", out" : "");
	if (plan->impossible) {
		finding->state = FINDING_FAIL;
		finding_action(finding, "nothing: %s", plan->why);
		if (judging->facts->header == NETDEV_HEADER_OTHER)
			finding_mend(finding, "weir run -i %s -a pcap", judging->word);
		else if (settings->how == ATTACH_NATIVE || settings->how == ATTACH_GENERIC)
			finding_mend(finding, "weir run -i %s -a auto", judging->word);
		return;
	}
	finding_action(finding, "%s%s%s%s%s%s%s", plan->in ? "in: " : "",
		       plan->in ? attach_point_name(plan->in) : "", plan->in && plan->out ? ", " : "",
		       plan->out ? "out: " : "",
		       plan->out ? attach_point_name(plan->out) : "",
		       plan->why[0] ? ", since " : "", plan->why);
	if (settings->how == ATTACH_AUTO && plan->in && plan->in != ATTACH_XDP_NATIVE &&
	    judging->facts->header == NETDEV_HEADER_ETHERNET &&
	    judging->facts->native_xdp == NETDEV_YES &&
	    judging->facts->xdp_mode == NETDEV_XDP_NONE && !native_refuses_mtu(judging->facts))
		finding_mend(finding, "weir run -i %s -a native", judging->word);
}

static void ahead_judge(struct judging *judging, const struct ahead *ahead)
{
	struct finding *finding;
	char more[32] = "";

	if (!ahead->count)
		return;
	finding = findings_add(judging->findings, "in front");
	finding->state = FINDING_NOTE;
	if (ahead->count + ahead->omitted > 1)
		snprintf(more, sizeof(more), " and %zu more", ahead->count + ahead->omitted - 1);
	finding_fact(finding, "%s%s", ahead->text[0], more);
	finding_action(finding, "left alone: what it ends there is not seen, and counts as loss");
}

static void stack_judge(struct judging *judging, const struct netdev_facts *under)
{
	struct finding *finding;

	if (!under)
		return;
	finding = findings_add(judging->findings, "stack");
	finding->state = FINDING_NOTE;
	finding_fact(finding, "%s %s %s", judging->facts->name,
		     netdev_stands_to(judging->facts, under), under->name);
	finding_action(finding, "what passes both is counted at each that is named");
}

static void leftovers_judge(struct judging *judging, unsigned int leftovers)
{
	struct finding *finding;

	if (!leftovers)
		return;
	finding = findings_add(judging->findings, "left over");
	finding->state = FINDING_NOTE;
	finding_fact(finding, "%u filter%s of a weir that was killed", leftovers,
		     leftovers == 1 ? "" : "s");
	finding_action(finding, "removed when weir starts next");
}

void interface_judge(struct interface_survey *interface, const struct machine_facts *machine,
		     const struct attach_settings *settings)
{
	struct judging judging = {
		.facts = &interface->facts,
		.plan = &interface->plan,
		.findings = &interface->findings,
	};

	escape_shell_word(interface->facts.name, judging.word, sizeof(judging.word));
	link_judge(&judging);
	if (interface->facts.header == NETDEV_HEADER_ETHERNET) {
		mtu_judge(&judging);
		hook_judge(&judging);
		vlan_judge(&judging);
	}
	if (interface->facts.header != NETDEV_HEADER_OTHER) {
		merging_judge(&judging);
		tc_judge(&judging, settings->how != ATTACH_CLSACT &&
				   attach_plan_has_tcx(&interface->facts, machine));
	}
	stack_judge(&judging, interface->under);
	leftovers_judge(&judging, interface->leftovers);
	ahead_judge(&judging, &interface->ahead);
	plan_judge(&judging, settings);
}

const char *const *survey_blind_spots(void)
{
	static const char *const texts[] = {
		"out: what goes past TC egress: AF_XDP, PACKET_QDISC_BYPASS, XDP_TX, XDP redirects",
		"in: what the device, the driver or another XDP program drops or redirects earlier",
		"in, at TC: frames that end within a VLAN tag: the kernel drops them before (XDP sees)",
		"ip -s link omits 14 bytes of every packet a veth receives through native XDP",
		"ip -s link omits VLAN tags beside the packet, and counts merged packets as one",
		NULL
	};

	return texts;
}
