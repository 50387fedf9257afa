/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel programs of one interface, loaded with its settings and counting into the shared
 * banks.
 */
#ifndef WEIR_PROGRAMS_H
#define WEIR_PROGRAMS_H

#include <stdbool.h>

#include "../include/settings.h"
#include "banks.h"

enum program_kind { PROGRAM_XDP, PROGRAM_XDP_FRAGS, PROGRAM_TC_INGRESS, PROGRAM_TC_EGRESS,
		    PROGRAM_KIND_COUNT };

struct programs_request {
	const struct banks *banks;
	const struct hash_seed *seed;
	unsigned int link_number;
	bool realtime;                  /* PREEMPT_RT: sections are claimed */
	bool wanted[PROGRAM_KIND_COUNT];
};

struct programs;

/* A seed of the kernel's random bytes. 0 or negative errno. */
int hash_seed_make(struct hash_seed *seed);

/* Loads the wanted programs. 0 or negative errno, then *programs is NULL. */
int programs_load(const struct programs_request *request, struct programs **programs);
void programs_unload(struct programs *programs);

/* File descriptor of a wanted program, owned by programs. */
int programs_fd(const struct programs *programs, enum program_kind kind);

#endif
