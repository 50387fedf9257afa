/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of rows.
 */
#ifndef WEIR_DRAW_TABLE_H
#define WEIR_DRAW_TABLE_H

#include "screen.h"

/* Returns the line after. */
int screen_draw_table(struct screen *screen, struct canvas *canvas, int y);

#endif
