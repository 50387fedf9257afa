/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is to be seen, as characters in a grid: the same for a terminal, for plain text and for
 * the tests. Every character put here takes one column.
 */
#ifndef WEIR_CANVAS_H
#define WEIR_CANVAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <wchar.h>

enum style {
	STYLE_NORMAL, STYLE_DIM, STYLE_STRONG, STYLE_TITLE, STYLE_HEADING, STYLE_SELECTED,
	STYLE_IN, STYLE_OUT, STYLE_BAR, STYLE_GOOD, STYLE_WARNING, STYLE_KEY, STYLE_COUNT
};

struct cell {
	wchar_t glyph;
	uint8_t style;
};

struct canvas {
	struct cell *cells;
	int width, height;
	bool utf8; /* else ASCII alone is put */
};

/* Zeroes are a valid empty canvas. Clears it too. 0 or -ENOMEM: then it is as before. */
int canvas_resize(struct canvas *canvas, int width, int height);
void canvas_clear(struct canvas *canvas);
void canvas_fini(struct canvas *canvas);

/* Where text goes. */
struct pen {
	struct canvas *canvas;
	int x, y;
	int end; /* column before which text is cut */
	enum style style;
};

/* A pen at the beginning of a line, which it may fill. */
struct pen pen_at(struct canvas *canvas, int x, int y);

/*
 * Text that is ASCII, or whose characters weir chose; what is not printable becomes '?', so
 * that nothing reaches a terminal that it would act on. The pen moves on.
 */
void pen_text(struct pen *pen, const char *text);
void pen_print(struct pen *pen, const char *format, ...) __attribute__((format(printf, 2, 3)));
void pen_glyph(struct pen *pen, wchar_t glyph);

/* Text in another style, the pen's own after it. */
void pen_styled(struct pen *pen, enum style style, const char *text);

/* Text against the right or the left edge of width columns; cut on its right. */
void pen_right(struct pen *pen, int width, const char *text);
void pen_left(struct pen *pen, int width, const char *text);

/* Spaces up to that column. */
void pen_fill(struct pen *pen, int column);

/* Paints a whole line. */
void canvas_style_line(struct canvas *canvas, int y, enum style style);

/* The line as UTF-8 without the spaces at its end. Returns its length; at most 4 bytes a cell
 * and an end mark are written. */
size_t canvas_line_text(const struct canvas *canvas, int y, char *out);

#endif
