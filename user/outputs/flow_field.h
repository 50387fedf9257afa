/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fields of a flow, one by one, for formats of columns: those of the key (engine/group.h),
 * those here, then the extra measures (include/measures.h), which are empty where they are not
 * asked for. Names and values are those of the document.
 */
#ifndef WEIR_FLOW_FIELD_H
#define WEIR_FLOW_FIELD_H

#include "flow_put.h"

/* What is told of a key besides its fields. */
#define FLOW_KEY_FIELDS(X)                               \
	X(FIELD_ICMP_TYPE,       "icmp_type")            \
	X(FIELD_ICMP_CODE,       "icmp_code")            \
	X(FIELD_IP_PROTO,        "ip_proto")             \
	X(FIELD_FRAGMENT,        "fragment")

/* Of one way: what came back of a conversation has these too. */
#define FLOW_WAY_FIELDS(X)                               \
	X(FIELD_BYTES,           "bytes")                \
	X(FIELD_BYTES_AVERAGE,   "bytes_average")        \
	X(FIELD_BYTES_MAX,       "bytes_max")            \
	X(FIELD_PACKETS,         "packets")              \
	X(FIELD_PACKETS_AVERAGE, "packets_average")      \
	X(FIELD_PACKETS_MAX,     "packets_max")          \
	X(FIELD_SIZE_AVERAGE,    "packet_bytes_average") \
	X(FIELD_SIZE_MIN,        "packet_bytes_min")     \
	X(FIELD_SIZE_MAX,        "packet_bytes_max")     \
	X(FIELD_TCP_FLAGS,       "tcp_flags")            \
	X(FIELD_FIRST,           "first_ns")             \
	X(FIELD_LAST,            "last_ns")

#define FLOW_FIELDS(X)                                   \
	FLOW_KEY_FIELDS(X)                               \
	FLOW_WAY_FIELDS(X)                               \
	X(FIELD_START,           "start_ns")             \
	X(FIELD_END,             "end_ns")               \
	X(FIELD_FLOWS,           "flows")

#define FLOW_FIELD_AS_ENUM(id, name) id,
#define EXTRA_FIELD_AS_ENUM(name, kind, merge, set, before, after) FIELD_EXTRA_##name,
#define KEY_FIELD_AS_ENUM(id, name, ...) FIELD_##id,
enum flow_field {
	GROUP_FIELDS(KEY_FIELD_AS_ENUM)
	FLOW_FIELDS(FLOW_FIELD_AS_ENUM)
	EXTRA_MEASURES(EXTRA_FIELD_AS_ENUM)
	FLOW_FIELD_COUNT,
};

#define FLOW_FIELD_VALUE_MAX 64

/* Text without an end mark; empty where the flow has no such field, or it is not known. */
struct flow_field_value {
	const char *text;                  /* buffer, or borrowed from the context */
	size_t length;
	char buffer[FLOW_FIELD_VALUE_MAX];
};

/*
 * The value of a field. Only a NAME or PROCESS of the key can hold other than letters, digits,
 * ".:/-".
 */
void flow_field_tell(enum flow_field field, const struct flow_view *view,
		     struct flow_field_value *value);

#endif
