/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A flow as JSON.
 */
#ifndef WEIR_JSON_FLOW_H
#define WEIR_JSON_FLOW_H

#include "encoder.h"

/* Appends the object of one flow of this result. */
void json_flow(struct text *text, const struct document_context *context,
	       const struct window_result *result, const struct flow_result *flow);

/* Appends the members of that object, without its braces. */
void json_flow_members(struct text *text, const struct document_context *context,
		       const struct window_result *result, const struct flow_result *flow);

/* What the totals of a window and a flow have in common. */
struct json_amounts {
	const struct flow_sum *sum;
	uint64_t length_ns; /* averages divide by it; 0 makes them 0.0 */
	bool has_no_rate;   /* average and max are null: sessions of different lengths */
};

/* Appends the members "bytes", "packets" and "packet_bytes" with separator between them. */
void json_amounts(struct text *text, const struct json_amounts *amounts, const char *separator);

/* A session averages over its own length, at least one pane; all else over the window. */
uint64_t flow_average_length_ns(const struct window_result *result,
				const struct flow_result *flow);

/* Appends the object {"bytes", "packets"}. */
void json_rates(struct text *text, const struct json_amounts *amounts);

#endif
