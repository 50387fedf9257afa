/* SPDX-License-Identifier: BSD-2-Clause */
#include "live_link.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../base/report.h"

enum { IN, OUT };

static void report_impossible(const struct live_link *link, enum attach_how how)
{
	report_error("attach %s: %s", link->facts.name, link->plan.why);
	if (how == ATTACH_NATIVE || how == ATTACH_GENERIC)
		report_error("try: -a tc, or weir check %s", link->facts.name);
	else
		report_error("try: weir check %s", link->facts.name);
}

int live_link_plan(struct live_link *link, const struct live_shared *shared, const char *name)
{
	int err = netdev_query(name, &link->facts);

	if (err) {
		report_error("attach %s: %s", name,
			     err == -ENODEV ? "no such interface" : strerror(-err));
		if (err == -ENODEV)
			report_error("try: ip link, for their names");
		return err;
	}
	attach_plan_make(&link->facts, shared->machine, &shared->settings, &link->plan);
	if (link->plan.impossible) {
		report_impossible(link, shared->settings.how);
		return -EOPNOTSUPP;
	}
	return 0;
}

static void wanted_fill(const struct live_link *link, const struct live_shared *shared,
			bool wanted[PROGRAM_KIND_COUNT])
{
	const struct attach_plan *plan = &link->plan;
	bool frags = netdev_needs_frags(&link->facts);

	wanted[PROGRAM_XDP] = plan->in == ATTACH_XDP_GENERIC ||
			      (plan->in == ATTACH_XDP_NATIVE && !frags);
	wanted[PROGRAM_XDP_FRAGS] = plan->in == ATTACH_XDP_NATIVE && frags;
	/* Also what auto falls back to. */
	wanted[PROGRAM_TC_INGRESS] = plan->in && (!attach_point_is_xdp(plan->in) ||
						  shared->settings.how == ATTACH_AUTO);
	wanted[PROGRAM_TC_EGRESS] = plan->out != ATTACH_NOTHING;
}

static void report_filter(const struct filter_error *error)
{
	report_error("filter: %s", error->text);
}

int live_link_load(struct live_link *link, const struct live_shared *shared, unsigned int number)
{
	struct programs_request request = { .banks = shared->banks,
					    .seed = shared->seed,
					    .group = shared->group,
					    .filter = shared->filter,
					    .link_number = number,
					    .realtime = shared->machine->realtime };
	struct filter_error error;
	int err;

	wanted_fill(link, shared, request.wanted);
	err = programs_load(&request, &link->programs, &error);
	if (err && error.text[0])
		report_filter(&error);
	else if (err && err != -EPERM)
		report_error("load the programs for %s: %s", link->facts.name, strerror(-err));
	return err && error.text[0] && err == -EPERM ? -EOPNOTSUPP : err;
}

static enum program_kind program_for(const struct live_link *link, enum attach_point point)
{
	switch (point) {
	case ATTACH_XDP_NATIVE:
		return netdev_needs_frags(&link->facts) ? PROGRAM_XDP_FRAGS : PROGRAM_XDP;
	case ATTACH_XDP_GENERIC:
		return PROGRAM_XDP;
	case ATTACH_TCX_EGRESS:
	case ATTACH_CLSACT_EGRESS:
		return PROGRAM_TC_EGRESS;
	default:
		return PROGRAM_TC_INGRESS;
	}
}

static int side_attach(struct live_link *link, int side, enum attach_point point)
{
	int fd = programs_fd(link->programs, program_for(link, point));
	int err = attachment_open(&link->attachment[side], point, (int)link->facts.ifindex, fd);

	link->attached[side] = !err;
	return err;
}

