/* SPDX-License-Identifier: BSD-2-Clause */
#include "service.h"

#include "conversation.h"

struct service_rule service_rule_of(const struct group_by *group)
{
	return (struct service_rule){ .is_kept = group->field[GROUP_SERVICE],
				      .place = service_place_of(group),
				      .keeps_proto = group->field[GROUP_PROTO] };
}

__be16 service_of_flow(const struct flow_key *key, __u8 marks)
{
	struct flow_key oriented = *key;

	conversation_orient(&oriented, marks);
	return conversation_service(&oriented, marks);
}

void service_put(const struct service_rule *rule, struct flow_key *key, __be16 service)
{
	/* Other frames have their EtherType there. */
	if (!(key->flags & FLOW_IP))
		return;
	if (rule->place == SERVICE_AT_DST)
		key->dst_port = service;
	else if (rule->place == SERVICE_AT_SRC)
		key->src_port = service;
}

void service_put_proto(const struct service_rule *rule, struct flow_key *key, __be16 service)
{
	if (!service && !rule->keeps_proto)
		key->ip_proto = 0;
}

/* Who began is src of a conversation, whichever of its ways had the handshake. */
static __be16 service_by_ports(const struct window_result *result, const struct flow_result *row)
{
	if (!result->reverses)
		return service_of_flow(&row->key, row->marks);
	return conversation_service(&row->key,
				    row->marks | result->reverses[row - result->flows].marks);
}

__be16 service_of_row(const struct group_by *group, const struct window_result *result,
		      const struct flow_result *row)
{
	if (!(row->key.flags & FLOW_IP))
		return 0;
	switch (service_place_of(group)) {
	case SERVICE_AT_DST:
		return row->key.dst_port;
	case SERVICE_AT_SRC:
		return row->key.src_port;
	case SERVICE_BY_PORTS:
		return service_by_ports(result, row);
	default:
		return 0;
	}
}
