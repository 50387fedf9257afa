/* SPDX-License-Identifier: BSD-2-Clause */
#include "format.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static const char *format_scaled(double value, char suffix, char *buffer)
{
	const char end[] = { suffix, '\0' };

	if (value < 9.995)
		snprintf(buffer, FORMAT_MAX, "%.2f%s", value, end);
	else if (value < 99.95)
		snprintf(buffer, FORMAT_MAX, "%.1f%s", value, end);
	else
		snprintf(buffer, FORMAT_MAX, "%.0f%s", value, end);
	return buffer;
}

const char *format_number(double value, char buffer[FORMAT_MAX])
{
	static const char suffixes[] = { '\0', 'k', 'M', 'G', 'T', 'P', 'E' };
	size_t scale = 0;

	if (!(value > 0) || isinf(value)) {
		snprintf(buffer, FORMAT_MAX, "%s", value > 0 ? "inf" : "0");
		return buffer;
	}
	if (value < 0.01)
		value = 0.01;
	if (value < 999.5 && value == floor(value)) {
		snprintf(buffer, FORMAT_MAX, "%.0f", value);
		return buffer;
	}
	for (; value >= 999.5 && scale + 1 < COUNT(suffixes); scale++)
		value /= 1000;
	return format_scaled(value, suffixes[scale], buffer);
}

/* Hundredths of a percent, rounded down without overflow. */
static unsigned int share_in_ten_thousand(uint64_t part, uint64_t whole)
{
	return (unsigned int)((unsigned __int128)part * 10000 / whole);
}

const char *format_share(uint64_t part, uint64_t whole, char buffer[FORMAT_MAX])
{
	unsigned int share;

	if (part >= whole) {
		snprintf(buffer, FORMAT_MAX, "100 %%");
		return buffer;
	}
	share = share_in_ten_thousand(part, whole);
	if (!part)
		snprintf(buffer, FORMAT_MAX, "0 %%");
	else if (!share)
		snprintf(buffer, FORMAT_MAX, "0.01 %%");
	else
		snprintf(buffer, FORMAT_MAX, "%u.%02u %%", share / 100, share % 100);
	return buffer;
}

const char *format_elapsed(uint64_t ns, char buffer[FORMAT_MAX])
{
	uint64_t seconds = ns / 1000000000;
	unsigned int days = (unsigned int)(seconds / 86400), hours = seconds / 3600 % 24;
	unsigned int minutes = seconds / 60 % 60, rest = seconds % 60;

	if (days)
		snprintf(buffer, FORMAT_MAX, "%ud %02u:%02u:%02u", days, hours, minutes, rest);
	else if (hours)
		snprintf(buffer, FORMAT_MAX, "%u:%02u:%02u", hours, minutes, rest);
	else
		snprintf(buffer, FORMAT_MAX, "%u:%02u", minutes, rest);
	return buffer;
}

const char *format_age(uint64_t ns, char buffer[FORMAT_MAX])
{
	uint64_t seconds = ns / 1000000000;

	if (seconds < 100)
		snprintf(buffer, FORMAT_MAX, "%us", (unsigned int)seconds);
	else if (seconds < 100 * 60)
		snprintf(buffer, FORMAT_MAX, "%um", (unsigned int)(seconds / 60));
	else if (seconds < 100 * 3600)
		snprintf(buffer, FORMAT_MAX, "%uh", (unsigned int)(seconds / 3600));
	else
		snprintf(buffer, FORMAT_MAX, "%ud", (unsigned int)(seconds / 86400));
	return buffer;
}

const char *format_length(uint64_t ns, char buffer[FORMAT_MAX])
{
	static const struct { uint64_t ns; const char *unit; } units[] = {
		{ 3600000000000u, "h" }, { 60000000000u, "m" }, { 1000000000u, "s" },
		{ 1000000u, "ms" },
	};

	for (size_t i = 0; i < COUNT(units); i++) {
		if (!ns || ns % units[i].ns)
			continue;
		snprintf(buffer, FORMAT_MAX, "%llu%s", (unsigned long long)(ns / units[i].ns),
			 units[i].unit);
		return buffer;
	}
	/* Observed lengths are never whole: a tenth of a second is near enough. */
	if (ns % 1000000000 < 50000000 || ns % 1000000000 >= 950000000)
		snprintf(buffer, FORMAT_MAX, "%.0fs", (double)ns / 1e9);
	else
		snprintf(buffer, FORMAT_MAX, "%.1fs", (double)ns / 1e9);
	return buffer;
}

const char *format_latency(uint64_t ns, char buffer[FORMAT_MAX])
{
	if (ns < 1000000)
		snprintf(buffer, FORMAT_MAX, "%llu us", (unsigned long long)ns / 1000);
	else if (ns < 10000000)
		snprintf(buffer, FORMAT_MAX, "%.1f ms", (double)ns / 1e6);
	else if (ns < 1000000000)
		snprintf(buffer, FORMAT_MAX, "%llu ms", (unsigned long long)ns / 1000000);
	else
		snprintf(buffer, FORMAT_MAX, "%.1f s", (double)ns / 1e9);
	return buffer;
}

const char *format_count(uint64_t value, char buffer[FORMAT_MAX])
{
	char digits[24];
	size_t length, out = 0;

	snprintf(digits, sizeof(digits), "%llu", (unsigned long long)value);
	length = strlen(digits);
	for (size_t i = 0; i < length; i++) {
		if (i && (length - i) % 3 == 0)
			buffer[out++] = ' ';
		buffer[out++] = digits[i];
	}
	buffer[out] = '\0';
	return buffer;
}
