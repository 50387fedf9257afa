/* SPDX-License-Identifier: BSD-2-Clause */
#include "group.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#define PREFIX4_MAX 32
#define PREFIX6_MAX 128
#define PREFIX_DIGITS_MAX 3

/* An IPv4 address is the end of its IPv4-mapped one, whose 96 bits before it are always kept. */
#define MAPPED_PREFIX 96

#define GROUP_AS_TEXT(id, name, ...) [GROUP_##id] = #name,
static const char *const field_names[] = { GROUP_FIELDS(GROUP_AS_TEXT) };

struct span {
	const char *start, *end;
};

static void whole_addresses(struct group_by *group)
{
	*group = (struct group_by){
		.src_prefix4 = PREFIX4_MAX, .src_prefix6 = PREFIX6_MAX,
		.dst_prefix4 = PREFIX4_MAX, .dst_prefix6 = PREFIX6_MAX,
	};
}

static int refuse(const char **reason, const char *why)
{
	*reason = why;
	return -EINVAL;
}

/* The field that is named so, or GROUP_FIELD_COUNT. */
static enum group_field field_named(struct span name)
{
	size_t i, len = (size_t)(name.end - name.start);

	for (i = 0; i < GROUP_FIELD_COUNT; i++) {
		if (strlen(field_names[i]) == len && !memcmp(field_names[i], name.start, len))
			break;
	}
	return (enum group_field)i;
}

static int prefix_parse(struct span digits, unsigned int max, unsigned char *prefix)
{
	unsigned int value = 0;

	if (digits.start == digits.end || digits.end - digits.start > PREFIX_DIGITS_MAX)
		return -EINVAL;
	for (const char *at = digits.start; at < digits.end; at++) {
		if (*at < '0' || *at > '9')
			return -EINVAL;
		value = value * 10 + (unsigned int)(*at - '0');
	}
	if (value > max)
		return -EINVAL;
	*prefix = (unsigned char)value;
	return 0;
}

/* The first of these characters in the span, or its end. */
static const char *span_find(struct span span, char wanted)
{
	const char *found = memchr(span.start, wanted, (size_t)(span.end - span.start));

	return found ? found : span.end;
}

/* "24" or "24:64", for the field that it follows. */
static int prefixes_parse(struct span text, enum group_field field, struct group_by *group,
			  const char **reason)
{
	const char *colon = span_find(text, ':');
	unsigned char *prefix4 = &group->src_prefix4, *prefix6 = &group->src_prefix6;
	int err;

	if (field != GROUP_SRC && field != GROUP_DST)
		return refuse(reason, "only src and dst have a prefix length");
	if (field == GROUP_DST) {
		prefix4 = &group->dst_prefix4;
		prefix6 = &group->dst_prefix6;
	}
	err = prefix_parse((struct span){ text.start, colon }, PREFIX4_MAX, prefix4);
	if (err)
		return refuse(reason, "the prefix length of IPv4 is 0 to 32: src/24");
	if (colon == text.end)
		return 0;
	err = prefix_parse((struct span){ colon + 1, text.end }, PREFIX6_MAX, prefix6);
	if (err)
		return refuse(reason, "the prefix length of IPv6 is 0 to 128: src/24:64");
	return 0;
}

static int field_parse(struct span text, struct group_by *group, const char **reason)
{
	const char *slash = span_find(text, '/');
	enum group_field field = field_named((struct span){ text.start, slash });
	char *copy;
	int err;

	if (field == GROUP_FIELD_COUNT)
		return refuse(reason, "the fields are:" GROUP_WORDS);
	if (group->field[field])
		return refuse(reason, "a field is named twice");
	if (slash < text.end) {
		err = prefixes_parse((struct span){ slash + 1, text.end }, field, group, reason);
		if (err)
			return err;
	}
	group->field[field] = true;
	copy = group->text[group->text_count++];
	memcpy(copy, text.start, (size_t)(text.end - text.start));
	return 0;
}

void group_by_init(struct group_by *group)
{
	whole_addresses(group);
	for (size_t i = 0; i < GROUP_OWN_COUNT; i++) {
		group->field[i] = true;
		memcpy(group->text[i], field_names[i], strlen(field_names[i]) + 1);
	}
	group->text_count = GROUP_OWN_COUNT;
}

void group_by_add(struct group_by *group, enum group_field field)
{
	char *text = group->text[group->text_count++];

	group->field[field] = true;
	memcpy(text, field_names[field], strlen(field_names[field]) + 1);
}

int group_by_parse(const char *text, struct group_by *group, const char **reason)
{
	struct group_by parsed;
	struct span rest = { text, text + strlen(text) };

	whole_addresses(&parsed);
	for (;;) {
		const char *comma = span_find(rest, ',');
		int err = field_parse((struct span){ rest.start, comma }, &parsed, reason);

		if (err)
			return err;
		if (comma == rest.end)
			break;
		rest.start = comma + 1;
	}
	*group = parsed;
	return 0;
}

