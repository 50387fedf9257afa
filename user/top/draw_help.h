/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the keys do.
 */
#ifndef WEIR_DRAW_HELP_H
#define WEIR_DRAW_HELP_H

#include "canvas.h"

void screen_draw_help(struct canvas *canvas, int y);

#endif
