/* SPDX-License-Identifier: BSD-2-Clause */
#include "live_link.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "attach_ask.h"
#include "live_watch.h"
#include "native.h"
#include "pinned.h"
#include "../base/report.h"
#include "../kernel/tag_program.h"

static void report_impossible(const struct live_link *link, enum attach_how how)
{
	report_error("attach %s: %s", link->facts.name, link->plan.why);
	if (link->facts.header == NETDEV_HEADER_OTHER)
		report_error("try: -a pcap, or weir check %s", link->facts.name);
	else if (how == ATTACH_NATIVE || how == ATTACH_GENERIC)
		report_error("try: -a tc, or weir check %s", link->facts.name);
	else
		report_error("try: weir check %s", link->facts.name);
}

static bool is_refused_by_pin(struct live_link *link, const struct live_shared *shared)
{
	const char *reason = NULL;

	if (shared->pin)
		reason = pinned_refuses(shared->pin, &link->facts, &link->plan);
	if (reason)
		snprintf(link->plan.why, sizeof(link->plan.why), "%s", reason);
	return reason;
}

int live_link_plan(struct live_link *link, const struct live_shared *shared, const char *name)
{
	int err = netdev_query(name, &link->facts);

	link->name = link->given = name;
	if (err) {
		report_error("attach %s: %s", name,
			     err == -ENODEV ? "no such interface" : strerror(-err));
		if (err == -ENODEV)
			report_error("try: ip link, for their names");
		return err;
	}
	if (shared->pin)
		pinned_leave_out(shared->pin, &link->facts);
	attach_plan_make(&link->facts, shared->machine, &shared->settings, &link->plan);
	if (!link->plan.impossible && is_refused_by_pin(link, shared))
		link->plan.impossible = true;
	if (link->plan.impossible) {
		report_impossible(link, shared->settings.how);
		return -EOPNOTSUPP;
	}
	if (link->plan.in != ATTACH_CAPTURE && link->plan.out != ATTACH_CAPTURE)
		return 0;
	report_notice("%s: %s: falling back to libpcap", link->facts.name, link->plan.why);
	return -EPROTONOSUPPORT;
}

void live_links_report_stacked(const struct live_link *links, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < count; j++) {
			const struct netdev_facts *one = &links[i].facts, *other = &links[j].facts;
			const char *how = netdev_stands_to(one, other);

			if (how)
				report_notice("note: %s %s %s: what passes both is counted at each",
					      one->name, how, other->name);
		}
	}
}

void live_link_want(const struct live_link *link, const struct live_shared *shared,
		    bool wanted[PROGRAM_KIND_COUNT])
{
	const struct attach_plan *plan = &link->plan;
	bool frags = native_needs_frags(&link->facts);

	if (link->facts.header == NETDEV_HEADER_IP) {
		wanted[PROGRAM_IP_INGRESS] |= plan->in != ATTACH_NOTHING;
		wanted[PROGRAM_IP_EGRESS] |= plan->out != ATTACH_NOTHING;
		return;
	}
	wanted[PROGRAM_XDP] |= plan->in == ATTACH_XDP_GENERIC ||
			       (plan->in == ATTACH_XDP_NATIVE && !frags);
	wanted[PROGRAM_XDP_FRAGS] |= plan->in == ATTACH_XDP_NATIVE && frags;
	/* Also what auto falls back to. */
	wanted[PROGRAM_TC_INGRESS] |= plan->in && (!attach_point_is_xdp(plan->in) ||
						   shared->settings.how == ATTACH_AUTO);
	wanted[PROGRAM_TC_EGRESS] |= plan->out != ATTACH_NOTHING;
}

void live_links_want_all(const struct attach_settings *settings,
			 bool wanted[PROGRAM_KIND_COUNT])
{
	bool in = settings->direction != DIRECTION_OUT, out = settings->direction != DIRECTION_IN;

	if (settings->how == ATTACH_NATIVE || settings->how == ATTACH_GENERIC)
		return;
	wanted[PROGRAM_TC_INGRESS] |= in;
	wanted[PROGRAM_TC_EGRESS] |= out;
	wanted[PROGRAM_IP_INGRESS] |= in;
	wanted[PROGRAM_IP_EGRESS] |= out;
}

