/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The result document: weir/1 (tools/weir-1.schema.json). Text only, no input or output.
 */
#ifndef WEIR_JSON_H
#define WEIR_JSON_H

#include "encoder.h"

/* How every document on one line begins: tells what another run of weir has written. */
#define JSON_DOCUMENT_START "{\"schema\": \"weir/1\", "

/*
 * Appends the document of one window. pretty: indented over several lines, one for each flow,
 * as a *.json file has it; else one line. Both end in a line feed. 0 or the text's failure; a
 * drain still has to be flushed.
 */
int json_document(struct text *text, const struct encoding *encoding, bool pretty);

/* Appends the member "window" of a document. */
void json_window(struct text *text, const struct encoding *encoding);

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
