/* SPDX-License-Identifier: BSD-2-Clause */
#include "live.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/report.h"
#include "../base/seed.h"
#include "../base/stop.h"
#include "../owners/owners.h"
#include "../attach/leftover.h"
#include "../attach/live_watch.h"
#include "../filter/filter_error.h"
#include "live_links.h"
#include "live_merge.h"
#include "live_pin.h"

#define LINKS_TO_COME 64

static int plan_links(struct live *live)
{
	struct live_shared shared = live_shared_of(live);

	shared.settings.is_many = !live->config.pin && live->config.interface_count > ATTACH_MANY;
	for (size_t i = 0; i < live->config.interface_count; i++) {
		int err = live_link_plan(&live->links[i], &shared, live->config.interfaces[i]);

		if (err)
			return err;
	}
	live_links_report_stacked(live->links, live->config.interface_count);
	return 0;
}

static size_t link_outcomes_count(const struct live *live)
{
	return 2 * (size_t)banks_geometry(live->banks)->links;
}

/* Those of now; where all are to be counted, also those that come. */
static uint32_t links_room(const struct live_config *config)
{
	size_t room = config->interface_count;

	if (config->is_any)
		room = room < LINKS_TO_COME ? 2 * LINKS_TO_COME : 2 * room;
	return (uint32_t)(room < FLOW_LINKS_MAX ? room : FLOW_LINKS_MAX);
}

/* What is asked for; where that is the default, no more than the links and lines leave room for. */
static struct bank_shape banks_shape(const struct live *live)
{
	const struct live_config *config = &live->config;
	struct bank_shape shape = { .slots_per_cpu = config->slots,
				    .cpus = live->machine.cpus,
				    .links = links_room(config),
				    .has_extra = config->taker.has_extra,
				    .has_owners = config->taker.owners };
	uint32_t most = machine_slots_default(live->machine.memory_bytes, &shape);

	if (!config->slots_given && shape.slots_per_cpu > most)
		shape.slots_per_cpu = most;
	return shape;
}

static int banks_open(struct live *live)
{
	const struct live_config *config = &live->config;
	const struct bank_shape shape = banks_shape(live);
	uint64_t bytes = machine_banks_bytes(&shape);
	int err;

	if (!machine_allows_banks(bytes, live->machine.memory_bytes, config->slots_given)) {
		report_error("make the tables: %llu MiB are over a quarter of the memory",
			     (unsigned long long)(bytes >> 20));
		report_error("try: --slots %u",
			     machine_slots_max(live->machine.memory_bytes, &shape));
		return -ENOMEM;
	}
	err = banks_create(&shape, &live->banks);
	if (err && err != -EPERM)
		report_error("make the tables: %s", strerror(-err));
	if (err)
		return err;
	live->link_outcomes = calloc(link_outcomes_count(live), sizeof(*live->link_outcomes));
	if (live->link_outcomes)
		return 0;
	report_error("start: %s", strerror(ENOMEM));
	return -ENOMEM;
}

static int seed_make(struct live *live)
{
	int err = hash_seed_make(&live->seed);

	if (err)
		report_error("get random numbers: %s", strerror(-err));
	return err;
}

static int programs_open(struct live *live)
{
	struct live_shared shared = live_shared_of(live);
	struct programs_request request = { .banks = live->banks, .seed = &live->seed,
					    .group = live->config.group,
					    .filters = live->config.filters,
					    .has_owners = live->config.taker.owners,
					    .has_tcp = live->config.taker.has_tcp,
					    .has_ip_bytes = live->config.taker.has_ip_bytes,
					    .has_tunnels = live->config.taker.has_tunnels,
					    .has_fragments = live->config.taker.has_fragments,
					    .realtime = live->machine.realtime };
	struct filter_error error;
	int err;

	for (size_t i = 0; i < live->config.interface_count; i++) {
		const struct live_link *link = &live->links[i];

		live_link_want(link, &shared, request.wanted);
		if (link->facts.ifindex > request.highest_ifindex)
			request.highest_ifindex = link->facts.ifindex;
	}
	if (live->config.is_any)
		live_links_want_all(&live->config.settings, request.wanted);
	err = programs_load(&request, &live->programs, &error);
	if (err && error.text[0])
		report_error("filter: %s", error.text);
	else if (err && err != -EPERM)
		report_error("load the programs: %s", strerror(-err));
	return err && error.text[0] && err == -EPERM ? -EOPNOTSUPP : err;
}

/* The tick is read before the clock: a packet between the two is no younger than the pane. */
static int pane_begin(struct live *live)
{
	int err = programs_read_ticks(live->programs, &live->begin_ticks);

	live->begin = pane_moment_now();
	return err;
}

static int link_number(struct live *live, size_t number)
{
	const struct netdev_facts *facts = &live->links[number].facts;
	int err = programs_add_link(live->programs, facts->ifindex, (unsigned int)number);

	if (err)
		report_error("attach %s: number it: %s", facts->name, strerror(-err));
	return err;
}