static enum program_kind program_for(const struct live_link *link, enum attach_point point)
{
	bool is_ip = link->facts.header == NETDEV_HEADER_IP;

	switch (point) {
	case ATTACH_XDP_NATIVE:
		return native_needs_frags(&link->facts) ? PROGRAM_XDP_FRAGS : PROGRAM_XDP;
	case ATTACH_XDP_GENERIC:
		return PROGRAM_XDP;
	case ATTACH_TCX_EGRESS:
	case ATTACH_CLSACT_EGRESS:
		return is_ip ? PROGRAM_IP_EGRESS : PROGRAM_TC_EGRESS;
	default:
		return is_ip ? PROGRAM_IP_INGRESS : PROGRAM_TC_INGRESS;
	}
}

static bool has_program(const struct live_link *link, const struct live_shared *shared,
			enum attach_point point)
{
	return !point || programs_fd(shared->programs, program_for(link, point)) >= 0;
}

bool live_link_has_programs(const struct live_link *link, const struct live_shared *shared)
{
	return has_program(link, shared, link->plan.in) && has_program(link, shared, link->plan.out);
}

static int side_attach(struct live_link *link, const struct live_shared *shared, int side,
		       enum attach_point point)
{
	int fd = programs_fd(shared->programs, program_for(link, point));
	int ifindex = (int)link->facts.ifindex;
	int err;

	link->pin = shared->pin;
	if (link->pin)
		err = pinned_attach(link->pin, &link->attachment[side], point, ifindex, side, fd);
	else
		err = attachment_open(&link->attachment[side], point, ifindex, fd);

	link->attached[side] = !err;
	return err;
}

/*
 * Why there is no program that sees the tags beside its packets: in words; NULL: there can be one.
 */
static const char *tags_lack(const struct live_shared *shared)
{
	if (shared->pin)
		return "beside --pin";
	if (shared->link_count > TAG_PROGRAMS_MAX)
		return "of so many interfaces";
	if (helper_is_used())
		return "of an interface that came later";
	return tag_program_lacks(shared->programs);
}

/* By a program of its own; where the kernel refuses that, by the one for all. */
static bool tagged_attach(struct live_link *link, const struct live_shared *shared)
{
	unsigned int ifindex = link->facts.ifindex;
	struct tag_program *program;

	if (link->plan.in != ATTACH_XDP_NATIVE || !link->facts.xdp_rx_vlan ||
	    !xdp_tags_lie_beside(&link->facts) || tags_lack(shared) ||
	    tag_program_load(shared->programs, ifindex, native_needs_frags(&link->facts), &program))
		return false;
	link->attached[LIVE_IN] = !attachment_open(&link->attachment[LIVE_IN], link->plan.in,
						   (int)ifindex, tag_program_fd(program));
	tag_program_unload(program);
	return link->attached[LIVE_IN];
}

/* auto: what netdev_query could not foresee, the driver says when it is asked. */
static int in_attach(struct live_link *link, const struct live_shared *shared)
{
	struct attach_plan *plan = &link->plan;
	bool tcx = attach_plan_has_tcx(&link->facts, shared->machine);
	int err;

	link->sees_tags = tagged_attach(link, shared);
	if (link->sees_tags)
		return 0;
	err = side_attach(link, shared, LIVE_IN, plan->in);

	if (!err || plan->in != ATTACH_XDP_NATIVE || shared->settings.how != ATTACH_AUTO)
		return err;
	snprintf(plan->why, sizeof(plan->why), "the driver refuses native XDP: %s",
		 strerror(-err));
	plan->in = tcx ? ATTACH_TCX_INGRESS : ATTACH_CLSACT_INGRESS;
	return side_attach(link, shared, LIVE_IN, plan->in);
}

