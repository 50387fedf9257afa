/* SPDX-License-Identifier: BSD-2-Clause */
#include "markup.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../text/utf8.h"

#define GROUP_MARK "\u202f" /* a narrow space that no line is broken at */
#define SECOND_NS  1000000000u

static const char *entity_of(char byte)
{
	switch (byte) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

static uint32_t code_point(const char *at, size_t length)
{
	const uint8_t *bytes = (const uint8_t *)at;
	uint32_t point = length == 1 ? bytes[0] : bytes[0] & (0x7fu >> length);

	for (size_t i = 1; i < length; i++)
		point = point << 6 | (bytes[i] & 0x3f);
	return point;
}

/* Zero width, line and paragraph ends, bidirectional marks, tags, private use, no characters. */
static bool is_unseen(uint32_t point)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{ 0x00, 0x1f },       { 0x7f, 0x9f },       { 0xad, 0xad },
		{ 0x61c, 0x61c },     { 0x115f, 0x1160 },   { 0x17b4, 0x17b5 },
		{ 0x180b, 0x180f },   { 0x200b, 0x200f },   { 0x2028, 0x202e },
		{ 0x2060, 0x206f },   { 0x3164, 0x3164 },   { 0xe000, 0xf8ff },
		{ 0xfe00, 0xfe0f },   { 0xfeff, 0xfeff },   { 0xffa0, 0xffa0 },
		{ 0xfff0, 0xfffb },   { 0xfffe, 0xffff },   { 0xe0000, 0x10ffff },
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		if (point >= ranges[i].first && point <= ranges[i].last)
			return true;
	}
	return false;
}

/* Appends what begins there, and tells its length. */
static size_t append_character(struct text *text, const char *at)
{
	size_t length = utf8_length(at);
	const char *entity = entity_of(*at);

	if (entity)
		text_string(text, entity);
	else if (!length)
		markup_format(text, "\\x%02x", (unsigned int)(unsigned char)*at);
	else if (!is_unseen(code_point(at, length)))
		text_bytes(text, at, length);
	else if (length == 1)
		markup_format(text, "\\x%02x", (unsigned int)(unsigned char)*at);
	else
		markup_format(text, "\\u{%x}", code_point(at, length));
	return length ? length : 1;
}

void markup_text(struct text *text, const char *string)
{
	if (!string)
		string = "unknown";
	while (*string)
		string += append_character(text, string);
}

void markup_format(struct text *text, const char *format, ...)
{
	char line[MARKUP_LINE_MAX];
	va_list values;
	int length;

	va_start(values, format);
	length = vsnprintf(line, sizeof(line), format, values);
	va_end(values);
	if (length > 0)
		text_bytes(text, line, (size_t)length < sizeof(line) ? (size_t)length :
								       sizeof(line) - 1);
}

void markup_count(struct text *text, uint64_t value)
{
	char digits[24];
	int length = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)value);

	for (int i = 0; i < length; i++) {
		if (i && (length - i) % 3 == 0)
			text_string(text, GROUP_MARK);
		text_bytes(text, &digits[i], 1);
	}
}

/* Three digits that count, the unit behind the prefix; or as few as tell a round number. */
static void append_scaled(struct text *text, double value, const char *unit, bool is_round)
{
	static const char *const prefixes[] = { "", "k", "M", "G", "T", "P", "E" };
	size_t prefix = 0;
	int decimals;

	while (value >= 999.5 && prefix + 1 < sizeof(prefixes) / sizeof(prefixes[0])) {
		value /= 1000;
		prefix++;
	}
	decimals = value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
	if (!prefix && value == (double)(uint64_t)value)
		decimals = 0;
	markup_format(text, is_round ? "%.*g%s%s%s" : "%.*f%s%s%s", is_round ? 3 : decimals, value,
		      *unit || prefix ? "\u00a0" : "", prefixes[prefix], unit);
}

void markup_bytes(struct text *text, uint64_t bytes)
{
	append_scaled(text, (double)bytes, "B", false);
}

void markup_rate(struct text *text, double bytes_per_second)
{
	append_scaled(text, bytes_per_second * 8, "bit/s", false);
}

void markup_tick(struct text *text, double bytes_per_second)
{
	append_scaled(text, bytes_per_second * 8, "bit/s", true);
}

void markup_short(struct text *text, double value)
{
	append_scaled(text, value, "", false);
}

void markup_share(struct text *text, uint64_t part, uint64_t whole)
{
	if (!whole)
		text_string(text, "-");
	else
		markup_format(text, "%.1f\u00a0%%", 100.0 * (double)part / (double)whole);
}

void markup_length(struct text *text, uint64_t length_ns)
{
	static const struct {
		uint64_t ns;
		const char *name;
	} units[] = {
		{ 86400ull * SECOND_NS, "d" }, { 3600ull * SECOND_NS, "h" },
		{ 60ull * SECOND_NS, "min" },  { SECOND_NS, "s" },
		{ 1000000, "ms" },
	};
	size_t count = sizeof(units) / sizeof(units[0]), at = 0;

	while (at + 1 < count && length_ns < units[at].ns)
		at++;
	markup_format(text, "%llu\u00a0%s", (unsigned long long)(length_ns / units[at].ns),
		      units[at].name);
	length_ns %= units[at].ns;
	if (at + 1 < count && length_ns / units[at + 1].ns)
		markup_format(text, " %llu\u00a0%s",
			      (unsigned long long)(length_ns / units[at + 1].ns),
			      units[at + 1].name);
}

static struct tm parts_of(uint64_t instant_ns)
{
	time_t seconds = (time_t)(instant_ns / SECOND_NS);
	struct tm parts = { 0 };

	gmtime_r(&seconds, &parts);
	return parts;
}

void markup_moment(struct text *text, uint64_t instant_ns, bool has_ms)
{
	struct tm parts = parts_of(instant_ns);

	markup_format(text, "%04d-%02d-%02d %02d:%02d:%02d", parts.tm_year + 1900,
		      parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
	if (has_ms)
		markup_format(text, ".%03u", (unsigned int)(instant_ns % SECOND_NS / 1000000));
}

/* With the digits that tell such steps apart, milliseconds at most. */
static void append_fraction(struct text *text, uint64_t instant_ns, uint64_t step_ns)
{
	struct tm parts = parts_of(instant_ns);
	uint64_t unit_ns = SECOND_NS / 10;
	int digits = 1;

	for (; digits < 3 && step_ns % unit_ns; digits++)
		unit_ns /= 10;
	markup_format(text, "%02d:%02d:%02d.%0*u", parts.tm_hour, parts.tm_min, parts.tm_sec,
		      digits, (unsigned int)(instant_ns % SECOND_NS / unit_ns));
}

void markup_hour(struct text *text, uint64_t instant_ns, uint64_t span_ns)
{
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	struct tm parts = parts_of(instant_ns);

	if (span_ns > 2ull * 86400 * SECOND_NS)
		markup_format(text, "%d\u00a0%s\u00a0%02d:%02d", parts.tm_mday,
			      months[parts.tm_mon], parts.tm_hour, parts.tm_min);
	else if (span_ns < 10ull * SECOND_NS)
		append_fraction(text, instant_ns, span_ns / 4);
	else
		markup_format(text, "%02d:%02d:%02d", parts.tm_hour, parts.tm_min, parts.tm_sec);
}
