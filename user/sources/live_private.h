/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The live source at work. Private to live.c and live_links.c.
 */
#ifndef WEIR_LIVE_PRIVATE_H
#define WEIR_LIVE_PRIVATE_H

#include "../attach/live_link.h"
#include "../pin/pin.h"
#include "../pin/pin_log_read.h"
#include "../system/link_events.h"
#include "link_books.h"
#include "live.h"

struct live {
	struct live_config config;
	struct machine_facts machine;
	struct banks *banks;
	struct programs *programs;
	struct hash_seed seed;
	bool drops_place;       /* the group has no link or no direction, the records have both */
	struct group_masks masks;
	struct link_outcomes *link_outcomes; /* of the last pane */
	struct live_link links[FLOW_LINKS_MAX];
	size_t link_count;      /* opened so far */
	size_t links_alive;
	struct link_events *events; /* of interfaces that go and come; NULL: nobody tells */
	bool looks_for_new;     /* there may be interfaces that nobody knows */
	unsigned int left_out[FLOW_LINKS_MAX]; /* of those the last: by number, which was said */
	size_t left_out_count;
	struct pane_clock clock;
	struct pane_moment begin; /* of the open pane */
	uint64_t begin_ticks;
	uint64_t connections_missed; /* until the last pane */
	bool ended;
	int verdict;            /* what live_verdict tells */
	struct link_books books;
	const char *link_names[FLOW_LINKS_MAX];
	bool is_started;        /* all was attached, and what was there taken over */
	struct pin_logged *absence; /* read out of the log; until live_close */
};

static inline struct live_shared live_shared_of(const struct live *live)
{
	return (struct live_shared){ .settings = live->config.settings,
				     .group = live->config.group,
				     .machine = &live->machine,
				     .banks = live->banks,
				     .seed = &live->seed,
				     .programs = live->programs,
				     .link_count = live->config.interface_count,
				     .pin = live->config.pin ? &live->config.pin->place : NULL };
}

#endif
