/* SPDX-License-Identifier: BSD-2-Clause */
#include "export.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../outputs/sink.h"

static void choose_name(char name[EXPORT_NAME_MAX])
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

static struct flow_result flow_of(const struct row *row, const struct window_result *window,
				  const struct tally *amount)
{
	struct flow_result flow = { .key = row->key, .sum = row->sum,
				    .start_ns = window->start_ns, .end_ns = window->end_ns };

	flow.bytes = amount->bytes;
	flow.packets = amount->packets;
	flow.bytes_max = row->bytes_max > 0 ? row->bytes_max : 0;
	flow.packets_max = row->packets_max > 0 ? row->packets_max : 0;
	return flow;
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

/* Rows of which the window knows nothing are in a shorter one only. */
static size_t flows_fill(const struct view *view, const struct window_result *window,
			 size_t reference, struct flow_result *flows)
{
	size_t count = 0;

	for (size_t i = 0; i < view->shown; i++) {
		const struct row *row = view_row(view, i);

		if (row->amount[reference].packets)
			flows[count++] = flow_of(row, window, &row->amount[reference]);
	}
	return count;
}

static uint64_t count_distinct(const struct view *view, const struct window_result *window,
			       size_t reference)
{
	uint64_t count = 0;

	if (view->grouping == GROUPING_FLOWS)
		return window->total.flows;
	for (size_t i = 0; i < view->row_count; i++)
		count += view->rows[i].amount[reference].packets != 0;
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
	close_err = sink_close(sink);
	return err ? err : close_err;
}

int view_export(const struct view *view, const struct snapshot *snapshot,
		char name[EXPORT_NAME_MAX])
{
	size_t reference = snapshot->reference;
	struct window_result result = snapshot->windows[reference];
	struct document_context document = *view->document;
	struct flow_result *flows;
	enum unit unit = view->unit;
	int err;

	choose_name(name);
	if (!result.spec)
		return -ENODATA;
	flows = malloc((view->shown + 1) * sizeof(*flows));
	if (!flows)
		return -ENOMEM;
	document.group = &view->group;
	document.clock_offset_ns = snapshot->clock_offset_ns;
	result.flows = flows;
	result.flow_count = flows_fill(view, &result, reference, flows);
	qsort_r(flows, result.flow_count, sizeof(*flows), flow_compare, &unit);
	result.total.flows = count_distinct(view, &result, reference);
	result.flows_omitted = result.total.flows - result.flow_count;
	err = write_document(&document, &result, name);
	free(flows);
	return err;
}