static void report_refused(const struct live_link *link, enum attach_point point, int err)
{
	const char *reason = strerror(-err);

	if (link->is_refused)
		return;
	if (err == -EBUSY)
		reason = attach_point_is_clsact(point) ? "no place is left beside other weirs" :
							 "another program holds the hook";
	report_error("attach %s %s: %s", link->facts.name, attach_point_name(point), reason);
	if (attach_point_is_xdp(point))
		report_error("try: -a tc, or weir check %s", link->facts.name);
}

/* What XDP does not see of tags, and what helps. */
static void report_tags(const struct live_link *link, const struct live_shared *shared)
{
	const struct netdev_facts *facts = &link->facts;
	const char *lack = facts->xdp_rx_vlan ? tags_lack(shared) : NULL;
	char mend[NETDEV_WHY_MAX];

	if (!attach_point_is_xdp(link->plan.in) || link->sees_tags ||
	    !xdp_tags_mend(facts, mend, sizeof(mend)))
		return;
	report_notice("note: XDP does not see VLAN tags that %s gets beside packets%s%s: %s",
		      facts->name, lack ? ", " : "", lack ? lack : "", mend);
}

static void report_chosen(const struct live_link *link, const struct live_shared *shared)
{
	enum attach_how how = shared->settings.how;
	const struct attach_plan *plan = &link->plan;
	const char *cost = plan->in == ATTACH_XDP_NATIVE ? native_cost(&link->facts) : NULL;
	const char *driver = link->facts.driver[0] ? link->facts.driver : "unknown driver";

	report_notice("attached to %s (%s): %s%s%s%s%s", link->facts.name, driver,
		      plan->in ? attach_point_name(plan->in) : "",
		      plan->in && plan->out ? ", " : "",
		      plan->out ? attach_point_name(plan->out) : "",
		      plan->why[0] ? ": " : "", plan->why);
	if (cost)
		report_notice("note: native XDP takes from %s: %s", link->facts.name, cost);
	report_tags(link, shared);
	if (how == ATTACH_GENERIC)
		report_notice("warning: generic XDP runs after GRO: merged packets count as one");
	if (!link->facts.up)
		report_notice("warning: %s is down: it counts nothing until it is up",
			      link->facts.name);
}

int live_link_attach(struct live_link *link, const struct live_shared *shared)
{
	int err = link->plan.in ? in_attach(link, shared) : 0;

	if (err) {
		report_refused(link, link->plan.in, err);
		return -EIO;
	}
	if (link->plan.out)
		err = side_attach(link, shared, LIVE_OUT, link->plan.out);
	if (err) {
		report_refused(link, link->plan.out, err);
		live_link_detach(link);
		return -EIO;
	}
	report_chosen(link, shared);
	live_link_watch(link);
	live_link_missed(link);
	link->counted = link->state.counters;
	return 0;
}

static void report_left(const struct live_link *link, const struct attachment *left, int err)
{
	bool in = left->point == ATTACH_CLSACT_INGRESS;

	report_error("detach %s %s: %s", link->facts.name, attach_point_name(left->point),
		     strerror(-err));
	if (left->made_qdisc)
		report_error("try: tc qdisc del dev %s clsact", link->facts.name);
	else
		report_error("try: tc filter del dev %s %s pref %u handle 0x%x bpf",
			     link->facts.name, in ? "ingress" : "egress", left->priority,
			     left->handle);
}

int live_link_detach(struct live_link *link)
{
	int first_err = 0;

	/* The side attached first leaves last: it may have made the qdisc that both stand on. */
	for (int side = LIVE_OUT; side >= LIVE_IN; side--) {
		int err;

		if (link->pin && link->attached[side])
			pinned_remove(link->pin, link->facts.ifindex, side);
		err = link->attached[side] ? attachment_close(&link->attachment[side]) : 0;

		if (err)
			report_left(link, &link->attachment[side], err);
		link->attached[side] = false;
		first_err = first_err ? first_err : err;
	}
	return first_err;
}

void live_link_leave(struct live_link *link)
{
	for (int side = LIVE_IN; side <= LIVE_OUT; side++) {
		if (link->attached[side])
			pinned_leave(&link->attachment[side]);
		link->attached[side] = false;
	}
}
