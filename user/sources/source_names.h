/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interfaces that a source is to watch.
 */
#ifndef WEIR_SOURCE_NAMES_H
#define WEIR_SOURCE_NAMES_H

#include <net/if.h>

#include "../../include/flow.h"
#include "../system/netdev_list.h"

struct source_settings;

struct source_names {
	const char *list[FLOW_LINKS_MAX];
	size_t count;
	char *default_route;       /* where the names are of these two, they live here */
	struct netdev_listed *all;
};

/* 0, or a negative errno that has been reported: -EINVAL where the user's words are wrong. */
int source_names_find(const struct source_settings *settings, struct source_names *names);
void source_names_free(struct source_names *names);

#endif
