/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A replay of any bytes, whose records are only added up: every packet ends in one outcome,
 * none is unattributed, and panes lie on the grid in rising order.
 */
#include <stdlib.h>

#include "../capture_builder.h"
#include "../../user/sources/replay.h"

#define PANE_NS 1000000000ull

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct sums {
	struct tally flow;
	struct tally other;
	uint64_t sized;      /* packets in the histograms */
	uint64_t next_index; /* the lowest that the next pane may have */
};

static void take(void *context, const struct flow_slot *const *records, size_t count)
{
	struct sums *sums = context;

	for (size_t i = 0; i < count; i++) {
		if (!records[i]->packets || records[i]->first_ms > records[i]->last_ms ||
		    records[i]->min_len > records[i]->max_len)
			abort();
		sums->flow.packets += records[i]->packets;
		sums->flow.bytes += records[i]->bytes;
	}
}

static void end_pane(struct sums *sums, const struct pane *pane)
{
	const struct outcome_counts *counts = &pane->counts;

	if (pane->index < sums->next_index || pane->begin_ns != pane->index * PANE_NS ||
	    pane->end_ns != pane->begin_ns + PANE_NS)
		abort();
	sums->next_index = pane->index + 1;
	if (counts->outcome[PACKET_UNATTRIBUTED].packets)
		abort();
	sums->other.packets += counts->outcome[PACKET_MALFORMED].packets;
	for (size_t i = 0; i < SIZE_BUCKETS; i++)
		sums->sized += counts->size_histogram[i];
}

static void replay_all(struct replay *replay, struct sums *sums)
{
	struct pane pane;
	int step;

	do {
		step = replay_step(replay, &pane);
		if (step == REPLAY_PANE)
			end_pane(sums, &pane);
	} while (step > 0);
	if (step < 0 && !*replay_reason(replay, step))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct builder b;
	struct sums sums = { 0 };
	struct replay_config config = { .taker = { .take = take, .context = &sums,
						   .has_fragments = size & 1 },
					.pane_ns = PANE_NS,
					.name = b.name };
	struct replay *replay;

	capture_close(open_bytes(&b, data, size));
	if (replay_open(&config, &replay))
		abort();
	replay_all(replay, &sums);
	if (sums.flow.packets + sums.other.packets != sums.sized ||
	    sums.sized != replay_progress(replay).packets)
		abort();
	replay_close(replay);
	close(b.fd);
	return 0;
}
