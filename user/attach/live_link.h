/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One interface of the live source: its programs and where they are attached.
 */
#ifndef WEIR_LIVE_LINK_H
#define WEIR_LIVE_LINK_H

#include "attach.h"
#include "plan.h"
#include "../filter/filter.h"
#include "../kernel/programs.h"

struct live_link {
	struct netdev_facts facts;
	struct attach_plan plan;
	struct programs *programs;
	struct attachment attachment[2]; /* in, then out */
	bool attached[2];
	bool gone;
	uint64_t missed_packets;         /* by the interface, before the hook, so far */
	uint64_t dropped_packets;        /* rx_dropped so far */
	uint64_t backlog_drops;          /* of the machine, so far */
};

/* What all links of a run share. */
struct live_shared {
	struct attach_settings settings;
	const struct group_by *group;
	const struct machine_facts *machine;
	const struct banks *banks;
	const struct hash_seed *seed;
	const struct filter *filter;
};

/*
 * Asks the kernel about the interface and plans what to attach. 0, or a negative errno that has
 * been reported.
 */
int live_link_plan(struct live_link *link, const struct live_shared *shared, const char *name);

/* Loads the programs of the plan. 0; -EPERM unreported; else a negative errno, reported. */
int live_link_load(struct live_link *link, const struct live_shared *shared, unsigned int number);

/*
 * Attaches, and says what was chosen. Where auto planned native XDP and the driver refuses, TC
 * is taken. 0, or -EIO, whatever the kernel's reason was: it has been reported.
 */
int live_link_attach(struct live_link *link, const struct live_shared *shared);

/* Whether every program is still on its hook. */
bool live_link_holds(const struct live_link *link);

/* Detaches. */
void live_link_detach(struct live_link *link);

/* Detaches and unloads. */
void live_link_close(struct live_link *link);

/* Packets that reached the interface but not the hook, since the last call. */
uint64_t live_link_missed(struct live_link *link);

#endif
