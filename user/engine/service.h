/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The service: the port and protocol of who was called (conversation.h). In a row's key it has
 * no room of its own (group.h).
 */
#ifndef WEIR_SERVICE_H
#define WEIR_SERVICE_H

#include "group.h"
#include "result.h"

struct service_rule {
	bool is_kept;
	enum service_place place;
	bool keeps_proto; /* also of a row without a service */
};

struct service_rule service_rule_of(const struct group_by *group);

/* Of the key of a single flow, marks being those of its record: 0 where it has no service. */
__be16 service_of_flow(const struct flow_key *key, __u8 marks);

/* Puts the service in its place, before the key is reduced; and its protocol after that. */
void service_put(const struct service_rule *rule, struct flow_key *key, __be16 service);
void service_put_proto(const struct service_rule *rule, struct flow_key *key, __be16 service);

/* The same port of a row of a result whose group-by has the service: 0 where there is none. */
__be16 service_of_row(const struct group_by *group, const struct window_result *result,
		      const struct flow_result *row);

#endif
