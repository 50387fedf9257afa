/* SPDX-License-Identifier: BSD-2-Clause */
#include "export.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../outputs/sink.h"

void export_choose_name(char name[EXPORT_NAME_MAX])
{
	time_t now = time(NULL);
	char stamp[32] = "now";
	struct tm local;

	if (localtime_r(&now, &local))
		strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &local);
	snprintf(name, EXPORT_NAME_MAX, "weir-%s.json", stamp);
	for (int i = 2; !access(name, F_OK) && i < 100; i++)
		snprintf(name, EXPORT_NAME_MAX, "weir-%s-%d.json", stamp, i);
}

static bool has_suffix(const char *name, const char *suffix)
{
	size_t length = strlen(name), suffix_length = strlen(suffix);

	return length > suffix_length && !strcmp(name + length - suffix_length, suffix) &&
	       name[length - suffix_length - 1] != '/';
}

const char *export_name_refused(const char *name)
{
	if (has_suffix(name, ".json") || has_suffix(name, ".ndjson"))
		return NULL;
	return "a name ends in .json or .ndjson";
}

/* The list of flows in the making. */
struct exporting {
	const struct view *view;
	struct window_result result;
	struct flow_result *flows;
	struct flow_result *reverses; /* NULL: each side is a flow */
	size_t count;
};

static struct flow_result flow_of(const struct window_result *window, const struct flow_key *key,
				  const struct flow_sum *sum)
{
	return (struct flow_result){ .key = *key, .sum = *sum, .start_ns = window->start_ns,
				     .end_ns = window->end_ns };
}

/* Of ends, what each sent: with what they received, packets would be in the document twice. */
static bool is_documented(const struct exporting *exporting, int half)
{
	return exporting->view->snapshot->grouper.sides != SIDES_SENT || half == HALF_FORWARD;
}

static struct flow_key key_of(const struct exporting *exporting, const struct row *row, int half)
{
	enum sides sides = exporting->view->snapshot->grouper.sides;
	struct flow_key key = row->key;

	if (half == HALF_REVERSE && sides == SIDES_ARROWS)
		conversation_reverse(&key);
	else if (half == HALF_REVERSE && sides == SIDES_DIRECTIONS)
		key.flags |= FLOW_OUT;
	return key;
}

/* A service has both ways in one row, as with --biflow: from the key it is not told which it is. */
static void take_both(struct exporting *exporting, size_t number)
{
	const struct snapshot *snapshot = exporting->view->snapshot;
	const struct row *row = &snapshot->rows[number];
	const struct flow_sum *sums = snapshot->documented[number];
	struct flow_result *flow = &exporting->flows[exporting->count];

	if (!sums[HALF_FORWARD].packets && !sums[HALF_REVERSE].packets)
		return;
	*flow = flow_of(&exporting->result, &row->key, &sums[HALF_FORWARD]);
	flow->extra = exporting->count;
	exporting->reverses[exporting->count++] =
		flow_of(&exporting->result, &row->key, &sums[HALF_REVERSE]);
}

/* Sides of which the window knows nothing are left out. */
static void take_sides(struct exporting *exporting, size_t number)
{
	const struct snapshot *snapshot = exporting->view->snapshot;
	const struct row *row = &snapshot->rows[number];

	for (int half = 0; half < HALF_COUNT; half++) {
		const struct flow_sum *sum = &snapshot->documented[number][half];
		struct flow_key key;

		if (!sum->packets || !is_documented(exporting, half))
			continue;
		key = key_of(exporting, row, half);
		exporting->flows[exporting->count++] = flow_of(&exporting->result, &key, sum);
	}
}

/* Greatest first, as in every document, both ways together; ties by key. */
static uint64_t rank_of(const struct exporting *exporting, const struct flow_result *flow)
{
	bool by_packets = exporting->view->unit == UNIT_PACKETS;
	uint64_t rank = by_packets ? flow->packets : flow->bytes;
	const struct flow_result *back;

	if (!exporting->reverses)
		return rank;
	back = &exporting->reverses[flow->extra];
	return rank + (by_packets ? back->packets : back->bytes);
}

