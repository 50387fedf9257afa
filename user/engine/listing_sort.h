/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The order of a listing.
 */
#ifndef WEIR_LISTING_SORT_H
#define WEIR_LISTING_SORT_H

#include "listing.h"

/* Puts the flows in order, greatest first. 0 or -ENOMEM. */
int listing_sort(struct listing *listing);

#endif
