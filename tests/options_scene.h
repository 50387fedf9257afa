/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A command line as one text, parsed or refused.
 */
#ifndef WEIR_OPTIONS_SCENE_H
#define WEIR_OPTIONS_SCENE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "../user/cli/options.h"
#include "../user/base/report.h"
#include "../user/cli/options_help.h"
#include "../user/cli/options_table.h"
#include "../user/system/machine.h"
#include "capture.h"

#define SECOND    1000000000ull
#define WORDS_MAX 600

/* A command line as one text; its words are separated by single blanks. */
struct command {
	char text[4096];
	char *words[WORDS_MAX + 1];
	int count;
	struct options options;
};

static inline int parse(struct command *command, const char *text)
{
	char *rest = command->text;

	memset(command, 0, sizeof(*command));
	assert_true(strlen(text) < sizeof(command->text));
	strcpy(command->text, text);
	while (rest && command->count < WORDS_MAX)
		command->words[command->count++] = strsep(&rest, " ");
	return options_parse(command->count, command->words, &command->options);
}

static inline void parse_well(struct command *command, const char *text)
{
	struct capture capture;
	int status;

	capture_start(&capture);
	status = parse(command, text);
	assert_string_equal(capture_end(&capture), "");
	assert_int_equal(status, 0);
}

/* Expects wrong usage, told in one line, and what to try in a second one. */
static inline void assert_refused(const char *text, const char *message)
{
	struct command command;
	struct capture capture;
	char expected[512];
	int status;

	capture_start(&capture);
	status = parse(&command, text);
	snprintf(expected, sizeof(expected), "weir: %s\nweir: try: weir --help\n", message);
	assert_string_equal(capture_end(&capture), expected);
	assert_int_equal(status, EXIT_USAGE);
}

/* As assert_refused where the reason is somebody else's text. */
static inline void assert_refuses(const char *text, const char *beginning)
{
	struct command command;
	struct capture capture;
	const char *told;
	int status;

	capture_start(&capture);
	status = parse(&command, text);
	told = capture_end(&capture);
	assert_int_equal(strncmp(told, beginning, strlen(beginning)), 0);
	assert_true(strlen(strchr(told, '\n')) == strlen("\nweir: try: weir --help\n"));
	assert_int_equal(status, EXIT_USAGE);
}

#endif
