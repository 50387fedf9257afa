/* SPDX-License-Identifier: BSD-2-Clause */
#include "json.h"
#include "json_flow.h"

#include "../base/rate.h"
#include "../text/instant.h"
#include "../text/number.h"
#include "direction_told.h"
#include "json_string.h"

/* What a document is written from, and how its members are set apart. */
struct writer {
	struct text *text;
	const struct document_context *context;
	const struct window_result *result;
	bool pretty;
};

/* Starts a member or an element on a new line where the document has several. */
static void begin_line(struct writer *writer, unsigned int depth)
{
	static const char indent[] = "\n    ";

	if (writer->pretty)
		text_bytes(writer->text, indent, 1 + 2 * depth);
}

static void next_line(struct writer *writer, unsigned int depth)
{
	text_string(writer->text, writer->pretty ? "," : ", ");
	begin_line(writer, depth);
}

static void append_member(struct text *text, const char *key, uint64_t value)
{
	text_string(text, key);
	text_uint(text, value);
}

static void append_instant(struct writer *writer, const char *key, uint64_t instant_ns)
{
	append_member(writer->text, key, instant_ns + (uint64_t)writer->context->clock_offset_ns);
}

static void append_decimal(struct text *text, const char *key, double value)
{
	char *out;

	text_string(text, key);
	out = text_reserve(text, PUT_DECIMAL_MAX);
	if (out)
		text_commit(text, put_decimal(out, value));
}

static void append_names(struct text *text, const char *const *names, size_t count)
{
	size_t i;

	text_string(text, "[");
	for (i = 0; i < count; i++) {
		if (i)
			text_string(text, ", ");
		json_string(text, names[i]);
	}
	text_string(text, "]");
}

/* Live: of the interfaces that were there in the window. */
static void append_source_names(struct writer *writer)
{
	const struct document_context *context = writer->context;
	const struct window_result *result = writer->result;

	if (!result->links) {
		append_names(writer->text, context->source_names, context->source_name_count);
		return;
	}
	text_string(writer->text, "[");
	for (size_t i = 0; i < result->link_count; i++) {
		if (i)
			text_string(writer->text, ", ");
		json_string(writer->text, result->links[i].name);
	}
	text_string(writer->text, "]");
}

static void append_source(struct writer *writer)
{
	const struct document_context *context = writer->context;
	struct text *text = writer->text;

	text_string(text, "\"source\": {\"kind\": ");
	json_string(text, context->source_kind);
	text_string(text, ", \"names\": ");
	append_source_names(writer);
	text_string(text, ", \"attach\": ");
	append_names(text, context->attach, context->attach_count);
	text_string(text, ", \"direction\": ");
	json_string_or_null(text, context->direction);
	text_string(text, "}");
}

static void append_group_by(struct writer *writer)
{
	const struct group_by *group = writer->context->group;
	const char *names[GROUP_FIELD_COUNT] = { NULL };
	size_t i;

	for (i = 0; i < group->text_count; i++)
		names[i] = group->text[i];
	text_string(writer->text, "\"group_by\": ");
	append_names(writer->text, names, group->text_count);
}

/* schema, host, source, filter, group_by: the same in every document of a run. */
static void append_head(struct writer *writer)
{
	text_string(writer->text, "{");
	begin_line(writer, 1);
	text_string(writer->text, "\"schema\": \"weir/1\"");
	next_line(writer, 1);
	text_string(writer->text, "\"host\": ");
	json_string_or_null(writer->text, writer->context->host);
	next_line(writer, 1);
	append_source(writer);
	next_line(writer, 1);
	text_string(writer->text, "\"filter\": ");
	json_string_or_null(writer->text, writer->context->filter);
	next_line(writer, 1);
	append_group_by(writer);
}

