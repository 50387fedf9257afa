/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "../user/sources/progress.h"

#define SECOND_NS 1000000000ull

static void expect_text(struct replay_progress progress, uint64_t elapsed_ns, const char *text)
{
	char line[80];

	assert_string_equal(progress_text(&progress, elapsed_ns, line, sizeof(line)), text);
}

static void a_file_of_known_size_has_percent_and_time_left(void **state)
{
	(void)state;
	expect_text((struct replay_progress){ .bytes = 25, .size = 100, .packets = 30000000 },
		    2 * SECOND_NS, " 25 %  30.0 M packets  15.0 M packets/s  6 s left");
}

static void a_stream_of_unknown_size_has_neither(void **state)
{
	(void)state;
	expect_text((struct replay_progress){ .bytes = 25, .packets = 1500000 }, SECOND_NS / 2,
		    "1.5 M packets  3.0 M packets/s");
}

static void a_file_that_grew_is_at_most_whole(void **state)
{
	(void)state;
	expect_text((struct replay_progress){ .bytes = 300, .size = 100, .packets = 1000000 },
		    SECOND_NS, "100 %  1.0 M packets  1.0 M packets/s  0 s left");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_of_known_size_has_percent_and_time_left),
		cmocka_unit_test(a_stream_of_unknown_size_has_neither),
		cmocka_unit_test(a_file_that_grew_is_at_most_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
