/* SPDX-License-Identifier: BSD-2-Clause */
#include "canvas.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../text/utf8.h"

int canvas_resize(struct canvas *canvas, int width, int height)
{
	struct cell *cells;

	if (width < 1 || height < 1)
		width = height = 1;
	cells = malloc((size_t)width * (size_t)height * sizeof(*cells));
	if (!cells)
		return -ENOMEM;
	free(canvas->cells);
	canvas->cells = cells;
	canvas->width = width;
	canvas->height = height;
	canvas_clear(canvas);
	return 0;
}

void canvas_clear(struct canvas *canvas)
{
	int count = canvas->width * canvas->height;

	for (int i = 0; i < count; i++)
		canvas->cells[i] = (struct cell){ L' ', STYLE_NORMAL };
}

void canvas_fini(struct canvas *canvas)
{
	free(canvas->cells);
	*canvas = (struct canvas){ .utf8 = canvas->utf8 };
}

struct pen pen_at(struct canvas *canvas, int x, int y)
{
	return (struct pen){ .canvas = canvas, .x = x, .y = y, .end = canvas->width };
}

void pen_glyph(struct pen *pen, wchar_t glyph)
{
	struct canvas *canvas = pen->canvas;
	bool is_seen = glyph >= L' ' && glyph != 0x7f && !(glyph >= 0x80 && glyph < 0xa0) &&
		       (canvas->utf8 || glyph < 0x80);

	if (pen->x >= 0 && pen->x < pen->end && pen->x < canvas->width && pen->y >= 0 &&
	    pen->y < canvas->height)
		canvas->cells[pen->y * canvas->width + pen->x] =
			(struct cell){ is_seen ? glyph : L'?', (uint8_t)pen->style };
	pen->x++;
}

static wchar_t decode(const char *text, size_t length)
{
	static const uint8_t lead[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	const uint8_t *bytes = (const uint8_t *)text;
	wchar_t glyph = bytes[0] & lead[length];

	for (size_t i = 1; i < length; i++)
		glyph = glyph << 6 | (bytes[i] & 0x3f);
	return glyph;
}

void pen_text(struct pen *pen, const char *text)
{
	while (*text) {
		size_t length = utf8_length(text);

		pen_glyph(pen, length ? decode(text, length) : L'?');
		text += length ? length : 1;
	}
}

void pen_print(struct pen *pen, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	if (vsnprintf(text, sizeof(text), format, args) >= 0)
		pen_text(pen, text);
	va_end(args);
}

void pen_styled(struct pen *pen, enum style style, const char *text)
{
	enum style before = pen->style;

	pen->style = style;
	pen_text(pen, text);
	pen->style = before;
}

static int columns_of(const char *text)
{
	int columns = 0;

	for (; *text; text += utf8_length(text) ? utf8_length(text) : 1)
		columns++;
	return columns;
}

void pen_right(struct pen *pen, int width, const char *text)
{
	int column = pen->x + width;

	pen_fill(pen, column - columns_of(text));
	pen_left(pen, column - pen->x, text);
}

void pen_left(struct pen *pen, int width, const char *text)
{
	int end = pen->end, column = pen->x + width;

	if (column < pen->end)
		pen->end = column;
	pen_text(pen, text);
	pen->end = end;
	if (pen->x > column)
		pen->x = column;
	pen_fill(pen, column);
}

void pen_fill(struct pen *pen, int column)
{
	while (pen->x < column)
		pen_glyph(pen, L' ');
}

void canvas_style_line(struct canvas *canvas, int y, enum style style)
{
	if (y < 0 || y >= canvas->height)
		return;
	for (int x = 0; x < canvas->width; x++)
		canvas->cells[y * canvas->width + x].style = (uint8_t)style;
}

static char *encode(char *out, wchar_t glyph)
{
	if (glyph < 0x80) {
		*out++ = (char)glyph;
		return out;
	}
	if (glyph < 0x800) {
		*out++ = (char)(0xc0 | glyph >> 6);
	} else {
		*out++ = (char)(0xe0 | (glyph >> 12 & 0x0f));
		*out++ = (char)(0x80 | (glyph >> 6 & 0x3f));
	}
	*out++ = (char)(0x80 | (glyph & 0x3f));
	return out;
}

size_t canvas_line_text(const struct canvas *canvas, int y, char *out)
{
	const struct cell *line = canvas->cells + (size_t)y * (size_t)canvas->width;
	int width = canvas->width;
	char *end = out;

	while (width > 0 && line[width - 1].glyph == L' ')
		width--;
	for (int x = 0; x < width; x++)
		end = encode(end, line[x].glyph);
	*end = '\0';
	return (size_t)(end - out);
}
