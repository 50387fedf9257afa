/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which columns of the table fit, and how wide.
 */
#ifndef WEIR_TABLE_LAYOUT_H
#define WEIR_TABLE_LAYOUT_H

#include "screen.h"

enum column_kind {
	COLUMN_FLOWS, COLUMN_RATE, COLUMN_MAX, COLUMN_TOTAL, COLUMN_SINCE, COLUMN_OTHER,
	COLUMN_SIZE, COLUMN_EXTRA,
};

#define NOT_SORTABLE -1

struct number_column {
	enum column_kind kind;
	enum cover cover;  /* of a rate */
	int half;          /* of a rate; HALF_COUNT: both */
	int sort_column;
	int width;
};

#define NUMBERS_MAX 16

struct layout {
	struct number_column numbers[NUMBERS_MAX]; /* as they stand */
	int number_count;
	int name_width;             /* of rows that have one name, else the two ends */
	int src_width, dst_width;
	int proto_width, link_width, owner_width;
	int mark_width;             /* direction of one-way flows */
	int share_width, bar_width, extra_width;
};

/* What of a row's key is in words: both ends, or one name. */
bool layout_has_ends(const struct view *view);
const char *layout_name(const struct labeler *labeler, enum grouping grouping,
			const struct flow_key *key, char text[LABEL_MAX]);

/* For the rows of the view that are on the screen. */
void layout_choose(struct layout *layout, const struct screen *screen, int width);

#endif
