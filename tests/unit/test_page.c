/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "json_scene.h"
#include "../user/page/page.h"
#include "../user/page/markup.h"

static const struct window_spec second = { WINDOW_TUMBLING, SECOND, SECOND, 0 };

#define FLOWS 100

/* A run of windows of one second, of flows of as many hosts that all call one. */
struct run {
	struct scene scene;
	struct flow_result flows[FLOWS];
	struct link_outcomes counted;
	struct history *history;
	uint64_t bytes;
};

static void run_init(struct run *run)
{
	memset(run, 0, sizeof(*run));
	scene_init(&run->scene);
	run->scene.result.counts = (struct outcome_counts){ 0 };
	run->history = history_create();
	assert_non_null(run->history);
	for (size_t i = 0; i < FLOWS; i++) {
		scene_init_flow(&run->flows[i]);
		run->flows[i].key.src[3] = htonl(0x0a000100 + (uint32_t)i);
	}
}

static void run_fini(struct run *run)
{
	history_destroy(run->history);
	text_fini(&run->scene.text);
}

/* Window number so and so, whose flow i carries (i + 1) * scale bytes. */
static int run_add(struct run *run, uint64_t number, size_t flows, uint64_t scale)
{
	struct window_result *result = &run->scene.result;
	struct flow_sum sum = { .min_len = 60, .max_len = 1514, .bytes_max = (double)scale };

	for (size_t i = 0; i < flows; i++) {
		run->flows[i].bytes = (i + 1) * scale;
		run->flows[i].packets = 1;
		sum.bytes += run->flows[i].bytes;
		sum.packets++;
	}
	run->bytes += sum.bytes;
	result->spec = &second;
	result->start_ns = number * SECOND;
	result->end_ns = result->start_ns + SECOND;
	result->total.sum = sum;
	result->total.flows = flows;
	result->counts.outcome[PACKET_FLOW] = (struct tally){ sum.packets, sum.bytes };
	result->flows = run->flows;
	result->flow_count = flows;
	run->counted.outcome[PACKET_FLOW].packets += sum.packets;
	run->counted.outcome[PACKET_FLOW].bytes += sum.bytes;
	result->run = &run->counted;
	result->run_count = 1;
	return history_add(run->history, &run->scene.context, result);
}

static const char *render(struct run *run)
{
	const struct page_look look = { 0 };

	run->scene.text.length = 0;
	assert_int_equal(page_render(&run->scene.text, run->history, &look), 0);
	return text_end(&run->scene.text);
}

static void assert_markup(const char *from, const char *expected)
{
	struct text text = { 0 };

	markup_text(&text, from);
	assert_string_equal(text_end(&text), expected);
	text_fini(&text);
}

static void text_from_outside_is_no_markup(void **state)
{
	(void)state;
	assert_markup("<script>&\"'", "&lt;script&gt;&amp;&quot;&#39;");
	assert_markup("</title><img src=x onerror=y>",
		      "&lt;/title&gt;&lt;img src=x onerror=y&gt;");
	assert_markup("gr\u00fcn \u65e5\u672c", "gr\u00fcn \u65e5\u672c");
	assert_markup(NULL, "unknown");
}

static void what_a_reader_could_not_see_is_shown(void **state)
{
	(void)state;
	assert_markup("a\x1b[2J\n\x7f", "a\\x1b[2J\\x0a\\x7f");
	assert_markup("\xff\xc3", "\\xff\\xc3");
	assert_markup("evil\u202egpj.exe\u2066\u200b", "evil\\u{202e}gpj.exe\\u{2066}\\u{200b}");
	assert_markup("\xc2\x85\U000e0041", "\\u{85}\\u{e0041}");
}

static void hostile_names_stay_names(void **state)
{
	static const char *const names[] = { "</title><script>alert(1)</script>" };
	struct run run;
	const char *page;

	(void)state;
	run_init(&run);
	run.scene.context.source_names = names;
	run.scene.context.filter = "\"><script>alert(2)</script>";
	run.scene.context.host = "<img src=x>";
	run_add(&run, 0, 3, 100);
	page = render(&run);
	assert_lacks(page, "<script>alert");
	assert_lacks(page, "<img");
	assert_has(page, "&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt;");
	run_fini(&run);
}

static void numbers_are_told_with_all_their_digits(void **state)
{
	struct text text = { 0 };

	(void)state;
	markup_count(&text, 18446744073709551615u);
	markup_format(&text, " ");
	markup_count(&text, 999);
	markup_format(&text, " ");
	markup_count(&text, 1000);
	assert_string_equal(text_end(&text), "18\u202f446\u202f744\u202f073\u202f709\u202f551"
					     "\u202f615 999 1\u202f000");
	text_fini(&text);
}

