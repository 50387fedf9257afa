/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the flow records of a source go: whoever opens it says who takes them.
 */
#ifndef WEIR_RECORD_TAKER_H
#define WEIR_RECORD_TAKER_H

#include <stdbool.h>
#include <stddef.h>

struct flow_slot;
struct owners;

struct record_taker {
	/*
	 * Takes records of the open pane, any number of calls a pane; they live until it returns.
	 * It may not refuse: what it has no room for, it tells of itself when the pane ends.
	 */
	void (*take)(void *context, const struct flow_slot *const *records, size_t count);
	void *context;
	bool has_extra; /* wants records of two lines: each is the slot of a struct flow_record */
	bool has_tcp; /* and what is told of TCP in the second, */
	bool has_ip_bytes; /* and the bytes of IP packets */
	bool has_tunnels; /* flows are those in tunnels, whose records have two lines */
	bool has_fragments; /* later fragments are to have the ports of their first */
	struct owners *owners; /* who give these their owner; NULL: nobody asks for it */
};

#endif
