/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "../../user/top/canvas.h"

#define WIDTH 20

static const char *line_of(const struct canvas *canvas, char *text)
{
	canvas_line_text(canvas, 0, text);
	return text;
}

static void control_bytes_never_become_cells(void **state)
{
	struct canvas canvas = { .utf8 = true };
	struct pen pen;

	(void)state;
	assert_int_equal(canvas_resize(&canvas, 256, 1), 0);
	pen = pen_at(&canvas, 0, 0);
	for (int byte = 1; byte < 256; byte++) {
		const char text[] = { (char)byte, '\0' };

		pen_text(&pen, text);
	}
	pen_text(&pen, "\xc2\x9b"); /* CSI of C1 */
	for (int x = 0; x < 256; x++) {
		wchar_t glyph = canvas.cells[x].glyph;

		assert_true(glyph >= L' ' && glyph <= L'~');
	}
	canvas_fini(&canvas);
}

static void without_utf8_all_is_ascii(void **state)
{
	struct canvas canvas = { .utf8 = false };
	char text[WIDTH * 4 + 1];
	struct pen pen;

	(void)state;
	assert_int_equal(canvas_resize(&canvas, WIDTH, 1), 0);
	pen = pen_at(&canvas, 0, 0);
	pen_text(&pen, "a▁b");
	assert_string_equal(line_of(&canvas, text), "a?b");
	canvas_fini(&canvas);
}

static void text_is_cut_at_its_column_and_at_the_edge(void **state)
{
	struct canvas canvas = { .utf8 = true };
	char text[WIDTH * 4 + 1];
	struct pen pen;

	(void)state;
	assert_int_equal(canvas_resize(&canvas, WIDTH, 1), 0);
	pen = pen_at(&canvas, 0, 0);
	pen_left(&pen, 4, "abcdef");
	pen_right(&pen, 6, "12");
	pen_right(&pen, 4, "1…3");
	assert_string_equal(line_of(&canvas, text), "abcd    12 1…3");
	pen_text(&pen, "zzzzzzzzzzzzzzzzzzzzzzzzzzzz");
	assert_string_equal(line_of(&canvas, text), "abcd    12 1…3zzzzzz");
	canvas_fini(&canvas);
}

static void nothing_is_put_outside(void **state)
{
	struct canvas canvas = { .utf8 = true };
	char text[WIDTH * 4 + 1];
	struct pen pen;

	(void)state;
	assert_int_equal(canvas_resize(&canvas, WIDTH, 1), 0);
	pen = pen_at(&canvas, -3, 0);
	pen_text(&pen, "abcdef");
	pen = pen_at(&canvas, 0, 1);
	pen_text(&pen, "below");
	pen = pen_at(&canvas, 0, -1);
	pen_text(&pen, "above");
	canvas_style_line(&canvas, 7, STYLE_TITLE);
	assert_string_equal(line_of(&canvas, text), "def");
	canvas_fini(&canvas);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(control_bytes_never_become_cells),
		cmocka_unit_test(without_utf8_all_is_ascii),
		cmocka_unit_test(text_is_cut_at_its_column_and_at_the_edge),
		cmocka_unit_test(nothing_is_put_outside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
