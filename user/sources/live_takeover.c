/* SPDX-License-Identifier: BSD-2-Clause */
#include "live_takeover.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../attach/live_watch.h"
#include "../base/report.h"

#define NS_PER_MS 1000000u

/* All of one takeover. */
struct takeover {
	struct live *live;
	struct pin *pin;
	struct pane pane;
	struct link_outcomes *outcomes;    /* by the numbers of this run's links */
	struct pin_bank_name drained[PIN_DRAINED_MAX];
	size_t drained_count;
	/* of the generation at hand */
	struct pin_state state;
	uint32_t numbers[FLOW_LINKS_MAX];  /* of its links, in this run */
	uint64_t shift_ms;                 /* its pane began so much later than the whole one */
};

static bool is_of_this_boot(const struct takeover *t)
{
	return !strcmp(t->state.boot, t->pin->state.boot);
}

/*
 * The link of this run that is the interface, also where its name is another now; or has its name.
 */
static bool find_link(const struct live *live, const struct pin_state_link *old, uint32_t *number)
{
	for (size_t i = 0; i < live->link_count; i++) {
		*number = (uint32_t)i;
		if (old->ifindex && live->links[i].facts.ifindex == old->ifindex)
			return true;
	}
	for (size_t i = 0; i < live->link_count; i++) {
		*number = (uint32_t)i;
		if (!strcmp(live->links[i].name, old->name))
			return true;
	}
	return false;
}

/* One that is not there any more has a place of its own. */
static int number_of(struct live *live, const struct pin_state_link *old, uint32_t *number)
{
	struct live_link *gone;

	if (find_link(live, old, number))
		return 0;
	if (live->link_count >= banks_geometry(live->banks)->links || !live->config.is_any)
		return -EXDEV;
	gone = &live->links[live->link_count];
	*number = (uint32_t)live->link_count++;
	memset(gone, 0, sizeof(*gone));
	memcpy(gone->own_name, old->name, sizeof(gone->own_name));
	gone->name = gone->given = gone->own_name;
	gone->gone = true;
	return 0;
}

static int find_numbers(struct takeover *t)
{
	for (uint32_t i = 0; i < t->state.link_count; i++) {
		int err = number_of(t->live, &t->state.links[i], &t->numbers[i]);

		if (err)
			report_error("pin %s: it counts %s too: name it, or weir detach %s",
				     t->pin->place.pinned, t->state.links[i].name,
				     t->state.links[i].name);
		if (err)
			return err;
	}
	return 0;
}

/* What the interface counted is told from where the agent before left off. */
static void take_counters(struct takeover *t)
{
	for (uint32_t i = 0; i < t->state.link_count; i++) {
		const struct pin_state_link *old = &t->state.links[i];
		struct live_link *link = &t->live->links[t->numbers[i]];

		if (old->ifindex && link->facts.ifindex == old->ifindex)
			link->counted = old->counted;
		else
			link->is_cut = true;
	}
}

static void record_move(const struct takeover *t, struct flow_slot *slot)
{
	uint32_t old = flow_link_number(slot->flags, slot->vlan, slot->inner_vlan);
	struct flow_link link = flow_link_of(t->numbers[old & (FLOW_LINKS_MAX - 1)]);

	slot->flags = (__u8)((slot->flags & ~FLOW_LINK_FLAGS) | link.flags);
	slot->vlan = (__u16)((slot->vlan & ~FLOW_LINK_VLAN) | link.vlan);
	slot->inner_vlan = (__u16)((slot->inner_vlan & ~FLOW_LINK_INNER_VLAN) | link.inner_vlan);
	slot->first_ms = slot_time_of_ms(slot_time_ms(slot->first_ms) + t->shift_ms);
	slot->last_ms = slot_time_of_ms(slot_time_ms(slot->last_ms) + t->shift_ms);
}

static int take_records(void *context, const struct flow_slot *const *records, size_t count)
{
	struct takeover *t = context;

	for (size_t i = 0; i < count; i++) {
		struct flow_record moved = { .slot = *records[i] };
		const struct flow_slot *one = &moved.slot;

		if (t->state.geometry.record_size == sizeof(moved))
			memcpy(&moved, records[i], sizeof(moved));
		record_move(t, &moved.slot);
		pin_log_records(t->pin->log, &one, 1);
	}
	return 0;
}

static void take_outcomes(struct takeover *t, const struct banks *banks)
{
	const struct link_outcomes *old = banks_link_outcomes(banks);

	for (uint32_t i = 0; i < t->state.link_count; i++) {
		for (int is_out = 0; is_out < 2; is_out++)
			link_outcomes_add(&t->outcomes[link_tally_index(t->numbers[i], is_out)],
					  &old[link_tally_index(i, is_out)]);
	}
}

