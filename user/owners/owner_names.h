/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The names of owners, and what stands for an owner in a key: process and container of
 * struct flow_key. Names are numbered as they come, and stay.
 */
#ifndef WEIR_OWNER_NAMES_H
#define WEIR_OWNER_NAMES_H

#include <stdint.h>

#include "../../include/flow.h"

struct owner_names;

/* NULL when memory is all that failed. */
struct owner_names *owner_names_create(void);
void owner_names_destroy(struct owner_names *names);

/*
 * The sixth word of a key of that owner (engine/slot_key.h). name may be empty and container NULL:
 * not known, as they are where there is no room for another name, which is said once. By one thread
 * alone; what was made can be asked about by any that got the key from it.
 */
uint64_t owner_make(struct owner_names *names, uint32_t pid, const char *name,
		    const char *container);

/* 0: there is no process, or it is not known. */
static inline uint32_t owner_pid(const struct flow_key *key)
{
	return key->process & ((1u << FLOW_OWNER_PID_BITS) - 1);
}

/* Empty where it is not known. */
const char *owner_process(const struct owner_names *names, const struct flow_key *key);

/* NULL where there is none, or it is not known. */
const char *owner_container(const struct owner_names *names, const struct flow_key *key);

#endif
