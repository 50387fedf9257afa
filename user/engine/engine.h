/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stream engine: merges the flow records of each pane and computes every window from the
 * same panes.
 */
#ifndef WEIR_ENGINE_H
#define WEIR_ENGINE_H

#include "../../include/group.h"
#include "result.h"
#include "service.h"

/* What flows are ranked by, and its word; then the extra measures, from SORT_EXTRA on. */
#define SORT_FIELDS(X)              \
	X(SORT_BYTES,   "bytes")    \
	X(SORT_PACKETS, "packets")  \
	X(SORT_AVERAGE, "average")  \
	X(SORT_MAX,     "max")      \
	X(SORT_FLOWS,   "flows") /* that a row stands for: records are of whole flows then */

#define SORT_AS_ENUM(id, word) id,
enum sort_field { SORT_FIELDS(SORT_AS_ENUM) SORT_EXTRA };

/* Receives each finished window; the result and its flows live until it returns. */
typedef int window_emit_fn(void *context, const struct window_result *result);

struct window_listener {
	window_emit_fn *emit;
	void *context;
};

struct engine_config {
	const struct window_spec *windows; /* must outlive the engine */
	size_t window_count;
	uint64_t pane_ns;                  /* nominal */
	uint32_t extra_sets;               /* 1 << enum extra_set of those asked for; where there
					    * are, records have two lines: struct flow_record */
	bool has_owners;                   /* records have two lines, and the second has the owner,
					    * which belongs to the key; */
	bool has_tunnels;                  /* the tunnel, which does so too */
	bool is_reduced;                   /* rows are of row_masks: records are of whole flows */
	bool is_aligned;                   /* live: places are counted since 1970 */
	bool replay;                       /* windows lie on the grid since 1970 */
	enum sort_field sort;
	bool biflow;                       /* records are of whole flows, results have conversations */
	struct service_rule service;       /* rows have one: records are of whole flows */
	struct group_masks row_masks;      /* of rows of any of these, and with SORT_FLOWS; with biflow
					    * without FLOW_OUT */
	size_t top;                        /* flows listed in each result; 0 is all */
	bool any_order;                    /* of flows, where all are listed: nobody looks at it */
	uint64_t max_flows;                /* kept at the end of a pane; 0 is no limit. An open
					    * one may have a quarter more, or 65 536 */
	uint64_t max_bytes;                /* that these flows may take; 0 is no limit */
	uint64_t bytes_beside;             /* that each of them takes elsewhere, of max_bytes too */
	window_emit_fn *emit;              /* NULL: nobody wants results */
	void *emit_context;
};

struct engine;

/* NULL and errno: for want of memory, or of random numbers. */
struct engine *engine_create(const struct engine_config *config);
void engine_destroy(struct engine *engine);

/*
 * Merges records of the open pane: any number of calls, any number of records of one flow (of
 * several CPUs, or spilled). The first record after a pane's end opens the next pane. Empty
 * slots must not be passed. Where extra sets are asked for, each is the slot of a struct
 * flow_record. 0 or -ENOMEM: what there is no memory for is unattributed in the pane's windows,
 * and engine_end_pane says it again.
 */
int engine_merge(struct engine *engine, const struct flow_slot *const *records, size_t count);

/*
 * Closes the pane whose records were merged since the last call and emits the windows that end
 * with it. first_ms and last_ms of the records are relative to pane->begin_ns. 0, -ENOMEM, or
 * what emit returned. After -ENOMEM windows add up all the same: packets of flows that there was
 * no memory for are unattributed in each that would have had them.
 */
int engine_end_pane(struct engine *engine, const struct pane *pane);

/*
 * The same in two steps: after the first all windows can be read as they are (engine_read.h);
 * nothing may be merged before the second, which ends windows.
 */
int engine_fold_pane(struct engine *engine, const struct pane *pane);
int engine_close_pane(struct engine *engine);

/* Ends the run: each window emits the document that it would have written next, cut to the
 * last pane, complete false unless it really is. */
int engine_finish(struct engine *engine);

/* Whether the records that it takes have two lines. */
bool engine_takes_extra(const struct engine *engine);

/* Bytes of memory held, and flows known at this moment. */
uint64_t engine_memory_bytes(const struct engine *engine);
uint64_t engine_flow_count(const struct engine *engine);

#endif
