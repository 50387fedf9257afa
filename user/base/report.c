/* SPDX-License-Identifier: BSD-2-Clause */
#include "report.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../text/utf8.h"

/* Under PIPE_BUF, so that lines of several processes on one pipe never mix. */
#define LINE_MAX_BYTES  2048
#define ESCAPED_MAX     8 /* of one character: a control of C1 has two bytes */
#define READER_WAIT_MS 20
#define PREFIX          "weir: "

static _Atomic enum report_level shown_level = REPORT_NORMAL;

void report_set_level(enum report_level level)
{
	shown_level = level;
}

static size_t escape_bytes(char *out, const char *bytes, size_t count)
{
	static const char hex[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < count; i++) {
		uint8_t byte = (uint8_t)bytes[i];

		*out++ = '\\';
		*out++ = 'x';
		*out++ = hex[byte >> 4];
		*out++ = hex[byte & 15];
	}
	return 4 * count;
}

/* Escapes what a terminal would act on, and what is no text. */
static size_t escape_message(char *line, const char *message)
{
	const size_t room = LINE_MAX_BYTES - ESCAPED_MAX - 1;
	size_t length = sizeof(PREFIX) - 1;

	memcpy(line, PREFIX, length);
	while (*message && length < room) {
		size_t count = utf8_length(message);
		bool is_shown = count && !utf8_is_control(message);

		count = count ? count : 1;
		if (is_shown)
			memcpy(line + length, message, count);
		length += is_shown ? count : escape_bytes(line + length, message, count);
		message += count;
	}
	line[length++] = '\n';
	return length;
}

/*
 * Counting must not wait for who reads standard error: a pipe that stays full loses the line. One
 * of at most PIPE_BUF bytes does not block where poll finds room.
 */
static bool has_reader(void)
{
	struct pollfd pollfd = { .fd = STDERR_FILENO, .events = POLLOUT };

	return poll(&pollfd, 1, READER_WAIT_MS) > 0;
}

static void write_line(const char *format, va_list args)
{
	int saved_errno = errno;
	char message[LINE_MAX_BYTES];
	char line[LINE_MAX_BYTES];
	ssize_t written;

	if (vsnprintf(message, sizeof(message), format, args) < 0)
		return;
	/* Nobody is left to be told where standard error itself cannot be written. */
	if (has_reader()) {
		written = write(STDERR_FILENO, line, escape_message(line, message));
		(void)written;
	}
	errno = saved_errno;
}

void report_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	write_line(format, args);
	va_end(args);
}

void report_notice(const char *format, ...)
{
	va_list args;

	if (shown_level < REPORT_NORMAL)
		return;
	va_start(args, format);
	write_line(format, args);
	va_end(args);
}

void report_verbose(const char *format, ...)
{
	va_list args;

	if (shown_level < REPORT_VERBOSE)
		return;
	va_start(args, format);
	write_line(format, args);
	va_end(args);
}
