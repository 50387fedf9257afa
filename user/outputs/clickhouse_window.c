/* SPDX-License-Identifier: BSD-2-Clause */
#include "clickhouse_window.h"

#include <string.h>

#include "../text/stable_hash.h"

void clickhouse_window_init(struct clickhouse_window *window, const struct encoding *encoding)
{
	const struct document_context *context = encoding->context;
	const struct window_result *result = encoding->result;
	const struct window_spec *spec = result->spec;
	const char *host = context->host ? context->host : "";
	uint64_t offset_ns = (uint64_t)context->clock_offset_ns;
	bool has_place = spec->length_ns != 0;

	window->context = context;
	window->result = result;
	window->start_ns = result->start_ns + offset_ns;
	window->end_ns = result->end_ns + offset_ns;
	window->nominal_ns = has_place ? result->nominal_start_ns + offset_ns : window->start_ns;
	window->length_ns = has_place ? spec->length_ns : spec->gap_ns;
	window->agent = stable_hash(STABLE_HASH_START, host, strlen(host));
}
