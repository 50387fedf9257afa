/* SPDX-License-Identifier: BSD-2-Clause */
#include "grouping.h"

#include <stdio.h>
#include <string.h>

#define GROUPING_NAME(id, name, sides, fields)   [id] = (name),
#define GROUPING_SIDES(id, name, sides, fields)  [id] = (sides),
#define GROUPING_FIELDS(id, name, sides, fields) [id] = (fields),
static const char *const names[] = { GROUPINGS(GROUPING_NAME) };
static const enum sides sides_of[] = { GROUPINGS(GROUPING_SIDES) };
static const char *const fields_of[] = { GROUPINGS(GROUPING_FIELDS) };

const char *grouping_name(enum grouping grouping)
{
	return names[grouping];
}

bool grouping_has_ends(enum grouping grouping)
{
	return grouping == GROUPING_CONVERSATIONS || grouping == GROUPING_FLOWS;
}

static bool is_extra(int field)
{
	return field == GROUP_VLAN || field == GROUP_INNER_VLAN || field == GROUP_INTERFACE;
}

/* The row's own fields, then what rows are told apart by beside these, where flows are. */
static void group_of(enum grouping grouping, const struct group_by *base, struct group_by *group)
{
	const char *reason;
	char fields[128];

	*group = *base;
	if (grouping == GROUPING_FLOWS)
		return;
	snprintf(fields, sizeof(fields), "%s%s%s%s%s%s", fields_of[grouping],
		 grouping != GROUPING_CONVERSATIONS || !base->field[GROUP_VLAN] ? "" : ",vlan",
		 grouping != GROUPING_CONVERSATIONS || !base->field[GROUP_INNER_VLAN] ? "" :
		 ",inner_vlan", base->field[GROUP_INTERFACE] ? ",interface" : "",
		 grouping != GROUPING_CONVERSATIONS || !base->field[GROUP_PROCESS] ? "" : ",process",
		 grouping != GROUPING_CONVERSATIONS || !base->field[GROUP_CONTAINER] ? "" :
		 ",container");
	group_by_parse(fields + (*fields == ','), group, &reason);
}

/* Fields of flows that decide a row's key: a host is src or dst, a service either port. */
static bool needs(enum grouping grouping, const struct group_by *group, int field)
{
	switch (grouping) {
	case GROUPING_HOSTS:
	case GROUPING_NETWORKS:
		return field == GROUP_SRC || field == GROUP_DST;
	case GROUPING_SERVICES:
		return field == GROUP_SRC || field == GROUP_DST || field == GROUP_SRC_PORT ||
		       field == GROUP_DST_PORT || field == GROUP_PROTO;
	case GROUPING_INTERFACES:
		return field == GROUP_INTERFACE;
	default:
		return group->field[field] && !is_extra(field);
	}
}

bool grouping_is_possible(enum grouping grouping, const struct group_by *base)
{
	unsigned char prefix4 = 0, prefix6 = 0;
	struct group_by group;

	if (grouping == GROUPING_FLOWS)
		return true;
	group_of(grouping, base, &group);
	for (int i = 0; i < GROUP_FIELD_COUNT; i++) {
		if (needs(grouping, &group, i) && !base->field[i])
			return false;
	}
	if (group.field[GROUP_SRC]) {
		prefix4 = group.src_prefix4;
		prefix6 = group.src_prefix6;
	}
	return base->src_prefix4 >= prefix4 && base->src_prefix6 >= prefix6 &&
	       base->dst_prefix4 >= prefix4 && base->dst_prefix6 >= prefix6;
}

void grouper_init(struct grouper *grouper, const struct grouper_config *config)
{
	grouper->grouping = config->grouping;
	grouper->direction = config->direction;
	grouper->sides = sides_of[config->grouping];
	if (grouper->sides == SIDES_DIRECTIONS && !config->has_directions)
		grouper->sides = SIDES_ONE;
	group_of(config->grouping, config->base, &grouper->group);
	group_masks_make(&grouper->group, &grouper->masks);
}

static bool direction_counts(const struct grouper *grouper, const struct flow_key *key)
{
	bool is_out = key->flags & FLOW_OUT;

	return grouper->direction == DIRECTION_BOTH ||
	       is_out == (grouper->direction == DIRECTION_OUT);
}

static void put_half(struct flow_key *key, enum half half)
{
	key->flags &= (__u8)~FLOW_OUT;
	if (half == HALF_REVERSE)
		key->flags |= FLOW_OUT;
}

/* A frame without addresses has no host at either end. */
static size_t place_ends(const struct grouper *grouper, struct flow_key places[PLACES_MAX])
{
	places[1] = places[0];
	memcpy(places[1].src, places[0].dst, sizeof(places[1].src));
	for (size_t i = 0; i < PLACES_MAX; i++) {
		flow_key_reduce(&places[i], &grouper->masks);
		put_half(&places[i], i ? HALF_REVERSE : HALF_FORWARD);
	}
	return places[0].flags & FLOW_IP ? 2 : 1;
}

size_t grouper_place(const struct grouper *grouper, const struct flow_key *key, __u8 marks,
		     struct flow_key places[PLACES_MAX])
{
	enum half half = HALF_FORWARD;

	if (!direction_counts(grouper, key))
		return 0;
	places[0] = *key;
	if (grouper->grouping == GROUPING_FLOWS)
		return 1;
	if (grouper->sides == SIDES_SENT)
		return place_ends(grouper, places);
	if (grouper->sides == SIDES_ARROWS)
		half = conversation_orient(&places[0], marks);
	else if (grouper->sides == SIDES_DIRECTIONS && key->flags & FLOW_OUT)
		half = HALF_REVERSE;
	if (grouper->grouping == GROUPING_SERVICES && places[0].flags & FLOW_IP)
		places[0].dst_port = conversation_service(&places[0], marks);
	flow_key_reduce(&places[0], &grouper->masks);
	put_half(&places[0], half);
	return 1;
}

enum half grouper_take_half(const struct grouper *grouper, struct flow_key *key)
{
	enum half half = key->flags & FLOW_OUT ? HALF_REVERSE : HALF_FORWARD;

	if (grouper->grouping == GROUPING_FLOWS)
		return HALF_FORWARD;
	put_half(key, HALF_FORWARD);
	return half;
}
