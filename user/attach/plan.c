/* SPDX-License-Identifier: BSD-2-Clause */
#include "plan.h"

#include <stdio.h>
#include <string.h>

#include "native.h"

/* At XDP the programs read Ethernet headers only, at TC IP headers too; libpcap knows others. */
#define NO_ETHERNET "its packets have no Ethernet header"
#define NO_HEADER   "its packets begin with neither Ethernet nor IP"

bool attach_plan_has_tcx(const struct netdev_facts *facts, const struct machine_facts *machine)
{
	if (facts->tcx == NETDEV_UNKNOWN)
		return machine_kernel_is_at_least(machine, 6, 6);
	return facts->tcx == NETDEV_YES;
}

static void refuse(struct attach_plan *plan, const char *why)
{
	plan->in = plan->out = ATTACH_NOTHING;
	plan->impossible = true;
	if (why != plan->why)
		snprintf(plan->why, sizeof(plan->why), "%s", why);
}

/* Native XDP is asked for: what auto weighs (offloads) is no obstacle then. */
static void plan_native(const struct netdev_facts *facts, struct attach_plan *plan)
{
	struct netdev_facts willing = *facts;

	willing.lro = willing.gro_hw = false;
	if (facts->native_xdp != NETDEV_NO &&
	    (strcmp(facts->driver, "veth") == 0 || strcmp(facts->driver, "tun") == 0))
		willing.driver[0] = '\0';
	if (willing.native_xdp == NETDEV_UNKNOWN)
		willing.native_xdp = NETDEV_YES;
	plan->in = ATTACH_XDP_NATIVE;
	if (!native_is_right(&willing, plan->why, sizeof(plan->why)))
		refuse(plan, plan->why);
}

static void plan_generic(const struct netdev_facts *facts, struct attach_plan *plan)
{
	plan->in = ATTACH_XDP_GENERIC;
	snprintf(plan->why, sizeof(plan->why), "generic XDP is asked for");
	if (facts->xdp_mode == NETDEV_XDP_NATIVE || facts->xdp_mode == NETDEV_XDP_GENERIC)
		refuse(plan, "another program holds the XDP hook");
}

static void plan_auto(const struct netdev_facts *facts, struct attach_plan *plan)
{
	if (facts->header != NETDEV_HEADER_ETHERNET)
		snprintf(plan->why, sizeof(plan->why), "%s", NO_ETHERNET);
	else if (native_is_right(facts, plan->why, sizeof(plan->why)))
		plan->in = ATTACH_XDP_NATIVE;
}

static void plan_pcap(struct attach_plan *plan, const char *why)
{
	plan->in = plan->in ? ATTACH_CAPTURE : ATTACH_NOTHING;
	plan->out = plan->out ? ATTACH_CAPTURE : ATTACH_NOTHING;
	snprintf(plan->why, sizeof(plan->why), "%s", why);
}

static bool is_xdp(enum attach_how how)
{
	return how == ATTACH_NATIVE || how == ATTACH_GENERIC;
}

static void plan_in(const struct netdev_facts *facts, enum attach_how how,
		    struct attach_plan *plan)
{
	if (how == ATTACH_AUTO)
		plan_auto(facts, plan);
	else if (how == ATTACH_NATIVE)
		plan_native(facts, plan);
	else if (how == ATTACH_GENERIC)
		plan_generic(facts, plan);
	else
		snprintf(plan->why, sizeof(plan->why), "TC is asked for");
}

/* The old qdisc and clsact have the same handle (ffff:); TCX needs neither. */
static bool is_kept_out(const struct netdev_facts *facts, const struct attach_plan *plan)
{
	bool needs_clsact = attach_point_is_clsact(plan->in) || attach_point_is_clsact(plan->out);

	return needs_clsact && facts->has_ingress_qdisc && !facts->has_clsact;
}

static bool takes_tcx(const struct netdev_facts *facts, const struct machine_facts *machine,
		      const struct attach_settings *settings)
{
	bool has_others = facts->tcx_ingress || facts->tcx_egress;

	if (settings->how == ATTACH_CLSACT || !attach_plan_has_tcx(facts, machine))
		return false;
	return !settings->is_many || has_others || (facts->has_ingress_qdisc && !facts->has_clsact);
}

void attach_plan_make(const struct netdev_facts *facts, const struct machine_facts *machine,
		      const struct attach_settings *settings, struct attach_plan *plan)
{
	bool tcx = takes_tcx(facts, machine, settings);

	memset(plan, 0, sizeof(*plan));
	if (settings->direction != DIRECTION_OUT)
		plan->in = tcx ? ATTACH_TCX_INGRESS : ATTACH_CLSACT_INGRESS;
	if (settings->direction != DIRECTION_IN)
		plan->out = tcx ? ATTACH_TCX_EGRESS : ATTACH_CLSACT_EGRESS;
	if (settings->how == ATTACH_PCAP)
		plan_pcap(plan, "capture through libpcap is asked for");
	else if (settings->how == ATTACH_AUTO && facts->header == NETDEV_HEADER_OTHER)
		plan_pcap(plan, NO_HEADER);
	else if (facts->header == NETDEV_HEADER_OTHER)
		refuse(plan, NO_HEADER);
	else if (facts->header != NETDEV_HEADER_ETHERNET && is_xdp(settings->how))
		refuse(plan, NO_ETHERNET);
	else if (plan->in)
		plan_in(facts, settings->how, plan);
	if (is_kept_out(facts, plan))
		refuse(plan, "the qdisc ingress keeps clsact out");
}

void attach_plan_find_ahead(const struct attach_plan *plan, const struct netdev_facts *facts,
			    struct ahead *ahead)
{
	const struct ahead_interface interface = { .ifindex = facts->ifindex,
						   .name = facts->name,
						   .xdp_mode = facts->xdp_mode,
						   .xdp_prog_id = facts->xdp_prog_id };
	const struct attachment in = { .point = plan->in }, out = { .point = plan->out };

	memset(ahead, 0, sizeof(*ahead));
	ahead_add(ahead, &interface, &in);
	ahead_add(ahead, &interface, &out);
}
