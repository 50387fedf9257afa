/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the user looks at: the rows of a snapshot, grouped, filtered and in order. No terminal in
 * here, no time, no input or output.
 */
#ifndef WEIR_VIEW_H
#define WEIR_VIEW_H

#include "../cli/options.h"
#include "../outputs/encoder.h"
#include "label.h"
#include "snapshot.h"

#define VIEW_SEARCH_MAX 64

/* u */
enum unit { UNIT_BITS, UNIT_BYTES, UNIT_PACKETS, UNIT_COUNT };

/* g; flows are what -g made them */
#define GROUPINGS(X)                                              \
	X(GROUPING_FLOWS,    "flows",                "")          \
	X(GROUPING_SRC,      "source hosts",         "src")       \
	X(GROUPING_DST,      "destination hosts",    "dst")       \
	X(GROUPING_DST_PORT, "destination ports",    "dst_port,proto")\
	X(GROUPING_SRC_PORT, "source ports",         "src_port,proto")\
	X(GROUPING_PROTO,    "protocols",            "proto")     \
	X(GROUPING_SRC_NET,  "source networks",      "src/24:64") \
	X(GROUPING_DST_NET,  "destination networks", "dst/24:64")

#define GROUPING_AS_ENUM(id, name, fields) id,
enum grouping { GROUPINGS(GROUPING_AS_ENUM) GROUPING_COUNT };

/* s: the windows' averages first, then these */
enum { SORT_COLUMN_MAX = SNAPSHOT_WINDOWS_MAX, SORT_COLUMN_TOTAL, SORT_COLUMN_SRC,
       SORT_COLUMN_DST, SORT_COLUMN_PROTO, SORT_COLUMN_COUNT };

struct order {
	uint64_t rank;
	uint32_t row;
};

#define VIEW_HELD_MAX 512

/* What a row of the top was ranked by, so that it moves only when it really changes. */
struct held {
	struct flow_key key;
	double value;
};

struct view {
	/* what the user chose */
	enum unit unit;
	enum grouping grouping;
	enum direction direction;
	int sort_column;
	bool is_reversed;
	bool shows_names;
	char search[VIEW_SEARCH_MAX];
	size_t row_limit;                 /* -n; 0: none */
	bool is_final;                    /* nothing moves any more: the order is exact */

	/* where the user is */
	bool has_selection;
	struct flow_key selected;
	size_t cursor;                    /* place of the selected row */
	size_t scroll;                    /* first row on the screen */

	/* of the run */
	const struct document_context *document;
	struct names *names;

	/* made by view_build */
	struct group_by group;            /* of the rows */
	const struct row *rows;           /* the snapshot's, or those of grouped */
	size_t row_count;
	struct order *order;              /* rows that are shown, first to last */
	size_t shown;
	uint64_t max_length_ns;           /* what the column of maxima covers */

	struct row *grouped;
	struct tally *pane;               /* of each group */
	uint32_t *touched;                /* groups of one pane */
	size_t grouped_room, order_room;
	struct key_map map;
	struct held held[VIEW_HELD_MAX];
	size_t held_count;
	struct key_map held_map;
};

void view_init(struct view *view, const struct options *options,
	       const struct document_context *document);
void view_fini(struct view *view);

const char *grouping_name(enum grouping grouping);

/* False where what is counted (-g) no longer tells these groups apart. */
bool grouping_is_possible(const struct view *view, enum grouping grouping);

/* The fields of the present grouping; with a direction chosen, direction is one of them. */
void view_group_by(const struct view *view, struct group_by *group);

/* Forgets the order of before: the user asked for another. */
void view_forget_order(struct view *view);

/* Moves the selection; the first move selects the first row that is on the screen. */
void view_move(struct view *view, long rows);
void view_move_to(struct view *view, size_t place);
void view_deselect(struct view *view);

/* Sees to it that the selection is among that many rows on the screen. */
void view_scroll(struct view *view, size_t height);

const struct row *view_row(const struct view *view, size_t place);
/* The selected row, else the first; NULL where there is none. */
const struct row *view_selected_row(const struct view *view);

struct labeler view_labeler(const struct view *view);

/* The amount in the view's unit: rates in bits, bytes or packets, volumes in bytes or packets. */
double view_rate(const struct view *view, const struct tally *amount, uint64_t length_ns);
double view_volume(const struct view *view, const struct tally *amount);
double view_max(const struct view *view, double bytes_max, double packets_max);
/* Packets beside bits or bytes, bits beside packets. */
enum unit unit_beside(enum unit unit);
const char *unit_of_rate(enum unit unit);
const char *unit_of_volume(enum unit unit);

#endif
