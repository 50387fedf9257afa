/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Conversations whose handshake told another beginning, or another service, than their key does
 * (conversation.h), remembered so that later panes, without a handshake, agree with the one that
 * had it. Records get the mark of their handshake back; what only looks at records then needs no
 * memory.
 */
#ifndef WEIR_BEGAN_H
#define WEIR_BEGAN_H

#include <stdbool.h>

#include "conversation.h"

struct began;

/* NULL and errno, for want of memory or of random numbers. */
struct began *began_create(void);
void began_destroy(struct began *began);

/*
 * Learns from a record that has FLOW_SYN or FLOW_SYN_ACK; gives a record of a conversation that
 * had one which contradicted its key the mark that its half had. Without memory, or where so
 * many began otherwise that those at rest are forgotten, conversations are as their keys say.
 */
void began_mark(struct began *began, struct flow_slot *record);

/* Whether began_mark would do nothing to a record: most have no handshake, nor had one. */
bool began_is_idle(const struct began *began, const struct flow_slot *record);

void began_end_pane(struct began *began);

#endif
