/* SPDX-License-Identifier: BSD-2-Clause */
#include "direction_told.h"

#include <string.h>

bool direction_is_told(const struct document_context *context, const struct window_result *result,
		       int way)
{
	const struct direction_sums *directions = &result->total.directions;
	const char *counted = context->direction;
	uint64_t packets = result->total.packets;

	if (!counted)
		return packets && directions->told_packets == packets;
	if (!strcmp(counted, way == DIRECTION_SUM_IN ? "out" : "in"))
		return false;
	return directions->told_packets == packets ||
	       (context->group->field[GROUP_DIRECTION] &&
		directions->way[DIRECTION_SUM_IN].packets +
		directions->way[DIRECTION_SUM_OUT].packets == packets);
}
