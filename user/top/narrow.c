/* SPDX-License-Identifier: BSD-2-Clause */
#include "narrow.h"

#include <errno.h>
#include <netinet/in.h>
#include <pcap/dlt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../filter/filter.h"
#include "../text/address.h"

/* An expression in the making. */
struct expression {
	char *text;
	size_t length;
};

static void put(struct expression *out, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void put(struct expression *out, const char *format, ...)
{
	size_t room = NARROW_FILTER_MAX - out->length;
	va_list arguments;
	int more;

	va_start(arguments, format);
	more = vsnprintf(out->text + out->length, room, format, arguments);
	va_end(arguments);
	out->length += more > 0 && (size_t)more < room ? (size_t)more : 0;
}

static void put_and(struct expression *out)
{
	if (out->length)
		put(out, " and ");
}

/* way: "src ", "dst ", or "" for either. A name of the family keeps ARP out. */
static void put_end(struct expression *out, const struct flow_key *key, const char *way,
		    const __be32 *address, unsigned int prefix)
{
	bool is_ipv6 = key->flags & FLOW_IPV6;
	const uint8_t *bytes = (const uint8_t *)address;
	unsigned int whole = is_ipv6 ? 128 : 32;
	char text[PUT_IPV6_MAX + 1];

	*(is_ipv6 ? put_ipv6(text, bytes) : put_ipv4(text, bytes + 12)) = '\0';
	put_and(out);
	put(out, "%s %s%s %s", is_ipv6 ? "ip6" : "ip", way, prefix < whole ? "net" : "host", text);
	if (prefix < whole)
		put(out, "/%u", prefix);
}

/* The word of a protocol that has ports in the filter's language, else NULL. */
static const char *word_of_ports(const struct flow_key *key)
{
	switch (key->ip_proto) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_SCTP:
		return "sctp";
	default:
		return NULL;
	}
}

static bool put_proto(struct expression *out, const struct flow_key *key)
{
	unsigned int ethertype = ntohs(key->src_port);

	put_and(out);
	if (!(key->flags & FLOW_IP) && ethertype == FLOW_ETHERTYPE_LLC)
		return false;
	if (!(key->flags & FLOW_IP))
		put(out, "ether proto 0x%04x", ethertype);
	else if (word_of_ports(key))
		put(out, "%s", word_of_ports(key));
	else
		put(out, "(ip proto %u or ip6 proto %u)", key->ip_proto, key->ip_proto);
	return true;
}

static void put_port(struct expression *out, const struct flow_key *key, const char *way,
		     __be16 port)
{
	if (!port || !word_of_ports(key) || key->flags & FLOW_NO_PORTS)
		return;
	put_and(out);
	put(out, "%s %sport %u", word_of_ports(key), way, ntohs(port));
}

/* Each tag shifts where what follows looks. */
static void put_tag(struct expression *out, uint16_t tag)
{
	if (!(tag & VLAN_TAG_PRESENT))
		return;
	put_and(out);
	put(out, "vlan %u", tag & VLAN_TAG_ID);
}

static bool ports_tell_proto(const struct group_by *group, const struct flow_key *key)
{
	bool has_port = (group->field[GROUP_SRC_PORT] && key->src_port) ||
			(group->field[GROUP_DST_PORT] && key->dst_port);

	return has_port && key->flags & FLOW_IP && word_of_ports(key) &&
	       !(key->flags & FLOW_NO_PORTS);
}

static bool put_flow(struct expression *out, const struct grouper *grouper,
		     const struct flow_key *key)
{
	const struct group_by *group = &grouper->group;
	bool is_ipv6 = key->flags & FLOW_IPV6, is_one_way = grouper->sides == SIDES_ONE;
	bool is_told = true;

	put_tag(out, key->vlan);
	put_tag(out, key->inner_vlan);
	if (group->field[GROUP_PROTO] && !ports_tell_proto(group, key))
		is_told = put_proto(out, key);
	if (!(key->flags & FLOW_IP))
		return is_told;
	if (group->field[GROUP_SRC])
		put_end(out, key, is_one_way ? "src " : "", key->src,
			is_ipv6 ? group->src_prefix6 : group->src_prefix4);
	if (group->field[GROUP_DST])
		put_end(out, key, is_one_way ? "dst " : "", key->dst,
			is_ipv6 ? group->dst_prefix6 : group->dst_prefix4);
	if (group->field[GROUP_SRC_PORT])
		put_port(out, key, is_one_way ? "src " : "", key->src_port);
	if (group->field[GROUP_DST_PORT])
		put_port(out, key, is_one_way ? "dst " : "", key->dst_port);
	return is_told;
}

/* What has no service is told by its protocol, as it is on the screen. */
static bool put_service(struct expression *out, const struct flow_key *key)
{
	if (key->dst_port && key->flags & FLOW_IP && word_of_ports(key)) {
		put_port(out, key, "", key->dst_port);
		return true;
	}
	return put_proto(out, key);
}

