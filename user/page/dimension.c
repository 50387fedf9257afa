/* SPDX-License-Identifier: BSD-2-Clause */
#include "dimension.h"

#include "../engine/conversation.h"

#define FAMILY (FLOW_IP | FLOW_IPV6)

unsigned int dimensions_told(const struct document_context *context)
{
	const struct group_by *group = context->group;
	const bool *has = group->field;
	bool has_service = has[GROUP_SERVICE] ||
			   (has[GROUP_SRC_PORT] && has[GROUP_DST_PORT] && has[GROUP_PROTO]);
	unsigned int told = 0;

	if (has[GROUP_SRC] && has[GROUP_DST])
		told |= 1u << DIMENSION_CONVERSATION;
	else
		told |= 1u << DIMENSION_GROUP;
	if (has_service)
		told |= 1u << DIMENSION_SERVICE;
	if (has[GROUP_SRC])
		told |= 1u << DIMENSION_SENDER;
	if (has[GROUP_DST])
		told |= 1u << DIMENSION_RECEIVER;
	if (has[GROUP_PROCESS])
		told |= 1u << DIMENSION_PROCESS;
	if (has[GROUP_CONTAINER])
		told |= 1u << DIMENSION_CONTAINER;
	if (has[GROUP_TUNNEL] || has[GROUP_TUNNEL_ID])
		told |= 1u << DIMENSION_TUNNEL;
	if (has[GROUP_INTERFACE] && context->link_names)
		told |= 1u << DIMENSION_INTERFACE;
	return told;
}

static bool has_service(const struct group_by *group)
{
	return group->field[GROUP_SERVICE] ||
	       (group->field[GROUP_SRC_PORT] && group->field[GROUP_DST_PORT] &&
		group->field[GROUP_PROTO]);
}

/* Of a row, where its ports and marks tell it; also of a group-by that does not name it. */
static __be16 service_of(const struct flow_view *view)
{
	const struct group_by *group = view->context->group;
	const struct flow_result *row = view->flow;

	if (!(row->key.flags & FLOW_IP) || !has_service(group) || row->key.flags & FLOW_NO_PORTS)
		return 0;
	if (group->field[GROUP_SERVICE])
		return service_of_row(group, view->result, row);
	if (view->result->reverses)
		return conversation_service(
			&row->key,
			row->marks | view->result->reverses[row - view->result->flows].marks);
	return service_of_flow(&row->key, row->marks);
}

/* What takes a look at more than the key: who called whom, for what. */
struct call {
	bool is_turned;   /* who called is the key's destination */
	__be16 service;
};

/* Whose service it is, its protocol, or an EtherType: what is left of a key but its addresses. */
static __always_inline void keep_service(struct flow_key *key, const struct flow_key *from,
					 const struct call *call)
{
	key->flags = from->flags & FAMILY;
	key->ip_proto = from->ip_proto;
	if (key->flags & FLOW_IP)
		key->dst_port = call->service;
	else
		key->src_port = from->src_port;
}

static __always_inline void keep_address(__be32 to[4], const __be32 from[4])
{
	memcpy(to, from, 4 * sizeof(*to));
}

static bool is_turned(const struct flow_view *view)
{
	const struct group_by *group = view->context->group;
	struct flow_key oriented = view->flow->key;

	if (view->result->reverses || group->src_prefix4 != group->dst_prefix4 ||
	    group->src_prefix6 != group->dst_prefix6 || !(oriented.flags & FLOW_IP))
		return false;
	return conversation_orient(&oriented, view->flow->marks) == HALF_REVERSE;
}

#define DIMENSIONS_OF_CALLS (1u << DIMENSION_CONVERSATION | 1u << DIMENSION_SERVICE)

static struct call call_of(const struct flow_view *view)
{
	return (struct call){ is_turned(view), service_of(view) };
}

static __always_inline void keep_ends(struct flow_key *key, const struct flow_key *from, bool turned)
{
	keep_address(key->src, turned ? from->dst : from->src);
	keep_address(key->dst, turned ? from->src : from->dst);
}

