/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "json_scene.h"

#define LINKS 3

struct metrics {
	struct scene scene;
	const char *names[FLOW_LINKS_MAX];
	struct link_outcomes run[2 * LINKS];
};

static void metrics_init(struct metrics *metrics)
{
	memset(metrics, 0, sizeof(*metrics));
	scene_init(&metrics->scene);
	for (size_t i = 0; i < FLOW_LINKS_MAX; i++)
		metrics->names[i] = "";
	metrics->names[0] = "eth0";
	metrics->names[1] = "eth1";
	metrics->scene.context.link_names = metrics->names;
	metrics->scene.result.run = metrics->run;
	metrics->scene.result.run_count = 2 * LINKS;
	metrics->run[link_tally_index(0, false)].outcome[PACKET_FLOW] = (struct tally){ 30, 15000 };
	metrics->run[link_tally_index(0, true)].outcome[PACKET_FILTERED] = (struct tally){ 4, 400 };
	metrics->run[link_tally_index(2, false)].outcome[PACKET_FLOW] = (struct tally){ 7, 700 };
	metrics->run[link_tally_index(2, false)].malformed_reason[MALFORMED_IPV4_VERSION] = 2;
}

static const char *write_metrics(struct metrics *metrics)
{
	struct scene *scene = &metrics->scene;
	const struct encoding encoding = { &scene->context, &scene->result, &scene->transmission };

	text_fini(&scene->text);
	assert_int_equal(prom_encoder.encode(&scene->text, &encoding), 0);
	return text_end(&scene->text);
}

static void counters_are_of_the_run_by_interface_direction_and_outcome(void **state)
{
	struct metrics metrics;
	const char *text;

	(void)state;
	metrics_init(&metrics);
	metrics.names[2] = "eth2";
	text = write_metrics(&metrics);
	assert_has(text, "# TYPE weir_packets_total counter\n");
	assert_has(text, "\nweir_packets_total{interface=\"eth0\",direction=\"in\","
			 "outcome=\"flow\"} 30\n");
	assert_has(text, "\nweir_bytes_total{interface=\"eth0\",direction=\"out\","
			 "outcome=\"filtered\"} 400\n");
	assert_has(text, "\nweir_packets_total{interface=\"eth1\",direction=\"in\","
			 "outcome=\"flow\"} 0\n");
	assert_has(text, "\nweir_malformed_packets_total{reason=\"ipv4_version\"} 2\n");
	assert_has(text, "\nweir_flows 1\n");
	text_fini(&metrics.scene.text);
}

static void interface_that_came_back_is_one_series(void **state)
{
	struct metrics metrics;
	const char *text;

	(void)state;
	metrics_init(&metrics);
	metrics.names[2] = "eth0";
	text = write_metrics(&metrics);
	assert_has(text, "weir_packets_total{interface=\"eth0\",direction=\"in\","
			 "outcome=\"flow\"} 37\n");
	assert_lacks(text, "outcome=\"flow\"} 7\n");
	text_fini(&metrics.scene.text);
}

static void packets_of_an_interface_without_a_name_are_counted(void **state)
{
	struct metrics metrics;

	(void)state;
	metrics_init(&metrics);
	assert_has(write_metrics(&metrics), "weir_packets_total{interface=\"\",direction=\"in\","
					    "outcome=\"flow\"} 7\n");
	text_fini(&metrics.scene.text);
}

static void names_are_escaped(void **state)
{
	struct metrics metrics;

	(void)state;
	metrics_init(&metrics);
	metrics.names[2] = "a\"\n";
	assert_has(write_metrics(&metrics), "{interface=\"a\\\"\\\\x0a\",direction=\"in\"");
	text_fini(&metrics.scene.text);
}

static void capture_is_counted_by_outcome(void **state)
{
	struct metrics metrics;
	const char *text;

	(void)state;
	metrics_init(&metrics);
	metrics.scene.context.direction = NULL;
	text = write_metrics(&metrics);
	assert_has(text, "\nweir_packets_total{outcome=\"flow\"} 37\n");
	assert_lacks(text, "interface=");
	text_fini(&metrics.scene.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counters_are_of_the_run_by_interface_direction_and_outcome),
		cmocka_unit_test(interface_that_came_back_is_one_series),
		cmocka_unit_test(packets_of_an_interface_without_a_name_are_counted),
		cmocka_unit_test(names_are_escaped),
		cmocka_unit_test(capture_is_counted_by_outcome),
	};

	return cmocka_run_group_tests_name("prom", tests, NULL, NULL);
}
