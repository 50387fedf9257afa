/* SPDX-License-Identifier: BSD-2-Clause */
/* The row of the table windows: how complete the rows of flows are. */
#include "clickhouse_windows.h"
#include "native_block.h"

/* What the table flows holds of this window. */
struct listed {
	uint64_t packets;
	uint64_t bytes;
};

static struct listed listed_of(const struct window_result *result)
{
	struct listed listed = { 0, 0 };

	for (size_t i = 0; i < result->flow_count; i++) {
		const struct flow_result *back = flow_reverse(result, &result->flows[i]);

		listed.packets += result->flows[i].packets + (back ? back->packets : 0);
		listed.bytes += result->flows[i].bytes + (back ? back->bytes : 0);
	}
	return listed;
}

/* The part of what reached the interface that is in no flow though it should be. */
static double loss_of(const struct window_result *result)
{
	uint64_t dropped = result->health.dropped_packets;
	double reached = (double)outcome_counts_seen(&result->counts).packets + (double)dropped;
	uint64_t lost = dropped + result->counts.outcome[PACKET_UNATTRIBUTED].packets;

	return reached > 0 ? (double)lost / reached : 0.0;
}

/* X(name, type, bits, value) */
#define WINDOW_COLUMNS(X)                                                                   \
	X("window_start", "DateTime('UTC')", 32, clickhouse_seconds(window->nominal_ns))    \
	X("window_end", "DateTime('UTC')", 32,                                              \
	  clickhouse_seconds(clickhouse_nominal_end_ns(window)))                            \
	X("nominal_start_ns", "UInt64", 64, window->nominal_ns)                             \
	X("start_ns",         "UInt64", 64, window->start_ns)                               \
	X("end_ns",           "UInt64", 64, window->end_ns)                                 \
	X("window_kind", CLICKHOUSE_KIND, 8, result->spec->kind)                            \
	X("window_length_ns", "UInt64", 64, window->length_ns)                              \
	X("complete",         "UInt8",  8,  result->complete)                               \
	X("agent",            "UInt64", 64, window->agent)                                  \
	X("run",              "UInt64", 64, window->context->run)                           \
	X("window_of",        "UInt8",  8,  result->window_number)                          \
	X("window_number",    "UInt64", 64, result->sequence)                               \
	X("rows",             "UInt64", 64, result->flow_count)                             \
	X("rows_packets",     "UInt64", 64, listed.packets)                                 \
	X("rows_bytes",       "UInt64", 64, listed.bytes)                                   \
	X("flows",            "UInt64", 64, result->total.flows)                            \
	X("flows_omitted",    "UInt64", 64, result->flows_omitted)                          \
	X("seen_packets",     "UInt64", 64, seen.packets)                                   \
	X("seen_bytes",       "UInt64", 64, seen.bytes)                                     \
	X("dropped_packets",  "UInt64", 64, result->health.dropped_packets)                 \
	X("late_packets",     "UInt64", 64, result->health.late_packets)                    \
	X("loss",             "Float64", 64, native_float(loss_of(result)))

#define COLUMN_OF_WINDOW(name, type, bits, value) { name, type },
#define COLUMNS_OF_OUTCOME(id, text) \
	{ text "_packets", "UInt64" }, { text "_bytes", "UInt64" },

static const struct clickhouse_column windows_columns[] = {
	WINDOW_COLUMNS(COLUMN_OF_WINDOW)
	PACKET_OUTCOMES(COLUMNS_OF_OUTCOME)
	{ "host", "String" },
	{ "source", "String" },
	{ "group_by", "String" },
	{ "filter", "String" },
};

#define WINDOWS_COLUMN_COUNT (sizeof(windows_columns) / sizeof(windows_columns[0]))

const struct clickhouse_columns clickhouse_windows_columns = { windows_columns,
							       WINDOWS_COLUMN_COUNT };

static void append_number(struct text *text, const char *name, uint64_t number)
{
	char *out;

	native_column(text, name, "UInt64");
	out = text_reserve(text, sizeof(number));
	if (!out)
		return;
	native_put_64(out, number);
	text_commit(text, out + sizeof(number));
}

static void append_string(struct text *text, const char *name, const char *value)
{
	native_column(text, name, "String");
	native_string(text, value ? value : "", value ? strlen(value) : 0);
}

/* Names with commas between them, as one String. */
static void append_names(struct text *text, const char *name, const char *const *names,
			 size_t count)
{
	size_t length = count ? count - 1 : 0;

	for (size_t i = 0; i < count; i++)
		length += strlen(names[i]);
	native_column(text, name, "String");
	native_varint(text, length);
	for (size_t i = 0; i < count; i++) {
		if (i)
			text_bytes(text, ",", 1);
		text_string(text, names[i]);
	}
}

static void append_group(struct text *text, const struct group_by *group)
{
	const char *names[GROUP_FIELD_COUNT];

	for (size_t i = 0; i < group->text_count; i++)
		names[i] = group->text[i];
	append_names(text, "group_by", names, group->text_count);
}

#define APPEND_OF_WINDOW(name, type, bits, value)                       \
	native_column(text, name, type);                                \
	out = text_reserve(text, bits / 8);                             \
	if (out) {                                                      \
		native_put_##bits(out, (uint64_t)(value));              \
		text_commit(text, out + bits / 8);                      \
	}
#define APPEND_OF_OUTCOME(id, name)                                             \
	append_number(text, name "_packets", result->counts.outcome[id].packets); \
	append_number(text, name "_bytes", result->counts.outcome[id].bytes);

void clickhouse_windows_block(struct text *text, const struct clickhouse_window *window)
{
	const struct window_result *result = window->result;
	const struct document_context *context = window->context;
	const struct listed listed = listed_of(result);
	const struct tally seen = outcome_counts_seen(&result->counts);
	char *out;

	native_begin(text, WINDOWS_COLUMN_COUNT, 1);
	WINDOW_COLUMNS(APPEND_OF_WINDOW)
	PACKET_OUTCOMES(APPEND_OF_OUTCOME)
	append_string(text, "host", context->host);
	append_names(text, "source", context->source_names, context->source_name_count);
	append_group(text, context->group);
	append_string(text, "filter", context->filter);
}
