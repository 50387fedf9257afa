/* SPDX-License-Identifier: BSD-2-Clause */
#include "prom_text.h"

#include <errno.h>
#include <stdlib.h>

#include "../base/rate.h"
#include "flow_field.h"

#define LABEL_NAME(id, name) [id] = (name),
#define LABEL_ID(id, name) id,
#define KEY_LABEL_NAME(id, name, ...) [FIELD_##id] = #name,
#define KEY_LABEL_ID(id, name, ...) FIELD_##id,
#define VALUE_MAX 256

/* A series: its labels as text, and the bytes of all groups that are told so. */
struct series {
	struct text labels;
	uint64_t bytes;
};

static void append_label(struct text *labels, const char *name,
			 const struct flow_field_value *told)
{
	size_t length = told->length < VALUE_MAX ? told->length : VALUE_MAX - 1;
	char value[VALUE_MAX];

	memcpy(value, told->text, length);
	value[length] = '\0';
	text_string(labels, labels->length ? "," : "");
	text_string(labels, name);
	text_string(labels, "=");
	prom_quoted(labels, value);
}

/* What of the key is known: a label that is empty is one that is not there. */
static void append_labels(struct text *labels, const struct flow_view *view)
{
	static const char *const names[] = { GROUP_FIELDS(KEY_LABEL_NAME)
					     FLOW_KEY_FIELDS(LABEL_NAME) };
	static const enum flow_field fields[] = { GROUP_FIELDS(KEY_LABEL_ID)
						  FLOW_KEY_FIELDS(LABEL_ID) };

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		struct flow_field_value told;

		flow_field_tell(fields[i], view, &told);
		if (told.length)
			append_label(labels, names[fields[i]], &told);
	}
}

static uint64_t row_bytes(const struct flow_view *view)
{
	const struct flow_result *reverse = flow_reverse(view->result, view->flow);

	return view->flow->bytes + (reverse ? reverse->bytes : 0);
}

static bool has_labels(const struct series *series, const struct text *labels)
{
	return series->labels.length == labels->length &&
	       !memcmp(series->labels.bytes, labels->bytes, labels->length);
}

/*
 * Keys that differ only in what no label tells (a link that went and came back under its name)
 * are one series: a scraper refuses all of a text that has one twice.
 */
static size_t series_add(struct series *all, size_t count, const struct flow_view *view)
{
	struct series *last = &all[count];

	append_labels(&last->labels, view);
	last->bytes = row_bytes(view);
	for (size_t i = 0; i < count; i++) {
		if (!last->labels.length || !has_labels(&all[i], &last->labels))
			continue;
		all[i].bytes += last->bytes;
		text_fini(&last->labels);
		*last = (struct series){ .bytes = 0 };
		return count;
	}
	return count + 1;
}

static void append_series(struct text *text, const struct series *series, uint64_t length_ns)
{
	text_string(text, prom_name(PROM_GROUP));
	text_string(text, "{");
	text_bytes(text, series->labels.bytes, series->labels.length);
	text_string(text, "} ");
	prom_number(text, rate_per_second(series->bytes, length_ns));
}

static uint64_t append_groups(struct text *text, const struct encoding *encoding,
			      struct series *all, size_t rows)
{
	const struct window_result *result = encoding->result;
	uint64_t listed = 0;
	size_t count = 0;

	for (size_t i = 0; i < rows; i++) {
		const struct flow_view view = { encoding->context, result, &result->flows[i] };

		listed += row_bytes(&view);
		count = series_add(all, count, &view);
	}
	for (size_t i = 0; i < count; i++) {
		text->err = text->err ? text->err : all[i].labels.err;
		append_series(text, &all[i], result->observed_ns);
	}
	for (size_t i = 0; i < rows; i++)
		text_fini(&all[i].labels);
	return listed;
}

void prom_groups(struct text *text, const struct encoding *encoding, enum prom_style style)
{
	const struct window_result *result = encoding->result;
	size_t most = encoding->context->metric_groups;
	size_t rows = result->flow_count < most ? result->flow_count : most;
	struct series *all;
	uint64_t listed;

	if (!most || result->spec->kind == WINDOW_SESSION)
		return;
	all = calloc(rows + 1, sizeof(*all));
	if (!all) {
		text->err = text->err ? text->err : -ENOMEM;
		return;
	}
	prom_family(text, PROM_GROUP, style);
	listed = append_groups(text, encoding, all, rows);
	prom_family(text, PROM_OTHER_GROUPS, style);
	text_string(text, prom_name(PROM_OTHER_GROUPS));
	text_string(text, " ");
	prom_number(text, rate_per_second(result->total.bytes - listed, result->observed_ns));
	free(all);
}
