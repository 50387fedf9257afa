/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How fast an interface can be.
 */
#ifndef WEIR_LINK_SPEED_H
#define WEIR_LINK_SPEED_H

#include <stdint.h>

/* Bits a second in each direction, as the driver has it; 0 where it does not know. */
uint64_t link_speed_bps(const char *interface);

#endif
