/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rows of the table flows. Values of one width are put into their places in the block by tiles of
 * a few rows, which stay in the cache from column to column; strings follow.
 */
#include "clickhouse_flows.h"
#include "flow_field.h"
#include "native_block.h"

#define TILE_ROWS 256

struct row {
	const struct flow_result *flow;
	const struct flow_result *back;     /* of zeroes where nothing came back */
	const struct extra_sum *extra;      /* of zeroes where none are asked for */
	const struct extra_sum *back_extra;
	uint64_t nominal_ns;
	uint64_t start_ns;
	uint64_t end_ns;
	uint64_t nominal_end_ns;
	uint32_t number;
};

struct tile {
	const struct clickhouse_window *window;
	size_t count;
	struct row rows[TILE_ROWS];
};

static bool has_field(const struct clickhouse_window *window, enum group_field field)
{
	return window->context->group->field[field];
}

static struct flow_view view_of(const struct clickhouse_window *window, const struct row *row)
{
	return (struct flow_view){ window->context, window->result, row->flow };
}

static uint64_t instant(const struct clickhouse_window *window, uint64_t instant_ns)
{
	return instant_ns ? instant_ns + (uint64_t)window->context->clock_offset_ns : 0;
}

/* 4 or 6; 0 where it is no IP, or no address is kept that would tell. */
static uint8_t family_of(const struct clickhouse_window *window, const struct row *row)
{
	uint8_t flags = row->flow->key.flags;

	if (!(flags & FLOW_IP) || (!has_field(window, GROUP_SRC) && !has_field(window, GROUP_DST)))
		return 0;
	return flags & FLOW_IPV6 ? 6 : 4;
}

static bool has_port(const struct clickhouse_window *window, const struct row *row,
		     enum group_field field, __be16 port)
{
	struct flow_view view = view_of(window, row);

	return has_field(window, field) && is_ip(&view) && !is_icmp(&view) &&
	       flow_key_tells_port(&row->flow->key, port);
}

static bool has_icmp(const struct clickhouse_window *window, const struct row *row,
		     enum group_field field, __be16 port)
{
	struct flow_view view = view_of(window, row);

	return has_field(window, field) && is_ip(&view) && is_icmp(&view) &&
	       flow_key_tells_port(&row->flow->key, port);
}

static bool is_of_ip(const struct clickhouse_window *window, const struct row *row)
{
	return row->flow->key.flags & FLOW_IP && has_field(window, GROUP_PROTO);
}

static bool is_other(const struct clickhouse_window *window, const struct row *row)
{
	(void)window;
	return !(row->flow->key.flags & FLOW_IP) && row->flow->key.src_port;
}

static uint8_t tcp_flags_of(const struct clickhouse_window *window, const struct row *row,
			    const struct flow_result *flow)
{
	return is_of_ip(window, row) && row->flow->key.ip_proto == IPPROTO_TCP ? flow->tcp_flags :
										 0;
}

/* The first byte of what of an ICMP flow lies where others have a port. */
static uint8_t first_byte(__be16 port)
{
	return *(const uint8_t *)&port;
}

