/* SPDX-License-Identifier: BSD-2-Clause */
#include "ipfix_elements.h"

#include <arpa/inet.h>
#include <string.h>

#define ENTERPRISE_BIT 0x8000

#define ELEMENT(id, number, bytes, is_reverse) { number, bytes, is_reverse },
static const struct {
	uint16_t number;
	uint16_t bytes;
	bool is_reverse;
} elements[] = { IPFIX_ELEMENTS(ELEMENT) };

size_t ipfix_element_length(enum ipfix_element element)
{
	return elements[element].bytes;
}

static void add(struct ipfix_template *made, enum ipfix_element element, bool is_wanted)
{
	if (!is_wanted)
		return;
	made->elements[made->count++] = element;
	made->length += elements[element].bytes;
}

static void add_addresses(struct ipfix_template *made, bool is_ipv6, const struct group_by *group)
{
	bool src = group->field[GROUP_SRC], dst = group->field[GROUP_DST];

	if (is_ipv6) {
		add(made, IPFIX_SRC6, src);
		add(made, IPFIX_SRC6_PREFIX, src && group->src_prefix6 < 128);
		add(made, IPFIX_DST6, dst);
		add(made, IPFIX_DST6_PREFIX, dst && group->dst_prefix6 < 128);
		return;
	}
	add(made, IPFIX_SRC4, src);
	add(made, IPFIX_SRC4_PREFIX, src && group->src_prefix4 < 32);
	add(made, IPFIX_DST4, dst);
	add(made, IPFIX_DST4_PREFIX, dst && group->dst_prefix4 < 32);
}

static void add_ports(struct ipfix_template *made, enum ipfix_layout layout,
		      const struct group_by *group)
{
	bool src = group->field[GROUP_SRC_PORT], dst = group->field[GROUP_DST_PORT];
	bool is_icmp4 = layout == IPFIX_IPV4_ICMP, is_icmp6 = layout == IPFIX_IPV6_ICMP;
	bool is_icmp = is_icmp4 || is_icmp6;

	add(made, IPFIX_SRC_PORT, !is_icmp && src);
	add(made, IPFIX_DST_PORT, !is_icmp && dst);
	add(made, IPFIX_ICMP4, is_icmp4 && src && dst);
	add(made, IPFIX_ICMP4_TYPE, is_icmp4 && src && !dst);
	add(made, IPFIX_ICMP4_CODE, is_icmp4 && dst && !src);
	add(made, IPFIX_ICMP6, is_icmp6 && src && dst);
	add(made, IPFIX_ICMP6_TYPE, is_icmp6 && src && !dst);
	add(made, IPFIX_ICMP6_CODE, is_icmp6 && dst && !src);
	add(made, IPFIX_PROTO, group->field[GROUP_PROTO]);
	add(made, IPFIX_TCP_FLAGS, !is_icmp && group->field[GROUP_PROTO]);
}

static void add_place(struct ipfix_template *made, const struct encoding *encoding)
{
	const struct group_by *group = encoding->context->group;
	/* A capture's interfaces are of another machine, or another time. */
	bool is_live = encoding->context->direction;
	bool has_links = is_live && group->field[GROUP_INTERFACE] && encoding->context->link_names;

	add(made, IPFIX_VLAN, group->field[GROUP_VLAN]);
	add(made, IPFIX_INNER_VLAN, group->field[GROUP_INNER_VLAN]);
	add(made, IPFIX_INGRESS, has_links);
	add(made, IPFIX_EGRESS, has_links);
	add(made, IPFIX_DIRECTION, is_live && group->field[GROUP_DIRECTION]);
	add(made, IPFIX_END_REASON, true);
}

/* Octets are those of IP packets (IANA): who has none has only what the frames had. */
static bool has_octets(enum ipfix_layout layout, const struct encoding *encoding)
{
	return layout != IPFIX_OTHER && encoding->result->extra_sets & 1u << EXTRA_IP;
}

