/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The group-by: which fields make up a flow, and the mask that reduces a key to them. The mask
 * is applied where a packet is counted (include/group.h), so that a coarse grouping needs a
 * small table.
 */
#ifndef WEIR_GROUP_H
#define WEIR_GROUP_H

#include <stdbool.h>
#include <stddef.h>

#include "../../include/group.h"

/*
 * The one list of key fields, in the order of documents and columns: X(id, name, kind, what of a
 * key the field is, as designators of struct flow_key). Group words, the help, the completion,
 * masks, columns and the members of documents come from it. Kinds, by how a value is told:
 *   ADDRESS   text, of which a prefix may be kept; of IP only
 *   PORT      a number, or ICMP's type or code; of IP only
 *   PROTOCOL  its name, and in documents its number beside it
 *   PROCESS   its name and pid: an object in documents
 *   NUMBER, WORD, NAME (of any length, from outside): null where there is none
 *
 * A new field: its bits in struct flow_key (include/flow.h), set where a packet is parsed
 * (include/parse.h), a line here, its value as text in outputs/flow_put.h (put_NAME, or
 * name_of_NAME), a word in the manual. Tests: test_group_random.c has what it keeps.
 */
#define GROUP_FIELDS(X)                                                                      \
	X(SRC,        src,        ADDRESS,  .flags = FLOW_IPV6)                              \
	X(DST,        dst,        ADDRESS,  .flags = FLOW_IPV6)                              \
	X(SRC_PORT,   src_port,   PORT,     .src_port = 0xffff, .flags = FLOW_NO_PORTS)      \
	X(DST_PORT,   dst_port,   PORT,     .dst_port = 0xffff, .flags = FLOW_NO_PORTS)      \
	X(PROTO,      proto,      PROTOCOL, .ip_proto = 0xff)                                \
	X(VLAN,       vlan,       NUMBER,   .vlan = VLAN_TAG_PRESENT | VLAN_TAG_ID)          \
	X(INNER_VLAN, inner_vlan, NUMBER,   .inner_vlan = VLAN_TAG_PRESENT | VLAN_TAG_ID)    \
	X(DIRECTION,  direction,  WORD,     .flags = FLOW_OUT, .vlan = FLOW_DIRECTION_TOLD)  \
	X(INTERFACE,  interface,  NAME,     .flags = FLOW_LINK_FLAGS, .vlan = FLOW_LINK_VLAN, \
					    .inner_vlan = FLOW_LINK_INNER_VLAN)          \
	X(SERVICE,    service,    WORD,     .ip_proto = 0xff)                                \
	X(PROCESS,    process,    PROCESS,  .process = 0xffffffff, .container = FLOW_OWNER_NAME) \
	X(CONTAINER,  container,  NAME,     .container = FLOW_OWNER_CONTAINER)               \
	X(TUNNEL,     tunnel,     WORD,     .tunnel = TUNNEL_KIND)                           \
	X(TUNNEL_ID,  tunnel_id,  NUMBER,   .tunnel = TUNNEL_NUMBER | TUNNEL_HAS_NUMBER)

#define GROUP_AS_ENUM(id, name, ...) GROUP_##id,
enum group_field { GROUP_FIELDS(GROUP_AS_ENUM) GROUP_FIELD_COUNT };

/* Those before are every packet's own; from here on fields are there where they are asked for. */
#define GROUP_OWN_COUNT GROUP_SERVICE

#define GROUP_AS_WORD(id, name, ...) " " #name
#define GROUP_WORDS GROUP_FIELDS(GROUP_AS_WORD)

struct group_by {
	bool field[GROUP_FIELD_COUNT];
	/* Prefix lengths of src and dst: 32 and 128 where the text gives none. */
	unsigned char src_prefix4, src_prefix6, dst_prefix4, dst_prefix6;
	/* As the user wrote them ("src/24:64"), in the user's order, for the document. */
	char text[GROUP_FIELD_COUNT][24];
	size_t text_count;
};

/* All of the packet's own fields, whole addresses, in the order of GROUP_FIELDS. */
void group_by_init(struct group_by *group);

/*
 * Parses a comma-separated list; src/24 takes 24 for IPv4 and 128 for IPv6, src/24:64 both.
 * An unknown field, one named twice or a prefix out of range: -EINVAL, *reason static text.
 */
int group_by_parse(const char *text, struct group_by *group, const char **reason);

/* Adds a field that it does not have, as the last one. */
void group_by_add(struct group_by *group, enum group_field field);

/* Whether it has the owner of a flow, or a part of that. */
static inline bool group_by_has_owner(const struct group_by *group)
{
	return group->field[GROUP_PROCESS] || group->field[GROUP_CONTAINER];
}

static inline bool group_by_has_tunnel(const struct group_by *group)
{
	return group->field[GROUP_TUNNEL] || group->field[GROUP_TUNNEL_ID];
}

static inline bool group_by_keeps_tunnel(const struct group_by *group)
{
	return group->field[GROUP_TUNNEL] && group->field[GROUP_TUNNEL_ID];
}

/* Of owners and of the packet's own fields all. */
bool group_by_keeps_all(const struct group_by *group);

/* True where nothing of the packet's own is reduced. */
bool group_by_is_full(const struct group_by *group);

/* Whether it keeps less of a key than there is as it is counted: then a mask is needed. */
bool group_by_reduces(const struct group_by *group, bool has_tunnels);

/* Where in a row's key its service lies: it takes the room of a port that the group leaves out. */
enum service_place {
	SERVICE_NOWHERE, /* not in the group-by */
	SERVICE_AT_DST,
	SERVICE_AT_SRC,
	SERVICE_BY_PORTS, /* rows have both ports, and their marks tell which of them it is */
};

enum service_place service_place_of(const struct group_by *group);

/*
 * What flow_key_reduce keeps of a key to reduce it to this group; with the service, of a key in
 * which it has its place (service.h).
 */
void group_masks_make(const struct group_by *group, struct group_masks *masks);

/* The same with link and direction besides, by which the kernel counts whatever is asked for. */
void group_masks_make_with_place(const struct group_by *group, struct group_masks *masks);

/* Whether the group has both of these: then there is nothing to drop after draining. */
bool group_by_has_place(const struct group_by *group);

#endif
