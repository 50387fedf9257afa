/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The seed of a keyed hash.
 */
#ifndef WEIR_SEED_H
#define WEIR_SEED_H

#include "../../include/hash.h"

/* A seed of the kernel's random bytes. 0 or negative errno. */
int hash_seed_make(struct hash_seed *seed);

#endif
