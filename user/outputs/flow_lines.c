/* SPDX-License-Identifier: BSD-2-Clause */
/* A JSON object a flow, a line each: what takes lines of logs takes these. */
#include "../text/instant.h"
#include "json.h"
#include "json_flow.h"
#include "json_string.h"

#define LINE_START "{\"time\": \""

/* What all lines of a window begin with. */
static void append_window(struct text *text, const struct encoding *encoding)
{
	uint64_t start_ns = encoding->result->start_ns;
	char *out;

	text_string(text, LINE_START);
	out = text_reserve(text, PUT_INSTANT_MAX);
	if (!out)
		return;
	start_ns += (uint64_t)encoding->context->clock_offset_ns;
	text_commit(text, put_instant_text(out, start_ns));
	text_string(text, "\", \"host\": ");
	json_string_or_null(text, encoding->context->host);
	text_string(text, ", ");
	json_window(text, encoding);
	text_string(text, ", ");
}

/* What all lines of a window end with: packets by outcome, so how complete the lines are. */
static void append_accounting(struct text *text, const struct window_result *result)
{
#define OUTCOME_KEY(id, name) [id] = ", \"" name "\": ",
	static const char *const keys[] = { PACKET_OUTCOMES(OUTCOME_KEY) };

	text_string(text, ", \"accounting\": {\"seen\": ");
	text_uint(text, outcome_counts_seen(&result->counts).packets);
	for (int i = 0; i < PACKET_OUTCOME_COUNT; i++) {
		text_string(text, keys[i]);
		text_uint(text, result->counts.outcome[i].packets);
	}
	text_string(text, ", \"dropped\": ");
	text_uint(text, result->health.dropped_packets);
	text_string(text, "}}\n");
}

static int encode_flows(struct text *text, const struct encoding *encoding)
{
	const struct window_result *result = encoding->result;
	struct text window = { 0 }, accounting = { 0 };
	int err;

	append_window(&window, encoding);
	append_accounting(&accounting, result);
	err = window.err ? window.err : accounting.err;
	for (size_t i = 0; i < result->flow_count && !text->err && !err; i++) {
		text_bytes(text, window.bytes, window.length);
		json_flow_members(text, encoding->context, result, &result->flows[i]);
		text_bytes(text, accounting.bytes, accounting.length);
	}
	text_fini(&window);
	text_fini(&accounting);
	return text->err ? text->err : err;
}

const struct encoder flows_encoder = {
	.name = "flows",
	.about = "NDJSON, a line a flow, appended",
	.line_start = LINE_START,
	.encode = encode_flows,
};
