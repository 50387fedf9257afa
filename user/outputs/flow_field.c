/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow_field.h"

#include "../base/rate.h"
#include "json.h"
#include "json_flow.h"

/* Each writes a value to out and returns its end; out itself where there is none. */
typedef char *put_field_fn(char *out, const struct flow_view *view);

/* Where the group keeps a field of the key; ICMP's type and code have columns of their own. */
#define COLUMN_OF(id, name, is_there)                                                   \
	static char *column_##name(char *out, const struct flow_view *view)             \
	{                                                                               \
		return is_grouped(view, GROUP_##id) && (is_there) ? put_##name(out, view) : out; \
	}
#define COLUMN_ADDRESS(id, name)  COLUMN_OF(id, name, true)
#define COLUMN_PORT(id, name)     COLUMN_OF(id, name, !is_icmp(view))
#define COLUMN_PROTOCOL(id, name) COLUMN_OF(id, name, true)
#define COLUMN_NUMBER(id, name)   COLUMN_OF(id, name, true)
#define COLUMN_WORD(id, name)     COLUMN_OF(id, name, true)
#define COLUMN_PROCESS(id, name)  COLUMN_OF(id, name, true)
#define COLUMN_NAME(id, name)
#define KEY_COLUMN(id, name, kind, ...) COLUMN_##kind(id, name)
GROUP_FIELDS(KEY_COLUMN)

static char *put_icmp_type(char *out, const struct flow_view *view)
{
	return is_grouped(view, GROUP_SRC_PORT) && is_icmp(view) ? put_src_port(out, view) : out;
}

static char *put_icmp_code(char *out, const struct flow_view *view)
{
	return is_grouped(view, GROUP_DST_PORT) && is_icmp(view) ? put_dst_port(out, view) : out;
}

static char *put_ip_proto(char *out, const struct flow_view *view)
{
	if (!is_ip(view) || !is_grouped(view, GROUP_PROTO))
		return out;
	return put_uint(out, view->flow->key.ip_proto);
}

static char *put_fragment(char *out, const struct flow_view *view)
{
	return flow_key_is_later_fragment(&view->flow->key) ? PUT_LITERAL(out, "true") : out;
}

static char *put_bytes_total(char *out, const struct flow_view *view)
{
	return put_uint(out, view->flow->bytes);
}

static char *put_packets_total(char *out, const struct flow_view *view)
{
	return put_uint(out, view->flow->packets);
}

static char *put_average(char *out, const struct flow_view *view, uint64_t amount)
{
	uint64_t length_ns = flow_average_length_ns(view->result, view->flow);

	return put_decimal(out, rate_per_second(amount, length_ns));
}

static char *put_bytes_average(char *out, const struct flow_view *view)
{
	return put_average(out, view, view->flow->bytes);
}

static char *put_packets_average(char *out, const struct flow_view *view)
{
	return put_average(out, view, view->flow->packets);
}

static char *put_bytes_max(char *out, const struct flow_view *view)
{
	return put_decimal(out, view->flow->bytes_max);
}

static char *put_packets_max(char *out, const struct flow_view *view)
{
	return put_decimal(out, view->flow->packets_max);
}

static char *put_size_average(char *out, const struct flow_view *view)
{
	uint64_t packets = view->flow->packets;

	return put_decimal(out, packets ? (double)view->flow->bytes / (double)packets : 0.0);
}

static char *put_size_min(char *out, const struct flow_view *view)
{
	return put_uint(out, view->flow->min_len);
}

static char *put_size_max(char *out, const struct flow_view *view)
{
	return put_uint(out, view->flow->max_len);
}

static char *put_tcp_flags(char *out, const struct flow_view *view)
{
	static const char letters[] = "FSRPAUEC";

	if (!is_ip(view) || !is_grouped(view, GROUP_PROTO) ||
	    view->flow->key.ip_proto != IPPROTO_TCP)
		return out;
	for (unsigned int bit = 0; bit < sizeof(letters) - 1; bit++) {
		if (view->flow->tcp_flags & 1u << bit)
			*out++ = letters[bit];
	}
	return out;
}

static char *put_instant(char *out, const struct flow_view *view, uint64_t instant_ns)
{
	return put_uint(out, instant_ns + (uint64_t)view->context->clock_offset_ns);
}

static char *put_first(char *out, const struct flow_view *view)
{
	return put_instant(out, view, view->flow->first_ns);
}

static char *put_last(char *out, const struct flow_view *view)
{
	return put_instant(out, view, view->flow->last_ns);
}

/* Only a session has times of its own; else they are the window's. */
static bool is_session(const struct flow_view *view)
{
	return view->result->spec->kind == WINDOW_SESSION;
}

static char *put_start(char *out, const struct flow_view *view)
{
	return is_session(view) ? put_instant(out, view, view->flow->start_ns) : out;
}

static char *put_end(char *out, const struct flow_view *view)
{
	return is_session(view) ? put_instant(out, view, view->flow->end_ns) : out;
}

static char *put_flow_count(char *out, const struct flow_view *view)
{
	if (!view->result->counts_flows)
		return out;
	return put_uint(out, flow_count_of(view->result, view->flow));
}

/* Where the set is asked for, and the flow is not known to be of another protocol. */
static const struct extra_sum *extra_of(const struct flow_view *view, enum extra_set set)
{
	const struct flow_key *key = &view->flow->key;

	if (!(view->result->extra_sets & 1u << set))
		return NULL;
	if (set == EXTRA_TCP && is_grouped(view, GROUP_PROTO) &&
	    !(is_ip(view) && key->ip_proto == IPPROTO_TCP))
		return NULL;
	return &view->result->extras[view->flow->extra];
}

#define PUT_EXTRA(name, kind, merge, set, before, after)                      \
	static char *put_extra_##name(char *out, const struct flow_view *view) \
	{                                                                     \
		const struct extra_sum *extra = extra_of(view, set);          \
									      \
		if (!extra || !EXTRA_IS_TOLD_##kind(EXTRA_TOLD_##kind(extra, name))) \
			return out;                                           \
		return put_uint(out, EXTRA_TOLD_##kind(extra, name));         \
	}
EXTRA_MEASURES(PUT_EXTRA)

#define EXTRA_AS_ROW(name, kind, merge, set, before, after) \
	[FIELD_EXTRA_##name] = put_extra_##name,

#define ROW_ADDRESS(id, name)  [FIELD_##id] = column_##name,
#define ROW_PORT(id, name)     [FIELD_##id] = column_##name,
#define ROW_PROTOCOL(id, name) [FIELD_##id] = column_##name,
#define ROW_NUMBER(id, name)   [FIELD_##id] = column_##name,
#define ROW_WORD(id, name)     [FIELD_##id] = column_##name,
#define ROW_PROCESS(id, name)  [FIELD_##id] = column_##name,
#define ROW_NAME(id, name)
#define KEY_AS_ROW(id, name, kind, ...) ROW_##kind(id, name)

static put_field_fn *const put_field[FLOW_FIELD_COUNT] = {
	GROUP_FIELDS(KEY_AS_ROW)
	[FIELD_ICMP_TYPE] = put_icmp_type,
	[FIELD_ICMP_CODE] = put_icmp_code,
	[FIELD_IP_PROTO] = put_ip_proto,
	[FIELD_FRAGMENT] = put_fragment,
	[FIELD_BYTES] = put_bytes_total,
	[FIELD_BYTES_AVERAGE] = put_bytes_average,
	[FIELD_BYTES_MAX] = put_bytes_max,
	[FIELD_PACKETS] = put_packets_total,
	[FIELD_PACKETS_AVERAGE] = put_packets_average,
	[FIELD_PACKETS_MAX] = put_packets_max,
	[FIELD_SIZE_AVERAGE] = put_size_average,
	[FIELD_SIZE_MIN] = put_size_min,
	[FIELD_SIZE_MAX] = put_size_max,
	[FIELD_TCP_FLAGS] = put_tcp_flags,
	[FIELD_FIRST] = put_first,
	[FIELD_LAST] = put_last,
	[FIELD_START] = put_start,
	[FIELD_END] = put_end,
	[FIELD_FLOWS] = put_flow_count,
	EXTRA_MEASURES(EXTRA_AS_ROW)
};

/* The name that is the field's value; NULL where there is none, or it is no name. */
static const char *field_name(enum flow_field field, const struct flow_view *view)
{
#define NAME_ADDRESS(id, name)
#define NAME_PORT(id, name)
#define NAME_PROTOCOL(id, name)
#define NAME_NUMBER(id, name)
#define NAME_WORD(id, name)
#define NAME_PROCESS(id, name)
#define NAME_NAME(id, name)                                  \
	if (field == FIELD_##id && is_grouped(view, GROUP_##id)) \
		return name_of_##name(view);
#define KEY_NAME(id, name, kind, ...) NAME_##kind(id, name)
	GROUP_FIELDS(KEY_NAME)
	return NULL;
}

void flow_field_tell(enum flow_field field, const struct flow_view *view,
		     struct flow_field_value *value)
{
	const char *name = field_name(field, view);

	value->text = name ? name : value->buffer;
	if (name)
		value->length = strlen(name);
	else if (put_field[field])
		value->length = (size_t)(put_field[field](value->buffer, view) - value->buffer);
	else
		value->length = 0;
}
