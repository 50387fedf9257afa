/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One interface of the live source, and where programs are attached to it.
 */
#ifndef WEIR_LIVE_LINK_H
#define WEIR_LIVE_LINK_H

#include "ahead.h"
#include "attach.h"
#include "plan.h"
#include "../pin/pin_place.h"
#include "../kernel/programs.h"

enum live_side { LIVE_IN, LIVE_OUT, LIVE_SIDES };

struct live_link {
	struct netdev_facts facts;
	struct attach_plan plan;
	struct attachment attachment[LIVE_SIDES];
	bool attached[LIVE_SIDES];
	const struct pin_place *pin;     /* where it is pinned; NULL */
	bool gone;
	bool is_cut;                     /* it went or came back in the pane at hand */
	bool sees_tags;                  /* by a program of its own: those beside packets, at XDP */
	bool is_refused;                 /* it is back and cannot be attached, which has been told */
	uint64_t retry_ns;               /* then not before this instant */
	const char *given;               /* as the user has it */
	char own_name[IF_NAMESIZE];      /* then that is here, where nobody named it */
	struct netdev_state state;       /* when it was last looked at */
	const char *name;                /* given; once renamed, the kernel's */
	bool is_unasked;                 /* that the kernel does not answer has been told */
	struct ahead ahead[LIVE_SIDES];  /* who stands before the programs */
	uint64_t ahead_asked_ns;
	uint64_t revision[LIVE_SIDES];   /* of the chains at TCX */
	struct netdev_counters counted;  /* told by live_link_count so far */
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
	const struct programs *programs; /* NULL until they are loaded */
	const struct pin_place *pin;     /* what is attached stays; NULL: it goes with the agent */
	size_t link_count;               /* at the start */
};

/*
 * Asks the kernel about the interface and plans what to attach. 0, or a negative errno that has
 * been reported: -EPROTONOSUPPORT where libpcap alone can count there.
 */
int live_link_plan(struct live_link *link, const struct live_shared *shared, const char *name);

/* Tells which of the planned ones the same packets pass, and are counted at each. */
void live_links_report_stacked(const struct live_link *links, size_t count);

/* Adds the programs that the plan takes to those wanted. */
void live_link_want(const struct live_link *link, const struct live_shared *shared,
		    bool wanted[PROGRAM_KIND_COUNT]);

/* Adds those that interfaces may take which come later. */
void live_links_want_all(const struct attach_settings *settings,
			 bool wanted[PROGRAM_KIND_COUNT]);

/* Whether the programs that the plan takes are loaded. */
bool live_link_has_programs(const struct live_link *link, const struct live_shared *shared);

/*
 * Attaches the loaded programs, and says what was chosen. Where auto planned native XDP and the
 * driver refuses, TC is taken. 0, or -EIO, whatever the kernel's reason was: it has been reported
 * (not of a link that is_refused).
 */
int live_link_attach(struct live_link *link, const struct live_shared *shared);

/* Lets go of what is pinned, which stays attached. */
void live_link_leave(struct live_link *link);

/* Detaches. 0, or a negative errno where something may have been left, which is reported. */
int live_link_detach(struct live_link *link);

#endif
