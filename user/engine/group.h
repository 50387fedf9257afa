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

#define GROUP_FIELDS(X)                       \
	X(GROUP_SRC,        "src")            \
	X(GROUP_DST,        "dst")            \
	X(GROUP_SRC_PORT,   "src_port")       \
	X(GROUP_DST_PORT,   "dst_port")       \
	X(GROUP_PROTO,      "proto")          \
	X(GROUP_VLAN,       "vlan")           \
	X(GROUP_INNER_VLAN, "inner_vlan")     \
	X(GROUP_DIRECTION,  "direction")      \
	X(GROUP_INTERFACE,  "interface")

#define GROUP_AS_ENUM(id, text) id,
enum group_field { GROUP_FIELDS(GROUP_AS_ENUM) GROUP_FIELD_COUNT };

struct group_by {
	bool field[GROUP_FIELD_COUNT];
	/* Prefix lengths of src and dst: 32 and 128 where the text gives none. */
	unsigned char src_prefix4, src_prefix6, dst_prefix4, dst_prefix6;
	/* As the user wrote them ("src/24:64"), in the user's order, for the document. */
	char text[GROUP_FIELD_COUNT][24];
	size_t text_count;
};

/* All fields, whole addresses, in the order of GROUP_FIELDS. */
void group_by_init(struct group_by *group);

/*
 * Parses a comma-separated list; src/24 takes 24 for IPv4 and 128 for IPv6, src/24:64 both.
 * An unknown field, one named twice or a prefix out of range: -EINVAL, *reason static text.
 */
int group_by_parse(const char *text, struct group_by *group, const char **reason);

/* True where nothing is reduced: no mask is needed. */
bool group_by_is_full(const struct group_by *group);

/* What flow_key_reduce keeps of a key to reduce it to this group. */
void group_masks_make(const struct group_by *group, struct group_masks *masks);

/* The same with link and direction besides, by which the kernel counts whatever is asked for. */
void group_masks_make_with_place(const struct group_by *group, struct group_masks *masks);

/* Whether the group has both of these: then there is nothing to drop after draining. */
bool group_by_has_place(const struct group_by *group);

#endif
