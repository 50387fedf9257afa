/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A conversation (a biflow of RFC 5103): two endpoints, one link, the same tags, both
 * directions. Which of them began it follows from its key, so that no two windows, no two runs
 * and no lost packet disagree, unless a handshake is seen.
 */
#ifndef WEIR_CONVERSATION_H
#define WEIR_CONVERSATION_H

#include <stdbool.h>

#include "../../include/flow.h"

enum half { HALF_FORWARD, HALF_REVERSE, HALF_COUNT };

/*
 * Turns the key so that src is who began: the sender of a SYN without ACK, or who was answered by
 * one with it, as the marks of the flow's record tell (FLOW_SYN, FLOW_SYN_ACK); else the client
 * of a lower well-known port (below 1024); who asks, of ICMP; else the lower address.
 * HALF_REVERSE where the key was turned, an ICMP reply then having the type of its request.
 */
enum half conversation_orient(struct flow_key *key, __u8 marks);

/* Of an oriented key, that of the other direction. */
void conversation_reverse(struct flow_key *key);

/*
 * The port of who was called, of an oriented key: the destination's where a handshake told it
 * (marks as above) or where it is well-known, else the lower one; 0 where there are no ports.
 */
__be16 conversation_service(const struct flow_key *key, __u8 marks);

#endif