static void append_window_lengths(struct text *text, const struct window_spec *spec)
{
	if (spec->kind == WINDOW_SESSION)
		append_member(text, ", \"gap_ns\": ", spec->gap_ns);
	if (spec->length_ns)
		append_member(text, ", \"length_ns\": ", spec->length_ns);
	if (spec->kind == WINDOW_SLIDING || spec->kind == WINDOW_LANDMARK)
		append_member(text, ", \"slide_ns\": ", spec->slide_ns);
}

static void append_instant_text(struct writer *writer, const char *key, uint64_t instant_ns)
{
	char *out;

	text_string(writer->text, key);
	out = text_reserve(writer->text, PUT_INSTANT_MAX);
	if (!out)
		return;
	instant_ns += (uint64_t)writer->context->clock_offset_ns;
	text_commit(writer->text, put_instant_text(out, instant_ns));
	text_string(writer->text, "\"");
}

static void append_window(struct writer *writer)
{
	const struct window_result *result = writer->result;
	struct text *text = writer->text;

	text_string(text, "\"window\": {\"kind\": ");
	json_string(text, window_kind_name(result->spec->kind));
	append_window_lengths(text, result->spec);
	if (result->is_aligned && result->spec->length_ns)
		append_instant(writer, ", \"nominal_start_ns\": ", result->nominal_start_ns);
	append_instant(writer, ", \"start_ns\": ", result->start_ns);
	append_instant(writer, ", \"end_ns\": ", result->end_ns);
	append_instant_text(writer, ", \"start\": \"", result->start_ns);
	append_instant_text(writer, ", \"end\": \"", result->end_ns);
	append_member(text, ", \"panes\": ", result->panes);
	if (result->away_ns)
		append_member(text, ", \"away_ns\": ", result->away_ns);
	text_string(text, result->complete ? ", \"complete\": true}" : ", \"complete\": false}");
}

void json_window(struct text *text, const struct encoding *encoding)
{
	struct writer writer = { .text = text, .context = encoding->context,
				 .result = encoding->result };

	append_window(&writer);
}

static void append_direction(struct writer *writer, int way)
{
	const struct direction_sum *from = &writer->result->total.directions.way[way];
	const struct flow_sum sum = { .bytes = from->bytes, .bytes_max = from->bytes_max,
				      .packets = from->packets, .packets_max = from->packets_max };
	const struct json_amounts amounts = {
		.sum = &sum,
		.length_ns = writer->result->observed_ns,
		.has_no_rate = writer->result->spec->kind == WINDOW_SESSION,
	};

	text_string(writer->text, way == DIRECTION_SUM_IN ? "\"in\": " : "\"out\": ");
	if (direction_is_told(writer->context, writer->result, way))
		json_rates(writer->text, &amounts);
	else
		text_string(writer->text, "null");
}

static void append_total(struct writer *writer)
{
	const struct window_total *total = &writer->result->total;
	const struct json_amounts amounts = {
		.sum = &total->sum,
		.length_ns = writer->result->observed_ns,
		.has_no_rate = writer->result->spec->kind == WINDOW_SESSION,
	};

	text_string(writer->text, "\"total\": {");
	begin_line(writer, 2);
	append_member(writer->text, "\"flows\": ", total->flows);
	next_line(writer, 2);
	json_amounts(writer->text, &amounts, writer->pretty ? ",\n    " : ", ");
	next_line(writer, 2);
	append_direction(writer, DIRECTION_SUM_IN);
	next_line(writer, 2);
	append_direction(writer, DIRECTION_SUM_OUT);
	begin_line(writer, 1);
	text_string(writer->text, "}");
}

static void append_flows(struct writer *writer)
{
	const struct window_result *result = writer->result;
	size_t i;

	text_string(writer->text, "\"flows\": [");
	for (i = 0; i < result->flow_count && !writer->text->err; i++) {
		if (i)
			next_line(writer, 2);
		else
			begin_line(writer, 2);
		json_flow(writer->text, writer->context, result, &result->flows[i]);
	}
	if (result->flow_count)
		begin_line(writer, 1);
	text_string(writer->text, "]");
	next_line(writer, 1);
	append_member(writer->text, "\"flows_omitted\": ", result->flows_omitted);
}