/* X(name, type, bits, value): always there. */
#define PLACE_COLUMNS(X)                                                                        \
	X(window_start, "DateTime('UTC')", 32, clickhouse_seconds(row->nominal_ns))             \
	X(window_end,   "DateTime('UTC')", 32, clickhouse_seconds(row->nominal_end_ns))         \
	X(nominal_start_ns, "UInt64",      64, row->nominal_ns)                                 \
	X(start_ns,         "UInt64",      64, row->start_ns)                                   \
	X(end_ns,           "UInt64",      64, row->end_ns)                                     \
	X(window_kind,   CLICKHOUSE_KIND,  8,  window->result->spec->kind)                      \
	X(window_length_ns, "UInt64",      64, window->length_ns)                               \
	X(complete,         "UInt8",       8,  window->result->complete)                        \
	X(agent,            "UInt64",      64, window->agent)                                   \
	X(run,              "UInt64",      64, window->context->run)                            \
	X(window_of,        "UInt8",       8,  window->result->window_number)                   \
	X(window_number,    "UInt64",      64, window->result->sequence)                        \
	X(row_number,       "UInt32",      32, row->number)                                     \
	X(family,           "UInt8",       8,  family_of(window, row))                          \
	X(fragment,         "UInt8",       8,  flow_key_is_later_fragment(&row->flow->key))     \
	X(packets,          "UInt64",      64, row->flow->packets)                              \
	X(bytes,            "UInt64",      64, row->flow->bytes)                                \
	X(packets_max,      "Float64",     64, native_float(row->flow->packets_max))            \
	X(bytes_max,        "Float64",     64, native_float(row->flow->bytes_max))              \
	X(packet_bytes_min, "UInt16",      16, row->flow->min_len)                              \
	X(packet_bytes_max, "UInt16",      16, row->flow->max_len)                              \
	X(saturated,        "UInt8",       8,  row->flow->marks & FLOW_SIZE_SATURATED)          \
	X(tcp_flags,        "UInt8",       8,  tcp_flags_of(window, row, row->flow))            \
	X(first_ns,         "UInt64",      64, instant(window, row->flow->first_ns))            \
	X(last_ns,          "UInt64",      64, instant(window, row->flow->last_ns))             \
	X(reverse_packets,  "UInt64",      64, row->back->packets)                              \
	X(reverse_bytes,    "UInt64",      64, row->back->bytes)                                \
	X(reverse_packets_max, "Float64",  64, native_float(row->back->packets_max))            \
	X(reverse_bytes_max,   "Float64",  64, native_float(row->back->bytes_max))              \
	X(reverse_packet_bytes_min, "UInt16", 16, row->back->min_len)                           \
	X(reverse_packet_bytes_max, "UInt16", 16, row->back->max_len)                           \
	X(reverse_saturated, "UInt8",      8,  row->back->marks & FLOW_SIZE_SATURATED)          \
	X(reverse_tcp_flags, "UInt8",      8,  tcp_flags_of(window, row, row->back))            \
	X(reverse_first_ns, "UInt64",      64, instant(window, row->back->first_ns))            \
	X(reverse_last_ns,  "UInt64",      64, instant(window, row->back->last_ns))

/* X(name, bits, whether it is there, value): NULL where it is not. */
#define MAYBE_COLUMNS(X)                                                                        \
	X(src_port,  16, has_port(window, row, GROUP_SRC_PORT, row->flow->key.src_port),        \
	  ntohs(row->flow->key.src_port))                                                       \
	X(dst_port,  16, has_port(window, row, GROUP_DST_PORT, row->flow->key.dst_port),        \
	  ntohs(row->flow->key.dst_port))                                                       \
	X(icmp_type, 8,  has_icmp(window, row, GROUP_SRC_PORT, row->flow->key.src_port),        \
	  first_byte(row->flow->key.src_port))                                                  \
	X(icmp_code, 8,  has_icmp(window, row, GROUP_DST_PORT, row->flow->key.dst_port),        \
	  first_byte(row->flow->key.dst_port))                                                  \
	X(ip_proto,  8,  is_of_ip(window, row), row->flow->key.ip_proto)                        \
	X(ethertype, 16, is_other(window, row), ntohs(row->flow->key.src_port))

/* A field of the key by its kind in GROUP_FIELDS: as bytes, a number or NULL, or a String. */
#define KEY_ADDRESS(id, name, A, N, S)  A(id, name)
#define KEY_PORT(id, name, A, N, S)
#define KEY_PROTOCOL(id, name, A, N, S) S(id, name)
#define KEY_NUMBER(id, name, A, N, S)   N(id, name)
#define KEY_WORD(id, name, A, N, S)     S(id, name)
#define KEY_PROCESS(id, name, A, N, S)  S(id, name)
#define KEY_NAME(id, name, A, N, S)     S(id, name)
#define NO_KEY(id, name)

/* Values of one width, from values on, and whether each is NULL. */
typedef void put_column_fn(const struct tile *tile, char *values, char *nulls);

#define PUT_PLACE(name, type, bits, value)                                              \
	static void put_##name##_column(const struct tile *tile, char *values, char *nulls) \
	{                                                                               \
		const struct clickhouse_window *window = tile->window;                  \
											\
		(void)nulls;                                                            \
		(void)window;                                                           \
		for (size_t i = 0; i < tile->count; i++) {                              \
			const struct row *row = &tile->rows[i];                         \
											\
			(void)row;                                                      \
			native_put_##bits(values + i * (bits / 8), (uint64_t)(value));  \
		}                                                                       \
	}
PLACE_COLUMNS(PUT_PLACE)

