/* SPDX-License-Identifier: BSD-2-Clause */
/* Text for people: a table a window. */
#include <stdio.h>

#include "../base/rate.h"
#include "../text/escape.h"
#include "../text/instant.h"
#include "flow_field.h"
#include "json.h"
#include "json_flow.h"

#define CELL_MAX     512
#define INDENT       "  "
#define COLUMN_SPACE "  "

/* A second without its fraction, for which no reader of a table waits. */
#define SECOND_TEXT_LENGTH 19

struct table {
	struct text *text;
	const struct encoding *encoding;
};

struct column {
	const char *heading;
	bool is_right;
	/* Into a cell of CELL_MAX bytes, with an end mark; empty where there is nothing to tell. */
	void (*tell)(char *cell, const struct flow_view *view);
};

static void tell_field(char *cell, const struct flow_view *view, enum flow_field field)
{
	struct flow_field_value value;

	flow_field_tell(field, view, &value);
	snprintf(cell, CELL_MAX, "%.*s", (int)value.length, value.text);
}

/* "10.0.0.1:443", "[fd00::1]:443", an address or a port alone. */
static void tell_endpoint(char *cell, const struct flow_view *view, enum flow_field address_field,
			  enum flow_field port_field)
{
	struct flow_field_value address, port;
	bool is_ipv6;

	flow_field_tell(address_field, view, &address);
	flow_field_tell(port_field, view, &port);
	is_ipv6 = port.length && memchr(address.text, ':', address.length);
	snprintf(cell, CELL_MAX, "%s%.*s%s%s%.*s", is_ipv6 ? "[" : "", (int)address.length,
		 address.text, is_ipv6 ? "]" : "", port.length ? ":" : "", (int)port.length,
		 port.text);
}

static void tell_source(char *cell, const struct flow_view *view)
{
	tell_endpoint(cell, view, FIELD_SRC, FIELD_SRC_PORT);
}

static void tell_destination(char *cell, const struct flow_view *view)
{
	tell_endpoint(cell, view, FIELD_DST, FIELD_DST_PORT);
}

static void tell_protocol(char *cell, const struct flow_view *view)
{
	tell_field(cell, view, FIELD_PROTO);
}

static void tell_service(char *cell, const struct flow_view *view)
{
	tell_field(cell, view, FIELD_SERVICE);
}

static void tell_direction(char *cell, const struct flow_view *view)
{
	tell_field(cell, view, FIELD_DIRECTION);
}

static void tell_vlan(char *cell, const struct flow_view *view)
{
	char inner[CELL_MAX];
	size_t length;

	tell_field(cell, view, FIELD_VLAN);
	tell_field(inner, view, FIELD_INNER_VLAN);
	length = strlen(cell);
	if (inner[0])
		snprintf(cell + length, CELL_MAX - length, ".%s", inner);
}

/* Where there is only one, it is told once for all. */
static void tell_interface(char *cell, const struct flow_view *view)
{
	struct flow_field_value value;

	cell[0] = '\0';
	if (view->context->source_name_count < 2)
		return;
	flow_field_tell(FIELD_INTERFACE, view, &value);
	escape_text(value.text, cell, CELL_MAX);
}

/* Names are from outside. */
static void tell_name(char *cell, const struct flow_view *view, enum flow_field field)
{
	char name[CELL_MAX];
	struct flow_field_value value;

	flow_field_tell(field, view, &value);
	snprintf(name, sizeof(name), "%.*s", (int)value.length, value.text);
	escape_text(name, cell, CELL_MAX);
}

static void tell_process(char *cell, const struct flow_view *view)
{
	tell_name(cell, view, FIELD_PROCESS);
}

static void tell_container(char *cell, const struct flow_view *view)
{
	tell_name(cell, view, FIELD_CONTAINER);
}

static void tell_flows(char *cell, const struct flow_view *view)
{
	tell_field(cell, view, FIELD_FLOWS);
}

