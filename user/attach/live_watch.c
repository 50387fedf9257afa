/* SPDX-License-Identifier: BSD-2-Clause */
#include "live_watch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "chain.h"
#include "../base/clock.h"
#include "../base/report.h"

/* Who stands before weir is asked about once a second, however short a pane is. */
#define AHEAD_PERIOD_NS 900000000u

/* Only an answer is final; running out of descriptors or memory is not one. */
static void report_unasked(struct live_link *link, int err)
{
	if (!link->is_unasked)
		report_notice("warning: ask about %s: %s: asked again with every pane",
			      link->facts.name, strerror(-err));
	link->is_unasked = true;
}

static bool is_held(struct live_link *link)
{
	for (int side = LIVE_IN; side <= LIVE_OUT; side++) {
		int held = link->attached[side] ? attachment_holds(&link->attachment[side]) : 1;

		if (!held)
			return false;
		if (held < 0)
			report_unasked(link, held);
	}
	return true;
}

static void follow_name(struct live_link *link, const struct netdev_state *state)
{
	if (strcmp(link->facts.name, state->name) == 0)
		return;
	report_notice("interface %s: it is called %s now", link->facts.name, state->name);
	memcpy(link->facts.name, state->name, sizeof(link->facts.name));
	link->name = link->facts.name;
}

static void follow_flags(const struct live_link *link, const struct netdev_state *state)
{
	if (!link->state.name[0] || link->state.up == state->up)
		return;
	if (state->up)
		report_notice("interface %s: it is up again", link->facts.name);
	else
		report_notice("interface %s: it is down: it counts nothing until it is up",
			      link->facts.name);
}

/* True where the chain has changed since the last call; clsact has no number that tells. */
static bool chain_changed(struct live_link *link, int side)
{
	const struct attachment *own = &link->attachment[side];
	uint64_t before = link->revision[side];

	if (!link->attached[side] || attach_point_is_xdp(own->point))
		return false;
	if (attach_point_is_clsact(own->point))
		return true;
	if (chain_revision(own->point, link->facts.ifindex, &link->revision[side]))
		link->revision[side] = before;
	return link->revision[side] != before;
}

static void report_ahead(const struct ahead *before, const struct ahead *now)
{
	for (size_t i = 0; i < now->count; i++) {
		if (!ahead_has(before, now->text[i]))
			report_notice("warning: %s stands before weir: what it ends is not seen",
				      now->text[i]);
	}
	for (size_t i = 0; i < before->count; i++) {
		if (!ahead_has(now, before->text[i]))
			report_notice("%s does not stand before weir any more", before->text[i]);
	}
}

static void ahead_ask(struct live_link *link)
{
	const struct ahead_interface interface = { .ifindex = link->facts.ifindex,
						   .name = link->facts.name,
						   .xdp_mode = link->state.xdp_mode,
						   .xdp_prog_id = link->state.xdp_prog_id };

	for (int side = LIVE_IN; side <= LIVE_OUT; side++) {
		struct ahead now = { 0 };
		int err = 0;

		if (link->attached[side])
			err = ahead_add(&now, &interface, &link->attachment[side]);
		if (err) {
			link->revision[side] = 0;
			report_unasked(link, err);
			continue;
		}
		report_ahead(&link->ahead[side], &now);
		link->ahead[side] = now;
	}
}

static void ahead_watch(struct live_link *link, uint32_t xdp_prog_id)
{
	uint64_t now_ns = clock_monotonic_ns();
	bool changed = link->state.xdp_prog_id != xdp_prog_id;

	if (now_ns - link->ahead_asked_ns < AHEAD_PERIOD_NS)
		return;
	link->ahead_asked_ns = now_ns;
	changed |= chain_changed(link, LIVE_IN);
	changed |= chain_changed(link, LIVE_OUT);
	if (changed)
		ahead_ask(link);
}

bool live_link_watch(struct live_link *link)
{
	uint32_t xdp_prog_id = link->state.xdp_prog_id;
	struct netdev_state state;
	int err = netdev_state_query(link->facts.ifindex, &state);

	if (err == -ENODEV) {
		report_error("interface %s: it has gone", link->facts.name);
		return false;
	}
	if (!is_held(link)) {
		report_error("interface %s: it was replaced, or its programs were detached",
			     link->facts.name);
		return false;
	}
	if (err) {
		report_unasked(link, err);
		return true;
	}
	follow_name(link, &state);
	follow_flags(link, &state);
	link->state = state;
	ahead_watch(link, xdp_prog_id);
	return true;
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
	const struct netdev_counters *counters = &link->state.counters;
	uint64_t missed, refused, backlog;

	if (!link->plan.in)
		return 0;
	missed = rise(&link->missed_packets, netdev_counters_missed(counters));
	if (link->plan.in == ATTACH_XDP_NATIVE)
		return missed;
	refused = rise(&link->dropped_packets, counters->rx_dropped);
	backlog = rise(&link->backlog_drops, backlog_drops());
	return missed + (refused < backlog ? refused : backlog);
}

static unsigned int differences(const struct live_link *link)
{
	const struct netdev_facts *facts = &link->facts;
	const struct attach_plan *plan = &link->plan;
	bool merges = facts->gro || facts->gro_hw || facts->lro || facts->tso || facts->gso;
	bool has_ahead = link->ahead[LIVE_IN].count || link->ahead[LIVE_OUT].count;
	bool omits = strcmp(facts->driver, "loopback") == 0 ||
		     (plan->in == ATTACH_XDP_NATIVE && strcmp(facts->driver, "veth") == 0);

	return (unsigned int)omits << LINK_DIFFERS_ETHERNET |
	       (unsigned int)facts->rx_vlan_strip << LINK_DIFFERS_VLAN |
	       (unsigned int)merges << LINK_DIFFERS_MERGED |
	       (unsigned int)(!plan->in || !plan->out) << LINK_DIFFERS_DIRECTION |
	       (unsigned int)has_ahead << LINK_DIFFERS_AHEAD;
}

void live_link_count(struct live_link *link, struct pane_link *told)
{
	const struct netdev_counters *counters = &link->state.counters;
	struct netdev_counters *counted = &link->counted;

	*told = (struct pane_link){ .name = link->name, .differences = differences(link),
				    .is_gone = link->gone, .is_cut = link->is_cut };
	told->counts.rx.packets = rise(&counted->rx_packets, counters->rx_packets);
	told->counts.rx.bytes = rise(&counted->rx_bytes, counters->rx_bytes);
	told->counts.tx.packets = rise(&counted->tx_packets, counters->tx_packets);
	told->counts.tx.bytes = rise(&counted->tx_bytes, counters->tx_bytes);
}
