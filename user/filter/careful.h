/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loads of a careful body: through the kernel's helpers.
 */
#ifndef WEIR_CAREFUL_H
#define WEIR_CAREFUL_H

#include "translation.h"

/* Loads what the present instruction asks for. */
void careful_load_packet(struct translation *t);

#endif
