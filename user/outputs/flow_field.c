/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow_field.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "../base/rate.h"
#include "../text/address.h"
#include "../text/number.h"
#include "../text/protocols.h"
#include "json.h"

/* Each writes a value to out and returns its end; out itself where there is none. */
typedef char *put_field_fn(char *out, const struct flow_view *view);

static bool is_grouped(const struct flow_view *view, enum group_field field)
{
	return view->context->group->field[field];
}

static bool is_ip(const struct flow_view *view)
{
	return view->flow->key.flags & FLOW_IP;
}

static char *put_prefix(char *out, unsigned int prefix, unsigned int whole)
{
	if (prefix >= whole)
		return out;
	*out++ = '/';
	return put_uint(out, prefix);
}

static char *put_address(char *out, const struct flow_view *view, const __be32 *address,
			 unsigned int prefix4, unsigned int prefix6)
{
	const uint8_t *bytes = (const uint8_t *)address;

	if (view->flow->key.flags & FLOW_IPV6)
		return put_prefix(put_ipv6(out, bytes), prefix6, 128);
	return put_prefix(put_ipv4(out, bytes + 12), prefix4, 32);
}

static char *put_src(char *out, const struct flow_view *view)
{
	const struct group_by *group = view->context->group;

	if (!is_ip(view) || !is_grouped(view, GROUP_SRC))
		return out;
	return put_address(out, view, view->flow->key.src, group->src_prefix4,
			   group->src_prefix6);
}

static char *put_dst(char *out, const struct flow_view *view)
{
	const struct group_by *group = view->context->group;

	if (!is_ip(view) || !is_grouped(view, GROUP_DST))
		return out;
	return put_address(out, view, view->flow->key.dst, group->dst_prefix4,
			   group->dst_prefix6);
}

/* Where the group leaves the protocol out, ports are what they are to most: numbers. */
static bool is_icmp(const struct flow_view *view)
{
	const struct flow_key *key = &view->flow->key;

	return is_grouped(view, GROUP_PROTO) && !flow_key_is_later_fragment(key) &&
	       (key->ip_proto == IPPROTO_ICMP || key->ip_proto == IPPROTO_ICMPV6);
}

static char *put_port(char *out, const struct flow_view *view, enum group_field field,
		      __be16 port)
{
	if (!is_ip(view) || !is_grouped(view, field) || is_icmp(view) ||
	    !flow_key_tells_port(&view->flow->key, port))
		return out;
	return put_uint(out, ntohs(port));
}

static char *put_src_port(char *out, const struct flow_view *view)
{
	return put_port(out, view, GROUP_SRC_PORT, view->flow->key.src_port);
}

static char *put_dst_port(char *out, const struct flow_view *view)
{
	return put_port(out, view, GROUP_DST_PORT, view->flow->key.dst_port);
}

static char *put_icmp(char *out, const struct flow_view *view, enum group_field field,
		      const __be16 *port)
{
	if (!is_ip(view) || !is_grouped(view, field) || !is_icmp(view) ||
	    !flow_key_tells_port(&view->flow->key, *port))
		return out;
	return put_uint(out, *(const uint8_t *)port);
}

static char *put_icmp_type(char *out, const struct flow_view *view)
{
	return put_icmp(out, view, GROUP_SRC_PORT, &view->flow->key.src_port);
}

static char *put_icmp_code(char *out, const struct flow_view *view)
{
	return put_icmp(out, view, GROUP_DST_PORT, &view->flow->key.dst_port);
}

static char *put_proto(char *out, const struct flow_view *view)
{
	const struct flow_key *key = &view->flow->key;
	char name[PROTOCOL_NAME_MAX];

	if (!is_grouped(view, GROUP_PROTO))
		return out;
	if (is_ip(view))
		ip_proto_name(key->ip_proto, name, sizeof(name));
	else
		ethertype_name(ntohs(key->src_port), name, sizeof(name));
	return put_bytes(out, name, strlen(name));
}

static char *put_ip_proto(char *out, const struct flow_view *view)
{
	if (!is_ip(view) || !is_grouped(view, GROUP_PROTO))
		return out;
	return put_uint(out, view->flow->key.ip_proto);
}

static char *put_tag(char *out, uint16_t tag)
{
	return tag & VLAN_TAG_PRESENT ? put_uint(out, tag & VLAN_TAG_ID) : out;
}

static char *put_vlan(char *out, const struct flow_view *view)
{
	return is_grouped(view, GROUP_VLAN) ? put_tag(out, view->flow->key.vlan) : out;
}

static char *put_inner_vlan(char *out, const struct flow_view *view)
{
	return is_grouped(view, GROUP_INNER_VLAN) ? put_tag(out, view->flow->key.inner_vlan) : out;
}

static char *put_direction(char *out, const struct flow_view *view)
{
	const struct flow_key *key = &view->flow->key;

	if (!is_grouped(view, GROUP_DIRECTION) ||
	    (!view->context->direction && !(key->vlan & FLOW_DIRECTION_TOLD)))
		return out;
	return key->flags & FLOW_OUT ? PUT_LITERAL(out, "out") : PUT_LITERAL(out, "in");
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

#define PUT_EXTRA(name, type, merge, set, before, after)                      \
	static char *put_extra_##name(char *out, const struct flow_view *view) \
	{                                                                     \
		const struct extra_sum *extra = extra_of(view, set);          \
									      \
		return extra ? put_uint(out, extra->name) : out;              \
	}
EXTRA_MEASURES(PUT_EXTRA)

#define EXTRA_AS_ROW(name, type, merge, set, before, after) \
	[FIELD_EXTRA_##name] = put_extra_##name,

static put_field_fn *const put_field[FLOW_FIELD_COUNT] = {
	[FIELD_SRC] = put_src,
	[FIELD_DST] = put_dst,
	[FIELD_SRC_PORT] = put_src_port,
	[FIELD_DST_PORT] = put_dst_port,
	[FIELD_ICMP_TYPE] = put_icmp_type,
	[FIELD_ICMP_CODE] = put_icmp_code,
	[FIELD_PROTO] = put_proto,
	[FIELD_IP_PROTO] = put_ip_proto,
	[FIELD_VLAN] = put_vlan,
	[FIELD_INNER_VLAN] = put_inner_vlan,
	[FIELD_DIRECTION] = put_direction,
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
	EXTRA_MEASURES(EXTRA_AS_ROW)
};

static const char *interface_name(const struct flow_view *view)
{
	unsigned int link = flow_key_link(&view->flow->key);
	const char *name = NULL;

	if (is_grouped(view, GROUP_INTERFACE) && view->context->link_names)
		name = view->context->link_names[link];
	return name ? name : "";
}

void flow_field_tell(enum flow_field field, const struct flow_view *view,
		     struct flow_field_value *value)
{
	if (field == FIELD_INTERFACE) {
		value->text = interface_name(view);
		value->length = strlen(value->text);
		return;
	}
	value->text = value->buffer;
	value->length = (size_t)(put_field[field](value->buffer, view) - value->buffer);
}
