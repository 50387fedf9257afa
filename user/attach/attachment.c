/* SPDX-License-Identifier: BSD-2-Clause */
#include "attachment.h"

#define ATTACH_AS_TEXT(id, text) [id] = text,
static const char *const point_names[ATTACH_POINT_COUNT] = { ATTACH_POINTS(ATTACH_AS_TEXT) };

const char *attach_point_name(enum attach_point point)
{
	return point_names[point];
}
