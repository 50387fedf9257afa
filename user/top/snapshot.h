/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Everything a screen shows of one instant, read from the windows of the stage by one thread and
 * drawn by another: whoever holds it owns it, and nobody changes it.
 */
#ifndef WEIR_SNAPSHOT_H
#define WEIR_SNAPSHOT_H

#include "grouping.h"
#include "../engine/flow_sum.h"
#include "history.h"

/* Rows of a snapshot; where there are more, those that come later are left out and counted. */
#define SNAPSHOT_ROWS_MAX (1u << 18)

/* What numbers are over: the newest panes, and all since the start. */
#define COVERS(X)                          \
	X(COVER_NOW,   2000000000ull)      \
	X(COVER_SHORT, 10000000000ull)     \
	X(COVER_LONG,  40000000000ull)

#define COVER_AS_ENUM(id, length_ns) id,
enum cover { COVERS(COVER_AS_ENUM) COVER_TOTAL, COVER_COUNT };

/* What one side of a row carried. */
struct side {
	struct tally amount[COVER_COUNT];
	double bytes_max, packets_max; /* since snapshot.max_since_ns */
	uint16_t min_len, max_len;     /* max_len 0: not known */
	uint8_t tcp_flags;
};

/* The key comes first (key_map.h). */
struct row {
	struct flow_key key;
	struct side side[HALF_COUNT];
	uint64_t first_ns, last_ns;
	uint32_t flows;                /* that it stands for, in COVER_SHORT */
};

/* An interface and direction, or all there is. */
struct pulse {
	struct flow_key key;           /* FLOW_OUT and the link's number */
	struct side side;
	struct history history;
};

/* What the user wants rows to be. */
struct wish {
	enum grouping grouping;
	enum direction direction;
};

/* The measures of a row that are asked for, since snapshot.max_since_ns. */
struct row_extra {
	struct extra_sum newest;       /* both sides, in COVER_SHORT */
	struct extra_sum side[HALF_COUNT];
};

struct snapshot {
	struct wish wish;               /* what was made of it */
	bool is_first_look;             /* the whole one follows: without COVER_NOW and COVER_LONG,
					 * maxima, extra measures, and what documents have */
	struct grouper grouper;
	struct row *rows;
	struct flow_sum (*documented)[HALF_COUNT]; /* of each row, in COVER_LONG */
	struct row_extra *extras;       /* of each row; NULL: none are asked for */
	size_t row_count;
	uint64_t rows_omitted;
	/* Without flows: of rows, which may begin later than the run, and of pulses. */
	struct window_result windows[COVER_COUNT], whole[COVER_COUNT];
	uint64_t flows;                 /* distinct ones, in COVER_SHORT */
	uint64_t evicted_flows;       /* they left the memory, and what they carried is in no row */
	struct pulse *pulses;           /* in order of links, in before out */
	size_t pulse_count;
	struct pane_clock clock;
	struct pane_flows *panes[HISTORY_PANES]; /* newest first */
	size_t pane_count;
	struct pane_facts facts;
	uint64_t begin_ns, end_ns;      /* of the run so far, in the engine's clock */
	uint64_t max_since_ns;          /* the maxima of rows are since then */
	struct outcome_counts counts;   /* since the start */
	uint64_t dropped_packets;       /* since the start */
	uint64_t late_packets;          /* since the start */
	uint64_t skipped_packets;       /* since the start: there was no time to show them */
	uint64_t cost_ns;               /* spent on merging the newest pane */
	bool lacked_memory;             /* rows are less than they were */
};

/* Of one row, all 0 at first; goes on with the panes that are new where the row is the same. */
struct row_history {
	struct history history;
	struct flow_key key;
	struct wish wish;
	uint64_t newest; /* number of the last pane in it; 0: there is none */
};

/* What the row of that key carried, pane by pane, both sides together. */
void snapshot_history(const struct snapshot *snapshot, const struct flow_key *key,
		      struct row_history *history);

void snapshot_free(struct snapshot *snapshot);

#endif
