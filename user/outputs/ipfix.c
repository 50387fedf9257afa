/* SPDX-License-Identifier: BSD-2-Clause */
/* A window as templates and records of IPFIX. */
#include <arpa/inet.h>
#include <endian.h>
#include <net/if.h>
#include <string.h>

#include "../text/stable_hash.h"
#include "flow_put.h"
#include "ipfix_elements.h"

#define NS_PER_MS 1000000u

/* flowEndReason and biflowDirection (IANA) */
#define END_IDLE      1
#define END_ACTIVE    2
#define BIFLOW_SENDER 1

struct ipfix_window {
	const struct encoding *encoding;
	struct ipfix_template templates[IPFIX_LAYOUT_COUNT];
	uint32_t links[FLOW_LINKS_MAX]; /* ifindex by number, and whether it was asked for */
	bool link_known[FLOW_LINKS_MAX];
	uint64_t unsent_packets, unsent_bytes; /* of flows that are not listed */
};

static uint64_t milliseconds(const struct ipfix_window *window, uint64_t instant_ns)
{
	int64_t offset_ns = window->encoding->context->clock_offset_ns;

	return instant_ns ? (instant_ns + (uint64_t)offset_ns) / NS_PER_MS : 0;
}

/* 0 where the interface is gone, or the flow went the other way. */
static uint32_t link_index(struct ipfix_window *window, const struct flow_result *flow, bool is_out)
{
	uint32_t number = flow_key_link(&flow->key);
	const char *name = window->encoding->context->link_names[number];

	if (!(flow->key.flags & FLOW_OUT) == is_out)
		return 0;
	if (!window->link_known[number])
		window->links[number] = name ? if_nametoindex(name) : 0;
	window->link_known[number] = true;
	return window->links[number];
}

static uint16_t port_of(const struct flow_result *flow, __be16 port)
{
	return flow_key_tells_port(&flow->key, port) ? ntohs(port) : 0;
}

/* The first byte of what of an ICMP flow lies where others have a port. */
static uint8_t icmp_of(const struct flow_result *flow, __be16 port)
{
	return flow_key_tells_port(&flow->key, port) ? *(const uint8_t *)&port : 0;
}

static uint8_t flags_of(const struct flow_result *flow, const struct flow_result *way)
{
	return way && flow->key.ip_proto == IPPROTO_TCP ? way->tcp_flags : 0;
}

/* Of the flow's IP packets. */
static uint64_t octets(const struct ipfix_window *window, const struct flow_result *flow)
{
	return window->encoding->result->extras[flow->extra].ip_bytes;
}

static uint64_t back_number(const struct ipfix_window *window, const struct flow_result *flow,
			    enum ipfix_element element)
{
	const struct flow_result *back = flow_reverse(window->encoding->result, flow);

	if (!back)
		return 0;
	switch (element) {
	case IPFIX_BACK_START:    return milliseconds(window, back->first_ns);
	case IPFIX_BACK_END:      return milliseconds(window, back->last_ns);
	case IPFIX_BACK_PACKETS:  return back->packets;
	case IPFIX_BACK_BYTES:    return octets(window, back);
	case IPFIX_BACK_L2_BYTES: return back->bytes;
	default:                  return flags_of(flow, back);
	}
}

/* Of what lies in the key. */
static uint64_t key_number(const struct ipfix_window *window, const struct flow_result *flow,
			   enum ipfix_element element)
{
	const struct group_by *group = window->encoding->context->group;
	const struct flow_key *key = &flow->key;

	switch (element) {
	case IPFIX_SRC4_PREFIX: return group->src_prefix4;
	case IPFIX_DST4_PREFIX: return group->dst_prefix4;
	case IPFIX_SRC6_PREFIX: return group->src_prefix6;
	case IPFIX_DST6_PREFIX: return group->dst_prefix6;
	case IPFIX_SRC_PORT:    return port_of(flow, key->src_port);
	case IPFIX_DST_PORT:    return port_of(flow, key->dst_port);
	case IPFIX_ICMP4:
	case IPFIX_ICMP6:       return (uint64_t)icmp_of(flow, key->src_port) << 8 |
				       icmp_of(flow, key->dst_port);
	case IPFIX_ICMP4_TYPE:
	case IPFIX_ICMP6_TYPE:  return icmp_of(flow, key->src_port);
	case IPFIX_ICMP4_CODE:
	case IPFIX_ICMP6_CODE:  return icmp_of(flow, key->dst_port);
	case IPFIX_PROTO:       return key->ip_proto;
	case IPFIX_ETHERTYPE:   return ntohs(key->src_port);
	case IPFIX_VLAN:        return key->vlan & VLAN_TAG_ID;
	case IPFIX_INNER_VLAN:  return key->inner_vlan & VLAN_TAG_ID;
	default:                return (key->flags & FLOW_OUT) != 0; /* IPFIX_DIRECTION */
	}
}