static void tell_packets(char *cell, const struct flow_view *view)
{
	tell_field(cell, view, FIELD_PACKETS);
}

static void tell_scaled(char *cell, double value, const char *unit)
{
	static const char prefixes[] = { '\0', 'k', 'M', 'G', 'T', 'P', 'E' };
	size_t i = 0;

	for (; value >= 999.95 && i < sizeof(prefixes) - 1; i++)
		value /= 1000;
	if (i)
		snprintf(cell, CELL_MAX, "%.1f %c%s", value, prefixes[i], unit);
	else
		snprintf(cell, CELL_MAX, "%.0f %s", value, unit);
}

static void tell_bytes(char *cell, const struct flow_view *view)
{
	tell_scaled(cell, (double)view->flow->bytes, "B");
}

static void tell_average(char *cell, const struct flow_view *view)
{
	uint64_t length_ns = flow_average_length_ns(view->result, view->flow);

	tell_scaled(cell, 8 * rate_per_second(view->flow->bytes, length_ns), "b/s");
}

static void tell_max(char *cell, const struct flow_view *view)
{
	tell_scaled(cell, 8 * view->flow->bytes_max, "b/s");
}

/* Where flows are of one way there is no such column. */
static void tell_nothing_back(char *cell, const struct flow_view *view)
{
	strcpy(cell, view->result->reverses ? "-" : "");
}

static void tell_back(char *cell, const struct flow_view *view)
{
	const struct flow_result *back = flow_reverse(view->result, view->flow);

	tell_nothing_back(cell, view);
	if (back)
		tell_scaled(cell, (double)back->bytes, "B");
}

static void tell_back_average(char *cell, const struct flow_view *view)
{
	const struct flow_view back = { view->context, view->result,
					flow_reverse(view->result, view->flow) };

	tell_nothing_back(cell, view);
	if (back.flow)
		tell_average(cell, &back);
}

static const struct column columns[] = {
	{ "SOURCE", false, tell_source },     { "DESTINATION", false, tell_destination },
	{ "PROTO", false, tell_protocol },    { "SERVICE", false, tell_service },
	{ "PROCESS", false, tell_process },   { "CONTAINER", false, tell_container },
	{ "VLAN", true, tell_vlan },
	{ "INTERFACE", false, tell_interface }, { "WAY", false, tell_direction },
	{ "FLOWS", true, tell_flows },        { "PACKETS", true, tell_packets },
	{ "BYTES", true, tell_bytes },
	{ "AVERAGE", true, tell_average },    { "MAX", true, tell_max },
	{ "BACK", true, tell_back },          { "AVERAGE", true, tell_back_average },
};
#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))

static struct flow_view view_of(const struct table *table, size_t i)
{
	const struct encoding *encoding = table->encoding;

	return (struct flow_view){ encoding->context, encoding->result,
				   &encoding->result->flows[i] };
}

/* 0 for a column that has nothing to tell of any flow: it is left out. */
static void measure(const struct table *table, size_t widths[COLUMN_COUNT])
{
	char cell[CELL_MAX];

	memset(widths, 0, COLUMN_COUNT * sizeof(widths[0]));
	for (size_t i = 0; i < table->encoding->result->flow_count; i++) {
		struct flow_view view = view_of(table, i);

		for (size_t c = 0; c < COLUMN_COUNT; c++) {
			size_t length;

			columns[c].tell(cell, &view);
			length = strlen(cell);
			widths[c] = length > widths[c] ? length : widths[c];
		}
	}
	for (size_t c = 0; c < COLUMN_COUNT; c++) {
		if (widths[c] && widths[c] < strlen(columns[c].heading))
			widths[c] = strlen(columns[c].heading);
	}
}

/* No blanks at the end of a line: pending are those that the next cell may need before it. */
static void append_cell(struct text *text, const struct column *column, size_t width,
			const char *cell, size_t *pending)
{
	size_t length = strlen(cell), blanks = *pending + (column->is_right ? width - length : 0);
	char *out = text_reserve(text, blanks);

	if (!out)
		return;
	memset(out, ' ', blanks);
	text_commit(text, out + blanks);
	text_string(text, cell);
	*pending = strlen(COLUMN_SPACE) + (column->is_right ? 0 : width - length);
}

