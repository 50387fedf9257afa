/* SPDX-License-Identifier: BSD-2-Clause */
#include "window_spec.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define DURATION_MAX_NS ((uint64_t)INT64_MAX)
/* The product of the first 16 primes is over 2^63. */
#define DISTINCT_PRIMES_MAX 15

struct duration_unit {
	const char *name;
	uint64_t ns;
};

static const struct duration_unit units[] = {
	{ "ms", 1000000ull },
	{ "s", 1000000000ull },
	{ "m", 60 * 1000000000ull },
	{ "h", 3600 * 1000000000ull },
};

static const char *const kind_names[] = {
	[WINDOW_TUMBLING] = "tumbling",
	[WINDOW_SLIDING] = "sliding",
	[WINDOW_SESSION] = "session",
	[WINDOW_LANDMARK] = "landmark",
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

const char *window_kind_name(enum window_kind kind)
{
	return kind_names[kind];
}

/* Nanoseconds of the unit that text is, all len bytes of it; 0 where it is none. */
static uint64_t unit_ns(const char *text, size_t len)
{
	for (size_t i = 0; i < COUNT_OF(units); i++) {
		if (strlen(units[i].name) == len && !memcmp(units[i].name, text, len))
			return units[i].ns;
	}
	return 0;
}

static int duration_parse_span(const char *text, size_t len, uint64_t *ns)
{
	size_t digits = 0;
	uint64_t unit, value = 0;
	bool too_long = false;

	while (digits < len && text[digits] >= '0' && text[digits] <= '9')
		digits++;
	unit = unit_ns(text + digits, len - digits);
	if (!digits || !unit)
		return -EINVAL;
	for (size_t i = 0; i < digits && !too_long; i++) {
		value = value * 10 + (uint64_t)(text[i] - '0');
		too_long = value > DURATION_MAX_NS / unit;
	}
	if (too_long)
		return -ERANGE;
	if (!value)
		return -EINVAL;
	*ns = value * unit;
	return 0;
}

int duration_parse(const char *text, uint64_t *ns)
{
	return duration_parse_span(text, strlen(text), ns);
}

static const char *span_refused(const char *text, size_t len, int err)
{
	size_t digits = strspn(text, "0123456789");
	uint64_t unit = digits < len ? unit_ns(text + digits, len - digits) : 0;

	if (!err)
		return NULL;
	if (err == -ERANGE)
		return "a length of time is at most 292 years";
	if (digits && digits >= len)
		return "the unit is missing: ms, s, m or h";
	if (digits && unit)
		return "a length of time is more than 0";
	return "a length of time is a whole number and ms, s, m or h: 10s";
}

const char *duration_refused(const char *text, int err)
{
	return span_refused(text, strlen(text), err);
}

static int refuse(const char **reason, const char *why)
{
	*reason = why;
	return -EINVAL;
}

static int span_parse(const char *text, size_t len, uint64_t *ns, const char **reason)
{
	int err = duration_parse_span(text, len, ns);

	return err ? refuse(reason, span_refused(text, len, err)) : 0;
}

static int tumbling_parse(const char *text, struct window_spec *spec, const char **reason)
{
	int err = span_parse(text, strlen(text), &spec->length_ns, reason);

	spec->slide_ns = spec->length_ns;
	return err;
}

static int sliding_parse(const char *text, struct window_spec *spec, const char **reason)
{
	const char *slash = strchr(text, '/');
	int err;

	if (!slash)
		return refuse(reason, "a sliding window is LENGTH/SLIDE: sliding:60s/1s");
	err = span_parse(text, (size_t)(slash - text), &spec->length_ns, reason);
	if (err)
		return err;
	err = span_parse(slash + 1, strlen(slash + 1), &spec->slide_ns, reason);
	if (err)
		return err;
	if (spec->slide_ns > spec->length_ns)
		return refuse(reason, "the slide is longer than the window");
	if (spec->length_ns % spec->slide_ns)
		return refuse(reason, "the slide does not divide the window");
	return 0;
}

static int session_parse(const char *text, struct window_spec *spec, const char **reason)
{
	return span_parse(text, strlen(text), &spec->gap_ns, reason);
}

static int landmark_parse(const char *text, struct window_spec *spec, const char **reason)
{
	return span_parse(text, strlen(text), &spec->slide_ns, reason);
}

int window_spec_parse(const char *text, struct window_spec *spec, const char **reason)
{
	static int (*const parse[])(const char *, struct window_spec *, const char **) = {
		[WINDOW_TUMBLING] = tumbling_parse,
		[WINDOW_SLIDING] = sliding_parse,
		[WINDOW_SESSION] = session_parse,
		[WINDOW_LANDMARK] = landmark_parse,
	};
	const char *colon = strchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : strlen(text);

	for (size_t kind = 0; kind < COUNT_OF(kind_names); kind++) {
		if (strlen(kind_names[kind]) != len || memcmp(kind_names[kind], text, len))
			continue;
		if (!colon)
			return refuse(reason, "a window has a length of time: tumbling:10s");
		*spec = (struct window_spec){ .kind = (enum window_kind)kind };
		return parse[kind](colon + 1, spec, reason);
	}
	return refuse(reason, "a window is tumbling:LEN, sliding:LEN/SLIDE, "
			      "session:GAP or landmark:LEN");
}

static uint64_t greatest_common_divisor(uint64_t a, uint64_t b)
{
	while (b) {
		uint64_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

struct prime_power {
	uint64_t prime;
	unsigned int count;
};

/* Durations are whole milliseconds: once 2 and 5 are out, little is left to divide. */
static size_t factorise(uint64_t n, struct prime_power factors[DISTINCT_PRIMES_MAX])
{
	size_t found = 0;

	for (uint64_t p = 2; n > 1; p++) {
		if (p > n / p)
			p = n;
		if (n % p)
			continue;
		factors[found] = (struct prime_power){ .prime = p };
		for (; n % p == 0; n /= p)
			factors[found].count++;
		found++;
	}
	return found;
}

/* The greatest product of these factors that is at most limit, which is 1 or more. */
static uint64_t greatest_product(const struct prime_power *factors, size_t count, uint64_t limit)
{
	uint64_t greatest = 0, power = 1;

	if (!count)
		return 1;
	for (unsigned int i = 0; i <= factors->count; i++) {
		uint64_t product;

		product = power * greatest_product(factors + 1, count - 1, limit / power);
		if (product > greatest)
			greatest = product;
		if (factors->prime > limit / power)
			break;
		power *= factors->prime;
	}
	return greatest;
}

static uint64_t greatest_divisor(uint64_t n, uint64_t limit)
{
	struct prime_power factors[DISTINCT_PRIMES_MAX];

	if (n <= limit)
		return n;
	return greatest_product(factors, factorise(n, factors), limit);
}

int pane_length_choose(const struct window_spec *specs, size_t count, uint64_t wanted_ns,
		       uint64_t *pane_ns, const char **reason)
{
	uint64_t common = 0, pane;

	for (size_t i = 0; i < count; i++) {
		common = greatest_common_divisor(common, specs[i].length_ns);
		common = greatest_common_divisor(common, specs[i].slide_ns);
		common = greatest_common_divisor(common, specs[i].gap_ns);
	}
	if (wanted_ns && wanted_ns < PANE_MIN_NS)
		return refuse(reason, "the pane is shorter than 10ms");
	if (wanted_ns && common % wanted_ns)
		return refuse(reason, "the pane does not divide every window, slide and gap");
	if (!common)
		common = PANE_DEFAULT_NS;
	pane = wanted_ns ? wanted_ns : greatest_divisor(common, PANE_DEFAULT_NS);
	if (pane < PANE_MIN_NS)
		return refuse(reason, "no pane of 10ms or more divides every window");
	*pane_ns = pane;
	return 0;
}
