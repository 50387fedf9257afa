/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What interfaces are called, for the thread that draws: the agent's thread learns of new names
 * with its panes.
 */
#ifndef WEIR_LINK_NAMES_H
#define WEIR_LINK_NAMES_H

#include <net/if.h>
#include <pthread.h>
#include <stdbool.h>

#include "../../include/flow.h"

struct link_names {
	const char *list[FLOW_LINKS_MAX];       /* by link number; the rest is "". Of who draws. */
	char shown[FLOW_LINKS_MAX][IF_NAMESIZE];
	pthread_mutex_t mutex;                  /* of both below */
	char told[FLOW_LINKS_MAX][IF_NAMESIZE];
	bool has_changed;
};

/* names: by link number, NULL where there is none. The lists in it are borrowed until fini. */
void link_names_init(struct link_names *links, const char *const names[FLOW_LINKS_MAX]);
void link_names_fini(struct link_names *links);

/* What they are called now; from the agent's thread. */
void link_names_tell(struct link_names *links, const char *const names[FLOW_LINKS_MAX]);

/* Takes over what was told, from the thread that draws: true where it changes the list. */
bool link_names_take(struct link_names *links);

#endif