#define PUT_MAYBE(name, bits, is_there, value)                                          \
	static void put_##name##_column(const struct tile *tile, char *values, char *nulls) \
	{                                                                               \
		const struct clickhouse_window *window = tile->window;                  \
											\
		(void)window;                                                           \
		for (size_t i = 0; i < tile->count; i++) {                              \
			const struct row *row = &tile->rows[i];                         \
			bool has_value = is_there;                                      \
											\
			nulls[i] = !has_value;                                          \
			native_put_##bits(values + i * (bits / 8),                      \
					  has_value ? (uint64_t)(value) : 0);           \
		}                                                                       \
	}
MAYBE_COLUMNS(PUT_MAYBE)

/* A time is NULL where there was none. */
#define PUT_EXTRA_COUNT(name, value) PUT_PLACE(name, "UInt64", 64, value)
#define PUT_EXTRA_TIME(name, value)  PUT_MAYBE(name, 64, (value) != 0, value)
#define PUT_EXTRA_MEAN(name, value)  PUT_MAYBE(name, 64, (value) != 0, value)
#define PUT_EXTRA(name, kind, merge, set, before, after)                     \
	PUT_EXTRA_##kind(name, EXTRA_TOLD_##kind(row->extra, name))          \
	PUT_EXTRA_##kind(reverse_##name, EXTRA_TOLD_##kind(row->back_extra, name))
EXTRA_MEASURES(PUT_EXTRA)

/* What is masked away by the group-by is zeroes in the key already. */
#define PUT_ADDRESS(id, name)                                                           \
	static void put_##name##_column(const struct tile *tile, char *values, char *nulls) \
	{                                                                               \
		(void)nulls;                                                            \
		for (size_t i = 0; i < tile->count; i++)                                \
			memcpy(values + i * 16, tile->rows[i].flow->key.name, 16);      \
	}

/* The number that the text of a field is. */
static uint64_t number_of(const char *text, const char *end)
{
	uint64_t number = 0;

	for (; text < end; text++)
		number = number * 10 + (uint64_t)(*text - '0');
	return number;
}

