/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Conversations (biflows, RFC 5103) as the engine has them. Before the group-by each record is
 * turned so that src is who began (conversation.h); its half stays in the key, where FLOW_OUT
 * was, so that both halves have sums and maxima of their own. They become one row where a window
 * is told, and nowhere else: nothing in the windows knows of it.
 */
#ifndef WEIR_BIFLOW_H
#define WEIR_BIFLOW_H

#include "listing.h"
#include "window.h"

/* Whether records are turned: for conversations, or for the service of who was called. */
static inline bool engine_turns(const struct engine *engine)
{
	return engine->config.biflow || engine->config.service.is_kept ||
	       engine->config.is_reduced ||
	       engine->config.sort == SORT_FLOWS;
}

/* The key of the row that a flow belongs to, or of its half. */
void biflow_turn_key(const struct engine_config *config, struct flow_key *key, __u8 marks);

/*
 * Copies of records, at most BIFLOW_BATCH, with the marks of their beginnings; then their keys
 * are turned, for the table.
 */
#define BIFLOW_BATCH 64

struct biflow_batch {
	struct flow_record records[BIFLOW_BATCH];
	const struct flow_slot *turned[BIFLOW_BATCH];
	size_t count;
};
void biflow_mark(const struct engine *engine, const struct flow_slot *const *records,
		 size_t count, struct biflow_batch *batch);
void biflow_turn(const struct engine *engine, struct biflow_batch *batch);

/*
 * Joins the halves that were listed, puts the rows in order and leaves as many as are wanted:
 * the listing then has the forward halves, *reverses the others, allocated, packets 0 where
 * nothing came back. *rows is how many there are in all. 0 or -ENOMEM.
 */
int biflow_join(const struct engine *engine, struct listing *listing,
		struct flow_result **reverses, uint64_t *rows);

/*
 * Puts the flows that were listed for a result in order; of conversations, both halves as one:
 * then total.flows counts these, and *reverses, allocated, is what the result borrows. 0 or
 * -ENOMEM.
 */
int result_order(const struct engine *engine, struct window_result *result,
		 struct listing *listing, struct flow_result **reverses);

#endif
