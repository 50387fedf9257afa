/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loads of a fast body: bytes of the packet are read in place.
 */
#ifndef WEIR_FAST_H
#define WEIR_FAST_H

#include "translation.h"

/* Loads what the present instruction asks for. */
void fast_load_packet(struct translation *t);

#endif