static int flow_compare(const void *a, const void *b, void *context)
{
	const struct flow_result *first = a, *second = b;
	uint64_t rank = rank_of(context, first), other = rank_of(context, second);

	if (rank != other)
		return rank > other ? -1 : 1;
	return memcmp(&first->key, &second->key, sizeof(first->key));
}

static uint64_t count_distinct(const struct exporting *exporting)
{
	const struct snapshot *snapshot = exporting->view->snapshot;
	uint64_t count = 0;

	for (size_t i = 0; i < snapshot->row_count; i++) {
		uint64_t sides = 0;

		for (int half = 0; half < HALF_COUNT; half++)
			sides += snapshot->documented[i][half].packets &&
				 is_documented(exporting, half);
		count += exporting->reverses ? sides != 0 : sides;
	}
	return count;
}

static int write_document(const struct document_context *document,
			  const struct window_result *result, const char *name)
{
	const struct sink_config config = { .name = name, .window_count = 1 };
	const char *reason;
	struct sink *sink;
	int err = sink_open(&config, &sink, &reason), close_err;

	if (err)
		return err;
	err = sink_write(sink, document, result);
	close_err = sink_close(sink, NULL);
	return err ? err : close_err;
}

/* The group-by of which the rows are the flows. */
static void group_of(const struct grouper *grouper, struct group_by *group)
{
	*group = grouper->group;
	if (grouper->sides != SIDES_DIRECTIONS)
		return;
	group->field[GROUP_DIRECTION] = true;
	strcpy(group->text[group->text_count++], "direction");
}

/* In the order of the flows, whose ways back are where they were before. */
static int reverses_order(struct exporting *exporting)
{
	struct flow_result *ordered = malloc((exporting->count + 1) * sizeof(*ordered));

	if (!ordered)
		return -ENOMEM;
	for (size_t i = 0; i < exporting->count; i++)
		ordered[i] = exporting->reverses[exporting->flows[i].extra];
	free(exporting->reverses);
	exporting->reverses = ordered;
	exporting->result.reverses = ordered;
	return 0;
}

static int take_rows(struct exporting *exporting)
{
	const struct view *view = exporting->view;

	for (size_t i = 0; i < view->shown; i++) {
		if (exporting->reverses)
			take_both(exporting, view->order[i].row);
		else
			take_sides(exporting, view->order[i].row);
	}
	qsort_r(exporting->flows, exporting->count, sizeof(exporting->flows[0]), flow_compare,
		exporting);
	exporting->result.flows = exporting->flows;
	exporting->result.flow_count = exporting->count;
	exporting->result.total.flows = count_distinct(exporting);
	exporting->result.flows_omitted = exporting->result.total.flows - exporting->count;
	return exporting->reverses ? reverses_order(exporting) : 0;
}

static bool exporting_init(struct exporting *exporting)
{
	const struct view *view = exporting->view;
	size_t most = HALF_COUNT * view->shown + 1;
	bool has_both = view->snapshot->wish.grouping == GROUPING_SERVICES;

	exporting->flows = malloc(most * sizeof(*exporting->flows));
	if (has_both)
		exporting->reverses = malloc(most * sizeof(*exporting->reverses));
	return exporting->flows && (exporting->reverses || !has_both);
}

int view_export(const struct view *view, const char *name, size_t *count)
{
	const struct snapshot *snapshot = view->snapshot;
	struct exporting exporting = { .view = view, .result = snapshot->whole[COVER_LONG] };
	struct document_context document = *view->document;
	struct group_by group;
	int err = exporting_init(&exporting) ? 0 : -ENOMEM;

	group_of(&snapshot->grouper, &group);
	document.group = &group;
	document.clock_offset_ns = snapshot->facts.clock_offset_ns;
	if (!err)
		err = take_rows(&exporting);
	*count = exporting.count;
	if (!err)
		err = write_document(&document, &exporting.result, name);
	free(exporting.flows);
	free(exporting.reverses);
	return err;
}
