/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The live source: programs at the hooks of one or more interfaces count into the banks; once
 * a pane the banks change places and the records go to their taker.
 */
#ifndef WEIR_LIVE_H
#define WEIR_LIVE_H

#include "../attach/settings.h"
#include "../engine/group.h"
#include "../engine/pane.h"
#include "../kernel/programs.h"
#include "pane_clock.h"
#include "record_taker.h"

#define LIVE_ATTACHED_MAX (2 * FLOW_LINKS_MAX)

struct live_config {
	struct attach_settings settings;
	const struct group_by *group;
	uint32_t slots;                /* per CPU and bank */
	bool slots_given;              /* by the user, whatever memory they take */
	struct pane_clock_config clock;
	const char *const *interfaces; /* link numbers in this order */
	size_t interface_count;
	struct record_taker taker;
	struct hook_filters filters;
	bool once;                     /* over when the last interface has gone */
	bool is_any;                   /* those that come later are counted too */
	struct pin *pin;               /* it goes on without the agent; NULL: it ends with it */
};

struct live;
struct pin;

/*
 * Attaches everything and begins the first pane. Says in one line for each interface what was
 * chosen and why. 0; after a failure, which has been reported, a negative errno, and nothing is
 * attached. -EPERM (BPF programs may not be loaded) and -ENOSYS (the kernel has no BPF) alone
 * are not reported. -EPROTONOSUPPORT: libpcap alone can count there.
 */
int live_open(const struct live_config *config, struct live **live);

/*
 * Detaches what is still attached. Accepts NULL. 0, or a negative errno, reported, where
 * something could not be detached.
 */
int live_close(struct live *live);

/*
 * Waits for the end of the open pane, or until stop_wait_until is interrupted, or the -t is
 * over; hands over the pane's records and fills *pane. 1: more panes follow. 0: that was the last
 * one, everything is detached. Else a negative errno, reported, and no pane. An interface that has
 * gone is attached again when it is back.
 */
int live_next_pane(struct live *live, struct pane *pane);

/*
 * Of the time without an agent, which an earlier one's programs counted on in: hands over its
 * records, in the numbers of this run's links, and fills *pane. 1; 0 where there was none; or a
 * negative errno, reported. Before the first live_next_pane, once.
 */
int live_absence(struct live *live, const struct record_taker *taker, struct pane *pane);

/*
 * After the last pane: 0 where the run was ended; -ENODEV where no interface was left (once);
 * another negative errno, reported, where something could not be detached.
 */
int live_verdict(const struct live *live);

/* How many links there are, those that have gone among them. */
size_t live_links_count(const struct live *live);

/* Names of what is attached, "xdp-native" and so on: at most LIVE_ATTACHED_MAX. */
size_t live_attached(const struct live *live, const char **names);

/*
 * What the interfaces are called now, by link number, also those that have gone. Until the next
 * pane.
 */
const char *const *live_link_names(struct live *live);

/* Share of the table in use in the last pane, 0 to 1; the fullest section counts. */
double live_table_use(const struct live *live);

#endif