/* The row of one flow; NULL: the headings. */
static void append_row(const struct table *table, const size_t widths[COLUMN_COUNT],
		       const struct flow_view *view)
{
	size_t pending = strlen(INDENT);
	char cell[CELL_MAX];

	for (size_t c = 0; c < COLUMN_COUNT; c++) {
		if (!widths[c])
			continue;
		if (view)
			columns[c].tell(cell, view);
		append_cell(table->text, &columns[c], widths[c],
			    view ? cell : columns[c].heading, &pending);
	}
	text_bytes(table->text, "\n", 1);
}

static void append_flows(const struct table *table)
{
	const struct window_result *result = table->encoding->result;
	size_t widths[COLUMN_COUNT];

	measure(table, widths);
	if (result->flow_count)
		append_row(table, widths, NULL);
	for (size_t i = 0; i < result->flow_count && !table->text->err; i++) {
		struct flow_view view = view_of(table, i);

		append_row(table, widths, &view);
	}
	if (result->flows_omitted) {
		text_string(table->text, INDENT "and ");
		text_uint(table->text, result->flows_omitted);
		text_string(table->text, " smaller flows\n");
	}
}

static void append_second(const struct table *table, uint64_t instant_ns)
{
	char instant[PUT_INSTANT_MAX];

	put_instant_text(instant,
			 instant_ns + (uint64_t)table->encoding->context->clock_offset_ns);
	instant[10] = ' '; /* between date and time, as RFC 3339, 5.6 allows for readability */
	text_bytes(table->text, instant, SECOND_TEXT_LENGTH);
}

static void append_heading(const struct table *table)
{
	const struct window_result *result = table->encoding->result;
	char line[CELL_MAX];

	append_second(table, result->start_ns);
	text_string(table->text, " to ");
	append_second(table, result->end_ns);
	snprintf(line, sizeof(line), " UTC, %s, %.3g s%s\n",
		 window_kind_name(result->spec->kind), (double)result->observed_ns / 1e9,
		 result->complete ? "" : ", not complete");
	text_string(table->text, line);
}

static void append_sums(const struct table *table)
{
#define OUTCOME_WORD(id, name) [id] = (name),
	static const char *const words[] = { PACKET_OUTCOMES(OUTCOME_WORD) };
	const struct window_result *result = table->encoding->result;
	char line[2 * CELL_MAX], bytes[CELL_MAX];

	tell_scaled(bytes, (double)result->total.bytes, "B");
	snprintf(line, sizeof(line),
		 INDENT "all flows   %llu packets, %s, %llu flows in %u panes\n",
		 (unsigned long long)result->total.packets, bytes,
		 (unsigned long long)result->total.flows, result->panes);
	text_string(table->text, line);
	text_string(table->text, INDENT "accounting  ");
	text_uint(table->text, outcome_counts_seen(&result->counts).packets);
	text_string(table->text, " packets seen:");
	for (int i = 0; i < PACKET_OUTCOME_COUNT; i++) {
		snprintf(line, sizeof(line), "%s %llu %s", i ? "," : "",
			 (unsigned long long)result->counts.outcome[i].packets, words[i]);
		text_string(table->text, line);
	}
	if (result->health.dropped_packets) {
		text_string(table->text, "; dropped before: ");
		text_uint(table->text, result->health.dropped_packets);
	}
	text_string(table->text, "\n\n");
}

static int encode_table(struct text *text, const struct encoding *encoding)
{
	const struct table table = { text, encoding };

	append_heading(&table);
	append_flows(&table);
	append_sums(&table);
	return text->err;
}

const struct encoder text_encoder = {
	.name = "text",
	.about = "a table a window, for people",
	.tells_state = true,
	.encode = encode_table,
};