/* The active bank: what was idle is in the log, as a pane of its own generation. */
static void bank_take(struct takeover *t, struct banks *banks)
{
	const struct bank_begin begin = banks_began(banks, true);
	struct outcome_counts counts;

	if (!t->drained_count)
		t->pane.begin_ns = begin.now_ns;
	t->shift_ms = (begin.now_ns - t->pane.begin_ns) / NS_PER_MS;
	banks_settle(banks);
	banks_read_active(banks, take_records, t, &counts);
	outcome_counts_add(&t->pane.counts, &counts);
	take_outcomes(t, banks);
	t->drained[t->drained_count++] = (struct pin_bank_name){
		t->state.generation, banks_sequence(banks, true)
	};
}

static int generation_take(struct takeover *t)
{
	char directory[PATH_MAX];
	struct banks *banks;
	int err = find_numbers(t);

	if (err)
		return err;
	pin_generation_path(&t->pin->place, t->state.generation, directory);
	err = banks_open_pinned(directory, &t->state.geometry, &banks);
	/* Nothing is pinned: it was cut short before, or after its end. */
	if (err == -ENOENT)
		return 0;
	if (err) {
		report_error("pin %s: read what was counted: %s", t->pin->place.pinned,
			     strerror(-err));
		return err;
	}
	if (!t->drained_count)
		take_counters(t);
	if (banks_sequence(banks, true))
		bank_take(t, banks);
	banks_destroy(banks);
	return 0;
}

static int generations_take(struct takeover *t)
{
	int err = 0;

	for (int i = 0; i < t->pin->old_count && !err; i++) {
		err = pin_state_read(&t->pin->place, t->pin->old[i], &t->state);
		/* Recovery has found that it was taken over already. */
		if (err == -ENOENT)
			err = 0;
		else if (!err && is_of_this_boot(t))
			err = generation_take(t);
		pin_state_fini(&t->state);
	}
	return err;
}

/* Its times, its books; then it is in the log, and the generations are done with. */
static int pane_commit(struct takeover *t)
{
	struct netdev_counters counted[FLOW_LINKS_MAX];
	struct pin_commit commit = { .is_away = true, .drained = t->drained,
				     .drained_count = t->drained_count, .counted = counted };
	struct live *live = t->live;

	t->pane.end_ns = live->begin.now_ns;
	t->pane.clock_offset_ns = live->begin.offset_ns;
	t->pane.link_outcomes = t->outcomes;
	t->pane.link_outcomes_count = 2 * banks_geometry(live->banks)->links;
	for (size_t i = 0; i < live->link_count; i++) {
		struct live_link *link = &live->links[i];

		if (!link->gone)
			live_link_watch(link);
	}
	link_books_tell(&live->books, live->links, live->link_count, &t->pane);
	for (size_t i = 0; i < live->link_count; i++) {
		counted[i] = live->links[i].counted;
		live->links[i].is_cut = false;
	}
	return pin_log_commit(t->pin->log, &commit, &t->pane);
}

static bool is_in_use(void *context, unsigned int ifindex, int side)
{
	const struct live *live = context;

	for (size_t i = 0; i < live->link_count; i++) {
		const struct live_link *link = &live->links[i];

		if (!link->gone && link->facts.ifindex == ifindex)
			return link->attached[side != LIVE_IN ? LIVE_OUT : LIVE_IN];
	}
	return false;
}

static void say_taken(const struct takeover *t)
{
	uint64_t packets = 0;

	for (int i = 0; i < PACKET_OUTCOME_COUNT; i++)
		packets += t->pane.counts.outcome[i].packets;
	report_notice("took over after %.1f s without an agent: %llu packets were counted in them",
		      (double)(t->pane.end_ns - t->pane.begin_ns) / 1e9,
		      (unsigned long long)packets);
}

static int take(struct takeover *t)
{
	int err = pin_log_begin(t->pin->log);

	if (!err)
		err = generations_take(t);
	if (!err && t->drained_count)
		err = pane_commit(t);
	if (err) {
		report_error("pin %s: take over: %s", t->pin->place.pinned, strerror(-err));
		return err;
	}
	if (t->drained_count)
		say_taken(t);
	for (int i = 0; i < t->pin->old_count; i++)
		pin_generation_remove(&t->pin->place, t->pin->old[i]);
	t->pin->old_count = 0;
	pin_links_prune(&t->pin->place, is_in_use, t->live);
	return 0;
}

int live_take_over(struct live *live)
{
	struct takeover *t;
	int err;

	if (!live->config.pin->old_count)
		return 0;
	t = calloc(1, sizeof(*t));
	if (t)
		t->outcomes = calloc(2 * (size_t)banks_geometry(live->banks)->links,
				     sizeof(*t->outcomes));
	if (!t || !t->outcomes) {
		report_error("start: %s", strerror(ENOMEM));
		free(t);
		return -ENOMEM;
	}
	t->live = live;
	t->pin = live->config.pin;
	err = take(t);
	free(t->outcomes);
	free(t);
	return err;
}
