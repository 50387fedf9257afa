/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "../../user/engine/window_spec.h"

#define MS 1000000ull
#define S  (1000 * MS)

static uint64_t duration(const char *text)
{
	uint64_t ns = 0;

	assert_int_equal(duration_parse(text, &ns), 0);
	return ns;
}

static void a_duration_is_a_whole_number_and_a_unit(void **state)
{
	(void)state;
	assert_int_equal(duration("250ms"), 250 * MS);
	assert_int_equal(duration("1s"), S);
	assert_int_equal(duration("5m"), 300 * S);
	assert_int_equal(duration("1h"), 3600 * S);
	assert_int_equal(duration("007s"), 7 * S);
}

static void what_is_no_duration_is_refused(void **state)
{
	static const char *const texts[] = {
		"", "1", "s", "ms", "0s", "00ms", "-1s", "+1s", " 1s", "1s ", "1 s", "1.5s", "1e3s",
		"0x1s", "1S", "1us", "1d", "1sec", "1h30m", "1mss", "99999999999999999999999x",
	};
	uint64_t ns = 42;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		if (duration_parse(texts[i], &ns) != -EINVAL)
			fail_msg("\"%s\" was taken", texts[i]);
	}
	assert_int_equal(ns, 42);
}

static void a_duration_past_the_range_is_told_apart(void **state)
{
	uint64_t ns = 42;

	(void)state;
	assert_int_equal(duration("9223372036854ms"), 9223372036854 * MS);
	assert_int_equal(duration_parse("9223372036855ms", &ns), -ERANGE);
	assert_int_equal(duration("9223372036s"), 9223372036 * S);
	assert_int_equal(duration_parse("9223372037s", &ns), -ERANGE);
	assert_int_equal(duration("2562047h"), 3600 * S * 2562047);
	assert_int_equal(duration_parse("2562048h", &ns), -ERANGE);
	assert_int_equal(duration_parse("18446744073709551617ms", &ns), -ERANGE);
	assert_int_equal(duration_parse("99999999999999999999999999999999999999h", &ns), -ERANGE);
	assert_int_equal(ns, 42);
}

static struct window_spec window(const char *text)
{
	struct window_spec spec;
	const char *reason = NULL;

	if (window_spec_parse(text, &spec, &reason))
		fail_msg("%s: %s", text, reason);
	return spec;
}

static void a_tumbling_window_slides_by_its_length(void **state)
{
	struct window_spec spec = window("tumbling:10s");

	(void)state;
	assert_int_equal(spec.kind, WINDOW_TUMBLING);
	assert_int_equal(spec.length_ns, 10 * S);
	assert_int_equal(spec.slide_ns, 10 * S);
	assert_int_equal(spec.gap_ns, 0);
}

static void a_sliding_window_has_length_and_slide(void **state)
{
	struct window_spec spec = window("sliding:1m/500ms");

	(void)state;
	assert_int_equal(spec.kind, WINDOW_SLIDING);
	assert_int_equal(spec.length_ns, 60 * S);
	assert_int_equal(spec.slide_ns, 500 * MS);
	assert_int_equal(spec.gap_ns, 0);
}

static void a_slide_may_be_the_whole_window(void **state)
{
	struct window_spec spec = window("sliding:2s/2000ms");

	(void)state;
	assert_int_equal(spec.kind, WINDOW_SLIDING);
	assert_int_equal(spec.slide_ns, spec.length_ns);
}

static void a_session_window_has_a_gap_only(void **state)
{
	struct window_spec spec = window("session:30s");

	(void)state;
	assert_int_equal(spec.kind, WINDOW_SESSION);
	assert_int_equal(spec.gap_ns, 30 * S);
	assert_int_equal(spec.length_ns, 0);
	assert_int_equal(spec.slide_ns, 0);
}

