/* SPDX-License-Identifier: BSD-2-Clause */
#include "live_pin.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/report.h"
#include "live_merge.h"
#include "live_takeover.h"

static int report_pin(const struct pin *pin, const char *what, int err)
{
	if (err)
		report_error("pin %s: %s: %s", pin->place.pinned, what, strerror(-err));
	return err;
}

int live_pin_begin(struct live *live)
{
	struct pin *pin = live->config.pin;
	char directory[PATH_MAX];
	int err;

	if (!pin)
		return 0;
	err = pin_begin(pin, banks_geometry(live->banks), directory);
	if (err)
		return err;
	err = banks_pin(live->banks, directory);
	if (!err)
		err = programs_pin(live->programs, directory);
	return report_pin(pin, "pin the tables", err);
}

/* What the interface had counted before it is attached is told of no pane. */
static struct netdev_counters counted_of(const struct live *live, const struct live_link *link)
{
	struct netdev_state state;

	if (live->is_started || netdev_state_query(link->facts.ifindex, &state))
		return link->counted;
	return state.counters;
}

static void links_tell(const struct live *live, struct pin_state_link links[FLOW_LINKS_MAX])
{
	for (size_t i = 0; i < live->link_count; i++) {
		const struct live_link *link = &live->links[i];

		links[i] = (struct pin_state_link){ .ifindex = link->gone ? 0 :
							       link->facts.ifindex,
						    .counted = counted_of(live, link) };
		snprintf(links[i].name, sizeof(links[i].name), "%.*s", IF_NAMESIZE - 1,
			 link->name);
	}
}

int live_pin_links(struct live *live)
{
	struct pin *pin = live->config.pin;
	struct pin_state_link links[FLOW_LINKS_MAX];

	if (!pin)
		return 0;
	links_tell(live, links);
	return report_pin(pin, "write the state",
			  pin_set_links(pin, links, live->link_count));
}

int live_pin_read(struct live *live, struct pane *pane)
{
	struct pin *pin = live->config.pin;
	int err = pin_log_begin(pin->log), read_err;

	read_err = banks_read(live->banks, pin_log_records, pin->log, &pane->counts);
	return err ? err : read_err;
}

static void say_unlogged(struct pin *pin, int err)
{
	if (!pin->has_failed)
		report_error("pin %s: log a pane: %s: were weir killed now, windows at hand would "
			     "lack it", pin->place.pinned, strerror(-err));
	pin->has_failed = true;
}

void live_pin_commit(struct live *live, const struct pane *pane, int err)
{
	struct netdev_counters counted[FLOW_LINKS_MAX];
	struct pin *pin = live->config.pin;
	struct pin_commit commit = { .sequence = banks_sequence(live->banks, false),
				     .counted = counted };

	for (size_t i = 0; i < live->link_count; i++)
		counted[i] = live->links[i].counted;
	if (!err)
		err = pin_log_commit(pin->log, &commit, pane);
	if (err)
		say_unlogged(pin, err);
	else
		pin->has_failed = false;
	live_pin_links(live);
}

/*
 * A start that failed leaves nothing of its own behind; where an earlier agent's programs had been
 * taken over by then, they count on, for the next start.
 */
void live_pin_leave(struct live *live)
{
	struct pin *pin = live->config.pin;

	if (!pin || (!live->is_started && !pin->old_count))
		return;
	for (size_t i = 0; i < FLOW_LINKS_MAX; i++)
		live_link_leave(&live->links[i]);
	if (live->is_started)
		report_notice("counting goes on without an agent: weir run --pin takes over, "
			      "weir detach ends it");
}

void live_pin_close(struct live *live)
{
	struct pin *pin = live->config.pin;

	if (pin && !live->is_started && !pin->old_count)
		pin_generation_remove(&pin->place, pin->state.generation);
	if (live->absence)
		pin_logged_fini(live->absence);
	free(live->absence);
}

int live_pin_take_over(struct live *live)
{
	int err = live->config.pin ? live_take_over(live) : 0;

	live->is_started = !err;
	return err;
}

int live_absence(struct live *live, const struct record_taker *taker, struct pane *pane)
{
	struct live_merge merge = { .taker = taker,
				    .masks = live->drops_place ? &live->masks : NULL,
				    .record_size = banks_geometry(live->banks)->record_size };
	struct pin *pin = live->config.pin;
	int err;

	if (!pin)
		return 0;
	live->absence = calloc(1, sizeof(*live->absence));
	err = live->absence ? pin_log_read(&pin->place, pin->state.generation, 0, live->absence) :
			      -ENOMEM;
	if (err)
		return err == -ENOENT ? 0 : report_pin(pin, "read the log", err);
	pin_logged_records(live->absence, live_merge_records, &merge);
	*pane = live->absence->pane;
	return 1;
}
