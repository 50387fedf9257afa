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

/* Whose service it is, its protocol, or an EtherType: what is left of a key but its addresses. */
static void keep_service(struct flow_key *key, const struct flow_view *view)
{
	const struct flow_key *from = &view->flow->key;

	key->flags = from->flags & FAMILY;
	key->ip_proto = from->ip_proto;
	if (key->flags & FLOW_IP)
		key->dst_port = service_of(view);
	else
		key->src_port = from->src_port;
}

static void keep_address(__be32 to[4], const __be32 from[4])
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

static void keep_ends(struct flow_key *key, const struct flow_key *from, bool turned)
{
	keep_address(key->src, turned ? from->dst : from->src);
	keep_address(key->dst, turned ? from->src : from->dst);
}

static void keep_link(struct flow_key *key, const struct flow_key *from)
{
	key->flags = from->flags & FLOW_LINK_FLAGS;
	key->vlan = from->vlan & FLOW_LINK_VLAN;
	key->inner_vlan = from->inner_vlan & FLOW_LINK_INNER_VLAN;
}

/* What is no IP has no address: its EtherType stands for the host. */
static void keep_host(struct flow_key *key, const struct flow_key *from, bool is_src)
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
static struct dimension_part part_of(enum dimension dimension, const struct flow_view *view,
				     const struct flow_result *way, bool is_back)
{
	const struct flow_key *from = &view->flow->key;
	struct dimension_part part = { .amount = amount_of(way, is_back ? HEAVY_BACK :
								      HEAVY_THERE) };
	bool turned;

	switch (dimension) {
	case DIMENSION_CONVERSATION:
	case DIMENSION_SERVICE:
		turned = is_turned(view);
		keep_service(&part.key, view);
		if (dimension == DIMENSION_CONVERSATION)
			keep_ends(&part.key, from, turned);
		else
			part.key.flags &= (__u8)~FLOW_IPV6;
		part.amount.way = turned != is_back ? HEAVY_BACK : HEAVY_THERE;
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

	parts[0] = part_of(dimension, view, view->flow, false);
	if (!reverse)
		return 1;
	parts[1] = part_of(dimension, view, reverse, true);
	return 2;
}
