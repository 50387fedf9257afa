/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether the sums of a direction are known.
 */
#ifndef WEIR_DIRECTION_TOLD_H
#define WEIR_DIRECTION_TOLD_H

#include "encoder.h"

/*
 * Where the source counts by direction or the capture tells that of each packet; also where the
 * keys keep it and nothing was evicted. Live, of a direction that is counted. way: DIRECTION_SUM_*.
 */
bool direction_is_told(const struct document_context *context, const struct window_result *result,
		       int way);

#endif
