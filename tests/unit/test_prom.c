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

static void dropped_packets_are_told_by_interface(void **state)
{
	struct metrics metrics;
	const char *text;

	(void)state;
	metrics_init(&metrics);
	metrics.names[2] = "eth0";
	metrics.run[link_tally_index(0, false)].dropped_packets = 5;
	metrics.run[link_tally_index(2, false)].dropped_packets = 3;
	metrics.scene.result.run_dropped_packets = 8;
	metrics.scene.result.table_use = 0.25;
	text = write_metrics(&metrics);
	assert_has(text, "\nweir_interface_dropped_packets_total{interface=\"eth0\"} 8\n"
			 "weir_interface_dropped_packets_total{interface=\"eth1\"} 0\n#");
	assert_has(text, "\nweir_table_used_ratio 0.25\n");
	metrics.scene.result.run_dropped_packets = 10;
	metrics.scene.result.table_use = -1;
	text = write_metrics(&metrics);
	assert_has(text, "\nweir_interface_dropped_packets_total 2\n");
	assert_lacks(text, "weir_table_used_ratio");
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

/* Two hosts of one group-by, 700 and 200 bytes of the 1000 of a window of 2 s. */
static void groups_init(struct metrics *metrics, struct group_by *group,
			struct flow_result flows[2])
{
	const char *reason;

	metrics_init(metrics);
	memset(flows, 0, 2 * sizeof(flows[0]));
	assert_int_equal(group_by_parse("src", group, &reason), 0);
	for (uint32_t i = 0; i < 2; i++) {
		flows[i].key.flags = FLOW_IP;
		flows[i].key.src[2] = htonl(0xffff);
		flows[i].key.src[3] = htonl(0x0a000001 + i);
	}
	flows[0].bytes = 700;
	flows[1].bytes = 200;
	metrics->scene.context.group = group;
	metrics->scene.context.metric_groups = 20;
	metrics->scene.result.flows = flows;
	metrics->scene.result.flow_count = 2;
	metrics->scene.result.reverses = NULL;
	metrics->scene.result.total.bytes = 1000;
	metrics->scene.result.observed_ns = 2000000000u;
}

static void groups_and_the_others_add_up_to_the_window(void **state)
{
	struct metrics metrics;
	struct group_by group;
	struct flow_result flows[2];
	const char *text;

	(void)state;
	groups_init(&metrics, &group, flows);
	text = write_metrics(&metrics);
	assert_has(text, "\nweir_group_bytes_per_second{src=\"10.0.0.1\"} 350\n");
	assert_has(text, "\nweir_group_bytes_per_second{src=\"10.0.0.2\"} 100\n");
	assert_has(text, "\nweir_other_groups_bytes_per_second 50\n");
	text_fini(&metrics.scene.text);
}

static void groups_past_the_most_are_among_the_others(void **state)
{
	struct metrics metrics;
	struct group_by group;
	struct flow_result flows[2];
	const char *text;

	(void)state;
	groups_init(&metrics, &group, flows);
	metrics.scene.context.metric_groups = 1;
	text = write_metrics(&metrics);
	assert_lacks(text, "10.0.0.2");
	assert_has(text, "\nweir_other_groups_bytes_per_second 150\n");
	text_fini(&metrics.scene.text);
}

static void groups_of_the_same_labels_are_one_series(void **state)
{
	struct metrics metrics;
	struct group_by group;
	struct flow_result flows[2];
	const char *text;

	(void)state;
	groups_init(&metrics, &group, flows);
	flows[1].key.src[3] = flows[0].key.src[3];
	text = write_metrics(&metrics);
	assert_has(text, "\nweir_group_bytes_per_second{src=\"10.0.0.1\"} 450\n");
	assert_lacks(text, "} 350\n");
	text_fini(&metrics.scene.text);
}

static void groups_are_told_to_who_asks(void **state)
{
	struct metrics metrics;
	struct group_by group;
	struct flow_result flows[2];

	(void)state;
	groups_init(&metrics, &group, flows);
	metrics.scene.context.metric_groups = 0;
	assert_lacks(write_metrics(&metrics), "group");
	text_fini(&metrics.scene.text);
}

static void lag_is_in_seconds_and_drops_are_of_the_run(void **state)
{
	struct metrics metrics;
	const char *text;

	(void)state;
	metrics_init(&metrics);
	metrics.scene.result.health.collect_latency_ns = 250000000u;
	metrics.scene.result.run_dropped_packets = 12;
	text = write_metrics(&metrics);
	assert_has(text, "\nweir_pane_lag_seconds 0.25\n");
	assert_has(text, "\nweir_interface_dropped_packets_total 12\n");
	text_fini(&metrics.scene.text);
}

static void outputs_are_told_by_their_names(void **state)
{
	const struct result_output outputs[] = { { "a.ndjson", 5, 2, 1 }, { "b\".csv", 9, 0, 0 } };
	struct metrics metrics;
	const char *text;

	(void)state;
	metrics_init(&metrics);
	metrics.scene.result.outputs = outputs;
	metrics.scene.result.output_count = 2;
	text = write_metrics(&metrics);
	assert_has(text, "\nweir_output_written_total{output=\"a.ndjson\"} 5\n");
	assert_has(text, "\nweir_output_failed_total{output=\"a.ndjson\"} 2\n");
	assert_has(text, "\nweir_output_queued{output=\"a.ndjson\"} 1\n");
	assert_has(text, "\nweir_output_written_total{output=\"b\\\".csv\"} 9\n");
	text_fini(&metrics.scene.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counters_are_of_the_run_by_interface_direction_and_outcome),
		cmocka_unit_test(dropped_packets_are_told_by_interface),
		cmocka_unit_test(interface_that_came_back_is_one_series),
		cmocka_unit_test(packets_of_an_interface_without_a_name_are_counted),
		cmocka_unit_test(names_are_escaped),
		cmocka_unit_test(capture_is_counted_by_outcome),
		cmocka_unit_test(groups_and_the_others_add_up_to_the_window),
		cmocka_unit_test(groups_past_the_most_are_among_the_others),
		cmocka_unit_test(groups_of_the_same_labels_are_one_series),
		cmocka_unit_test(groups_are_told_to_who_asks),
		cmocka_unit_test(outputs_are_told_by_their_names),
		cmocka_unit_test(lag_is_in_seconds_and_drops_are_of_the_run),
	};

	return cmocka_run_group_tests_name("prom", tests, NULL, NULL);
}
