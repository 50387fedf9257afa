/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whose a flow is: the process whose socket it is, on this host. The records of a pane are looked
 * at twice: first all of them are learnt from, then each is given its owner. It is none rather than
 * one of two that are possible.
 */
#ifndef WEIR_OWNERS_H
#define WEIR_OWNERS_H

#include "../engine/pane.h"
#include "owner_names.h"

struct owners;

/*
 * Begins to watch who makes sockets, and looks who has those that there are. Where there are no
 * hooks it says what is missed by that, or only_hooked, does without: *owners is NULL. 0, or a
 * negative errno after one line.
 */
int owners_open(bool only_hooked, struct owners **owners);
void owners_close(struct owners *owners);

/* The names of all owners that are given; live as long as owners. */
const struct owner_names *owners_names(const struct owners *owners);

/* A records_fn (kernel/bank_drain.h): context is the owners. Each is the slot of a flow_record. */
int owners_learn(void *context, const struct flow_slot *const *records, size_t count);

/* All records of the pane were learnt from: finds out what is not known yet. */
void owners_settle(struct owners *owners, const struct pane *pane);

/* Fills extra.owner of a record of the pane. */
void owners_give(struct owners *owners, struct flow_record *record);

/* The next records are of another pane. */
void owners_end_pane(struct owners *owners);

#endif
