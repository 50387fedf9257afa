/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rights of a process that writes.
 */
#ifndef WEIR_CARRIER_RIGHTS_H
#define WEIR_CARRIER_RIGHTS_H

#include "carrier.h"

/*
 * Once the carrier is open, and by its process alone: what it takes to write on, to open its file
 * anew and to connect again is kept, all else given up (rights/rights.h).
 */
void carrier_confine(const struct carrier *carrier);

#endif