static void what_is_wrong_with_a_length_of_time_is_told(void **state)
{
	static const char *const cases[][2] = {
		{ "10", "the unit is missing: ms, s, m or h" },
		{ "0s", "a length of time is more than 0" },
		{ "99999999h", "a length of time is at most 292 years" },
		{ "", "a length of time is a whole number and ms, s, m or h: 10s" },
		{ "10d", "a length of time is a whole number and ms, s, m or h: 10s" },
		{ "-1s", "a length of time is a whole number and ms, s, m or h: 10s" },
	};
	uint64_t ns;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *text = cases[i][0];

		assert_string_equal(duration_refused(text, duration_parse(text, &ns)),
				    cases[i][1]);
	}
	assert_null(duration_refused("10s", duration_parse("10s", &ns)));
}

static void what_is_no_window_is_refused_with_a_reason(void **state)
{
	static const char *const texts[] = {
		"", ":", ":10s", "10s", "tumbling", "tumbling:", "tumbling:0s", "tumbling:10",
		"tumbling:10s/1s", "Tumbling:10s", "tumblings:10s", "tumbl:10s", " tumbling:10s",
		"tumbling:10s ", "tumbling:9999999999h", "sliding:10s", "sliding:/", "sliding:10s/",
		"sliding:/1s", "sliding:10s/1s/1s", "sliding:10s/3s", "sliding:1s/10s",
		"landmark", "landmark:0s", "landmark:1s/1s", "sliding:10s/0s", "session", "session:", "session:30s/1s", "hopping:10s",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct window_spec spec;
		const char *reason = NULL;

		if (window_spec_parse(texts[i], &spec, &reason) != -EINVAL)
			fail_msg("\"%s\" was taken", texts[i]);
		if (!reason)
			fail_msg("\"%s\" was refused without a reason", texts[i]);
	}
}

static void a_kind_has_the_name_that_is_parsed(void **state)
{
	(void)state;
	assert_string_equal(window_kind_name(WINDOW_TUMBLING), "tumbling");
	assert_string_equal(window_kind_name(WINDOW_SLIDING), "sliding");
	assert_string_equal(window_kind_name(WINDOW_SESSION), "session");
}

static uint64_t pane_of(const char *first, const char *second, uint64_t wanted_ns)
{
	struct window_spec specs[] = { window(first), window(second ? second : first) };
	const char *reason = NULL;
	uint64_t pane_ns = 0;
	int err = pane_length_choose(specs, second ? 2 : 1, wanted_ns, &pane_ns, &reason);

	assert_true(err ? err == -EINVAL && reason && !pane_ns : pane_ns && !reason);
	return pane_ns;
}

static void landmark_has_a_length_between_its_results(void **state)
{
	struct window_spec spec = window("landmark:30s");

	(void)state;
	assert_int_equal(spec.kind, WINDOW_LANDMARK);
	assert_int_equal(spec.slide_ns, 30 * S);
	assert_int_equal(spec.length_ns, 0);
	assert_string_equal(window_kind_name(spec.kind), "landmark");
	assert_int_equal(pane_of("landmark:1500ms", NULL, 0), 750 * MS);
}

static void a_pane_is_the_greatest_that_divides_every_window(void **state)
{
	(void)state;
	assert_int_equal(pane_of("tumbling:10s", NULL, 0), S);
	assert_int_equal(pane_of("tumbling:1h", "sliding:10s/2s", 0), S);
	assert_int_equal(pane_of("tumbling:1500ms", NULL, 0), 750 * MS);
	assert_int_equal(pane_of("sliding:1s/250ms", NULL, 0), 250 * MS);
	assert_int_equal(pane_of("sliding:1s/250ms", "session:300ms", 0), 50 * MS);
	assert_int_equal(pane_of("tumbling:10s", "session:1100ms", 0), 100 * MS);
	assert_int_equal(pane_of("tumbling:10ms", NULL, 0), 10 * MS);
	assert_int_equal(pane_of("tumbling:7001ms", NULL, 0), 7001 * MS / 8);
}

static void without_windows_the_pane_is_the_default(void **state)
{
	const char *reason = NULL;
	uint64_t pane_ns = 0;

	(void)state;
	assert_int_equal(pane_length_choose(NULL, 0, 0, &pane_ns, &reason), 0);
	assert_int_equal(pane_ns, PANE_DEFAULT_NS);
}

