/* SPDX-License-Identifier: BSD-2-Clause */
#include "terminal.h"

#define NCURSES_WIDECHAR 1
#include <curses.h>
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

#include "crash_guard.h"

/* How long an escape is waited for to become an arrow: over ssh they may come in parts. */
#define ESCAPE_DELAY_MS 25

/* No reports of buttons, no coordinates past 223 (xterm's control sequences). */
#define MOUSE_OFF "\033[?1000l\033[?1006l"

struct terminal {
	SCREEN *screen;
	FILE *input;        /* the keyboard, where standard input is a capture */
	bool has_utf8;
	attr_t attributes[STYLE_COUNT];
	short pairs[STYLE_COUNT];
};

enum { PAIR_IN = 1, PAIR_OUT, PAIR_BAR, PAIR_GOOD, PAIR_WARNING, PAIR_TITLE };

static const attr_t mono_attributes[STYLE_COUNT] = {
	[STYLE_DIM] = A_DIM,         [STYLE_STRONG] = A_BOLD,    [STYLE_TITLE] = A_REVERSE,
	[STYLE_HEADING] = A_BOLD | A_UNDERLINE,                  [STYLE_SELECTED] = A_REVERSE,
	[STYLE_WARNING] = A_BOLD | A_REVERSE,                    [STYLE_KEY] = A_BOLD,
};

static bool wants_colours(void)
{
	const char *refused = getenv("NO_COLOR"); /* no-color.org: set and not empty */

	return !(refused && *refused) && has_colors();
}

static void colours_start(struct terminal *terminal)
{
	bool is_rich = COLORS >= 256;

	start_color();
	use_default_colors();
	init_pair(PAIR_IN, is_rich ? 37 : COLOR_CYAN, -1);
	init_pair(PAIR_OUT, is_rich ? 172 : COLOR_YELLOW, -1);
	init_pair(PAIR_BAR, is_rich ? 67 : COLOR_BLUE, -1);
	init_pair(PAIR_GOOD, is_rich ? 71 : COLOR_GREEN, -1);
	init_pair(PAIR_WARNING, COLOR_WHITE, COLOR_RED);
	init_pair(PAIR_TITLE, is_rich ? 255 : COLOR_WHITE, is_rich ? 24 : COLOR_BLUE);
	terminal->pairs[STYLE_IN] = PAIR_IN;
	terminal->pairs[STYLE_OUT] = PAIR_OUT;
	terminal->pairs[STYLE_BAR] = PAIR_BAR;
	terminal->pairs[STYLE_GOOD] = PAIR_GOOD;
	terminal->pairs[STYLE_WARNING] = PAIR_WARNING;
	terminal->pairs[STYLE_TITLE] = PAIR_TITLE;
	terminal->attributes[STYLE_WARNING] = A_BOLD;
	terminal->attributes[STYLE_TITLE] = A_BOLD;
}

/* What puts the terminal back, as terminfo says it, for the handler of crashes. */
static void guard_start(void)
{
	static const char *const capabilities[] = { "sgr0", "oc", "cnorm", "rmkx", "rmcup" };
	char restore[RESTORE_MAX] = "";

	/* What the mouse was told by ncurses is in no capability. */
	if (tigetstr("kmous") != (char *)-1)
		strcat(restore, MOUSE_OFF);
	for (size_t i = 0; i < sizeof(capabilities) / sizeof(capabilities[0]); i++) {
		const char *bytes = tigetstr(capabilities[i]);

		if (bytes && bytes != (char *)-1 &&
		    strlen(restore) + strlen(bytes) + 1 < sizeof(restore))
			strcat(restore, bytes);
	}
	crash_guard(STDOUT_FILENO, restore);
}

static FILE *keyboard_open(void)
{
	return isatty(STDIN_FILENO) ? stdin : fopen("/dev/tty", "re");
}

static int screen_start(struct terminal *terminal, const char **reason)
{
	const char *type = getenv("TERM");
	int err = 0;

	terminal->input = keyboard_open();
	if (!terminal->input) {
		*reason = "there is no terminal to read keys from";
		return -ENOTTY;
	}
	if (setupterm(type, STDOUT_FILENO, &err) != OK) {
		*reason = "TERM names no terminal that is known here";
		return -ENOTTY;
	}
	guard_start();
	del_curterm(cur_term);
	terminal->screen = newterm(type, stdout, terminal->input);
	if (!terminal->screen) {
		crash_guard(-1, NULL);
		*reason = "the terminal cannot be drawn on";
		return -ENOTTY;
	}
	return 0;
}

