/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Metrics as text: format 0.0.4 of Prometheus, which node_exporter's textfile collector takes, and
 * OpenMetrics. The counters are of the run, so that no window that an output left out is missing
 * from them.
 */
#include "prom_text.h"

#define OUTCOME_TEXT(id, name) [id] = (name),
static const char *const outcome_names[] = { PACKET_OUTCOMES(OUTCOME_TEXT) };
static const char *const reason_names[] = { MALFORMED_REASONS(OUTCOME_TEXT) };

/* Counts of an interface and a direction; name NULL: of the run. */
struct way {
	const char *name;
	bool is_out;
	struct link_outcomes counts;
};

typedef void way_fn(struct text *text, const struct way *way);

static void append_way(struct text *text, const struct way *way)
{
	if (!way->name)
		return;
	text_string(text, "interface=");
	prom_quoted(text, way->name);
	text_string(text, way->is_out ? ",direction=\"out\"," : ",direction=\"in\",");
}

static void append_sample(struct text *text, const char *label, const char *value, uint64_t count)
{
	text_string(text, label);
	text_string(text, "=\"");
	text_string(text, value);
	text_string(text, "\"} ");
	text_uint(text, count);
	text_string(text, "\n");
}

static void append_packets(struct text *text, const struct way *way)
{
	for (size_t i = 0; i < PACKET_OUTCOME_COUNT; i++) {
		text_string(text, prom_name(PROM_PACKETS));
		text_string(text, "{");
		append_way(text, way);
		append_sample(text, "outcome", outcome_names[i], way->counts.outcome[i].packets);
	}
}

static void append_bytes(struct text *text, const struct way *way)
{
	for (size_t i = 0; i < PACKET_OUTCOME_COUNT; i++) {
		text_string(text, prom_name(PROM_BYTES));
		text_string(text, "{");
		append_way(text, way);
		append_sample(text, "outcome", outcome_names[i], way->counts.outcome[i].bytes);
	}
}

static const char *name_of(const struct encoding *encoding, size_t link)
{
	const char *name = encoding->context->link_names[link];

	return name ? name : "";
}

/* An interface that went and came back is another link of the same name, but one series. */
static bool is_named_before(const struct encoding *encoding, size_t link)
{
	for (size_t i = 0; i < link; i++) {
		if (!strcmp(name_of(encoding, i), name_of(encoding, link)))
			return true;
	}
	return false;
}

static struct way way_sum(const struct encoding *encoding, size_t link, bool is_out)
{
	const struct window_result *result = encoding->result;
	struct way way = { .name = name_of(encoding, link), .is_out = is_out };

	for (size_t i = link; i < result->run_count / 2; i++) {
		if (!strcmp(name_of(encoding, i), way.name))
			link_outcomes_add(&way.counts,
					  &result->run[link_tally_index((uint32_t)i, is_out)]);
	}
	return way;
}

/* What was dropped on all links of that name. */
static uint64_t dropped_sum(const struct encoding *encoding, size_t link)
{
	const struct window_result *result = encoding->result;
	uint64_t dropped = 0;

	for (size_t i = link; i < result->run_count / 2; i++) {
		if (!strcmp(name_of(encoding, i), name_of(encoding, link)))
			dropped += result->run[2 * i].dropped_packets;
	}
	return dropped;
}

static struct way run_sum(const struct window_result *result)
{
	struct way way = { .name = NULL };

	for (size_t i = 0; i < result->run_count; i++)
		link_outcomes_add(&way.counts, &result->run[i]);
	return way;
}

static bool has_counts(const struct link_outcomes *counts)
{
	for (size_t i = 0; i < PACKET_OUTCOME_COUNT; i++) {
		if (counts->outcome[i].packets)
			return true;
	}
	return false;
}

static bool tells_links(const struct encoding *encoding)
{
	return encoding->result->run_count != 1 && encoding->context->direction &&
	       encoding->context->link_names;
}

static void each_way(struct text *text, const struct encoding *encoding, way_fn *append)
{
	const struct window_result *result = encoding->result;
	struct way way;

	if (!tells_links(encoding)) {
		way = run_sum(result);
		append(text, &way);
		return;
	}
	for (size_t link = 0; link < result->run_count / 2; link++) {
		if (is_named_before(encoding, link))
			continue;
		for (int is_out = 0; is_out < 2; is_out++) {
			way = way_sum(encoding, link, is_out);
			if (*way.name || has_counts(&way.counts))
				append(text, &way);
		}
	}
}

static void append_value(struct text *text, enum prom_family family, enum prom_style style)
{
	prom_family(text, family, style);
	text_string(text, prom_name(family));
	text_string(text, " ");
}

