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
};

/* Flows that a window had and gave up, and what these carried. */
struct evicted {
	uint64_t flows;
	struct tally own;
};

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
	struct began *began;    /* where who began matters; else NULL */
	struct flow_count *counts; /* where rows are sorted by their flows; else NULL */
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
	struct tally open_evicted; /* of that, what flows had that are evicted already */
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
	/*
	 * What blocks have besides flows, by block modulo blocks, as the queue of two stacks:
	 * before front_end each is the sum of itself and of those after it, from there on its own,
	 * and back is the sum of these but for the open one.
	 */
	struct span *spans;
	struct span back;
	uint64_t front_end;
	uint64_t first_block;   /* since there are panes */
	uint64_t panes_held;    /* in all spans */
	uint64_t flows;         /* in the window; open sessions */
	uint64_t open_evicted_flows; /* that the open pane had, and not the window before it */
	struct ended *ended;    /* sessions that ended and are not emitted yet */
	size_t ended_count;
	size_t ended_capacity;
	struct evicted evicted; /* in the window; of sessions, not emitted yet */
	struct evicted *block_evicted; /* the same, by block modulo blocks */
	bool is_pane_emitted;      /* a result had the counts of the last pane */
};

/* Whether windows lie on a grid that all machines share. */
static inline bool engine_is_aligned(const struct engine *engine)
{
	return engine->config.replay || engine->config.is_aligned;
}

static inline void evicted_add(struct evicted *evicted, uint64_t flows, const struct tally *own)
{
	evicted->flows += flows;
	evicted->own.packets += own->packets;
	evicted->own.bytes += own->bytes;
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

/* Of flows that were last in this block. */
static inline void window_evict_from(struct window *window, uint64_t block,
				     const struct evicted *evicted)
{
	evicted_add(&window->block_evicted[block % window->blocks], evicted->flows, &evicted->own);
	evicted_add(&window->evicted, evicted->flows, &evicted->own);
}

/* When a place on the grid begins; live, where time is not exact. */
static inline uint64_t grid_place_ns(const struct engine *engine, uint64_t place)
{
	uint64_t places = place - engine->first_place;

	return saturating_add(engine->first_ns,
			      saturating_multiply(places, engine->config.pane_ns));
}

#endif
