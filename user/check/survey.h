/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What check found, before it is printed: facts, plan and findings of the machine and of each
 * interface. The judging functions are pure: facts in, findings out.
 */
#ifndef WEIR_SURVEY_H
#define WEIR_SURVEY_H

#include "finding.h"
#include "../attach/ahead.h"
#include "../attach/plan.h"
#include "../pin/pin_look.h"
#include "../rights/rights.h"

struct machine_survey {
	struct machine_facts facts;
	uint32_t slots;            /* per CPU and bank, as weir run would take them */
	uint32_t links;            /* interfaces that one weir run would count, 1 at least */
	uint64_t banks_bytes;
	struct pin_sight pinned;   /* what counts without an agent */
	struct findings findings;
	struct rights_force confinement; /* what this kernel has for it */
};

struct interface_survey {
	char name[IF_NAMESIZE * 2]; /* as asked for, cut; facts.name is the kernel's */
	int err;                    /* of netdev_query; the rest counts only where it is 0 */
	bool is_default_route;
	struct netdev_facts facts;
	struct attach_plan plan;
	struct ahead ahead;         /* who would stand before weir now */
	unsigned int leftovers;     /* filters of a weir that was killed */
	const struct netdev_facts *under; /* that it lies on or is a port of, among the others */
	struct findings findings;
};

struct survey {
	struct machine_survey machine;
	struct interface_survey *interfaces;
	size_t interface_count;
	bool named;                 /* by the user: then all of them have to do */
	bool ok;
};

#endif
