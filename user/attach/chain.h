/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who runs at TC, in the order of running: programs at a TCX hook, filters of a clsact qdisc.
 * Asking changes nothing.
 */
#ifndef WEIR_CHAIN_H
#define WEIR_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attachment.h"

/* TCX has 64 places; of more filters than that the first are read. */
#define CHAIN_MAX      64
#define CHAIN_NAME_MAX 16

struct chain_entry {
	uint32_t prog_id;          /* 0: no program, or not known */
	char name[CHAIN_NAME_MAX]; /* of the program; empty: not known (it takes CAP_SYS_ADMIN) */
	char kind[CHAIN_NAME_MAX]; /* clsact: "bpf", "flower", ... */
	uint32_t handle;           /* clsact: these three say which filter it is */
	uint16_t priority;
	uint16_t protocol;
	bool is_weirs;             /* of this weir or another one: it lets everything pass */
};

struct chain {
	struct chain_entry entries[CHAIN_MAX];
	size_t count;
	bool is_cut;               /* there are more */
};

/*
 * The chain at one TCX or clsact hook of the interface; empty where there is no qdisc, or no
 * TCX in this kernel. 0 or negative errno.
 */
int chain_read(struct chain *chain, enum attach_point point, unsigned int ifindex);

/* A number that changes with every change of the chain at a TCX hook. 0 or negative errno. */
int chain_revision(enum attach_point point, unsigned int ifindex, uint64_t *revision);

/* The name of a program that is loaded; empty where it may not be asked, or has gone. */
void chain_program_name(uint32_t prog_id, char name[CHAIN_NAME_MAX]);

/* Whether a weir, this one or another, calls its programs so. */
bool chain_name_is_weirs(const char *name);

#endif
