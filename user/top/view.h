/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the user looks at: the rows of a snapshot, filtered and in order. No terminal in here, no
 * time, no input or output.
 */
#ifndef WEIR_VIEW_H
#define WEIR_VIEW_H

#include "../cli/options.h"
#include "../outputs/encoder.h"
#include "key_map.h"
#include "label.h"
#include "snapshot.h"

#define VIEW_SEARCH_MAX 64

/* u */
enum unit { UNIT_BITS, UNIT_BYTES, UNIT_PACKETS, UNIT_COUNT };

/* s: the covers first, the total among them, then these, then the extra measures */
enum { SORT_COLUMN_MAX = COVER_COUNT, SORT_COLUMN_FLOWS, SORT_COLUMN_SINCE, SORT_COLUMN_SRC,
       SORT_COLUMN_DST, SORT_COLUMN_PROTO, SORT_COLUMN_EXTRA,
       SORT_COLUMN_COUNT = SORT_COLUMN_EXTRA + EXTRA_COUNT };

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
	struct wish wish;
	int sort_column;
	int extra;                        /* the extra measure that has a column */
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

	/* made by view_arrange */
	const struct snapshot *snapshot;
	struct order *order;              /* rows that are shown, first to last */
	size_t shown;
	size_t order_room;
	struct held held[VIEW_HELD_MAX];
	size_t held_count;
	struct key_map held_map;
};

void view_init(struct view *view, const struct options *options,
	       const struct document_context *document);
void view_fini(struct view *view);

/*
 * What rows are at first: services or hosts where the options ask for them; else conversations,
 * where flows are told apart by all of their fields.
 */
struct wish view_first_wish(const struct options *options);

/* Forgets the order of before: the user asked for another. */
void view_forget_order(struct view *view);

/* Moves the selection; the first move selects the first row that is on the screen. */
void view_move(struct view *view, long rows);
void view_move_to(struct view *view, size_t place);
void view_deselect(struct view *view);

/* Moves what is on the screen; the selection goes along only where it would leave it. */
void view_roll(struct view *view, long rows, size_t height);

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

/* Of a row: the rate of one side or of both (HALF_COUNT), both sides' volume, the higher side's
 * maximum. */
double row_rate(const struct view *view, const struct row *row, enum cover cover, int half);
struct tally row_amount(const struct row *row, enum cover cover);
double row_max(const struct view *view, const struct row *row);

/* The extra measure that has a column, in COVER_SHORT; 0 where none are asked for. */
uint64_t row_extra(const struct view *view, const struct row *row);

/* Packets beside bits or bytes, bits beside packets. */
enum unit unit_beside(enum unit unit);
const char *unit_of_rate(enum unit unit);
const char *unit_of_volume(enum unit unit);

#endif
