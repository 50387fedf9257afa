/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The terminal: opened, drawn on, restored on every way out.
 */
#ifndef WEIR_TERMINAL_H
#define WEIR_TERMINAL_H

#include "canvas.h"

struct terminal;

/* False where standard output is no terminal, or one that says that it cannot be drawn on. */
bool terminal_is_drawable(void);

/* 0 or negative errno, with *reason static text. */
int terminal_open(struct terminal **terminal, const char **reason);

/* The terminal is as it was. Accepts NULL. */
void terminal_close(struct terminal *terminal);

/* What keys come from. */
int terminal_fd(const struct terminal *terminal);
bool terminal_has_utf8(const struct terminal *terminal);

/* Columns and lines at this moment. */
void terminal_size(const struct terminal *terminal, int *width, int *height);

void terminal_show(struct terminal *terminal, const struct canvas *canvas);

/* Draws all of it anew: what other programs wrote is gone. */
void terminal_redraw(struct terminal *terminal);

enum key {
	KEY_IS_NONE = -1, KEY_IS_ENTER = '\n', KEY_IS_ESCAPE = 27, KEY_IS_ERASE = 127,
	KEY_IS_UP = 1000, KEY_IS_DOWN, KEY_IS_PAGE_UP, KEY_IS_PAGE_DOWN, KEY_IS_HOME, KEY_IS_END,
	KEY_IS_RESIZE, KEY_IS_MOUSE, KEY_IS_OTHER
};

/* The next key that was pressed: its character, or an enum key; KEY_IS_NONE: none is left. */
int terminal_key(struct terminal *terminal);

/* A click of the first button at x, y, or a turn of the wheel: down 1, up -1. */
struct click {
	int x, y, wheel;
};

/* After KEY_IS_MOUSE. */
struct click terminal_click(struct terminal *terminal);

#endif
