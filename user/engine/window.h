/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One -w of the engine. Time is laid out in blocks: a tumbling window is one block, a sliding
 * one a run of blocks as long as its slide; a pane belongs to the block in which it begins.
 */
#ifndef WEIR_WINDOW_H
#define WEIR_WINDOW_H

#include "engine.h"
#include "flow_table.h"

/* What is known of some panes besides their flows. */
struct span {
	uint64_t begin_ns;
	uint64_t end_ns;
	uint64_t observed_ns;
	uint32_t panes;      /* 0: of nothing */
	struct flow_sum flows; /* of all together, but for when the first and last came */
	struct direction_sums directions;
	struct outcome_counts counts;
	struct window_health health;
	uint64_t evicted_flows;
	struct tally evicted;
};

/* What there was no memory for was in flows, and is unattributed. */
void counts_lose(struct outcome_counts *counts, const struct tally *lost);

/* Adds a later part. */
void span_add(struct span *span, const struct span *part);

/* The pane that is being closed. */
struct pane_close {
	uint64_t place;    /* on the grid: since the first pane (live) or since 1970 (replay) */
	bool ends_grid;
	struct pane_times times;
	uint32_t number;   /* in the ring of panes, */
	bool is_numbered;  /* unless memory ran out */
	struct span span;
};

/* What all windows share. */
struct engine {
	struct engine_config config;
	struct flow_table table;
	struct began *began;    /* of conversations; else NULL */
	struct part_layout *layouts;
	struct window *windows;
	bool is_started;
	bool is_finishing;
	bool is_folded;         /* the last pane, and no window has ended with it yet */
	bool has_grid;
	bool first_is_cut;      /* the grid's first pane began after its place did */
	uint64_t first_place;   /* of the grid's first pane, */
	uint64_t first_ns;      /* and when that place began */
	struct flow_sum open;   /* of the open pane, what it lost included; but for instants */
	struct direction_sums open_directions; /* the same, by direction */
	int pane_err;           /* of merging into the open pane */
	bool lacked_memory;     /* some time: rows hold less than the panes had */
	struct pane_close pane; /* the last one */
};

struct window {
	const struct window_spec *spec;
	struct part_layout *layout;
	size_t number;
	uint64_t block_panes;
	uint32_t blocks;        /* in the window */
	bool is_started;
	bool is_stopped;        /* no more results in this call: emit failed */
	uint64_t block;         /* the open one */
	struct span *spans;     /* by block modulo blocks */
	uint64_t panes_held;    /* in all spans */
	uint64_t flows;         /* in the window; open sessions */
	struct ended *ended;    /* sessions that ended and are not emitted yet */
	size_t ended_count;
	size_t ended_capacity;
	uint64_t evicted_flows; /* of sessions, not emitted yet */
	struct tally evicted;
	bool is_pane_emitted;      /* a result had the counts of the last pane */
};

/* Whether windows lie on a grid that all machines share. */
static inline bool engine_is_aligned(const struct engine *engine)
{
	return engine->config.replay || engine->config.is_aligned;
}

static inline uint64_t saturating_add(uint64_t a, uint64_t b)
{
	return a + b < a ? UINT64_MAX : a + b;
}

static inline uint64_t saturating_multiply(uint64_t a, uint64_t b)
{
	uint64_t product;

	return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

static inline struct span *window_span(const struct window *window, uint64_t block)
{
	return &window->spans[block % window->blocks];
}

/* The oldest block of the window that the open block ends. */
static inline uint64_t window_oldest(const struct window *window)
{
	return window->block + 1 >= window->blocks ? window->block + 1 - window->blocks : 0;
}

/* The flow at place in the open pane. */
struct flow_sum pane_sum(const struct pane_close *pane, const struct segment *segment,
			 uint32_t place);

/* The result with everything a span has; spec and number are set. */
void result_from_span(struct window_result *result, const struct span *span);

/* Hands over a result whose flows are in listing, which is sorted and left to the caller. */
struct listing;
int result_emit(const struct engine *engine, struct window_result *result,
		struct listing *listing);
int result_emit_to(const struct engine *engine, struct window_result *result,
		   struct listing *listing, const struct window_listener *listener);


/* When a place on the grid begins; live, where time is not exact. */
static inline uint64_t grid_place_ns(const struct engine *engine, uint64_t place)
{
	uint64_t places = place - engine->first_place;

	return saturating_add(engine->first_ns,
			      saturating_multiply(places, engine->config.pane_ns));
}

/* Whether the last pane reached the end of the window's open block. */
bool window_block_has_ended(const struct engine *engine, const struct window *window);

/* Whether the last pane ends the open block: it is the block's last, or was held up past it. */
bool window_pane_ends_block(const struct engine *engine, const struct window *window);

/*
 * Live, where panes may come late: whether a window that ended at end_ns ended where the open
 * block does, to half a pane.
 */
bool window_ends_on_grid(const struct engine *engine, const struct window *window,
			 uint64_t end_ns);

/* Tumbling and sliding windows: blocks. */
int block_window_init(struct engine *engine, struct window *window);
/* The window that the open block ends, but for its flows. */
void block_window_result(const struct engine *engine, const struct window *window,
			 struct window_result *result);
/* Tells of it as block_window_finish would, and it goes on. Nothing where it holds no pane. */
int block_window_peek(struct engine *engine, struct window *window,
		      const struct window_listener *listener);
/* Before the pane is folded: closes the blocks that ended before it. */
int block_window_advance(struct engine *engine, struct window *window);
int block_window_fold(struct engine *engine, struct window *window);
/* After it is folded: closes the block that ends with it. */
int block_window_close_pane(struct engine *engine, struct window *window);
int block_window_finish(struct engine *engine, struct window *window);

/* The grid ends: the window at hand is emitted, cut, and the next one begins anew. */
int block_window_cut(struct engine *engine, struct window *window);
/* Takes out the flows that are marked; their packets and bytes are evicted ones. */
void block_window_evict(struct engine *engine, struct window *window);

/* Landmark windows; what the functions do is the same. */
int landmark_window_init(struct engine *engine, struct window *window);
int landmark_window_advance(struct engine *engine, struct window *window);
int landmark_window_fold(struct engine *engine, struct window *window);
int landmark_window_close_pane(struct engine *engine, struct window *window);
int landmark_window_finish(struct engine *engine, struct window *window);
int landmark_window_cut(struct engine *engine, struct window *window);
void landmark_window_evict(struct engine *engine, struct window *window);
void landmark_window_result(const struct engine *engine, const struct window *window,
			    struct window_result *result);

/* Session windows. */
int session_window_init(struct engine *engine, struct window *window);
int session_window_advance(struct engine *engine, struct window *window);
int session_window_fold(struct engine *engine, struct window *window);
int session_window_close_pane(struct engine *engine, struct window *window);
int session_window_finish(struct engine *engine, struct window *window);
int session_window_cut(struct engine *engine, struct window *window);
void session_window_evict(struct engine *engine, struct window *window);

/* Takes the flows that are marked out of all windows. */
void windows_evict(struct engine *engine);

/* Evicts flows until there are as many as max_flows and max_bytes allow. 0 or -ENOMEM. */
int engine_evict_excess(struct engine *engine);

#endif