bool terminal_is_drawable(void)
{
	const char *type = getenv("TERM");

	return isatty(STDOUT_FILENO) && type && *type && strcmp(type, "dumb") != 0;
}

int terminal_open(struct terminal **result, const char **reason)
{
	struct terminal *terminal = calloc(1, sizeof(*terminal));
	int err;

	*result = terminal;
	*reason = "out of memory";
	if (!terminal)
		return -ENOMEM;
	setlocale(LC_CTYPE, "");
	terminal->has_utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	err = screen_start(terminal, reason);
	if (err) {
		free(terminal);
		*result = NULL;
		return err;
	}
	memcpy(terminal->attributes, mono_attributes, sizeof(mono_attributes));
	cbreak();
	noecho();
	nonl();
	set_escdelay(ESCAPE_DELAY_MS);
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	leaveok(stdscr, TRUE);
	curs_set(0);
	mousemask(BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
	mouseinterval(0);
	if (wants_colours())
		colours_start(terminal);
	return 0;
}

void terminal_close(struct terminal *terminal)
{
	if (!terminal)
		return;
	curs_set(1);
	endwin();
	crash_guard(-1, NULL);
	delscreen(terminal->screen);
	if (terminal->input != stdin)
		fclose(terminal->input);
	free(terminal);
}

int terminal_fd(const struct terminal *terminal)
{
	return fileno(terminal->input);
}

bool terminal_has_utf8(const struct terminal *terminal)
{
	return terminal->has_utf8;
}

void terminal_size(const struct terminal *terminal, int *width, int *height)
{
	(void)terminal;
	getmaxyx(stdscr, *height, *width);
}

/* Cells of one style at a time. */
static int show_run(const struct terminal *terminal, const struct canvas *canvas, int x, int y)
{
	const struct cell *line = canvas->cells + (size_t)y * (size_t)canvas->width;
	uint8_t style = line[x].style;
	wchar_t text[256];
	int count = 0;

	while (x + count < canvas->width && line[x + count].style == style && count < 255) {
		text[count] = line[x + count].glyph;
		count++;
	}
	text[count] = L'\0';
	attr_set(terminal->attributes[style], terminal->pairs[style], NULL);
	mvaddnwstr(y, x, text, count);
	return x + count;
}

void terminal_show(struct terminal *terminal, const struct canvas *canvas)
{
	for (int y = 0; y < canvas->height; y++) {
		for (int x = 0; x < canvas->width;)
			x = show_run(terminal, canvas, x, y);
	}
	attr_set(A_NORMAL, 0, NULL);
	refresh();
}

void terminal_redraw(struct terminal *terminal)
{
	(void)terminal;
	clearok(curscr, TRUE);
}

static int special_key(wint_t code)
{
	switch (code) {
	case KEY_UP:
		return KEY_IS_UP;
	case KEY_DOWN:
		return KEY_IS_DOWN;
	case KEY_PPAGE:
		return KEY_IS_PAGE_UP;
	case KEY_NPAGE:
		return KEY_IS_PAGE_DOWN;
	case KEY_HOME:
	case KEY_A1:
		return KEY_IS_HOME;
	case KEY_END:
	case KEY_C1:
		return KEY_IS_END;
	case KEY_MOUSE:
		return KEY_IS_MOUSE;
	case KEY_RESIZE:
		return KEY_IS_RESIZE;
	case KEY_ENTER:
		return KEY_IS_ENTER;
	case KEY_BACKSPACE:
		return KEY_IS_ERASE;
	default:
		return KEY_IS_OTHER;
	}
}

int terminal_key(struct terminal *terminal)
{
	wint_t code;
	int found = get_wch(&code);

	(void)terminal;
	if (found == ERR)
		return KEY_IS_NONE;
	if (found == KEY_CODE_YES)
		return special_key(code);
	if (code == '\r')
		return KEY_IS_ENTER;
	if (code == '\b')
		return KEY_IS_ERASE;
	return code < 256 ? (int)code : KEY_IS_OTHER;
}

struct click terminal_click(struct terminal *terminal)
{
	struct click click = { .x = -1, .y = -1 };
	MEVENT event;

	(void)terminal;
	if (getmouse(&event) == ERR)
		return click;
	if (event.bstate & (BUTTON4_PRESSED | BUTTON5_PRESSED))
		click.wheel = event.bstate & BUTTON4_PRESSED ? -1 : 1;
	click.x = event.x;
	click.y = event.y;
	return click;
}
