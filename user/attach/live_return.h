/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interfaces that have gone and come back: a cable, a tunnel, a container started anew.
 */
#ifndef WEIR_LIVE_RETURN_H
#define WEIR_LIVE_RETURN_H

#include "live_link.h"

/*
 * Looks for an interface of the name that the user gave, and attaches the programs that are
 * loaded to it. True where it is counted from now on: its counters begin anew. What it is refused
 * for is said once and tried again a second later; one that another link counts, since it was
 * renamed, is not its own. number: the link's among the links.
 */
bool live_link_return(struct live_link *links, size_t count, size_t number,
		      const struct live_shared *shared);

/*
 * Makes one of an interface that nobody named, as the link of that number, and attaches the loaded
 * programs to it. False, which has been reported, where it cannot be counted.
 */
bool live_link_come(struct live_link *link, unsigned int number, const char *name,
		    const struct live_shared *shared);

#endif
