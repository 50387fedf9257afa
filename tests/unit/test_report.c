/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../user/base/report.h"
#include "capture.h"

static void error_is_one_line_after_the_name(void **state)
{
	struct capture capture;

	(void)state;
	capture_start(&capture);
	report_error("attach %s: %s", "eth0", "operation not permitted");
	assert_string_equal(capture_end(&capture), "weir: attach eth0: operation not permitted\n");
}

static void control_characters_are_escaped(void **state)
{
	struct capture capture;

	(void)state;
	capture_start(&capture);
	report_error("read %s", "a\x1b[2J\nb\x7f\t\xc3\xa9\xc2\x9b\x9b");
	assert_string_equal(capture_end(&capture),
			    "weir: read a\\x1b[2J\\x0ab\\x7f\\x09\xc3\xa9\\xc2\\x9b\\x9b\n");
}

static void long_message_is_cut_and_still_ends_its_line(void **state)
{
	struct capture capture;
	char name[5000];
	const char *line;

	(void)state;
	memset(name, '\n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	capture_start(&capture);
	report_error("%s", name);
	line = capture_end(&capture);
	assert_true(strlen(line) > 2000 && strlen(line) <= 2048);
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
}

static void reporting_keeps_errno(void **state)
{
	struct capture capture;

	(void)state;
	capture_start(&capture);
	errno = ENOSPC;
	report_error("x");
	assert_int_equal(errno, ENOSPC);
	assert_string_equal(capture_end(&capture), "weir: x\n");
}

static const char *report_all_at(enum report_level level, struct capture *capture)
{
	report_set_level(level);
	capture_start(capture);
	report_error("error");
	report_notice("notice");
	report_verbose("verbose");
	report_set_level(REPORT_NORMAL);
	return capture_end(capture);
}

static void level_chooses_what_is_shown(void **state)
{
	struct capture capture;

	(void)state;
	assert_string_equal(report_all_at(REPORT_QUIET, &capture), "weir: error\n");
	assert_string_equal(report_all_at(REPORT_NORMAL, &capture),
			    "weir: error\nweir: notice\n");
	assert_string_equal(report_all_at(REPORT_VERBOSE, &capture),
			    "weir: error\nweir: notice\nweir: verbose\n");
}

/* Nobody reads: reporting would block for ever. */
static void full_pipe_loses_the_line(void **state)
{
	int ends[2], saved = dup(STDERR_FILENO);
	char byte = 0;

	(void)state;
	assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
	while (write(ends[1], &byte, 1) == 1)
		continue;
	assert_int_equal(fcntl(ends[1], F_SETFL, 0), 0);
	assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
	alarm(5);
	report_error("nobody reads this");
	alarm(0);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(error_is_one_line_after_the_name),
		cmocka_unit_test(control_characters_are_escaped),
		cmocka_unit_test(long_message_is_cut_and_still_ends_its_line),
		cmocka_unit_test(reporting_keeps_errno),
		cmocka_unit_test(full_pipe_loses_the_line),
		cmocka_unit_test(level_chooses_what_is_shown),
	};

	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
