/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The past of the selected row.
 */
#ifndef WEIR_DRAW_HISTORY_H
#define WEIR_DRAW_HISTORY_H

#include "screen.h"

void screen_draw_history(struct screen *screen, struct canvas *canvas, int y);

#endif