static void amounts_are_told_in_three_digits(void **state)
{
	struct text text = { 0 };

	(void)state;
	markup_bytes(&text, 999);
	markup_format(&text, ", ");
	markup_bytes(&text, 999600);
	markup_format(&text, ", ");
	markup_rate(&text, 125000);
	markup_format(&text, ", ");
	markup_share(&text, 1, 3);
	markup_format(&text, ", ");
	markup_length(&text, 256 * SECOND);
	assert_string_equal(text_end(&text), "999\u00a0B, 1.00\u00a0MB, 1.00\u00a0Mbit/s, "
					     "33.3\u00a0%, 4\u00a0min 16\u00a0s");
	text_fini(&text);
}

/* In every step, dimension by dimension: what is told apart is never more than all. */
static void assert_steps_hold_all(const struct run *run)
{
	uint64_t bytes = 0, windows = 0;

	for (size_t s = 0; s < run->history->step_count; s++) {
		const struct step *step = &run->history->steps[s];

		bytes += step->total.bytes;
		windows += step->windows;
		for (size_t d = 0; d < DIMENSION_COUNT; d++) {
			uint64_t told = 0;

			for (size_t i = 0; i < step->lists[d].count; i++)
				told += step->lists[d].keys[i].bytes;
			assert_true(told <= step->total.bytes);
			assert_true(step->lists[d].count <= STEP_KEYS);
		}
	}
	assert_int_equal(bytes, run->bytes);
	assert_int_equal(windows, run->history->windows);
	assert_int_equal(run->history->total.bytes, run->bytes);
}

static void steps_sum_to_the_run(void **state)
{
	struct run run;

	(void)state;
	run_init(&run);
	for (uint64_t i = 0; i < 50; i++)
		assert_int_equal(run_add(&run, i, 1 + i % FLOWS, 1 + i * 7), 0);
	assert_int_equal(run.history->step_count, 50);
	assert_steps_hold_all(&run);
	run_fini(&run);
}

static void thinning_keeps_sums_and_maxima(void **state)
{
	struct run run;
	double most = 0;

	(void)state;
	run_init(&run);
	for (uint64_t i = 0; i < 5000; i++)
		assert_int_equal(run_add(&run, i, 1 + i % 7, i == 1234 ? 1000000 : 100), 0);
	assert_true(run.history->step_count <= STEPS_MAX);
	assert_true(run.history->step_count >= STEPS_COARSE);
	assert_steps_hold_all(&run);
	for (size_t i = 0; i < run.history->step_count; i++)
		most = run.history->steps[i].total.bytes_max > most ?
			       run.history->steps[i].total.bytes_max : most;
	assert_true(most == 1000000);
	assert_int_equal(run.history->steps[0].start_ns, EPOCH);
	assert_int_equal(run.history->steps[run.history->step_count - 1].end_ns,
			 EPOCH + 5000 * SECOND);
	for (size_t i = run.history->step_count - STEPS_FRESH; i < run.history->step_count; i++)
		assert_int_equal(run.history->steps[i].windows, 1);
	assert_has(render(&run), "older ones are joined, up to ");
	run_fini(&run);
}

static void keys_are_counted_exactly_while_there_is_room(void **state)
{
	struct run run;
	const struct heavy_entry *top[2];

	(void)state;
	run_init(&run);
	for (uint64_t i = 0; i < 10; i++)
		run_add(&run, i, FLOWS, 1000);
	assert_int_equal(heavy_top(&run.history->heavy[DIMENSION_SENDER], false, top, 2), 2);
	assert_int_equal(heavy_bytes(top[0]), 10 * FLOWS * 1000);
	assert_int_equal(heavy_bytes(top[1]), 10 * (FLOWS - 1) * 1000);
	assert_false(top[0]->is_late);
	assert_int_equal(heavy_top(&run.history->heavy[DIMENSION_RECEIVER], false, top, 2), 1);
	assert_int_equal(heavy_bytes(top[0]), run.bytes);
	run_fini(&run);
}

static void heavy_keys_stay_where_there_is_no_room(void **state)
{
	struct hash_seed seed = { { 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37 } };
	const struct heavy_entry *top[3];
	struct heavy heavy;

	(void)state;
	heavy_init(&heavy, &seed, 256);
	for (uint32_t i = 0; i < 5000; i++) {
		struct flow_key key = { .src_port = (__be16)i, .flags = FLOW_IP };
		struct heavy_amount amount = { HEAVY_THERE, i == 3 ? 900 : i == 4000 ? 800 : 60, 1 };

		heavy_add(&heavy, &key, &amount);
	}
	assert_int_equal(heavy_top(&heavy, false, top, 3), 3);
	assert_int_equal(top[0]->key.src_port, 3);
	assert_false(top[0]->is_late);
	assert_int_equal(top[1]->key.src_port, 4000);
	assert_true(top[1]->is_late);
	assert_true(heavy.has_forgotten && heavy.count <= 256);
	heavy_fini(&heavy);
}

