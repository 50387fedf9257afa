/* SPDX-License-Identifier: BSD-2-Clause */
#include "excess.h"

#include <stdio.h>
#include <string.h>

#include "../text/escape.h"
#include "flow_field.h"
#include "json.h"
#include "json_flow.h"

#define FIELD_NAME(id, name) [id] = (name),
#define FIELD_ID(id, name) id,
#define KEY_NAME(id, name, ...) [FIELD_##id] = #name,
#define KEY_ID(id, name, ...) FIELD_##id,

static double rate_of(const struct window_result *result, const struct flow_result *flow,
		      const struct rate_limit *limit)
{
	uint64_t length_ns = flow_average_length_ns(result, flow);

	return limit->is_packets ? rate_per_second(flow->packets, length_ns) :
				   8 * rate_per_second(flow->bytes, length_ns);
}

static double row_rate(const struct window_result *result, const struct flow_result *flow,
		       const struct rate_limit *limit)
{
	const struct flow_result *reverse = flow_reverse(result, flow);

	return rate_of(result, flow, limit) + (reverse ? rate_of(result, reverse, limit) : 0);
}

/* "src 10.0.0.1, dst 10.0.0.2, proto tcp": what of the key is known. */
static size_t put_row(const struct flow_view *view, char *text, size_t size)
{
	static const char *const names[] = { GROUP_FIELDS(KEY_NAME) FLOW_KEY_FIELDS(FIELD_NAME) };
	static const enum flow_field fields[] = { GROUP_FIELDS(KEY_ID) FLOW_KEY_FIELDS(FIELD_ID) };
	size_t length = 0;

	text[0] = '\0';
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		char value[FLOW_FIELD_VALUE_MAX], shown[FLOW_FIELD_VALUE_MAX * 4];
		struct flow_field_value told;

		flow_field_tell(fields[i], view, &told);
		if (!told.length || length >= size || fields[i] == FIELD_IP_PROTO)
			continue;
		snprintf(value, sizeof(value), "%.*s", (int)told.length, told.text);
		length += (size_t)snprintf(text + length, size - length, "%s%s %s",
					   length ? ", " : "", names[fields[i]],
					   escape_text(value, shown, sizeof(shown)));
	}
	return length < size ? length : size - 1;
}

bool excess_find(const struct encoding *encoding, const struct rate_limit *limit,
		 char text[EXCESS_TEXT_MAX])
{
	const struct window_result *result = encoding->result;
	struct flow_view view = { encoding->context, result, NULL };
	double highest = limit->value;
	size_t length;

	for (size_t i = 0; i < result->flow_count; i++) {
		double rate = row_rate(result, &result->flows[i], limit);

		if (rate <= highest)
			continue;
		highest = rate;
		view.flow = &result->flows[i];
	}
	if (!view.flow)
		return false;
	length = put_row(&view, text, EXCESS_TEXT_MAX / 2);
	snprintf(text + length, EXCESS_TEXT_MAX - length, "%s%.0f %s over %.1f s",
		 length ? ": " : "", highest, limit->is_packets ? "packets a second" : "bit/s",
		 (double)flow_average_length_ns(result, view.flow) / 1e9);
	return true;
}