static uint64_t flow_number(struct ipfix_window *window, const struct flow_result *flow,
			    enum ipfix_element element)
{
	bool is_session = window->encoding->result->spec->kind == WINDOW_SESSION;

	switch (element) {
	case IPFIX_START:      return milliseconds(window, flow->first_ns);
	case IPFIX_END:        return milliseconds(window, flow->last_ns);
	case IPFIX_PACKETS:    return flow->packets;
	case IPFIX_BYTES:      return octets(window, flow);
	case IPFIX_L2_BYTES:   return flow->bytes;
	case IPFIX_TCP_FLAGS:  return flags_of(flow, flow);
	case IPFIX_INGRESS:    return link_index(window, flow, false);
	case IPFIX_EGRESS:     return link_index(window, flow, true);
	case IPFIX_END_REASON: return is_session ? END_IDLE : END_ACTIVE;
	case IPFIX_BIFLOW:     return BIFLOW_SENDER;
	case IPFIX_BACK_START:
	case IPFIX_BACK_END:
	case IPFIX_BACK_PACKETS:
	case IPFIX_BACK_BYTES:
	case IPFIX_BACK_L2_BYTES:
	case IPFIX_BACK_FLAGS: return back_number(window, flow, element);
	default:               return key_number(window, flow, element);
	}
}

/* The last bytes of the number, in network order. */
static char *put_number(char *out, uint64_t number, size_t length)
{
	uint64_t big = htobe64(number);

	memcpy(out, (const char *)&big + sizeof(big) - length, length);
	return out + length;
}

static char *put_element(char *out, struct ipfix_window *window, const struct flow_result *flow,
			 enum ipfix_element element)
{
	const struct flow_key *key = &flow->key;
	size_t length = ipfix_element_length(element);
	const __be32 *address = NULL;

	if (element == IPFIX_SRC6 || element == IPFIX_SRC4)
		address = key->src;
	if (element == IPFIX_DST6 || element == IPFIX_DST4)
		address = key->dst;
	if (!address)
		return put_number(out, flow_number(window, flow, element), length);
	memcpy(out, (const char *)address + sizeof(key->src) - length, length);
	return out + length;
}

static enum ipfix_layout layout_of(const struct ipfix_window *window,
				   const struct flow_result *flow)
{
	const struct flow_view view = { window->encoding->context, window->encoding->result, flow };
	bool is_ipv6 = flow->key.flags & FLOW_IPV6;

	if (!is_ip(&view))
		return IPFIX_OTHER;
	if (is_icmp(&view))
		return is_ipv6 ? IPFIX_IPV6_ICMP : IPFIX_IPV4_ICMP;
	return is_ipv6 ? IPFIX_IPV6 : IPFIX_IPV4;
}

static char *begin_unit(struct text *text, const struct ipfix_window *window,
			enum ipfix_layout layout)
{
	const struct ipfix_unit unit = { (uint16_t)(IPFIX_SET_FIRST + layout),
					 (uint16_t)window->templates[layout].length };
	char *out = text_reserve(text, sizeof(unit) + IPFIX_UNIT_MAX);

	if (!out)
		return NULL;
	memcpy(out, &unit, sizeof(unit));
	return out + sizeof(unit);
}

static void append_flow(struct text *text, struct ipfix_window *window,
			const struct flow_result *flow)
{
	enum ipfix_layout layout = layout_of(window, flow);
	const struct ipfix_template *made = &window->templates[layout];
	char *out = begin_unit(text, window, layout);

	if (!out)
		return;
	for (size_t i = 0; i < made->count; i++)
		out = put_element(out, window, flow, made->elements[i]);
	text_commit(text, out);
}

