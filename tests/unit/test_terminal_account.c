/* SPDX-License-Identifier: BSD-2-Clause */
/* What is not right is told in words, the worst first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../user/top/draw_account.h"

static const struct options options = { .slots = 64 };

static void expect_warning(const struct snapshot *snapshot, const char *expected)
{
	const struct screen screen = { .snapshot = snapshot, .options = &options, .is_live = true };
	char text[MESSAGE_MAX];

	assert_string_equal(screen_warning(&screen, text), expected);
}

static struct snapshot *quiet_snapshot(void)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));

	assert_non_null(snapshot);
	return snapshot;
}

static void nothing_wrong_is_no_words(void **state)
{
	struct snapshot *snapshot = quiet_snapshot();

	(void)state;
	expect_warning(snapshot, "");
	free(snapshot);
}

static void a_full_table_names_the_option(void **state)
{
	struct snapshot *snapshot = quiet_snapshot();

	(void)state;
	snapshot->whole[COVER_LONG].counts.outcome[PACKET_UNATTRIBUTED].packets = 1;
	expect_warning(snapshot, "table full: packets belong to no row; try --slots 256");
	free(snapshot);
}

static void who_stands_before_weir_comes_first(void **state)
{
	struct snapshot *snapshot = quiet_snapshot();

	(void)state;
	snapshot->whole[COVER_LONG].counts.outcome[PACKET_UNATTRIBUTED].packets = 1;
	snapshot->whole[COVER_LONG].health.dropped_packets = 7;
	snapshot->facts.ahead_count = 1;
	strcpy(snapshot->facts.ahead, "prog 12 (x) at tcx-ingress of eth0");
	expect_warning(snapshot, "hides packets: prog 12 (x) at tcx-ingress of eth0");
	snapshot->facts.ahead_count = 3;
	expect_warning(snapshot, "hide packets: prog 12 (x) at tcx-ingress of eth0 and 2 more");
	free(snapshot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_wrong_is_no_words),
		cmocka_unit_test(a_full_table_names_the_option),
		cmocka_unit_test(who_stands_before_weir_comes_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