/* auto: what netdev_query could not foresee, the driver says when it is asked. */
static int in_attach(struct live_link *link, const struct live_shared *shared)
{
	struct attach_plan *plan = &link->plan;
	bool tcx = attach_plan_has_tcx(&link->facts, shared->machine);
	int err = side_attach(link, IN, plan->in);

	if (!err || plan->in != ATTACH_XDP_NATIVE || shared->settings.how != ATTACH_AUTO)
		return err;
	snprintf(plan->why, sizeof(plan->why), "the driver refuses native XDP: %s",
		 strerror(-err));
	plan->in = tcx ? ATTACH_TCX_INGRESS : ATTACH_CLSACT_INGRESS;
	return side_attach(link, IN, plan->in);
}

static void report_refused(const struct live_link *link, enum attach_point point, int err)
{
	const char *reason = err == -EBUSY ? "another program holds the hook" : strerror(-err);

	report_error("attach %s %s: %s", link->facts.name, attach_point_name(point), reason);
	if (attach_point_is_xdp(point))
		report_error("try: -a tc, or weir check %s", link->facts.name);
}

static void report_chosen(const struct live_link *link, enum attach_how how)
{
	const struct attach_plan *plan = &link->plan;
	const char *cost = plan->in == ATTACH_XDP_NATIVE ? netdev_native_cost(&link->facts) : NULL;
	const char *driver = link->facts.driver[0] ? link->facts.driver : "unknown driver";

	report_notice("attached to %s (%s): %s%s%s%s%s", link->facts.name, driver,
		      plan->in ? attach_point_name(plan->in) : "",
		      plan->in && plan->out ? ", " : "",
		      plan->out ? attach_point_name(plan->out) : "",
		      plan->why[0] ? ": " : "", plan->why);
	if (cost)
		report_notice("note: native XDP takes from %s: %s", link->facts.name, cost);
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
		err = side_attach(link, OUT, link->plan.out);
	if (err) {
		report_refused(link, link->plan.out, err);
		live_link_detach(link);
		return -EIO;
	}
	live_link_missed(link);
	report_chosen(link, shared->settings.how);
	return 0;
}

bool live_link_holds(const struct live_link *link)
{
	for (int side = IN; side <= OUT; side++) {
		if (link->attached[side] && !attachment_holds(&link->attachment[side]))
			return false;
	}
	return true;
}

void live_link_detach(struct live_link *link)
{
	/* The side attached first leaves last: it may have made the qdisc that both stand on. */
	for (int side = OUT; side >= IN; side--) {
		if (link->attached[side])
			attachment_close(&link->attachment[side]);
		link->attached[side] = false;
	}
}

void live_link_close(struct live_link *link)
{
	live_link_detach(link);
	programs_unload(link->programs);
	link->programs = NULL;
}

/*
 * Packets that the kernel dropped because a CPU's backlog was full (Documentation of
 * /proc/net/softnet_stat: net/core/net-procfs.c, second column), on all interfaces together.
 */
static uint64_t backlog_drops(void)
{
	FILE *file = fopen("/proc/net/softnet_stat", "re");
	unsigned int processed, dropped;
	uint64_t sum = 0;

	while (file && fscanf(file, "%x %x%*[^\n]", &processed, &dropped) == 2)
		sum += dropped;
	if (file)
		fclose(file);
	return sum;
}

static uint64_t rise(uint64_t *before, uint64_t now)
{
	uint64_t by = now > *before ? now - *before : 0;

	*before = now;
	return by;
}

/*
 * rx_dropped alone also counts packets that no protocol wanted, behind the hooks: of those no
 * more than the backlogs' drops were lost before. Native XDP runs before the backlog.
 */
uint64_t live_link_missed(struct live_link *link)
{
	struct netdev_counters counters;
	uint64_t missed, refused, backlog;

	if (!link->plan.in || netdev_counters(link->facts.ifindex, &counters))
		return 0;
	missed = rise(&link->missed_packets, netdev_counters_missed(&counters));
	if (link->plan.in == ATTACH_XDP_NATIVE)
		return missed;
	refused = rise(&link->dropped_packets, counters.rx_dropped);
	backlog = rise(&link->backlog_drops, backlog_drops());
	return missed + (refused < backlog ? refused : backlog);
}