static uint64_t account_number(const struct ipfix_window *window, enum ipfix_element element)
{
	const struct window_result *result = window->encoding->result;
	const struct tally *outcome = result->counts.outcome;
	const struct tally *malformed = &outcome[PACKET_MALFORMED];
	const struct tally *unattributed = &outcome[PACKET_UNATTRIBUTED];
	uint64_t passed = outcome[PACKET_FLOW].packets + malformed->packets + unattributed->packets;

	switch (element) {
	case IPFIX_DOMAIN:          return 0; /* the carrier knows it */
	case IPFIX_OBSERVED:        return passed + outcome[PACKET_FILTERED].packets;
	case IPFIX_SELECTED:        return passed;
	case IPFIX_PACKETS:         return outcome[PACKET_FLOW].packets;
	case IPFIX_L2_BYTES:        return outcome[PACKET_FLOW].bytes;
	case IPFIX_DROPPED:         return result->health.dropped_packets;
	case IPFIX_START:           return milliseconds(window, result->start_ns);
	case IPFIX_END:             return milliseconds(window, result->end_ns);
	case IPFIX_IGNORED_PACKETS: return malformed->packets + unattributed->packets;
	case IPFIX_IGNORED_BYTES:   return malformed->bytes + unattributed->bytes;
	case IPFIX_UNSENT_FLOWS:    return result->flows_omitted + result->evicted_flows;
	case IPFIX_UNSENT_PACKETS:  return window->unsent_packets;
	default:                    return window->unsent_bytes;
	}
}

static void append_account(struct text *text, const struct ipfix_window *window)
{
	const struct ipfix_template *made = &window->templates[IPFIX_ACCOUNT];
	char *out = begin_unit(text, window, IPFIX_ACCOUNT);

	if (!out)
		return;
	for (size_t i = 0; i < made->count; i++)
		out = put_number(out, account_number(window, made->elements[i]),
				 ipfix_element_length(made->elements[i]));
	text_commit(text, out);
}

static void append_flows(struct text *text, struct ipfix_window *window)
{
	const struct window_result *result = window->encoding->result;

	window->unsent_packets = result->counts.outcome[PACKET_FLOW].packets;
	window->unsent_bytes = result->counts.outcome[PACKET_FLOW].bytes;
	for (size_t i = 0; i < result->flow_count; i++) {
		const struct flow_result *back = flow_reverse(result, &result->flows[i]);

		append_flow(text, window, &result->flows[i]);
		window->unsent_packets -= result->flows[i].packets + (back ? back->packets : 0);
		window->unsent_bytes -= result->flows[i].bytes + (back ? back->bytes : 0);
	}
}

static uint64_t hash_string(uint64_t hash, const char *string)
{
	return string ? stable_hash(hash, string, strlen(string) + 1) : hash;
}

/*
 * Two runs on one host are two exporting processes behind one address, to many collectors: what
 * they count makes their domains differ (RFC 7011, 3.1), and is the same when they start again.
 */
static uint32_t domain_of(const struct encoding *encoding)
{
	const struct document_context *context = encoding->context;
	uint64_t hash = hash_string(STABLE_HASH_START, context->host);

	hash = hash_string(hash, context->source_kind);
	if (context->source_name_count == 1)
		hash = hash_string(hash, context->source_names[0]);
	hash = hash_string(hash, context->direction);
	hash = hash_string(hash, context->filter);
	for (size_t i = 0; i < context->group->text_count; i++)
		hash = hash_string(hash, context->group->text[i]);
	hash ^= encoding->result->reverses != NULL;
	hash ^= hash >> 32;
	return (uint32_t)hash ? (uint32_t)hash : 1;
}

static void append_domain(struct text *text, const struct encoding *encoding)
{
	const struct {
		struct ipfix_unit unit;
		uint32_t domain;
	} whole = { { IPFIX_SET_DOMAIN, sizeof(whole.domain) }, domain_of(encoding) };

	text_bytes(text, (const char *)&whole, sizeof(whole));
}

static int ipfix_encode(struct text *text, const struct encoding *encoding)
{
	struct ipfix_window window = { .encoding = encoding };

	append_domain(text, encoding);
	for (int i = 0; i < IPFIX_LAYOUT_COUNT; i++) {
		ipfix_template_make(&window.templates[i], (enum ipfix_layout)i, encoding);
		ipfix_template_unit(text, &window.templates[i], (enum ipfix_layout)i);
	}
	append_flows(text, &window);
	append_account(text, &window);
	return text->err;
}

const struct encoder ipfix_encoder = {
	.name = "ipfix",
	.about = "IPFIX (RFC 7011)",
	.extra_sets = 1u << EXTRA_IP,
	.encode = ipfix_encode,
};