static bool put_row(struct expression *out, const struct grouper *grouper,
		    const struct flow_key *key)
{
	bool is_ipv6 = key->flags & FLOW_IPV6;

	switch (grouper->grouping) {
	case GROUPING_HOSTS:
	case GROUPING_NETWORKS:
		if (!(key->flags & FLOW_IP))
			return false;
		put_end(out, key, "", key->src, is_ipv6 ? grouper->group.src_prefix6 :
							  grouper->group.src_prefix4);
		return true;
	case GROUPING_SERVICES:
		return put_service(out, key);
	case GROUPING_PROTOCOLS:
		return put_proto(out, key);
	case GROUPING_INTERFACES:
	case GROUPING_PROCESSES:
	case GROUPING_CONTAINERS:
		return false;
	default:
		return put_flow(out, grouper, key);
	}
}

bool narrow_expression(const struct grouper *grouper, const struct flow_key *row,
		       char text[NARROW_FILTER_MAX])
{
	struct expression out = { .text = text };

	*text = '\0';
	return put_row(&out, grouper, row) && out.length;
}

/* What libpcap does not take is not begun with. */
static bool is_filter(const char *expression)
{
	const struct filter_link link = { .type = DLT_EN10MB };
	struct filter_error error;
	struct filter *filter;

	if (filter_compile(expression, &link, &filter, &error))
		return false;
	filter_close(filter);
	return true;
}

static bool has_tags(const struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->pane_count; i++) {
		const struct pane_flows *pane = snapshot->panes[i];

		for (size_t flow = 0; flow < pane->count; flow++) {
			if (pane->flows[flow].vlan & VLAN_TAG_PRESENT)
				return true;
		}
	}
	return false;
}

static void step_fini(struct narrow_step *step)
{
	free(step->plain);
	free(step->filter);
}

/* Copies of these. 0 or -ENOMEM. */
static int step_init(struct narrow_step *step, const char *plain, const char *filter)
{
	*step = (struct narrow_step){ .plain = plain ? strdup(plain) : NULL,
				      .filter = filter ? strdup(filter) : NULL };
	if ((step->plain || !plain) && (step->filter || !filter))
		return 0;
	step_fini(step);
	return -ENOMEM;
}

int narrowing_init(struct narrowing *narrowing, const char *filter)
{
	*narrowing = (struct narrowing){ .count = 1 };
	return step_init(&narrowing->steps[0], filter, filter);
}

void narrowing_fini(struct narrowing *narrowing)
{
	for (size_t i = 0; i < narrowing->count; i++)
		step_fini(&narrowing->steps[i]);
}

const struct narrow_step *narrowing_step(const struct narrowing *narrowing)
{
	return &narrowing->steps[narrowing->count - 1];
}

static void keep_choices(struct narrowing *narrowing, const struct view *view)
{
	narrowing->unit = view->unit;
	narrowing->shows_names = view->shows_names;
	narrowing->is_wanted = narrowing->has_choices = true;
}

/* What is found of the row within what is looked at; false where it is too long. */
static bool put_within(const struct narrowing *narrowing, const char *own,
		       char plain[NARROW_FILTER_MAX])
{
	const char *before = narrowing_step(narrowing)->plain;
	int length;

	if (before)
		length = snprintf(plain, NARROW_FILTER_MAX, "(%s) and %s", before, own);
	else
		length = snprintf(plain, NARROW_FILTER_MAX, "%s", own);
	return length < NARROW_FILTER_MAX;
}

/* "vlan" changes what all words behind it look at: it comes last, with all of them again. */
static void put_with_tags(const struct view *view, const char *plain,
			  char filter[2 * NARROW_FILTER_MAX + 16])
{
	if (has_tags(view->snapshot) && !strstr(plain, "vlan"))
		sprintf(filter, "(%s) or (vlan and %s)", plain, plain);
	else
		strcpy(filter, plain);
}

const char *narrowing_into(struct narrowing *narrowing, const struct view *view)
{
	const struct row *row = view_selected_row(view);
	struct narrow_step *now = &narrowing->steps[narrowing->count - 1];
	char own[NARROW_FILTER_MAX], plain[NARROW_FILTER_MAX], filter[2 * NARROW_FILTER_MAX + 16];

	if (!row)
		return "there is no row";
	if (narrowing->count == NARROW_STEPS_MAX)
		return "that is narrow enough: F goes back";
	if (!narrow_expression(&view->snapshot->grouper, &row->key, own) ||
	    !put_within(narrowing, own, plain))
		return "no filter tells what this row is";
	put_with_tags(view, plain, filter);
	if (!is_filter(filter))
		return "no filter tells what this row is";
	if (step_init(&narrowing->steps[narrowing->count], plain, filter))
		return "out of memory";
	now->wish = view->wish;
	now->sort_column = view->sort_column;
	narrowing->count++;
	now[1].wish = view->wish;
	if (grouping_is_possible(GROUPING_CONVERSATIONS, view->document->group))
		now[1].wish.grouping = GROUPING_CONVERSATIONS;
	now[1].sort_column = COVER_SHORT;
	keep_choices(narrowing, view);
	return NULL;
}

const char *narrowing_back(struct narrowing *narrowing, const struct view *view)
{
	if (narrowing->count == 1)
		return "this is all that was asked for";
	step_fini(&narrowing->steps[--narrowing->count]);
	keep_choices(narrowing, view);
	return NULL;
}