/* Against cutting the window into ever more pieces. */
static void a_pane_is_what_trying_every_length_finds(void **state)
{
	(void)state;
	for (uint64_t ms = 10; ms < 20000; ms += 37) {
		struct window_spec spec = { .kind = WINDOW_SESSION, .gap_ns = ms * MS };
		uint64_t pane_ns = 0, pieces = (spec.gap_ns + S - 1) / S;
		const char *reason = NULL;

		while (spec.gap_ns % pieces)
			pieces++;
		assert_int_equal(pane_length_choose(&spec, 1, 0, &pane_ns, &reason), 0);
		assert_int_equal(pane_ns, spec.gap_ns / pieces);
	}
}

static void a_wanted_pane_is_taken_where_it_divides_every_window(void **state)
{
	(void)state;
	assert_int_equal(pane_of("tumbling:10s", NULL, 100 * MS), 100 * MS);
	assert_int_equal(pane_of("tumbling:10s", NULL, 10 * MS), 10 * MS);
	assert_int_equal(pane_of("tumbling:10s", NULL, 5 * S), 5 * S);
	assert_int_equal(pane_of("tumbling:10s", "session:30s", 10 * S), 10 * S);
}

static void a_wanted_pane_that_does_not_divide_is_refused(void **state)
{
	(void)state;
	assert_int_equal(pane_of("tumbling:10s", NULL, 3 * S), 0);
	assert_int_equal(pane_of("tumbling:10s", NULL, 20 * S), 0);
	assert_int_equal(pane_of("sliding:10s/2s", NULL, 5 * S), 0);
	assert_int_equal(pane_of("session:15s", NULL, 10 * S), 0);
	assert_int_equal(pane_of("tumbling:10s", "session:1500ms", S), 0);
}

static void a_pane_under_ten_milliseconds_is_refused(void **state)
{
	(void)state;
	assert_int_equal(pane_of("tumbling:10s", NULL, 5 * MS), 0);
	assert_int_equal(pane_of("tumbling:5ms", NULL, 0), 0);
	assert_int_equal(pane_of("tumbling:1s", "session:1001ms", 0), 0);
}

/* A prime of milliseconds over 10^9: only parts under 1 ms are left. */
static void a_window_that_no_pane_divides_is_refused(void **state)
{
	(void)state;
	assert_int_equal(pane_of("tumbling:1000000007ms", NULL, 0), 0);
	assert_int_equal(pane_of("tumbling:9223372036807ms", NULL, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_duration_is_a_whole_number_and_a_unit),
		cmocka_unit_test(what_is_no_duration_is_refused),
		cmocka_unit_test(a_duration_past_the_range_is_told_apart),
		cmocka_unit_test(a_tumbling_window_slides_by_its_length),
		cmocka_unit_test(a_sliding_window_has_length_and_slide),
		cmocka_unit_test(a_slide_may_be_the_whole_window),
		cmocka_unit_test(a_session_window_has_a_gap_only),
		cmocka_unit_test(landmark_has_a_length_between_its_results),
		cmocka_unit_test(what_is_wrong_with_a_length_of_time_is_told),
		cmocka_unit_test(what_is_no_window_is_refused_with_a_reason),
		cmocka_unit_test(a_kind_has_the_name_that_is_parsed),
		cmocka_unit_test(a_pane_is_the_greatest_that_divides_every_window),
		cmocka_unit_test(without_windows_the_pane_is_the_default),
		cmocka_unit_test(a_pane_is_what_trying_every_length_finds),
		cmocka_unit_test(a_wanted_pane_is_taken_where_it_divides_every_window),
		cmocka_unit_test(a_wanted_pane_that_does_not_divide_is_refused),
		cmocka_unit_test(a_pane_under_ten_milliseconds_is_refused),
		cmocka_unit_test(a_window_that_no_pane_divides_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