static int attach_links(struct live *live)
{
	int err = programs_open(live);
	struct live_shared shared = live_shared_of(live);

	/* From here on a start cut short would leave something attached. */
	stop_starting_done();
	if (!err)
		err = live_pin_begin(live);
	for (; live->link_count < live->config.interface_count && !err; live->link_count++)
		err = link_number(live, live->link_count);
	if (!err)
		err = live_pin_links(live);
	if (err)
		return err;
	err = pane_begin(live);
	if (err) {
		report_error("read the clock of the programs: %s", strerror(-err));
		return -EIO;
	}
	pane_clock_start(&live->clock, &live->begin);
	banks_begin(live->banks, &(struct bank_begin){ live->begin_ticks, live->begin.now_ns,
						       live->begin.offset_ns });
	for (size_t i = 0; i < live->link_count && !err; i++, live->links_alive++)
		err = live_link_attach(&live->links[i], &shared);
	return err ? err : live_pin_take_over(live);
}

/* What is missing is told by the caller, who may have another way to count. */
static int machine_open(struct live *live)
{
	int err = machine_query(&live->machine);

	if (err) {
		machine_report_unread(&live->machine, err);
		return -EIO;
	}
	if (!live->machine.has_bpf)
		return -ENOSYS;
	return machine_capabilities_missing(&live->machine, MACHINE_CAPS_NEEDED) ? -EPERM : 0;
}

int live_open(const struct live_config *config, struct live **result)
{
	struct live *live = calloc(1, sizeof(*live));
	int err;

	*result = NULL;
	if (!live) {
		report_error("start: %s", strerror(ENOMEM));
		return -ENOMEM;
	}
	live->config = *config;
	live->events = link_events_open();
	live->looks_for_new = config->is_any;
	pane_clock_open(&live->clock, &config->clock);
	live->drops_place = !group_by_has_place(config->group);
	group_masks_make(config->group, &live->masks);
	err = machine_open(live);
	if (!err) {
		leftovers_clean();
		err = plan_links(live);
	}
	if (!err)
		err = banks_open(live);
	if (!err)
		err = seed_make(live);
	if (!err)
		err = attach_links(live);
	if (err) {
		live_close(live);
		return err;
	}
	*result = live;
	return 0;
}

int live_close(struct live *live)
{
	int first_err = 0;

	if (!live)
		return 0;
	live_pin_leave(live);
	for (size_t i = 0; i < FLOW_LINKS_MAX; i++) {
		int err = live_link_detach(&live->links[i]);

		first_err = first_err ? first_err : err;
	}
	programs_unload(live->programs);
	banks_destroy(live->banks);
	pane_clock_close(&live->clock);
	link_events_close(live->events);
	live_pin_close(live);
	free(live->link_outcomes);
	free(live);
	return first_err;
}

/* Until the pane is over: what goes and comes back within it is attached again at once. */
static void pane_wait(struct live *live)
{
	uint64_t deadline_ns = pane_clock_deadline_ns(&live->clock);
	int fds[] = { live->clock.set_fd, link_events_fd(live->events) };

	live_links_return(live);
	while (stop_wait_for_any(fds, 2, deadline_ns) == fds[1] && fds[1] >= 0) {
		if (!link_events_take(live->events, live_links_await, live))
			continue;
		live_links_check(live);
		if (live_links_are_over(live))
			return;
		live_links_return(live);
	}
}

/*
 * Every packet counted from here on belongs to the pane that pane_begin opens; after the last
 * one, to the last one (drain_stragglers), so that its times count from there.
 */
static int pane_switch(struct live *live, struct pane *pane)
{
	struct bank_begin begin = { .ticks = live->begin_ticks };
	bool is_last = live->ended && !live->config.pin;
	int err;

	*pane = (struct pane){ 0 };
	if (is_last) {
		for (size_t i = 0; i < live->link_count; i++)
			live_links_detach(live, &live->links[i]);
	}
	err = pane_begin(live);
	if (!is_last)
		begin = (struct bank_begin){ live->begin_ticks, live->begin.now_ns,
					     live->begin.offset_ns };
	if (!err)
		err = banks_flip(live->banks, &begin);
	pane_clock_turn(&live->clock, &live->begin, pane);
	return err;
}

/* The sizes are counted on a path of their own: they must agree with the outcomes. */
static void check_sum(const struct outcome_counts *counts)
{
	uint64_t seen = 0, sizes = 0;

	for (int i = 0; i < PACKET_OUTCOME_COUNT; i++)
		seen += counts->outcome[i].packets;
	for (unsigned int i = 0; i < SIZE_BUCKETS; i++)
		sizes += counts->size_histogram[i];
	if (seen != sizes)
		report_error("count packets: outcomes are %llu, sizes %llu: please report this",
			     (unsigned long long)seen, (unsigned long long)sizes);
}