static void page_tells_other_so_that_rows_sum_to_all(void **state)
{
	struct run run;
	uint64_t others = 0;
	char expected[64];

	(void)state;
	run_init(&run);
	run_add(&run, 0, FLOWS, 1);
	for (uint64_t i = 1; i <= FLOWS - 16; i++)
		others += i;
	snprintf(expected, sizeof(expected), "other</th><td>%u\u202f%03u",
		 (unsigned int)others / 1000, (unsigned int)others % 1000);
	assert_has(render(&run), expected);
	run_fini(&run);
}

static void rows_that_were_not_listed_are_said(void **state)
{
	struct run run;

	(void)state;
	run_init(&run);
	run_add(&run, 0, 10, 100);
	assert_has(render(&run), "Nothing is known to be missing");
	run.scene.result.flow_count = 4;
	run.scene.result.flows_omitted = 6;
	run.counted.outcome[PACKET_FLOW].packets += 10;
	history_add(run.history, &run.scene.context, &run.scene.result);
	assert_has(render(&run), "<li>6 packets of rows that were not listed");
	assert_lacks(render(&run), "Nothing is known to be missing");
	run_fini(&run);
}

static void windows_that_did_not_come_are_said(void **state)
{
	struct run run;

	(void)state;
	run_init(&run);
	run_add(&run, 0, 10, 100);
	run.counted.outcome[PACKET_FLOW].packets += 77;
	run_add(&run, 2, 10, 100);
	assert_has(render(&run), "<li>77 packets of the run are in no picture here");
	run_fini(&run);
}

static void what_was_counted_before_is_said(void **state)
{
	struct run run;

	(void)state;
	run_init(&run);
	run_add(&run, 0, 3, 100);
	assert_lacks(render(&run), "begins anew");
	run_fini(&run);
	run_init(&run);
	run.scene.result.away_ns = 37 * SECOND;
	run_add(&run, 100, 3, 100);
	run.scene.result.away_ns = 0;
	run_add(&run, 101, 3, 100);
	assert_has(render(&run), "begins anew when weir is started. This one tells since ");
	assert_has(render(&run), "counted in the 37\u00a0s without weir is its first window");
	run_fini(&run);
}

static void page_without_windows_says_so(void **state)
{
	struct run run;

	(void)state;
	run_init(&run);
	assert_has(render(&run), "No window is over yet.");
	run_fini(&run);
}

static void copy_is_the_same_and_leaves_the_first_as_it_was(void **state)
{
	struct run run, other;
	char *before;

	(void)state;
	run_init(&run);
	for (uint64_t i = 0; i < 20; i++)
		run_add(&run, i, FLOWS, 10);
	before = strdup(render(&run));
	other = run;
	other.history = history_copy(run.history);
	other.scene.text = (struct text){ 0 };
	assert_non_null(other.history);
	run_add(&other, 20, FLOWS, 10);
	assert_int_equal(other.history->total.bytes, run.history->total.bytes + 10 * 5050);
	assert_string_equal(render(&run), before);
	free(before);
	run_fini(&other);
	run_fini(&run);
}

static void policy_allows_nothing_but_the_page_itself(void **state)
{
	const struct page_look file = { 0 }, served = { .renew_ms = 1000 };
	struct run run;

	(void)state;
	assert_has(page_policy(&file), "default-src 'none'");
	assert_has(page_policy(&file), "script-src 'sha256-");
	assert_lacks(page_policy(&file), "connect-src");
	assert_lacks(page_policy(&file), "unsafe");
	assert_has(page_policy(&served), "connect-src 'self'");
	run_init(&run);
	run_add(&run, 0, 3, 100);
	assert_has(render(&run), page_policy(&file));
	assert_lacks(render(&run), " style=");
	assert_lacks(render(&run), "data-renew=");
	run_fini(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_from_outside_is_no_markup),
		cmocka_unit_test(what_a_reader_could_not_see_is_shown),
		cmocka_unit_test(hostile_names_stay_names),
		cmocka_unit_test(numbers_are_told_with_all_their_digits),
		cmocka_unit_test(amounts_are_told_in_three_digits),
		cmocka_unit_test(steps_sum_to_the_run),
		cmocka_unit_test(thinning_keeps_sums_and_maxima),
		cmocka_unit_test(keys_are_counted_exactly_while_there_is_room),
		cmocka_unit_test(heavy_keys_stay_where_there_is_no_room),
		cmocka_unit_test(page_tells_other_so_that_rows_sum_to_all),
		cmocka_unit_test(rows_that_were_not_listed_are_said),
		cmocka_unit_test(windows_that_did_not_come_are_said),
		cmocka_unit_test(what_was_counted_before_is_said),
		cmocka_unit_test(page_without_windows_says_so),
		cmocka_unit_test(copy_is_the_same_and_leaves_the_first_as_it_was),
		cmocka_unit_test(policy_allows_nothing_but_the_page_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