static void add_back(struct ipfix_template *made, enum ipfix_layout layout,
		     const struct encoding *encoding)
{
	bool has_flags = encoding->context->group->field[GROUP_PROTO];

	add(made, IPFIX_BIFLOW, true);
	add(made, IPFIX_BACK_START, true);
	add(made, IPFIX_BACK_END, true);
	add(made, IPFIX_BACK_PACKETS, true);
	add(made, IPFIX_BACK_BYTES, has_octets(layout, encoding));
	add(made, IPFIX_BACK_L2_BYTES, true);
	add(made, IPFIX_BACK_FLAGS, has_flags && (layout == IPFIX_IPV4 || layout == IPFIX_IPV6));
}

static void add_account(struct ipfix_template *made)
{
	add(made, IPFIX_DOMAIN, true); /* the scope */
	add(made, IPFIX_START, true);
	add(made, IPFIX_END, true);
	add(made, IPFIX_DROPPED, true);
	add(made, IPFIX_OBSERVED, true);
	add(made, IPFIX_SELECTED, true);
	add(made, IPFIX_PACKETS, true);
	add(made, IPFIX_L2_BYTES, true);
	add(made, IPFIX_IGNORED_PACKETS, true);
	add(made, IPFIX_IGNORED_BYTES, true);
	add(made, IPFIX_UNSENT_FLOWS, true);
	add(made, IPFIX_UNSENT_PACKETS, true);
	add(made, IPFIX_UNSENT_BYTES, true);
}

void ipfix_template_make(struct ipfix_template *made, enum ipfix_layout layout,
			 const struct encoding *encoding)
{
	const struct group_by *group = encoding->context->group;

	memset(made, 0, sizeof(*made));
	if (layout == IPFIX_ACCOUNT) {
		add_account(made);
		return;
	}
	add(made, IPFIX_START, true);
	add(made, IPFIX_END, true);
	add(made, IPFIX_PACKETS, true);
	add(made, IPFIX_BYTES, has_octets(layout, encoding));
	add(made, IPFIX_L2_BYTES, true);
	if (layout == IPFIX_OTHER) {
		add(made, IPFIX_ETHERTYPE, true);
	} else {
		add_addresses(made, layout == IPFIX_IPV6 || layout == IPFIX_IPV6_ICMP, group);
		add_ports(made, layout, group);
	}
	add_place(made, encoding);
	if (encoding->result->reverses)
		add_back(made, layout, encoding);
}

static char *put_16(char *out, uint16_t value)
{
	value = htons(value);
	memcpy(out, &value, sizeof(value));
	return out + sizeof(value);
}

void ipfix_template_unit(struct text *text, const struct ipfix_template *made,
			 enum ipfix_layout layout)
{
	bool is_options = layout == IPFIX_ACCOUNT;
	struct ipfix_unit unit = { is_options ? IPFIX_SET_OPTIONS : IPFIX_SET_TEMPLATES, 0 };
	char *start = text_reserve(text, sizeof(unit) + IPFIX_UNIT_MAX), *out;
	const uint32_t pen = htonl(IPFIX_REVERSE_PEN);

	if (!start)
		return;
	out = put_16(start + sizeof(unit), (uint16_t)(IPFIX_SET_FIRST + layout));
	out = put_16(out, (uint16_t)made->count);
	if (is_options)
		out = put_16(out, 1);
	for (size_t i = 0; i < made->count; i++) {
		enum ipfix_element element = made->elements[i];
		uint16_t enterprise = elements[element].is_reverse ? ENTERPRISE_BIT : 0;

		out = put_16(out, elements[element].number | enterprise);
		out = put_16(out, elements[element].bytes);
		if (enterprise) {
			memcpy(out, &pen, sizeof(pen));
			out += sizeof(pen);
		}
	}
	unit.length = (uint16_t)(out - start - (long)sizeof(unit));
	memcpy(start, &unit, sizeof(unit));
	text_commit(text, out);
}

_Static_assert(6 + IPFIX_ELEMENT_COUNT * 8 <= IPFIX_UNIT_MAX, "a template is a unit");