/* Adds what the bank read last has by link and direction. */
static void link_outcomes_take(struct live *live)
{
	const struct link_outcomes *counts = banks_link_outcomes(live->banks);

	for (size_t i = 0; i < link_outcomes_count(live); i++)
		link_outcomes_add(&live->link_outcomes[i], &counts[i]);
}

/* Owners learn from all records of a pane before the first is handed over. */
static int bank_drain(struct live *live, struct live_merge *merge, const struct pane *pane,
		      struct outcome_counts *counts)
{
	if (merge->owners) {
		banks_read(live->banks, owners_learn, merge->owners, counts);
		owners_settle(merge->owners, pane);
	}
	return banks_drain(live->banks, live_merge_records, merge, counts);
}

/*
 * A program that was running while its hook was taken from it may have found the new bank: what
 * it counted there belongs to the last pane. The first flip has waited for all of them.
 */
static int drain_stragglers(struct live *live, struct live_merge *merge, struct pane *pane)
{
	struct outcome_counts counts;
	int err = banks_flip(live->banks, &(struct bank_begin){ .ticks = 0 });

	if (!err)
		err = bank_drain(live, merge, pane, &counts);
	if (err)
		return err;
	outcome_counts_add(&pane->counts, &counts);
	link_outcomes_take(live);
	return 0;
}

/* Since the pane before. */
static uint64_t connections_missed(struct live *live)
{
	uint64_t before = live->connections_missed;

	live->connections_missed = programs_connections_missed(live->programs);
	return live->connections_missed - before;
}

static int pane_drain(struct live *live, struct pane *pane)
{
	struct live_merge merge = { .taker = &live->config.taker,
			       .masks = live->drops_place ? &live->masks : NULL,
			       .owners = live->config.taker.owners,
			       .forgets_connections = live->config.taker.has_tcp,
			       .record_size = banks_geometry(live->banks)->record_size };
	int err = bank_drain(live, &merge, pane, &pane->counts);

	memset(live->link_outcomes, 0, link_outcomes_count(live) * sizeof(*live->link_outcomes));
	link_outcomes_take(live);
	pane->link_outcomes = live->link_outcomes;
	pane->link_outcomes_count = link_outcomes_count(live);
	if (!err && live->ended && !live->config.pin)
		err = drain_stragglers(live, &merge, pane);
	if (merge.owners)
		owners_end_pane(merge.owners);
	pane->records = merge.records;
	pane->merge_ns = merge.merge_ns;
	pane->connections_missed = connections_missed(live);
	pane->collect_latency_ns = clock_monotonic_ns() - pane->end_ns;
	if (!live->machine.realtime)
		check_sum(&pane->counts);
	return err;
}

static void pane_tell(struct live *live, struct pane *pane)
{
	link_books_tell(&live->books, live->links, live->link_count, pane);
}

/* All of it is in the log before the bank is cleared: the bank is read a second time for that. */
static void pane_log(struct live *live, struct pane *pane)
{
	int err = live_pin_read(live, pane);

	memset(live->link_outcomes, 0, link_outcomes_count(live) * sizeof(*live->link_outcomes));
	link_outcomes_take(live);
	pane->link_outcomes = live->link_outcomes;
	pane->link_outcomes_count = link_outcomes_count(live);
	pane_tell(live, pane);
	live_pin_commit(live, pane, err);
}

int live_next_pane(struct live *live, struct pane *pane)
{
	bool is_left;
	int err;

	pane_wait(live);
	live_links_check(live);
	is_left = !live_links_are_over(live);
	live->ended = !is_left || *stop_flag() ||
		      pane_clock_is_over(&live->clock, clock_monotonic_ns());
	err = pane_switch(live, pane);
	if (!err && live->config.pin)
		pane_log(live, pane);
	if (!err)
		err = pane_drain(live, pane);
	if (err) {
		report_error("read the tables: %s", strerror(-err));
		return err;
	}
	if (!live->config.pin)
		pane_tell(live, pane);
	for (size_t i = 0; i < live->link_count; i++)
		live->links[i].is_cut = false;
	if (!is_left && !live->verdict)
		live->verdict = -ENODEV;
	return live->ended ? 0 : 1;
}

int live_verdict(const struct live *live)
{
	return live->verdict;
}

size_t live_links_count(const struct live *live)
{
	return live->link_count;
}

size_t live_attached(const struct live *live, const char **names)
{
	size_t count = 0;

	for (size_t i = 0; i < live->link_count; i++) {
		const struct attach_plan *plan = &live->links[i].plan;

		if (plan->in)
			names[count++] = attach_point_name(plan->in);
		if (plan->out)
			names[count++] = attach_point_name(plan->out);
	}
	return count;
}

const char *const *live_link_names(struct live *live)
{
	for (size_t i = 0; i < live->link_count; i++)
		live->link_names[i] = live->links[i].name;
	return live->link_names;
}

double live_table_use(const struct live *live)
{
	return banks_fill(live->banks);
}
