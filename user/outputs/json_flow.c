/* SPDX-License-Identifier: BSD-2-Clause */
#include "json_flow.h"

#include "../base/rate.h"
#include "flow_put.h"
#include "json_string.h"

/* More than the members take that lie between two strings of unknown length. */
#define MEMBERS_MAX 640

/* What an extra measure takes with what is around it. */
#define EXTRA_TEXT_MAX 96

static char *put_average(char *out, uint64_t amount, uint64_t length_ns)
{
	return put_decimal(out, rate_per_second(amount, length_ns));
}

/* What is summed over times of different lengths has no rate. */
static char *put_amount_alone(char *out, uint64_t amount)
{
	out = PUT_LITERAL(out, "{\"average\": null, \"total\": ");
	out = put_uint(out, amount);
	return PUT_LITERAL(out, ", \"max\": null}");
}

static char *put_amount(char *out, uint64_t amount, double highest,
			const struct json_amounts *amounts)
{
	if (amounts->has_no_rate)
		return put_amount_alone(out, amount);
	out = PUT_LITERAL(out, "{\"average\": ");
	out = put_average(out, amount, amounts->length_ns);
	out = PUT_LITERAL(out, ", \"total\": ");
	out = put_uint(out, amount);
	out = PUT_LITERAL(out, ", \"max\": ");
	out = put_decimal(out, highest);
	*out++ = '}';
	return out;
}

void json_rates(struct text *text, const struct json_amounts *amounts)
{
	char *out = text_reserve(text, MEMBERS_MAX);

	if (!out)
		return;
	out = PUT_LITERAL(out, "{\"bytes\": ");
	out = put_amount(out, amounts->sum->bytes, amounts->sum->bytes_max, amounts);
	out = PUT_LITERAL(out, ", \"packets\": ");
	out = put_amount(out, amounts->sum->packets, amounts->sum->packets_max, amounts);
	*out++ = '}';
	text_commit(text, out);
}

static char *put_packet_bytes(char *out, const struct flow_sum *sum)
{
	uint64_t packets = sum->packets;

	out = PUT_LITERAL(out, "{\"average\": ");
	out = put_decimal(out, packets ? (double)sum->bytes / (double)packets : 0.0);
	out = PUT_LITERAL(out, ", \"min\": ");
	out = put_uint(out, packets ? sum->min_len : 0);
	out = PUT_LITERAL(out, ", \"max\": ");
	out = put_uint(out, packets ? sum->max_len : 0);
	if (sum->marks & FLOW_SIZE_SATURATED)
		out = PUT_LITERAL(out, ", \"saturated\": true");
	*out++ = '}';
	return out;
}

void json_amounts(struct text *text, const struct json_amounts *amounts, const char *separator)
{
	const struct flow_sum *sum = amounts->sum;
	size_t separator_length = strlen(separator);
	char *out = text_reserve(text, MEMBERS_MAX + 3 * separator_length);

	if (!out)
		return;
	out = PUT_LITERAL(out, "\"bytes\": ");
	out = put_amount(out, sum->bytes, sum->bytes_max, amounts);
	out = put_bytes(out, separator, separator_length);
	out = PUT_LITERAL(out, "\"packets\": ");
	out = put_amount(out, sum->packets, sum->packets_max, amounts);
	out = put_bytes(out, separator, separator_length);
	out = PUT_LITERAL(out, "\"packet_bytes\": ");
	out = put_packet_bytes(out, sum);
	text_commit(text, out);
}

/* Ends a member whose value, if there is one, was written from value on. */
static char *end_number(char *out, const char *value)
{
	if (out == value)
		out = PUT_LITERAL(out, "null");
	return PUT_LITERAL(out, ", ");
}

static char *end_word(char *out, char *value)
{
	/* The quote before it goes too. */
	return out == value ? end_number(value - 1, value - 1) : PUT_LITERAL(out, "\", ");
}

