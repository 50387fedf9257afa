/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the rows of the live view are made of: which of them a flow belongs to, and on which of
 * their two sides.
 */
#ifndef WEIR_GROUPING_H
#define WEIR_GROUPING_H

#include "../cli/options.h"
#include "../engine/conversation.h"

/* g. The two sides of a row; the fields of its key, beside tags and interface. */
#define GROUPINGS(X)                                                                        \
	X(GROUPING_CONVERSATIONS, "conversations", SIDES_ARROWS,                            \
	  "src,dst,src_port,dst_port,proto")                                                \
	X(GROUPING_FLOWS,         "flows",         SIDES_ONE,        "")                    \
	X(GROUPING_HOSTS,         "hosts",         SIDES_SENT,       "src")                 \
	X(GROUPING_SERVICES,      "services",      SIDES_ARROWS,     "service,proto")      \
	X(GROUPING_PROCESSES,     "processes",     SIDES_DIRECTIONS, "process")            \
	X(GROUPING_CONTAINERS,    "containers",    SIDES_DIRECTIONS, "container")          \
	X(GROUPING_NETWORKS,      "networks",      SIDES_SENT,       "src/24:64")           \
	X(GROUPING_PROTOCOLS,     "protocols",     SIDES_DIRECTIONS, "proto")               \
	X(GROUPING_INTERFACES,    "interfaces",    SIDES_DIRECTIONS, "")

#define GROUPING_AS_ENUM(id, name, sides, fields) id,
enum grouping { GROUPINGS(GROUPING_AS_ENUM) GROUPING_COUNT };

enum sides {
	SIDES_ONE,        /* all of a row is HALF_FORWARD */
	SIDES_ARROWS,     /* from who began, and to them */
	SIDES_SENT,       /* sent and received */
	SIDES_DIRECTIONS, /* in and out of the interface */
};

const char *grouping_name(enum grouping grouping);

/* Rows are single flows, or conversations: they have two ends. */
bool grouping_has_ends(enum grouping grouping);

/* False where what is counted no longer tells these rows apart. */
bool grouping_is_possible(enum grouping grouping, const struct group_by *base);

struct grouper {
	enum grouping grouping;
	enum direction direction; /* of the flows that count */
	enum sides sides;
	struct group_by group;    /* of the rows */
	struct group_masks masks;
};

struct grouper_config {
	const struct group_by *base; /* what flows are told apart by */
	enum grouping grouping;
	enum direction direction;
	bool has_directions;         /* flows tell theirs */
};
void grouper_init(struct grouper *grouper, const struct grouper_config *config);

/*
 * The places of a flow, marks being those of its record: none where its direction does not
 * count, two where both its ends have a row. But with SIDES_ONE, FLOW_OUT of the key is the half.
 * Returns how many.
 */
#define PLACES_MAX 2
size_t grouper_place(const struct grouper *grouper, const struct flow_key *key, __u8 marks,
		     struct flow_key places[PLACES_MAX]);

/* Takes the half out of such a key: what remains is that of the row. */
enum half grouper_take_half(const struct grouper *grouper, struct flow_key *key);

#endif
