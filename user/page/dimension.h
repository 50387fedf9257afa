/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * By what a report divides the traffic: each packet of a listed row is one key's in each dimension
 * that the group-by can tell, so that the keys of a dimension and what they leave sum to the total.
 */
#ifndef WEIR_DIMENSION_H
#define WEIR_DIMENSION_H

#include "../outputs/flow_put.h"
#include "heavy.h"

/* X(id, what an element is called in the page, title, what it says) */
#define DIMENSIONS(X)                                                                          \
	X(GROUP,        "groups",        "Groups", "Rows as the group-by has them.")           \
	X(CONVERSATION, "conversations", "Conversations",                                      \
	  "Who called whom, for which service. Connections of the same two hosts for the "     \
	  "same service are one.")                                                             \
	X(SERVICE,      "services",      "Services", "The port and protocol of who was called.") \
	X(SENDER,       "senders",       "Who sent", "Hosts, by what they sent.")              \
	X(RECEIVER,     "receivers",     "Who received", "Hosts, by what was sent to them.")   \
	X(PROCESS,      "processes",     "Processes",                                          \
	  "Whose sockets of this machine the traffic belongs to.")                             \
	X(CONTAINER,    "containers",    "Containers",                                         \
	  "In which container or unit of this machine these are.")                             \
	X(TUNNEL,      "tunnels",       "Tunnels", "Through which outermost tunnel packets went.") \
	X(INTERFACE,    "interfaces",    "Interfaces", "Where packets were seen.")

#define DIMENSION_AS_ENUM(id, name, title, about) DIMENSION_##id,
enum dimension { DIMENSIONS(DIMENSION_AS_ENUM) DIMENSION_COUNT };

/* Which dimensions rows of such documents tell, as bits. */
unsigned int dimensions_told(const struct document_context *context);

/* A row's amounts, one way, and the key they belong to. */
struct dimension_part {
	struct flow_key key;
	struct heavy_amount amount;
};

/* The parts of a row of the result in that dimension: one, or one a way. How many. */
size_t dimension_parts(enum dimension dimension, const struct flow_view *view,
		       struct dimension_part parts[HEAVY_WAYS]);

/* The hashes (heavy.h) of the keys of these parts, in each of those dimensions. How many parts. */
size_t dimension_hashes(unsigned int told, const struct flow_view *view,
			const struct hash_seed *seed, uint32_t hashes[HEAVY_WAYS][DIMENSION_COUNT]);

/* Appends what a key is called, escaped as markup. */
void dimension_label(struct text *text, enum dimension dimension,
		     const struct document_context *context, const struct flow_key *key);

#endif
