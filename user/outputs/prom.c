/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Metrics as text, format 0.0.4 of Prometheus: what node_exporter's textfile collector takes. The
 * counters are of the run, so that no window that an output left out is missing from them.
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
		text_string(text, "weir_packets_total{");
		append_way(text, way);
		append_sample(text, "outcome", outcome_names[i], way->counts.outcome[i].packets);
	}
}

static void append_bytes(struct text *text, const struct way *way)
{
	for (size_t i = 0; i < PACKET_OUTCOME_COUNT; i++) {
		text_string(text, "weir_bytes_total{");
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

static void each_way(struct text *text, const struct encoding *encoding, way_fn *append)
{
	const struct window_result *result = encoding->result;
	struct way way;

	if (result->run_count == 1 || !encoding->context->direction ||
	    !encoding->context->link_names) {
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

static void append_health(struct text *text, const struct window_result *result)
{
	prom_family(text, "weir_pane_lag_seconds", "gauge",
		    "From the end of a pane to its records merged, the worst of the newest window.");
	text_string(text, "weir_pane_lag_seconds ");
	prom_number(text, (double)result->health.collect_latency_ns / 1e9);
	prom_family(text, "weir_interface_dropped_packets_total", "counter",
		    "Packets dropped before they were counted, as far as the kernel tells.");
	text_string(text, "weir_interface_dropped_packets_total ");
	text_uint(text, result->run_dropped_packets);
	text_string(text, "\n");
}

/* A sample of each output. */
static void append_outputs(struct text *text, const struct window_result *result,
			   const char *name, size_t place)
{
	for (size_t i = 0; i < result->output_count; i++) {
		const struct result_output *output = &result->outputs[i];
		const uint64_t counts[] = { output->written, output->failed, output->queued };

		text_string(text, name);
		text_string(text, "{output=");
		prom_quoted(text, output->name);
		text_string(text, "} ");
		text_uint(text, counts[place]);
		text_string(text, "\n");
	}
}

static void append_transmission(struct text *text, const struct window_result *result)
{
	prom_family(text, "weir_output_written_total", "counter",
		    "Windows written since the start.");
	append_outputs(text, result, "weir_output_written_total", 0);
	prom_family(text, "weir_output_failed_total", "counter",
		    "Windows lost on the way since the start.");
	append_outputs(text, result, "weir_output_failed_total", 1);
	prom_family(text, "weir_output_queued", "gauge",
		    "Windows that wait, or are being written.");
	append_outputs(text, result, "weir_output_queued", 2);
}

static int encode_prom(struct text *text, const struct encoding *encoding)
{
	const struct way sum = run_sum(encoding->result);

	prom_family(text, "weir_build_info", "gauge", "Version of weir; always 1.");
	text_string(text, "weir_build_info{version=\"" WEIR_VERSION "\"} 1\n");
	prom_family(text, "weir_packets_total", "counter", "Packets since the start.");
	each_way(text, encoding, append_packets);
	prom_family(text, "weir_bytes_total", "counter", "Bytes of frames since the start.");
	each_way(text, encoding, append_bytes);
	prom_family(text, "weir_malformed_packets_total", "counter",
		      "Malformed packets since the start.");
	for (size_t i = 0; i < MALFORMED_REASON_COUNT; i++) {
		text_string(text, "weir_malformed_packets_total{");
		append_sample(text, "reason", reason_names[i], sum.counts.malformed_reason[i]);
	}
	prom_family(text, "weir_flows", "gauge", "Flows in the newest window.");
	text_string(text, "weir_flows ");
	text_uint(text, encoding->result->total.flows);
	text_string(text, "\n");
	append_health(text, encoding->result);
	append_transmission(text, encoding->result);
	prom_groups(text, encoding);
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
