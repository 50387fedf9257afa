/* SPDX-License-Identifier: BSD-2-Clause */
#include "diagnose.h"

#include <pcap.h>
#include <stdlib.h>
#include <stdbool.h>
#include <string.h>

#include "../base/clock.h"

/* Names in an expression are looked up each time it is tried: the caret is not worth more. */
#define DIAGNOSE_NS_MAX 300000000

static bool is_syntax_error(const char *message)
{
	return strstr(message, "syntax error");
}

static bool parses(pcap_t *pcap, const char *expression)
{
	struct bpf_program program;

	if (pcap_compile(pcap, &program, expression, 0, 0))
		return !is_syntax_error(pcap_geterr(pcap));
	pcap_freecode(&program);
	return true;
}

/* Whether something can follow that makes a whole expression of it. */
static bool can_go_on(pcap_t *pcap, const char *expression, size_t length)
{
	static const char *const rests[] = { "", " 1", " 10.0.0.1", " ip", ")", " 1)", " ip)",
					     "]=1", " 1]=1", "0]=1", " 1=1" };
	bool is_found = false;

	for (size_t i = 0; i < sizeof(rests) / sizeof(rests[0]) && !is_found; i++) {
		char *text = malloc(length + strlen(rests[i]) + 1);

		if (!text)
			return true;
		memcpy(text, expression, length);
		strcpy(text + length, rests[i]);
		is_found = parses(pcap, text);
		free(text);
	}
	return is_found;
}

static size_t token_length(const char *text)
{
	static const char alone[] = "()[]!&|=<>+-*/%^";
	size_t length = strcspn(text, " \t\n()[]!&|=<>+*/%^");

	return length ? length : strchr(alone, *text) ? 1 : 0;
}

/* The first word with which the expression can no longer become a whole one. */
static int column_of_syntax_error(pcap_t *pcap, const char *expression)
{
	uint64_t end_ns = clock_monotonic_ns() + DIAGNOSE_NS_MAX;
	size_t at = 0;

	for (;;) {
		at += strspn(expression + at, " \t\n");
		if (!expression[at])
			return (int)at;
		size_t length = token_length(expression + at);

		if (clock_monotonic_ns() > end_ns)
			return -1;
		if (!can_go_on(pcap, expression, at + length))
			return (int)at;
		at += length;
	}
}

/* Where a word stands in the expression, if it stands there once. */
static int column_of_word(const char *expression, const char *word, size_t length)
{
	int column = -1;

	for (size_t at = 0; expression[at];) {
		size_t token = strcspn(expression + at, " \t\n()[]!&|=<>");

		if (token == length && length && !memcmp(expression + at, word, length)) {
			if (column >= 0)
				return -1;
			column = (int)at;
		}
		at += token ? token : 1;
	}
	return column;
}

/* libpcap names what it does not know in quotes, or at the end of its message. */
static int column_of_named(const char *expression, const char *message)
{
	const char *quote = strchr(message, '\'');
	const char *last = strrchr(message, ' ');
	int column = -1;

	if (quote)
		column = column_of_word(expression, quote + 1, strcspn(quote + 1, "'"));
	if (column < 0 && last)
		column = column_of_word(expression, last + 1, strlen(last + 1));
	return column;
}

int filter_error_find_column(struct pcap *pcap, const char *expression, const char *message)
{
	if (is_syntax_error(message))
		return column_of_syntax_error(pcap, expression);
	return column_of_named(expression, message);
}
