/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What weir would attach to an interface: the rules of the attach modes applied to its facts.
 */
#ifndef WEIR_PLAN_H
#define WEIR_PLAN_H

#include "ahead.h"
#include "attachment.h"
#include "settings.h"
#include "../system/machine.h"
#include "../system/netdev.h"

struct attach_plan {
	enum attach_point in, out;
	bool impossible;          /* what is asked for cannot be; why says what is in the way */
	char why[NETDEV_WHY_MAX]; /* why not native XDP; empty where that is what is attached */
};

/*
 * Making or closing a TCX link waits for a grace period of the kernel (10 to 30 ms), and all of
 * them for one another, whoever makes them (tcx_entry_sync under rtnl_lock, kernel/bpf/tcx.c): of
 * many interfaces those that have no TCX program, before which to be, are left to clsact.
 */
void attach_plan_make(const struct netdev_facts *facts, const struct machine_facts *machine,
		      const struct attach_settings *settings, struct attach_plan *plan);

/*
 * Who would stand before what is planned, if it were attached now. Where the kernel does not say
 * (it takes CAP_NET_ADMIN), nobody is named.
 */
void attach_plan_find_ahead(const struct attach_plan *plan, const struct netdev_facts *facts,
			    struct ahead *ahead);

/*
 * TCX is there, or is where the kernel could not be asked for want of privileges but is new
 * enough (6.6).
 */
bool attach_plan_has_tcx(const struct netdev_facts *facts, const struct machine_facts *machine);

#endif
