/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fields of a flow's key as text, one function each by its name in GROUP_FIELDS: for columns
 * (flow_field.h) and documents (json_flow.c). Each writes the value to out and returns its end;
 * out itself where the flow has no such field, or it is not known.
 */
#ifndef WEIR_FLOW_PUT_H
#define WEIR_FLOW_PUT_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "../engine/service.h"
#include "../owners/owner_names.h"
#include "../text/address.h"
#include "../text/number.h"
#include "../text/protocols.h"
#include "encoder.h"

struct flow_view {
	const struct document_context *context;
	const struct window_result *result;
	const struct flow_result *flow;
};

static inline bool is_grouped(const struct flow_view *view, enum group_field field)
{
	return view->context->group->field[field];
}

static inline bool is_ip(const struct flow_view *view)
{
	return view->flow->key.flags & FLOW_IP;
}

/* Only where the group keeps the protocol: else ports are what they are to most, numbers. */
static inline bool is_icmp(const struct flow_view *view)
{
	const struct flow_key *key = &view->flow->key;

	/* A later fragment holds no ICMP header: a type of 0 would call it an echo reply. */
	return is_grouped(view, GROUP_PROTO) &&
	       (key->ip_proto == IPPROTO_ICMP || key->ip_proto == IPPROTO_ICMPV6) &&
	       !flow_key_is_later_fragment(key);
}

static inline char *put_prefix(char *out, unsigned int prefix, unsigned int whole)
{
	if (prefix >= whole)
		return out;
	*out++ = '/';
	return put_uint(out, prefix);
}

static inline char *put_address(char *out, const __be32 *address, bool is_ipv6,
				unsigned int prefix)
{
	const uint8_t *bytes = (const uint8_t *)address;

	if (is_ipv6)
		return put_prefix(put_ipv6(out, bytes), prefix, 128);
	return put_prefix(put_ipv4(out, bytes + 12), prefix, 32);
}

static inline char *put_src(char *out, const struct flow_view *view)
{
	const struct group_by *group = view->context->group;
	bool is_ipv6 = view->flow->key.flags & FLOW_IPV6;

	if (!is_ip(view))
		return out;
	return put_address(out, view->flow->key.src, is_ipv6,
			   is_ipv6 ? group->src_prefix6 : group->src_prefix4);
}

static inline char *put_dst(char *out, const struct flow_view *view)
{
	const struct group_by *group = view->context->group;
	bool is_ipv6 = view->flow->key.flags & FLOW_IPV6;

	if (!is_ip(view))
		return out;
	return put_address(out, view->flow->key.dst, is_ipv6,
			   is_ipv6 ? group->dst_prefix6 : group->dst_prefix4);
}

/* A port, or of ICMP its type or code; what was cut off is not known. */
static inline char *put_port(char *out, const struct flow_view *view, const __be16 *port)
{
	if (!is_ip(view) || !flow_key_tells_port(&view->flow->key, *port))
		return out;
	return put_uint(out, is_icmp(view) ? *(const uint8_t *)port : ntohs(*port));
}

static inline char *put_src_port(char *out, const struct flow_view *view)
{
	return put_port(out, view, &view->flow->key.src_port);
}

static inline char *put_dst_port(char *out, const struct flow_view *view)
{
	return put_port(out, view, &view->flow->key.dst_port);
}

static inline char *put_proto(char *out, const struct flow_view *view)
{
	const struct flow_key *key = &view->flow->key;
	char name[PROTOCOL_NAME_MAX];

	if (is_ip(view))
		ip_proto_name(key->ip_proto, name, sizeof(name));
	else
		ethertype_name(ntohs(key->src_port), name, sizeof(name));
	return put_bytes(out, name, strlen(name));
}

static inline char *put_tag(char *out, uint16_t tag)
{
	return tag & VLAN_TAG_PRESENT ? put_uint(out, tag & VLAN_TAG_ID) : out;
}

static inline char *put_vlan(char *out, const struct flow_view *view)
{
	return put_tag(out, view->flow->key.vlan);
}

static inline char *put_inner_vlan(char *out, const struct flow_view *view)
{
	return put_tag(out, view->flow->key.inner_vlan);
}

static inline char *put_direction(char *out, const struct flow_view *view)
{
	const struct flow_key *key = &view->flow->key;

	if (!view->context->direction && !(key->vlan & FLOW_DIRECTION_TOLD))
		return out;
	return key->flags & FLOW_OUT ? PUT_LITERAL(out, "out") : PUT_LITERAL(out, "in");
}

/* "443/tcp" */
static inline char *put_service(char *out, const struct flow_view *view)
{
	__be16 port = service_of_row(view->context->group, view->result, view->flow);
	char name[PROTOCOL_NAME_MAX];

	if (!port)
		return out;
	out = put_uint(out, ntohs(port));
	*out++ = '/';
	ip_proto_name(view->flow->key.ip_proto, name, sizeof(name));
	return put_bytes(out, name, strlen(name));
}

static inline char *put_tunnel(char *out, const struct flow_view *view)
{
#define TUNNEL_AS_TEXT(id, name, is_shared) [id] = name,
	static const char *const names[] = { TUNNELS(TUNNEL_AS_TEXT) };
	const char *name = names[tunnel_kind_of(view->flow->key.tunnel) % TUNNEL_KIND_COUNT];

	return put_bytes(out, name, strlen(name));
}

static inline char *put_tunnel_id(char *out, const struct flow_view *view)
{
	__u64 tunnel = view->flow->key.tunnel;

	return tunnel & TUNNEL_HAS_NUMBER ? put_uint(out, tunnel & TUNNEL_NUMBER) : out;
}

/* Names are of any length: NULL where there is none. */
static inline const char *name_of_interface(const struct flow_view *view)
{
	if (!view->context->link_names)
		return NULL;
	return view->context->link_names[flow_key_link(&view->flow->key)];
}

static inline const char *name_of_container(const struct flow_view *view)
{
	return owner_container(view->context->owner_names, &view->flow->key);
}

/* NULL where there is no process; its name is not known where it has one byte that is 0. */
static inline const char *name_of_process(const struct flow_view *view)
{
	return owner_pid(&view->flow->key) ?
		       owner_process(view->context->owner_names, &view->flow->key) : NULL;
}

/* "812/curl", as netstat has it. */
static inline char *put_process(char *out, const struct flow_view *view)
{
	const char *name = name_of_process(view);

	if (!name)
		return out;
	out = put_uint(out, owner_pid(&view->flow->key));
	*out++ = '/';
	return put_bytes(out, name, strlen(name));
}

#endif
