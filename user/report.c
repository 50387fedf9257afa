/* SPDX-License-Identifier: BSD-2-Clause */
#include "report.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Under PIPE_BUF, so that lines of several processes on one pipe never mix. */
#define LINE_MAX_BYTES  2048
#define ESCAPED_MAX     4 /* "\x1b" */
#define PREFIX          "weir: "

static _Atomic enum report_level shown_level = REPORT_NORMAL;

void report_set_level(enum report_level level)
{
	shown_level = level;
}

static bool is_control(unsigned char byte)
{
	return byte < 0x20 || byte == 0x7f;
}

/* Writes one byte of the message, escaped where a terminal would act on it. */
static size_t escape_byte(char *out, unsigned char byte)
{
	static const char hex[] = "0123456789abcdef";

	if (!is_control(byte)) {
		out[0] = (char)byte;
		return 1;
	}
	memcpy(out, "\\x", 2);
	out[2] = hex[byte >> 4];
	out[3] = hex[byte & 15];
	return ESCAPED_MAX;
}

static size_t escape_message(char *line, const char *message)
{
	const size_t room = LINE_MAX_BYTES - ESCAPED_MAX - 1;
	size_t length = sizeof(PREFIX) - 1;
	size_t i;

	memcpy(line, PREFIX, length);
	for (i = 0; message[i] && length < room; i++)
		length += escape_byte(line + length, (unsigned char)message[i]);
	line[length++] = '\n';
	return length;
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
	written = write(STDERR_FILENO, line, escape_message(line, message));
	(void)written;
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
