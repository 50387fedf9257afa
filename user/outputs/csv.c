/* SPDX-License-Identifier: BSD-2-Clause */
/* Comma-separated values as RFC 4180 has them: a line a flow. */
#include "../text/instant.h"
#include "../text/number.h"
#include "flow_field.h"

/* Lines end in CR LF (RFC 4180, 2.1); strings that need it are quoted (2.6, 2.7). */
#define LINE_END        "\r\n"
#define CSV_NAME(id, name) "," name
#define CSV_EXTRA(name, kind, merge, set, before, after) "," #name
#define CSV_KEY(id, name, ...) "," #name
#define CSV_BACK(id, name) ",reverse_" name
#define CSV_BACK_EXTRA(name, kind, merge, set, before, after) ",reverse_" #name
#define CSV_OUTCOME(id, name) "," name "_packets"
#define CSV_HEAD        "time,end,host,window,complete" GROUP_FIELDS(CSV_KEY) \
			FLOW_FIELDS(CSV_NAME) EXTRA_MEASURES(CSV_EXTRA) \
			FLOW_WAY_FIELDS(CSV_BACK) EXTRA_MEASURES(CSV_BACK_EXTRA) \
			",seen_packets" PACKET_OUTCOMES(CSV_OUTCOME) ",dropped_packets" LINE_END

/* A line break within a value would tear a line where only its half is there. */
static void append_quoted(struct text *text, const char *bytes, size_t length)
{
	char *out = text_reserve(text, 2 * length + 2);

	if (!out)
		return;
	*out++ = '"';
	for (size_t i = 0; i < length; i++) {
		if (bytes[i] == '"')
			*out++ = '"';
		*out++ = bytes[i] == '\n' || bytes[i] == '\r' ? ' ' : bytes[i];
	}
	*out++ = '"';
	text_commit(text, out);
}

static void append_value(struct text *text, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (strchr(",\"\r\n", bytes[i])) {
			append_quoted(text, bytes, length);
			return;
		}
	}
	text_bytes(text, bytes, length);
}

static void append_instant(struct text *text, const struct encoding *encoding, uint64_t instant_ns)
{
	char instant[PUT_INSTANT_MAX];

	put_instant_text(instant, instant_ns + (uint64_t)encoding->context->clock_offset_ns);
	text_bytes(text, instant, sizeof(instant));
	text_bytes(text, ",", 1);
}

/* What all lines of a window begin with. */
static void append_window(struct text *text, const struct encoding *encoding)
{
	const struct window_result *result = encoding->result;
	const char *host = encoding->context->host ? encoding->context->host : "";
	const char *kind = window_kind_name(result->spec->kind);

	append_instant(text, encoding, result->start_ns);
	append_instant(text, encoding, result->end_ns);
	append_value(text, host, strlen(host));
	text_bytes(text, ",", 1);
	text_string(text, kind);
	text_string(text, result->complete ? ",true" : ",false");
}

static void append_number(struct text *text, uint64_t number)
{
	text_bytes(text, ",", 1);
	text_uint(text, number);
}

/* What all lines of a window end with: how complete they are. */
static void append_accounting(struct text *text, const struct window_result *result)
{
	append_number(text, outcome_counts_seen(&result->counts).packets);
	for (int i = 0; i < PACKET_OUTCOME_COUNT; i++)
		append_number(text, result->counts.outcome[i].packets);
	append_number(text, result->health.dropped_packets);
	text_string(text, LINE_END);
}

#define CSV_FIELD(id, name) id,
#define CSV_EXTRA_FIELD(name, kind, merge, set, before, after) FIELD_EXTRA_##name,

/* What came back of a conversation; empty where nothing did, or flows are of one way. */
static void append_back(struct text *text, const struct flow_view *view)
{
	static const enum flow_field fields[] = { FLOW_WAY_FIELDS(CSV_FIELD)
						    EXTRA_MEASURES(CSV_EXTRA_FIELD) };
	struct flow_view back = *view;

	back.flow = flow_reverse(view->result, view->flow);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		struct flow_field_value value;

		text_bytes(text, ",", 1);
		if (!back.flow)
			continue;
		flow_field_tell(fields[i], &back, &value);
		append_value(text, value.text, value.length);
	}
}

static void append_flow(struct text *text, const struct flow_view *view)
{
	for (int field = 0; field < FLOW_FIELD_COUNT; field++) {
		struct flow_field_value value;

		text_bytes(text, ",", 1);
		flow_field_tell((enum flow_field)field, view, &value);
		append_value(text, value.text, value.length);
	}
	append_back(text, view);
}

static int encode_csv(struct text *text, const struct encoding *encoding)
{
	const struct window_result *result = encoding->result;
	struct text window = { 0 }, accounting = { 0 };
	int err;

	append_window(&window, encoding);
	append_accounting(&accounting, result);
	err = window.err ? window.err : accounting.err;
	for (size_t i = 0; i < result->flow_count && !text->err && !err; i++) {
		const struct flow_view view = { encoding->context, result, &result->flows[i] };

		text_bytes(text, window.bytes, window.length);
		append_flow(text, &view);
		text_bytes(text, accounting.bytes, accounting.length);
	}
	text_fini(&window);
	text_fini(&accounting);
	return text->err ? text->err : err;
}

const struct encoder csv_encoder = {
	.name = "csv",
	.suffix = ".csv",
	.about = "a line a flow under one header, appended",
	.head = CSV_HEAD,
	.encode = encode_csv,
};
