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

/* Sides of which the window knows nothing are left out. */
static void take_row(struct exporting *exporting, size_t number)
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

/* Greatest first, as in every document; ties by key. */
static int flow_compare(const void *a, const void *b, void *context)
{
	const struct flow_result *first = a, *second = b;
	bool by_packets = *(const enum unit *)context == UNIT_PACKETS;
	uint64_t rank = by_packets ? first->packets : first->bytes;
	uint64_t other = by_packets ? second->packets : second->bytes;

	if (rank != other)
		return rank > other ? -1 : 1;
	return memcmp(&first->key, &second->key, sizeof(first->key));
}

static uint64_t count_distinct(const struct exporting *exporting)
{
	const struct snapshot *snapshot = exporting->view->snapshot;
	uint64_t count = 0;

	for (size_t i = 0; i < snapshot->row_count; i++) {
		for (int half = 0; half < HALF_COUNT; half++)
			count += snapshot->documented[i][half].packets &&
				 is_documented(exporting, half);
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

static void take_rows(struct exporting *exporting)
{
	const struct view *view = exporting->view;
	enum unit unit = view->unit;

	for (size_t i = 0; i < view->shown; i++)
		take_row(exporting, view->order[i].row);
	qsort_r(exporting->flows, exporting->count, sizeof(exporting->flows[0]), flow_compare,
		&unit);
	exporting->result.flows = exporting->flows;
	exporting->result.flow_count = exporting->count;
	exporting->result.total.flows = count_distinct(exporting);
	exporting->result.flows_omitted = exporting->result.total.flows - exporting->count;
}

int view_export(const struct view *view, const char *name, size_t *count)
{
	const struct snapshot *snapshot = view->snapshot;
	struct exporting exporting = { .view = view, .result = snapshot->whole[COVER_LONG] };
	struct document_context document = *view->document;
	struct group_by group;
	int err;

	if (snapshot->wish.grouping == GROUPING_SERVICES)
		return -ENOTSUP;
	exporting.flows = malloc((HALF_COUNT * view->shown + 1) * sizeof(*exporting.flows));
	if (!exporting.flows)
		return -ENOMEM;
	group_of(&snapshot->grouper, &group);
	document.group = &group;
	document.clock_offset_ns = snapshot->facts.clock_offset_ns;
	take_rows(&exporting);
	*count = exporting.count;
	err = write_document(&document, &exporting.result, name);
	free(exporting.flows);
	return err;
}