static void append_tally(struct text *text, const struct tally *tally)
{
	append_member(text, "\"packets\": ", tally->packets);
	append_member(text, ", \"bytes\": ", tally->bytes);
}

static void append_forgotten(struct writer *writer)
{
	const struct window_result *result = writer->result;

	next_line(writer, 1);
	append_member(writer->text, "\"forgotten\": {\"flows\": ", result->evicted_flows);
	text_string(writer->text, ", ");
	append_tally(writer->text, &result->evicted);
	text_string(writer->text, "}");
}

static void append_reasons(struct text *text, const uint64_t counts[MALFORMED_REASON_COUNT])
{
#define REASON_TEXT(id, name) [id] = (name),
	static const char *const names[] = { MALFORMED_REASONS(REASON_TEXT) };
	const char *separator = "";
	size_t i;

	text_string(text, ", \"reasons\": {");
	for (i = 0; i < MALFORMED_REASON_COUNT; i++) {
		if (!counts[i])
			continue;
		text_string(text, separator);
		json_string(text, names[i]);
		append_member(text, ": ", counts[i]);
		separator = ", ";
	}
	text_string(text, "}");
}

static void append_outcomes(struct writer *writer)
{
#define OUTCOME_TEXT(id, name) [id] = "\"" name "\": {",
	static const char *const keys[] = { PACKET_OUTCOMES(OUTCOME_TEXT) };
	const struct outcome_counts *counts = &writer->result->counts;
	size_t i;

	text_string(writer->text, "\"outcomes\": {");
	for (i = 0; i < PACKET_OUTCOME_COUNT; i++) {
		if (i)
			next_line(writer, 2);
		else
			begin_line(writer, 2);
		text_string(writer->text, keys[i]);
		append_tally(writer->text, &counts->outcome[i]);
		if (i == PACKET_MALFORMED)
			append_reasons(writer->text, counts->malformed_reason);
		text_string(writer->text, "}");
	}
	begin_line(writer, 1);
	text_string(writer->text, "}");
}

static void append_collection(struct text *text, const struct window_result *result)
{
	uint64_t dropped = result->health.dropped_packets;
	uint64_t lost = dropped + result->counts.outcome[PACKET_UNATTRIBUTED].packets;
	uint64_t seen = outcome_counts_seen(&result->counts).packets;
	double reached = (double)seen + (double)dropped;

	append_decimal(text, "\"collection\": {\"rate\": ",
		       rate_per_second(seen, result->observed_ns));
	append_member(text, ", \"latency_ns\": ", result->health.collect_latency_ns);
	append_decimal(text, ", \"loss\": ", reached > 0 ? (double)lost / reached : 0.0);
	if (result->ahead_count) {
		text_string(text, ", \"ahead\": ");
		append_names(text, result->ahead, result->ahead_count);
	}
	text_string(text, "}");
}

static void append_processing(struct text *text, const struct window_result *result)
{
	const struct window_health *health = &result->health;
	uint64_t malformed = result->counts.outcome[PACKET_MALFORMED].packets;

	append_decimal(text, "\"processing\": {\"rate\": ",
		       rate_per_second(health->records, health->merge_ns));
	append_member(text, ", \"latency_ns\": ", health->merge_latency_ns);
	append_member(text, ", \"errors\": ", malformed + health->late_packets);
	if (result->counts.fragments_lost)
		append_member(text, ", \"fragments_lost\": ", result->counts.fragments_lost);
	if (result->extra_sets & 1u << EXTRA_TCP)
		append_member(text, ", \"connections_missed\": ", health->connections_missed);
	text_string(text, "}");
}

