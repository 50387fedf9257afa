/* SPDX-License-Identifier: BSD-2-Clause */
#include "engine_read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "block_flows.h"
#include "block_window.h"
#include "flow_count.h"
#include "landmark_window.h"
#include "slot_key.h"

struct reader {
	const struct engine_reading *reading;
	struct row_work work;
	struct row_sums *sums; /* of the same flows, one a window */
};

/* A landmark window has a sum a flow, and no rows. */
static const struct flow_sum *landmark_sums(const struct row_work *work)
{
	if (work->window->spec->kind != WINDOW_LANDMARK)
		return NULL;
	return &window_part(work->window, work->segment)->sums[work->first];
}

static void row_read(struct reader *reader, struct row_sums *row)
{
	const struct flow_sum *sums = landmark_sums(&reader->work);

	if (!sums) {
		row_sums_of(&reader->work, row);
		return;
	}
	memset(row->places, 0, sizeof(row->places));
	for (uint32_t place = 0; place < ROW_FLOWS; place++) {
		if (sums[place].packets)
			bit_set(row->places, place);
	}
}

/* False where the row has no flow in any of the windows. */
static bool row_read_windows(struct reader *reader, uint32_t row, uint64_t *places)
{
	uint64_t any = 0;

	memset(places, 0, ROW_WORDS * sizeof(*places));
	for (size_t i = 0; i < reader->reading->count; i++) {
		size_t number = reader->reading->first + i;

		reader->work.window = &reader->work.engine->windows[number];
		reader->work.row = &window_part(reader->work.window,
						reader->work.segment)->rows[row];
		row_read(reader, &reader->sums[i]);
		for (uint32_t word = 0; word < ROW_WORDS; word++) {
			places[word] |= reader->sums[i].places[word];
			any |= places[word];
		}
	}
	return any;
}

/* Of a flow that the window has. */
static struct flow_sum sum_read(const struct row_work *work, const struct row_sums *row,
				uint32_t place, struct extra_sum *extra)
{
	const struct part *part = window_part(work->window, work->segment);
	const struct flow_sum *sums = landmark_sums(work);

	if (extra)
		*extra = sums ? part->extras[work->first + place] : row->extras[place];
	return sums ? sums[place] :
		      aggregate_resolve(&work->engine->table.packer.panes, &row->sums[place]);
}

static void flow_read(struct reader *reader, uint32_t place)
{
	const struct engine_reading *reading = reader->reading;
	struct flow_sum sums[ENGINE_READ_WINDOWS_MAX] = { 0 };
	struct extra_sum extras[ENGINE_READ_WINDOWS_MAX];
	bool has_extras = reader->work.engine->config.extra_sets;
	struct flow_key key;

	for (size_t i = 0; i < reading->count; i++) {
		extras[i] = (struct extra_sum){ 0 };
		if (!bit_is_set(reader->sums[i].places, place))
			continue;
		reader->work.window = &reader->work.engine->windows[reading->first + i];
		sums[i] = sum_read(&reader->work, &reader->sums[i], place,
				   has_extras ? &extras[i] : NULL);
	}
	key = segment_key(reader->work.segment, reader->work.first + place);
	reading->flow(reading->context,
		      &(struct engine_flow){ &key, sums, has_extras ? extras : NULL });
}

static void segment_read(struct reader *reader)
{
	uint64_t places[ROW_WORDS];

	for (uint32_t row = 0; row < SEGMENT_ROWS; row++) {
		reader->work.first = row * ROW_FLOWS;
		if (!row_read_windows(reader, row, places))
			continue;
		FOR_EACH_BIT_OF(place, places, ROW_WORDS)
			flow_read(reader, place);
	}
}

int engine_read_flows(struct engine *engine, const struct engine_reading *reading)
{
	struct reader reader = { .reading = reading, .work = { .engine = engine } };

	if (reading->count > ENGINE_READ_WINDOWS_MAX)
		return -EINVAL;
	reader.sums = malloc(reading->count * sizeof(*reader.sums));
	if (!reader.sums)
		return -ENOMEM;
	for (uint32_t i = 0; i < engine->table.segment_count; i++) {
		reader.work.segment = engine->table.segments[i];
		if (reader.work.segment)
			segment_read(&reader);
	}
	free(reader.sums);
	return 0;
}

void engine_read_window(const struct engine *engine, size_t number, struct window_result *result)
{
	const struct window *window = &engine->windows[number];

	if (window->spec->kind == WINDOW_LANDMARK)
		landmark_window_result(engine, window, result);
	else
		block_window_result(engine, window, result);
	result->is_aligned = engine->config.replay || engine->config.is_aligned;
}

int engine_peek(struct engine *engine, size_t number, const struct window_listener *listener)
{
	struct window *window = &engine->windows[number];
	bool is_finishing = engine->is_finishing;
	int err;

	if (window->spec->kind == WINDOW_SESSION || !window->panes_held)
		return 0;
	if (engine->counts && flow_count_peek(engine->counts, number))
		return -ENOMEM;
	/* Cut to the last pane, as at the end. */
	engine->is_finishing = true;
	if (window->spec->kind == WINDOW_LANDMARK)
		err = landmark_window_peek(engine, window, listener);
	else
		err = block_window_peek(engine, window, listener);
	engine->is_finishing = is_finishing;
	return err;
}
