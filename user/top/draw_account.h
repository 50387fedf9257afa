/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The account of where all packets went.
 */
#ifndef WEIR_DRAW_ACCOUNT_H
#define WEIR_DRAW_ACCOUNT_H

#include "screen.h"

/* The line that proves what was counted, and what is wrong in words: "" where nothing is. */
void screen_draw_account(const struct screen *screen, struct canvas *canvas, int y);
const char *screen_warning(const struct screen *screen, char text[MESSAGE_MAX]);

#endif