static void append_transmission(struct text *text, const struct sink_stats *stats)
{
	append_decimal(text, "\"transmission\": {\"rate\": ",
		       rate_per_second(stats->written, stats->age_ns));
	append_member(text, ", \"latency_ns\": ", stats->last_ns);
	append_member(text, ", \"errors\": ", stats->errors);
	text_string(text, "}");
}

static void append_health(struct writer *writer, const struct sink_stats *transmission)
{
	text_string(writer->text, "\"health\": {");
	begin_line(writer, 2);
	append_collection(writer->text, writer->result);
	next_line(writer, 2);
	append_processing(writer->text, writer->result);
	next_line(writer, 2);
	append_transmission(writer->text, transmission);
	begin_line(writer, 1);
	text_string(writer->text, "}");
}

static void append_differences(struct text *text, unsigned int differences)
{
#define DIFFERENCE_TEXT(id, name) [id] = (name),
	static const char *const names[] = { LINK_DIFFERENCES(DIFFERENCE_TEXT) };
	const char *told[LINK_DIFFERENCE_COUNT];
	size_t count = 0;

	for (unsigned int i = 0; i < LINK_DIFFERENCE_COUNT; i++) {
		if (differences >> i & 1)
			told[count++] = names[i];
	}
	text_string(text, ", \"differences\": ");
	append_names(text, told, count);
}

static void append_seen(struct text *text, const struct link_counts *counts)
{
	struct tally seen = counts->seen_in;

	tally_merge(&seen, &counts->seen_out);
	text_string(text, "{");
	append_tally(text, &seen);
	text_string(text, ", \"in\": {");
	append_tally(text, &counts->seen_in);
	text_string(text, "}, \"out\": {");
	append_tally(text, &counts->seen_out);
	text_string(text, "}}");
}

static void append_link(struct text *text, const struct result_link *link)
{
	const struct link_counts *counts = &link->counts;

	text_string(text, "{\"name\": ");
	json_string(text, link->name);
	append_member(text, ", \"rx_packets\": ", counts->rx.packets);
	append_member(text, ", \"rx_bytes\": ", counts->rx.bytes);
	append_member(text, ", \"tx_packets\": ", counts->tx.packets);
	append_member(text, ", \"tx_bytes\": ", counts->tx.bytes);
	text_string(text, ", \"seen\": ");
	if (link->has_seen) {
		append_seen(text, counts);
	} else {
		text_string(text, "null");
	}
	append_differences(text, link->differences);
	text_string(text, "}");
}

static void append_interfaces(struct writer *writer)
{
	const struct window_result *result = writer->result;

	next_line(writer, 1);
	text_string(writer->text, "\"interfaces\": [");
	for (size_t i = 0; i < result->link_count; i++) {
		if (i)
			next_line(writer, 2);
		else
			begin_line(writer, 2);
		append_link(writer->text, &result->links[i]);
	}
	if (result->link_count)
		begin_line(writer, 1);
	text_string(writer->text, "]");
}

static void append_accounts(struct writer *writer)
{
	const struct tally seen = outcome_counts_seen(&writer->result->counts);

	append_outcomes(writer);
	next_line(writer, 1);
	text_string(writer->text, "\"seen\": {");
	append_tally(writer->text, &seen);
	text_string(writer->text, "}");
}

int json_document(struct text *text, const struct encoding *encoding, bool pretty)
{
	struct writer writer = { text, encoding->context, encoding->result, pretty };

	append_head(&writer);
	next_line(&writer, 1);
	append_window(&writer);
	next_line(&writer, 1);
	append_total(&writer);
	next_line(&writer, 1);
	append_flows(&writer);
	if (encoding->result->evicted_flows)
		append_forgotten(&writer);
	next_line(&writer, 1);
	append_accounts(&writer);
	if (encoding->result->links)
		append_interfaces(&writer);
	next_line(&writer, 1);
	append_health(&writer, encoding->transmission);
	begin_line(&writer, 0);
	text_string(text, "}\n");
	return text->err;
}