#define PUT_NUMBER(id, name)                                                            \
	static void put_##name##_column(const struct tile *tile, char *values, char *nulls) \
	{                                                                               \
		for (size_t i = 0; i < tile->count; i++) {                              \
			const struct flow_view view = view_of(tile->window, &tile->rows[i]); \
			char text[FLOW_FIELD_VALUE_MAX], *end = text;                   \
											\
			if (has_field(tile->window, GROUP_##id))                        \
				end = put_##name(text, &view);                          \
			nulls[i] = end == text;                                         \
			native_put_32(values + i * 4, number_of(text, end));            \
		}                                                                       \
	}
#define PUT_KEY(id, name, kind, ...) KEY_##kind(id, name, PUT_ADDRESS, PUT_NUMBER, NO_KEY)
GROUP_FIELDS(PUT_KEY)

struct wide_column {
	struct clickhouse_column column;
	uint8_t width;
	bool is_nullable;
	put_column_fn *put;
};

struct string_column {
	struct clickhouse_column column;
	bool is_field;
	enum flow_field field;
};

/* Every column once: W(name, type, width, nullable), then S(name) and F(id, name). */
#define W_PLACE(name, type, bits, value) W(name, type, bits / 8, false)
#define W_MAYBE(name, bits, is_there, value) W(name, "Nullable(UInt" #bits ")", bits / 8, true)
#define W_EXTRA_COUNT(name) W(name, "UInt64", 8, false)
#define W_EXTRA_TIME(name)  W(name, "Nullable(UInt64)", 8, true)
#define W_EXTRA_MEAN(name)  W(name, "Nullable(UInt64)", 8, true)
#define W_EXTRA(name, kind, merge, set, before, after) \
	W_EXTRA_##kind(name) W_EXTRA_##kind(reverse_##name)
#define W_ADDRESS(id, name) W(name, "FixedString(16)", 16, false)
#define W_NUMBER(id, name) W(name, "Nullable(UInt32)", 4, true)
#define W_KEY(id, name, kind, ...) KEY_##kind(id, name, W_ADDRESS, W_NUMBER, NO_KEY)
#define WIDE_COLUMNS PLACE_COLUMNS(W_PLACE) GROUP_FIELDS(W_KEY) MAYBE_COLUMNS(W_MAYBE) \
	EXTRA_MEASURES(W_EXTRA)
#define F_KEY(id, name, kind, ...) KEY_##kind(id, name, NO_KEY, NO_KEY, F)
#define STRING_COLUMNS S(host) GROUP_FIELDS(F_KEY)

#define W(name, type, width, nullable) { { #name, type }, width, nullable, put_##name##_column },
static const struct wide_column wide_columns[] = { WIDE_COLUMNS };
#undef W
#define S(name) { { #name, "String" }, false, (enum flow_field)0 },
#define F(id, name) { { #name, "String" }, true, FIELD_##id },
static const struct string_column string_columns[] = { STRING_COLUMNS };
#undef S
#undef F
#define W(name, type, width, nullable) { #name, type },
#define S(name) { #name, "String" },
#define F(id, name) { #name, "String" },
static const struct clickhouse_column flows_columns[] = { WIDE_COLUMNS STRING_COLUMNS };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const struct clickhouse_columns clickhouse_flows_columns = { flows_columns, COUNT(flows_columns) };

static void row_init(struct row *row, const struct clickhouse_window *window, uint32_t number)
{
	static const struct flow_result nothing;
	static const struct extra_sum no_extra;
	const struct window_result *result = window->result;
	uint64_t offset_ns = (uint64_t)window->context->clock_offset_ns;
	const struct flow_result *back;

	row->number = number;
	row->flow = &result->flows[number];
	back = flow_reverse(result, row->flow);
	row->back = back ? back : &nothing;
	row->extra = row->back_extra = &no_extra;
	if (result->extra_sets)
		row->extra = &result->extras[row->flow->extra];
	if (result->extra_sets && back)
		row->back_extra = &result->extras[back->extra];
	row->nominal_ns = window->nominal_ns;
	row->nominal_end_ns = clickhouse_nominal_end_ns(window);
	row->start_ns = window->start_ns;
	row->end_ns = window->end_ns;
	if (result->spec->kind != WINDOW_SESSION)
		return;
	row->start_ns = row->nominal_ns = row->flow->start_ns + offset_ns;
	row->end_ns = row->nominal_end_ns = row->flow->end_ns + offset_ns;
}

static void tile_init(struct tile *tile, const struct clickhouse_rows *rows, size_t from)
{
	tile->window = rows->window;
	tile->count = rows->count - from < TILE_ROWS ? rows->count - from : TILE_ROWS;
	for (size_t i = 0; i < tile->count; i++) {
		size_t place = rows->first + from + i;

		row_init(&tile->rows[i], rows->window,
			 rows->order ? rows->order[place] : (uint32_t)place);
	}
}

/* Where the values of each column lie in the text, once all of them have their place. */
struct places {
	size_t values[COUNT(wide_columns)];
	size_t nulls[COUNT(wide_columns)];
};

static void places_take(struct places *places, struct text *text, size_t rows)
{
	for (size_t i = 0; i < COUNT(wide_columns); i++) {
		const struct wide_column *column = &wide_columns[i];
		size_t nulls = column->is_nullable ? rows : 0;

		native_column(text, column->column.name, column->column.type);
		if (!text_reserve(text, nulls + rows * column->width))
			return;
		places->nulls[i] = text->length;
		places->values[i] = text->length + nulls;
		text->length = places->values[i] + rows * column->width;
	}
}

static void put_wide_columns(struct text *text, const struct clickhouse_rows *rows)
{
	struct places places;
	struct tile tile;

	places_take(&places, text, rows->count);
	for (size_t from = 0; from < rows->count && !text->err; from += TILE_ROWS) {
		tile_init(&tile, rows, from);
		for (size_t i = 0; i < COUNT(wide_columns); i++)
			wide_columns[i].put(&tile,
					    text->bytes + places.values[i] +
					    from * wide_columns[i].width,
					    text->bytes + places.nulls[i] + from);
	}
}

static void put_string(struct text *text, const struct string_column *column,
		       const struct clickhouse_window *window, const struct flow_result *flow)
{
	const struct flow_view view = { window->context, window->result, flow };
	const char *host = window->context->host ? window->context->host : "";
	struct flow_field_value value;

	if (!column->is_field) {
		native_string(text, host, strlen(host));
		return;
	}
	flow_field_tell(column->field, &view, &value);
	native_string(text, value.text, value.length);
}

void clickhouse_flows_block(struct text *text, const struct clickhouse_rows *rows)
{
	native_begin(text, COUNT(wide_columns) + COUNT(string_columns), rows->count);
	put_wide_columns(text, rows);
	for (size_t i = 0; i < COUNT(string_columns); i++) {
		native_column(text, string_columns[i].column.name, string_columns[i].column.type);
		for (size_t row = rows->first; row < rows->first + rows->count; row++) {
			size_t place = rows->order ? rows->order[row] : row;

			put_string(text, &string_columns[i], rows->window,
				   &rows->window->result->flows[place]);
		}
	}
}