static __always_inline void keep_link(struct flow_key *key, const struct flow_key *from)
{
	key->flags = from->flags & FLOW_LINK_FLAGS;
	key->vlan = from->vlan & FLOW_LINK_VLAN;
	key->inner_vlan = from->inner_vlan & FLOW_LINK_INNER_VLAN;
}

/* What is no IP has no address: its EtherType stands for the host. */
static __always_inline void keep_host(struct flow_key *key, const struct flow_key *from, bool is_src)
{
	key->flags = from->flags & FAMILY;
	keep_address(key->src, is_src ? from->src : from->dst);
	if (!(key->flags & FLOW_IP))
		key->src_port = from->src_port;
}

static struct heavy_amount amount_of(const struct flow_result *way, enum heavy_way told_as)
{
	return (struct heavy_amount){ told_as, way->bytes, way->packets };
}

/* To whom the way of a row belongs in this dimension. */
static __always_inline struct dimension_part part_of(enum dimension dimension,
						     const struct flow_key *from,
						     const struct flow_result *way, bool is_back,
						     const struct call *call)
{
	struct dimension_part part = { .amount = amount_of(way, is_back ? HEAVY_BACK :
								      HEAVY_THERE) };

	switch (dimension) {
	case DIMENSION_CONVERSATION:
	case DIMENSION_SERVICE:
		keep_service(&part.key, from, call);
		if (dimension == DIMENSION_CONVERSATION)
			keep_ends(&part.key, from, call->is_turned);
		else
			part.key.flags &= (__u8)~FLOW_IPV6;
		part.amount.way = call->is_turned != is_back ? HEAVY_BACK : HEAVY_THERE;
		break;
	case DIMENSION_SENDER:
	case DIMENSION_RECEIVER:
		keep_host(&part.key, from, (dimension == DIMENSION_SENDER) != is_back);
		part.amount.way = HEAVY_THERE;
		break;
	case DIMENSION_PROCESS:
		part.key.process = from->process;
		part.key.container = from->container & FLOW_OWNER_NAME;
		break;
	case DIMENSION_CONTAINER:
		part.key.container = from->container & FLOW_OWNER_CONTAINER;
		break;
	case DIMENSION_TUNNEL:
		part.key.tunnel = from->tunnel;
		break;
	case DIMENSION_INTERFACE:
		keep_link(&part.key, from);
		break;
	default:
		part.key = *from;
	}
	return part;
}

size_t dimension_parts(enum dimension dimension, const struct flow_view *view,
		       struct dimension_part parts[HEAVY_WAYS])
{
	const struct flow_result *reverse = flow_reverse(view->result, view->flow);
	const struct flow_key *key = &view->flow->key;
	struct call call = { 0 };

	if (DIMENSIONS_OF_CALLS & 1u << dimension)
		call = call_of(view);
	parts[0] = part_of(dimension, key, view->flow, false, &call);
	if (!reverse)
		return 1;
	parts[1] = part_of(dimension, key, reverse, true, &call);
	return 2;
}

/* A copy of the code for each dimension: most of its keys is known to be 0. */
static __always_inline void hashes_of_way(uint32_t *hashes, unsigned int told,
					  const struct flow_view *view,
					  const struct flow_result *way, bool is_back,
					  const struct hash_seed *seed)
{
	const struct flow_key *key = &view->flow->key;
	struct call call = { 0 };

	if (told & DIMENSIONS_OF_CALLS)
		call = call_of(view);
#define HASH_OF_PART(id, name, title, about)                                                    \
	if (told & 1u << DIMENSION_##id) {                                                      \
		const struct dimension_part part = part_of(DIMENSION_##id, key, way, is_back, &call); \
												\
		hashes[DIMENSION_##id] = heavy_hash(&part.key, seed);                           \
	}
	DIMENSIONS(HASH_OF_PART)
}

size_t dimension_hashes(unsigned int told, const struct flow_view *view,
			const struct hash_seed *seed, uint32_t hashes[HEAVY_WAYS][DIMENSION_COUNT])
{
	const struct flow_result *reverse = flow_reverse(view->result, view->flow);

	hashes_of_way(hashes[0], told, view, view->flow, false, seed);
	if (!reverse)
		return 1;
	hashes_of_way(hashes[1], told, view, reverse, true, seed);
	return 2;
}