static void append_count(struct text *text, uint64_t count)
{
	text_uint(text, count);
	text_string(text, "\n");
}

/* By interface; without one what the source cannot tell of any. */
static void append_dropped(struct text *text, const struct encoding *encoding,
			   enum prom_style style)
{
	const struct window_result *result = encoding->result;
	uint64_t left = result->run_dropped_packets;
	bool has_links = tells_links(encoding) && result->run_count;

	prom_family(text, PROM_DROPPED, style);
	for (size_t link = 0; has_links && link < result->run_count / 2; link++) {
		uint64_t dropped = dropped_sum(encoding, link);

		if (!*name_of(encoding, link) || is_named_before(encoding, link))
			continue;
		text_string(text, prom_name(PROM_DROPPED));
		text_string(text, "{interface=");
		prom_quoted(text, name_of(encoding, link));
		text_string(text, "} ");
		append_count(text, dropped);
		left -= dropped;
	}
	if (has_links && !left)
		return;
	text_string(text, prom_name(PROM_DROPPED));
	text_string(text, " ");
	append_count(text, left);
}

static void append_health(struct text *text, const struct window_result *result,
			  enum prom_style style)
{
	if (result->table_use >= 0) {
		append_value(text, PROM_TABLE_USED, style);
		prom_number(text, result->table_use);
	}
	append_value(text, PROM_FLOWS, style);
	append_count(text, result->total.flows);
	append_value(text, PROM_PANE_LAG, style);
	prom_number(text, (double)result->health.collect_latency_ns / 1e9);
}

/* A sample of each output. */
static void append_outputs(struct text *text, const struct window_result *result,
			   enum prom_family family)
{
	for (size_t i = 0; i < result->output_count; i++) {
		const struct result_output *output = &result->outputs[i];
		const uint64_t counts[] = { [PROM_OUTPUT_WRITTEN] = output->written,
					    [PROM_OUTPUT_FAILED] = output->failed,
					    [PROM_OUTPUT_QUEUED] = output->queued };

		text_string(text, prom_name(family));
		text_string(text, "{output=");
		prom_quoted(text, output->name);
		text_string(text, "} ");
		append_count(text, counts[family]);
	}
}

static void append_transmission(struct text *text, const struct window_result *result,
				enum prom_style style)
{
	static const enum prom_family told[] = { PROM_OUTPUT_WRITTEN, PROM_OUTPUT_FAILED,
						 PROM_OUTPUT_QUEUED };

	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
		prom_family(text, told[i], style);
		append_outputs(text, result, told[i]);
	}
}

static void append_malformed(struct text *text, const struct window_result *result,
			     enum prom_style style)
{
	const struct way sum = run_sum(result);

	prom_family(text, PROM_MALFORMED, style);
	for (size_t i = 0; i < MALFORMED_REASON_COUNT; i++) {
		text_string(text, prom_name(PROM_MALFORMED));
		text_string(text, "{");
		append_sample(text, "reason", reason_names[i], sum.counts.malformed_reason[i]);
	}
}

static int append_metrics(struct text *text, const struct encoding *encoding,
			  enum prom_style style)
{
	prom_family(text, PROM_BUILD_INFO, style);
	text_string(text, "weir_build_info{version=\"" WEIR_VERSION "\"} 1\n");
	prom_family(text, PROM_PACKETS, style);
	each_way(text, encoding, append_packets);
	prom_family(text, PROM_BYTES, style);
	each_way(text, encoding, append_bytes);
	append_malformed(text, encoding->result, style);
	append_health(text, encoding->result, style);
	append_dropped(text, encoding, style);
	append_transmission(text, encoding->result, style);
	prom_groups(text, encoding, style);
	return text->err;
}

static int encode_prom(struct text *text, const struct encoding *encoding)
{
	return append_metrics(text, encoding, PROM_PLAIN);
}

static int encode_openmetrics(struct text *text, const struct encoding *encoding)
{
	append_metrics(text, encoding, PROM_OPENMETRICS);
	text_string(text, "# EOF\n");
	return text->err;
}

const struct encoder prom_encoder = {
	.name = "prom",
	.suffix = ".prom",
	.about = "metrics for Prometheus, replaced",
	.is_replaced = true,
	.tells_state = true,
	.tells_run = true,
	.encode = encode_prom,
};

const struct encoder openmetrics_encoder = {
	.name = "openmetrics",
	.about = "the same as OpenMetrics",
	.is_replaced = true,
	.tells_state = true,
	.tells_run = true,
	.encode = encode_openmetrics,
};