bool group_by_is_full(const struct group_by *group)
{
	for (size_t i = 0; i < GROUP_OWN_COUNT; i++) {
		if (!group->field[i])
			return false;
	}
	return group->src_prefix4 == PREFIX4_MAX && group->src_prefix6 == PREFIX6_MAX &&
	       group->dst_prefix4 == PREFIX4_MAX && group->dst_prefix6 == PREFIX6_MAX;
}

bool group_by_reduces(const struct group_by *group, bool has_tunnels)
{
	return !group_by_is_full(group) || (has_tunnels && !group_by_keeps_tunnel(group));
}

bool group_by_keeps_all(const struct group_by *group)
{
	return group_by_is_full(group) && group->field[GROUP_PROCESS] &&
	       group->field[GROUP_CONTAINER];
}

static void keep_prefix(__be32 address[4], unsigned int bits)
{
	unsigned char *bytes = (unsigned char *)address;

	memset(bytes, 0xff, bits / 8);
	if (bits % 8)
		bytes[bits / 8] = (unsigned char)(0xff00 >> bits % 8);
}

static void keep_addresses(const struct group_by *group, struct group_masks *masks)
{
	struct flow_key *v4 = &masks->keep[GROUP_IPV4], *v6 = &masks->keep[GROUP_IPV6];

	if (group->field[GROUP_SRC]) {
		keep_prefix(v4->src, MAPPED_PREFIX + group->src_prefix4);
		keep_prefix(v6->src, group->src_prefix6);
	}
	if (group->field[GROUP_DST]) {
		keep_prefix(v4->dst, MAPPED_PREFIX + group->dst_prefix4);
		keep_prefix(v6->dst, group->dst_prefix6);
	}
}

/*
 * By owners or tunnels alone what is not IP, which has none, is one row with all else that has
 * none.
 */
static bool tells_ip(const bool *field)
{
	if (!field[GROUP_PROCESS] && !field[GROUP_CONTAINER] && !field[GROUP_TUNNEL] &&
	    !field[GROUP_TUNNEL_ID])
		return true;
	return field[GROUP_SRC] || field[GROUP_DST] || field[GROUP_SRC_PORT] ||
	       field[GROUP_DST_PORT] || field[GROUP_PROTO] || field[GROUP_SERVICE];
}

/*
 * What does not depend on the family. FLOW_IPV6 comes with the addresses: a real IPv6
 * ::ffff:1.2.3.4 is not the IPv4 address that is written so; without addresses the family is in
 * no column, and two rows would look the same.
 */
static void keep_fields(const bool *field, struct flow_key *keep)
{
#define GROUP_AS_KEY(id, name, kind, ...) [GROUP_##id] = { { { __VA_ARGS__ } } },
	static const struct flow_key keys[] = { GROUP_FIELDS(GROUP_AS_KEY) };

	keep->flags |= tells_ip(field) ? FLOW_IP : 0;
	for (size_t i = 0; i < GROUP_FIELD_COUNT; i++) {
		for (size_t word = 0; field[i] && word < FLOW_KEY_WORDS; word++)
			keep->words[word] |= keys[i].words[word];
	}
}

enum service_place service_place_of(const struct group_by *group)
{
	if (!group->field[GROUP_SERVICE])
		return SERVICE_NOWHERE;
	if (!group->field[GROUP_DST_PORT])
		return SERVICE_AT_DST;
	return group->field[GROUP_SRC_PORT] ? SERVICE_BY_PORTS : SERVICE_AT_SRC;
}

static void keep_service(const struct group_by *group, struct flow_key *keep)
{
	if (service_place_of(group) == SERVICE_AT_DST)
		keep->dst_port = UINT16_MAX;
	else if (service_place_of(group) == SERVICE_AT_SRC)
		keep->src_port = UINT16_MAX;
}

void group_masks_make(const struct group_by *group, struct group_masks *masks)
{
	struct flow_key icmp;

	memset(masks, 0, sizeof(*masks));
	keep_addresses(group, masks);
	for (size_t i = 0; i < GROUP_FAMILY_COUNT; i++)
		keep_fields(group->field, &masks->keep[i]);
	keep_service(group, &masks->keep[GROUP_IPV4]);
	keep_service(group, &masks->keep[GROUP_IPV6]);
	/* A non-IP flow has its protocol, the EtherType, in place of the source port. */
	masks->keep[GROUP_NON_IP].src_port = group->field[GROUP_PROTO] ? UINT16_MAX : 0;

	/* Without the protocol, type 8 would look like port 2048. */
	memset(&icmp, 0xff, sizeof(icmp));
	if (!group->field[GROUP_PROTO])
		icmp.src_port = icmp.dst_port = 0;
	masks->keep_icmp = icmp.words[4];
}

void group_masks_make_with_place(const struct group_by *group, struct group_masks *masks)
{
	struct group_by with_place = *group;

	with_place.field[GROUP_DIRECTION] = with_place.field[GROUP_INTERFACE] = true;
	group_masks_make(&with_place, masks);
}

bool group_by_has_place(const struct group_by *group)
{
	return group->field[GROUP_DIRECTION] && group->field[GROUP_INTERFACE];
}
