/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether a row of a result has more than it should, and which.
 */
#ifndef WEIR_EXCESS_H
#define WEIR_EXCESS_H

#include "../base/rate.h"
#include "encoder.h"

#define EXCESS_TEXT_MAX 512

/*
 * True where the average of some row is over the limit, both ways of a conversation together:
 * then the row of the highest, its fields and its rate, into text.
 */
bool excess_find(const struct encoding *encoding, const struct rate_limit *limit,
		 char text[EXCESS_TEXT_MAX]);

#endif
