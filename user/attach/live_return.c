/* SPDX-License-Identifier: BSD-2-Clause */
#include "live_return.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/report.h"
#include "attach_ask.h"
#include "pinned.h"

#define RETRY_NS 1000000000u

/* The programs were chosen for the interface as it was; which ones are loaded is final. */
static void plan_without(struct live_link *link, const struct live_shared *shared)
{
	struct attach_plan *plan = &link->plan;

	if (shared->settings.how == ATTACH_AUTO && plan->in == ATTACH_XDP_NATIVE) {
		plan->in = attach_plan_has_tcx(&link->facts, shared->machine) ?
				   ATTACH_TCX_INGRESS : ATTACH_CLSACT_INGRESS;
		snprintf(plan->why, sizeof(plan->why), "native XDP takes a start anew");
	}
	if (live_link_has_programs(link, shared))
		return;
	plan->impossible = true;
	snprintf(plan->why, sizeof(plan->why), "it takes other programs than were loaded at the start");
}

static int plan_again(struct live_link *link, const struct live_shared *shared)
{
	struct attach_plan *plan = &link->plan;
	int err = helper_is_used() ? attach_ask_facts(link->given, &link->facts) :
				     netdev_query(link->given, &link->facts);

	if (err)
		return err;
	*plan = (struct attach_plan){ 0 };
	if (shared->pin)
		pinned_leave_out(shared->pin, &link->facts);
	attach_plan_make(&link->facts, shared->machine, &shared->settings, plan);
	if (plan->in == ATTACH_CAPTURE || plan->out == ATTACH_CAPTURE)
		plan->impossible = true;
	else if (shared->pin && pinned_refuses(shared->pin, &link->facts, plan))
		plan->impossible = true;
	else if (!plan->impossible && !live_link_has_programs(link, shared))
		plan_without(link, shared);
	if (!plan->impossible)
		return 0;
	if (!link->is_refused)
		report_error("attach %s: %s", link->given, plan->why);
	return -EOPNOTSUPP;
}

/* Nothing of the one that went is told of the one that came. */
static void forget(struct live_link *link)
{
	memset(&link->state, 0, sizeof(link->state));
	memset(link->ahead, 0, sizeof(link->ahead));
	memset(link->revision, 0, sizeof(link->revision));
	link->ahead_asked_ns = 0;
	link->is_unasked = false;
	link->name = link->given;
}

static int attach_again(struct live_link *link, const struct live_shared *shared,
			unsigned int number)
{
	int err = plan_again(link, shared);

	if (err)
		return err;
	forget(link);
	err = programs_add_link(shared->programs, link->facts.ifindex, number);
	if (err && !link->is_refused)
		report_error("attach %s: number it: %s", link->given, strerror(-err));
	if (!err)
		err = live_link_attach(link, shared);
	if (err)
		programs_drop_link(shared->programs, link->facts.ifindex);
	return err;
}

static bool is_counted(const struct live_link *links, size_t count, unsigned int ifindex)
{
	for (size_t i = 0; i < count; i++) {
		if (!links[i].gone && links[i].facts.ifindex == ifindex)
			return true;
	}
	return false;
}

bool live_link_return(struct live_link *links, size_t count, size_t number,
		      const struct live_shared *shared)
{
	struct live_link *link = &links[number];
	uint64_t now_ns = clock_monotonic_ns();
	unsigned int ifindex;
	int err = netdev_index(link->given, &ifindex);

	if (!err && is_counted(links, count, ifindex))
		err = -ENODEV;
	if (err == -ENODEV)
		link->is_refused = false;
	if (err || (link->is_refused && now_ns < link->retry_ns))
		return false;
	if (!link->is_refused)
		report_notice("interface %s: it is back", link->given);
	err = attach_again(link, shared, (unsigned int)number);
	link->is_refused = err != 0;
	link->retry_ns = now_ns + RETRY_NS;
	if (err)
		return false;
	link->gone = false;
	link->is_cut = true;
	return true;
}

bool live_link_come(struct live_link *link, unsigned int number, const char *name,
		    const struct live_shared *shared)
{
	memset(link, 0, sizeof(*link));
	snprintf(link->own_name, sizeof(link->own_name), "%s", name);
	link->given = link->name = link->own_name;
	link->is_cut = true;
	return !attach_again(link, shared, number);
}
