/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the next start has to know of a generation: the layout of its banks and log, what is baked
 * into its programs, which interfaces its link numbers stand for, and the command line whose
 * windows and outputs it was for. A file, replaced whole.
 */
#ifndef WEIR_PIN_STATE_H
#define WEIR_PIN_STATE_H

#include "../system/netdev.h"
#include "pin_log.h"
#include "pin_place.h"

#define PIN_BOOT_MAX 40

/* Of a link, by its number. */
struct pin_state_link {
	char name[IF_NAMESIZE];
	uint32_t ifindex;
	uint32_t spare;
	struct netdev_counters counted; /* told in panes up to the last one that ended */
};

struct pin_state {
	uint64_t generation;
	uint64_t layout;          /* pin_layout of the build that wrote it */
	uint64_t meaning;         /* of the records: what is baked into the programs, hashed */
	char boot[PIN_BOOT_MAX];  /* which start of the machine */
	uint64_t net_namespace;
	uint64_t run;             /* of its documents */
	uint64_t pane_ns;
	uint64_t is_aligned;
	uint64_t is_finished;     /* all that it logged has been told: windows are over */
	uint64_t ended_ns;        /* then: when its last pane ended, CLOCK_MONOTONIC, */
	int64_t ended_offset_ns;  /* and added to it, since 1970. At first: when it began */
	struct bank_geometry geometry;
	uint32_t link_count;
	struct pin_state_link *links;  /* owned */
	uint32_t word_count;
	uint32_t words_bytes;
	char *words;              /* of the command line, each with its end. Owned */
};

/* Tells apart what one build lays out otherwise than another. */
uint64_t pin_layout(void);

/* Fills in where and when this is: boot, net_namespace, layout. */
void pin_state_init(struct pin_state *state);

/* Frees what it owns. */
void pin_state_fini(struct pin_state *state);

/* Replaces the generation's state. 0 or negative errno. */
int pin_state_write(const struct pin_place *place, const struct pin_state *state);

/*
 * 0 and *state, to be freed; -ENOENT; -EPROTO where another build has written it in another way;
 * -EBADMSG where it is damaged; or another negative errno.
 */
int pin_state_read(const struct pin_place *place, uint64_t generation, struct pin_state *state);

#endif
