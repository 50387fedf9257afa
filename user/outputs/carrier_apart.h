/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A carrier in a process of its own.
 */
#ifndef WEIR_CARRIER_APART_H
#define WEIR_CARRIER_APART_H

#include "carrier.h"

/*
 * As carrier_open, in a process of its own, which nothing else waits for: a write that blocks,
 * even one that the kernel does not let go (a frozen file system, a dead disk), holds up neither
 * this process nor its end. It ends when this one does, cutting a document that is not committed.
 * -EOWNERDEAD once somebody has killed it.
 */
int carrier_open_apart(const struct carrier_kind *kind, const struct carrier_config *config,
		       struct carrier **carrier, const char **reason);

#endif