/* Members of the key by kind (GROUP_FIELDS), each with the separator to the next. */
#define MEMBER_NUMBER(id, name)                              \
	if (is_grouped(view, GROUP_##id)) {                  \
		out = PUT_LITERAL(out, "\"" #name "\": ");   \
		out = end_number(put_##name(out, view), out); \
	}
#define MEMBER_WORD(id, name)                                \
	if (is_grouped(view, GROUP_##id)) {                  \
		out = PUT_LITERAL(out, "\"" #name "\": \""); \
		out = end_word(put_##name(out, view), out);  \
	}
#define MEMBER_ADDRESS(id, name)                             \
	if (is_ip(view))                                     \
		MEMBER_WORD(id, name)
#define MEMBER_PORT(id, name)                                                             \
	if (is_ip(view) && is_grouped(view, GROUP_##id)) {                                \
		out = is_icmp(view) ? PUT_LITERAL(out, ICMP_##id) :                       \
				      PUT_LITERAL(out, "\"" #name "\": ");                \
		out = end_number(put_##name(out, view), out);                             \
	}
#define MEMBER_PROTOCOL(id, name)                                                         \
	MEMBER_WORD(id, name)                                                             \
	if (is_grouped(view, GROUP_##id) && is_ip(view)) {                                \
		out = put_uint(PUT_LITERAL(out, "\"ip_proto\": "), view->flow->key.ip_proto); \
		out = PUT_LITERAL(out, ", ");                                             \
	}
#define MEMBER_NAME(id, name)
#define MEMBER_PROCESS(id, name)
#define ICMP_SRC_PORT "\"icmp_type\": "
#define ICMP_DST_PORT "\"icmp_code\": "

static char *put_key(char *out, const struct flow_view *view)
{
#define KEY_MEMBER(id, name, kind, ...) MEMBER_##kind(id, name)
	GROUP_FIELDS(KEY_MEMBER)
	return out;
}

static void append_name(struct text *text, const char *key, const char *name)
{
	text_string(text, key);
	json_string_or_null(text, name);
	text_string(text, ", ");
}

static void append_process(struct text *text, const struct flow_view *view)
{
	const char *name = name_of_process(view);

	if (!name) {
		text_string(text, "\"process\": null, ");
		return;
	}
	text_string(text, "\"process\": {\"pid\": ");
	text_uint(text, owner_pid(&view->flow->key));
	text_string(text, ", \"name\": ");
	json_string_or_null(text, *name ? name : NULL);
	text_string(text, "}, ");
}

/* What is of any length comes after the rest. */
static void append_names(struct text *text, const struct flow_view *view)
{
#define APPEND_ADDRESS(id, name)
#define APPEND_PORT(id, name)
#define APPEND_PROTOCOL(id, name)
#define APPEND_NUMBER(id, name)
#define APPEND_WORD(id, name)
#define APPEND_PROCESS(id, name)          \
	if (is_grouped(view, GROUP_##id)) \
		append_process(text, view);
#define APPEND_NAME(id, name)             \
	if (is_grouped(view, GROUP_##id)) \
		append_name(text, "\"" #name "\": ", name_of_##name(view));
#define KEY_APPEND(id, name, kind, ...) APPEND_##kind(id, name)
	GROUP_FIELDS(KEY_APPEND)
}

static char *put_tcp_flags(char *out, uint8_t tcp_flags)
{
	static const char letters[] = "FSRPAUEC";
	unsigned int bit;

	out = PUT_LITERAL(out, ", \"tcp_flags\": \"");
	for (bit = 0; bit < sizeof(letters) - 1; bit++) {
		if (tcp_flags & 1u << bit)
			*out++ = letters[bit];
	}
	*out++ = '"';
	return out;
}

static char *put_instant(char *out, uint64_t instant_ns, const struct document_context *context)
{
	return put_uint(out, instant_ns + (uint64_t)context->clock_offset_ns);
}

static char *put_times(char *out, const struct document_context *context,
		       const struct flow_result *flow, bool is_session)
{
	if (is_session) {
		out = PUT_LITERAL(out, ", \"start_ns\": ");
		out = put_instant(out, flow->start_ns, context);
		out = PUT_LITERAL(out, ", \"end_ns\": ");
		out = put_instant(out, flow->end_ns, context);
	}
	out = PUT_LITERAL(out, ", \"first_ns\": ");
	out = put_instant(out, flow->first_ns, context);
	out = PUT_LITERAL(out, ", \"last_ns\": ");
	return put_instant(out, flow->last_ns, context);
}

uint64_t flow_average_length_ns(const struct window_result *result,
				const struct flow_result *flow)
{
	uint64_t pane_ns;
	uint64_t own_ns;

	if (result->spec->kind != WINDOW_SESSION)
		return result->observed_ns;
	pane_ns = result->panes ? result->observed_ns / result->panes : result->observed_ns;
	own_ns = flow->end_ns > flow->start_ns ? flow->end_ns - flow->start_ns : 0;
	return own_ns > pane_ns ? own_ns : pane_ns;
}

static bool has_tcp_flags(const struct group_by *group, const struct flow_key *key)
{
	return group->field[GROUP_PROTO] && (key->flags & FLOW_IP) &&
	       key->ip_proto == IPPROTO_TCP;
}

static void append_key(struct text *text, const struct flow_view *view)
{
	char *out = text_reserve(text, MEMBERS_MAX);

	if (!out)
		return;
	text_commit(text, put_key(out, view));
	append_names(text, view);
	if (flow_key_is_later_fragment(&view->flow->key))
		text_string(text, "\"fragment\": true, ");
}

/* A set is absent where the flow is known to be of another protocol. */
static bool has_extra_set(const struct group_by *group, const struct flow_result *flow,
			  enum extra_set set)
{
	return set != EXTRA_TCP || !group->field[GROUP_PROTO] || has_tcp_flags(group, &flow->key);
}

static char *put_told(char *out, uint64_t value, bool is_told)
{
	return is_told ? put_uint(out, value) : PUT_LITERAL(out, "null");
}

/* The members of a set's object, each measure with what its list has around it. */
static char *put_extra_set(char *out, const struct extra_sum *extra, enum extra_set set)
{
	bool is_first = true;

#define PUT_EXTRA(name, kind, merge, of, before, after) \
	if (set == (of)) {                              \
		if (!is_first)                          \
			out = PUT_LITERAL(out, ", ");   \
		is_first = false;                       \
		out = PUT_LITERAL(out, before);         \
		out = put_told(out, EXTRA_TOLD_##kind(extra, name),              \
			       EXTRA_IS_TOLD_##kind(EXTRA_TOLD_##kind(extra, name)));    \
		out = PUT_LITERAL(out, after);          \
	}
	EXTRA_MEASURES(PUT_EXTRA)
	return out;
}

static void append_extras(struct text *text, const struct document_context *context,
			  const struct window_result *result, const struct flow_result *flow)
{
#define EXTRA_SET_TEXT(id, object) [id] = ", \"" object "\": {",
	static const char *const objects[] = { EXTRA_SETS(EXTRA_SET_TEXT) };

	for (int set = 0; set < EXTRA_SET_COUNT; set++) {
		char *out;

		if (!(result->extra_sets & 1u << set) ||
		    !has_extra_set(context->group, flow, (enum extra_set)set))
			continue;
		text_string(text, objects[set]);
		out = text_reserve(text, EXTRA_COUNT * EXTRA_TEXT_MAX);
		if (!out)
			return;
		text_commit(text, put_extra_set(out, &result->extras[flow->extra],
						(enum extra_set)set));
		text_string(text, "}");
	}
}

/* What one way of a flow carried, without a brace at either end. */
static void append_way(struct text *text, const struct document_context *context,
		       const struct window_result *result, const struct flow_result *flow)
{
	const struct json_amounts amounts = {
		.sum = &flow->sum,
		.length_ns = flow_average_length_ns(result, flow),
	};
	char *out;

	if (flow->marks & FLOW_HEADERS_GIVEN_UP)
		text_string(text, "\"headers_given_up\": true, ");
	json_amounts(text, &amounts, ", ");
	out = text_reserve(text, MEMBERS_MAX);
	if (!out)
		return;
	if (has_tcp_flags(context->group, &flow->key))
		out = put_tcp_flags(out, flow->tcp_flags);
	text_commit(text, put_times(out, context, flow,
				    result->spec->kind == WINDOW_SESSION));
	append_extras(text, context, result, flow);
}

static void append_flow_count(struct text *text, uint64_t count)
{
	char *out = text_reserve(text, MEMBERS_MAX);

	if (!out)
		return;
	out = put_uint(PUT_LITERAL(out, "\"flows\": "), count);
	text_commit(text, PUT_LITERAL(out, ", "));
}

void json_flow_members(struct text *text, const struct document_context *context,
		       const struct window_result *result, const struct flow_result *flow)
{
	const struct flow_result *reverse = flow_reverse(result, flow);
	const struct flow_view view = { context, result, flow };

	append_key(text, &view);
	if (result->counts_flows)
		append_flow_count(text, flow_count_of(result, flow));
	append_way(text, context, result, flow);
	if (reverse) {
		text_string(text, ", \"reverse\": {");
		append_way(text, context, result, reverse);
		text_bytes(text, "}", 1);
	} else if (result->reverses) {
		text_string(text, ", \"reverse\": null");
	}
}

void json_flow(struct text *text, const struct document_context *context,
	       const struct window_result *result, const struct flow_result *flow)
{
	text_bytes(text, "{", 1);
	json_flow_members(text, context, result, flow);
	text_bytes(text, "}", 1);
}
