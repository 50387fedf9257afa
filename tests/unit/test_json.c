/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "json_scene.h"
#include "../../user/engine/landmark_window.h"

#define AMOUNTS_TEXT                                                                       \
	"\"bytes\": {\"average\": 1500.0, \"total\": 15000, \"max\": 3000.0}, "            \
	"\"packets\": {\"average\": 3.0, \"total\": 30, \"max\": 6.0}, "                   \
	"\"packet_bytes\": {\"average\": 500.0, \"min\": 60, \"max\": 1514}"
#define DIRECTIONS_TEXT                                                                    \
	"\"in\": {\"bytes\": {\"average\": 1000.0, \"total\": 10000, \"max\": 2000.0}, "     \
	"\"packets\": {\"average\": 2.0, \"total\": 20, \"max\": 4.0}}, "                   \
	"\"out\": {\"bytes\": {\"average\": 500.0, \"total\": 5000, \"max\": 1000.0}, "      \
	"\"packets\": {\"average\": 1.0, \"total\": 10, \"max\": 2.0}}"
#define FLOW_TEXT                                                                          \
	"{\"src\": \"10.0.0.1\", \"dst\": \"10.0.0.2\", \"src_port\": 40000, "             \
	"\"dst_port\": 443, \"proto\": \"tcp\", \"ip_proto\": 6, \"vlan\": null, "         \
	"\"inner_vlan\": null, \"direction\": \"in\", \"interface\": \"eth0\", "           \
	AMOUNTS_TEXT ", \"tcp_flags\": \"FSPA\", "                                         \
	"\"first_ns\": 1763800000100000000, \"last_ns\": 1763800009900000000}"
#define DOCUMENT_TEXT                                                                      \
	"{\"schema\": \"weir/1\", \"host\": \"edge-1\", "                                  \
	"\"source\": {\"kind\": \"interface\", \"names\": [\"eth0\"], "                    \
	"\"attach\": [\"xdp-native\", \"tcx-egress\"], \"direction\": \"both\"}, "         \
	"\"filter\": \"tcp port 443\", \"group_by\": [\"src\", \"dst\", \"src_port\", "    \
	"\"dst_port\", \"proto\", \"vlan\", \"inner_vlan\", \"direction\", \"interface\"], " \
	"\"window\": {\"kind\": \"sliding\", \"length_ns\": 10000000000, "                 \
	"\"slide_ns\": 1000000000, \"start_ns\": 1763800000000000000, "                    \
	"\"end_ns\": 1763800010000000000, "                                                \
	"\"start\": \"2025-11-22T08:26:40.000000000Z\", "                                  \
	"\"end\": \"2025-11-22T08:26:50.000000000Z\", \"panes\": 10, \"complete\": true}, " \
	"\"total\": {\"flows\": 1, " AMOUNTS_TEXT ", " DIRECTIONS_TEXT "}, \"flows\": [" FLOW_TEXT "], "        \
	"\"flows_omitted\": 0, \"outcomes\": {\"flow\": {\"packets\": 30, "                \
	"\"bytes\": 15000}, \"filtered\": {\"packets\": 0, \"bytes\": 0}, "                \
	"\"malformed\": {\"packets\": 1, \"bytes\": 60, "                                  \
	"\"reasons\": {\"ipv4_header_cut\": 1}}, "                                         \
	"\"unattributed\": {\"packets\": 0, \"bytes\": 0}}, "                              \
	"\"seen\": {\"packets\": 31, \"bytes\": 15060}, "                                  \
	"\"health\": {\"collection\": {\"rate\": 3.1, \"latency_ns\": 15000000, "          \
	"\"loss\": 0.0}, \"processing\": {\"rate\": 2000000.0, \"latency_ns\": 300000, "   \
	"\"errors\": 1}, \"transmission\": {\"rate\": 1.0, \"latency_ns\": 200000, "       \
	"\"errors\": 0}}}\n"

static void document_on_one_line_is_as_it_always_was(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene);
	assert_string_equal(write_document(&scene, false), DOCUMENT_TEXT);
	text_fini(&scene.text);
}

/* Takes out the line breaks and indents, all of which stand outside strings here. */
static void join_lines(char *text)
{
	char *out = text;

	for (; *text; text++) {
		if (*text != '\n') {
			*out++ = *text;
			continue;
		}
		while (text[1] == ' ')
			text++;
		if (out[-1] == ',')
			*out++ = ' ';
	}
	*out++ = '\n';
	*out = '\0';
}

static void pretty_document_differs_only_in_line_breaks(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene);
	write_document(&scene, true);
	assert_has(scene.text.bytes, "\n    " FLOW_TEXT "\n  ],\n");
	assert_has(scene.text.bytes, "\n  }\n}\n");
	join_lines(scene.text.bytes);
	assert_string_equal(scene.text.bytes, DOCUMENT_TEXT);
	text_fini(&scene.text);
}

static void total_says_that_sizes_saturated(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene);
	scene.result.total.max_len = 65535;
	scene.result.total.marks = FLOW_SIZE_SATURATED;
	assert_has(write_document(&scene, false), "\"max\": 65535, \"saturated\": true}, \"in\": ");
	text_fini(&scene.text);
}

static void window_without_flows_has_an_empty_list(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene);
	scene.result.flow_count = 0;
	assert_has(write_document(&scene, false), "\"flows\": [], ");
	assert_has(write_document(&scene, true), "\"flows\": [],\n");
	text_fini(&scene.text);
}

static void window_of_no_length_has_rates_of_zero(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene);
	scene.result.observed_ns = 0;
	scene.result.health.merge_ns = 0;
	scene.transmission.age_ns = 0;
	scene.flow.bytes_max = NAN;
	scene.flow.packets_max = INFINITY;
	write_document(&scene, false);
	assert_has(scene.text.bytes, "{\"average\": 0.0, \"total\": 15000, \"max\": 0.0}");
	assert_has(scene.text.bytes, "\"collection\": {\"rate\": 0.0, ");
	assert_has(scene.text.bytes, "\"processing\": {\"rate\": 0.0, ");
	assert_has(scene.text.bytes, "\"transmission\": {\"rate\": 0.0, ");
	assert_lacks(scene.text.bytes, "nan");
	assert_lacks(scene.text.bytes, "inf");
	text_fini(&scene.text);
}

static void empty_window_has_packet_bytes_of_zero(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene);
	scene.result.total = (struct window_total){ .min_len = UINT16_MAX };
	assert_has(write_document(&scene, false), "\"packet_bytes\": {\"average\": 0.0, "
						  "\"min\": 0, \"max\": 0}, \"in\": ");
	text_fini(&scene.text);
}

static void landmark_window_has_only_a_slide(void **state)
{
	static const struct window_spec landmark = { WINDOW_LANDMARK, 0, 5 * SECOND, 0 };
	struct scene scene;

	(void)state;
	scene_init(&scene);
	scene.result.spec = &landmark;
	scene.result.is_aligned = true;
	assert_has(write_document(&scene, false), "\"window\": {\"kind\": \"landmark\", "
						  "\"slide_ns\": 5000000000, \"start_ns\": ");
	text_fini(&scene.text);
}

static void aligned_window_tells_where_the_grid_has_it(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene);
	scene.result.spec = &tumbling;
	scene.result.start_ns = 3 * SECOND;
	scene.result.nominal_start_ns = 0;
	assert_lacks(write_document(&scene, false), "nominal_start_ns");
	scene.result.is_aligned = true;
	assert_has(write_document(&scene, false), ", \"nominal_start_ns\": 1763800000000000000, "
						  "\"start_ns\": 1763800003000000000, ");
	text_fini(&scene.text);
}

static void sessions_of_different_lengths_have_no_common_rate(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene);
	scene.result.spec = &session;
	scene.flow.end_ns = 2 * SECOND;
	write_document(&scene, false);
	assert_has(scene.text.bytes, "\"total\": {\"flows\": 1, \"bytes\": {\"average\": null, "
				     "\"total\": 15000, \"max\": null}, \"packets\": {\"average\": "
				     "null, \"total\": 30, \"max\": null}, \"packet_bytes\"");
	assert_has(scene.text.bytes, "\"bytes\": {\"average\": 7500.0, \"total\": 15000, "
				     "\"max\": 3000.0}");
	text_fini(&scene.text);
}

static void tumbling_window_has_no_slide(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene);
	scene.result.spec = &tumbling;
	scene.result.complete = false;
	assert_has(write_document(&scene, false), "{\"kind\": \"tumbling\", "
						  "\"length_ns\": 10000000000, \"start_ns\": ");
	assert_has(scene.text.bytes, "\"complete\": false}");
	text_fini(&scene.text);
}

static void forgotten_flows_are_told_only_where_there_are_any(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene);
	assert_lacks(write_document(&scene, false), "forgotten");
	scene.result.flows_omitted = 7;
	scene.result.evicted_flows = 3;
	scene.result.evicted = (struct tally){ 4, 500 };
	assert_has(write_document(&scene, false),
		   "\"flows_omitted\": 7, \"forgotten\": {\"flows\": 3, \"packets\": 4, "
		   "\"bytes\": 500}, \"outcomes\": ");
	text_fini(&scene.text);
}

static void loss_is_what_was_dropped_or_not_attributed(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene);
	scene.result.counts.outcome[PACKET_UNATTRIBUTED].packets = 9;
	scene.result.health.dropped_packets = 10;
	scene.result.health.late_packets = 5;
	assert_has(write_document(&scene, false), "\"loss\": 0.38}");
	assert_has(scene.text.bytes, "\"latency_ns\": 300000, \"errors\": 6}");
	text_fini(&scene.text);
}

static void who_stood_before_weir_is_named_beside_the_loss(void **state)
{
	static const char *const ahead[] = { "prog 12 (a\"b) at tcx-ingress of eth0",
					     "filter pref 1 u32 at clsact-egress of eth0" };
	struct scene scene;

	(void)state;
	scene_init(&scene);
	scene.result.ahead = ahead;
	scene.result.ahead_count = 2;
	assert_has(write_document(&scene, false),
		   "\"loss\": 0.0, \"ahead\": [\"prog 12 (a\\\"b) at tcx-ingress of eth0\", "
		   "\"filter pref 1 u32 at clsact-egress of eth0\"]}");
	text_fini(&scene.text);
}

static void interfaces_of_the_window_are_beside_what_was_seen(void **state)
{
	static const struct result_link links[] = {
		{ .name = "eth0",
		  .counts = { { 31, 15000 }, { 2, 120 }, { 31, 15004 }, { 2, 120 } },
		  .differences = 1u << LINK_DIFFERS_VLAN | 1u << LINK_DIFFERS_AHEAD,
		  .has_seen = true },
		{ .name = "eth1", .counts = { .rx = { 5, 500 } } },
	};
	struct scene scene;

	(void)state;
	scene_init(&scene);
	assert_lacks(write_document(&scene, false), "\"interfaces\"");
	scene.result.links = links;
	scene.result.link_count = 2;
	assert_has(write_document(&scene, false), "\"names\": [\"eth0\", \"eth1\"], ");
	assert_has(scene.text.bytes,
		   "\"interfaces\": [{\"name\": \"eth0\", \"rx_packets\": 31, "
		   "\"rx_bytes\": 15000, \"tx_packets\": 2, \"tx_bytes\": 120, "
		   "\"seen\": {\"packets\": 33, \"bytes\": 15124, "
		   "\"in\": {\"packets\": 31, \"bytes\": 15004}, "
		   "\"out\": {\"packets\": 2, \"bytes\": 120}}, "
		   "\"differences\": [\"vlan_tags_beside\", \"ahead\"]}, "
		   "{\"name\": \"eth1\", \"rx_packets\": 5, \"rx_bytes\": 500, "
		   "\"tx_packets\": 0, \"tx_bytes\": 0, \"seen\": null, "
		   "\"differences\": []}], \"health\": ");
	text_fini(&scene.text);
}

static int refuse_text(void *context, const char *bytes, size_t length)
{
	(void)bytes;
	(void)length;
	(*(int *)context)++;
	return -ENOSPC;
}

static void document_ends_early_when_its_drain_fails(void **state)
{
	struct scene scene;
	struct flow_result *flows = calloc(10000, sizeof(*flows));
	int calls = 0;
	int i;

	(void)state;
	assert_non_null(flows);
	scene_init(&scene);
	for (i = 0; i < 10000; i++)
		flows[i] = scene.flow;
	scene.result.flows = flows;
	scene.result.flow_count = 10000;
	scene.text.drain = refuse_text;
	scene.text.drain_context = &calls;
	assert_int_equal(encode_document(&scene, false), -ENOSPC);
	assert_int_equal(text_flush(&scene.text), -ENOSPC);
	assert_int_equal(calls, 1);
	text_fini(&scene.text);
	free(flows);
}

static void assert_directions(struct scene *scene, bool is_in_known, bool is_out_known)
{
	const char *text = write_document(scene, false);

	assert_int_equal(!strstr(text, "\"in\": null"), is_in_known);
	assert_int_equal(!strstr(text, "\"out\": null"), is_out_known);
}

static void total_of_a_direction_is_null_where_it_is_not_known(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene);
	assert_directions(&scene, true, true);
	scene.context.direction = "in";
	assert_directions(&scene, true, false);
	scene.context.direction = "out";
	assert_directions(&scene, false, true);
	scene.context.direction = NULL;
	assert_directions(&scene, false, false);
	scene.result.total.directions.told_packets = 30;
	assert_directions(&scene, true, true);
	scene.result.total.directions.told_packets = 29;
	assert_directions(&scene, false, false);
	scene.context.direction = "both";
	scene.result.total.packets = 31; /* one was evicted */
	assert_directions(&scene, false, false);
	text_fini(&scene.text);
	scene_init(&scene);
	scene.group.field[GROUP_DIRECTION] = false;
	assert_directions(&scene, false, false);
	scene.result.total.directions.told_packets = 30;
	assert_directions(&scene, true, true);
	text_fini(&scene.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(total_of_a_direction_is_null_where_it_is_not_known),
		cmocka_unit_test(document_on_one_line_is_as_it_always_was),
		cmocka_unit_test(pretty_document_differs_only_in_line_breaks),
		cmocka_unit_test(total_says_that_sizes_saturated),
		cmocka_unit_test(window_without_flows_has_an_empty_list),
		cmocka_unit_test(window_of_no_length_has_rates_of_zero),
		cmocka_unit_test(empty_window_has_packet_bytes_of_zero),
		cmocka_unit_test(landmark_window_has_only_a_slide),
		cmocka_unit_test(aligned_window_tells_where_the_grid_has_it),
		cmocka_unit_test(sessions_of_different_lengths_have_no_common_rate),
		cmocka_unit_test(tumbling_window_has_no_slide),
		cmocka_unit_test(forgotten_flows_are_told_only_where_there_are_any),
		cmocka_unit_test(loss_is_what_was_dropped_or_not_attributed),
		cmocka_unit_test(who_stood_before_weir_is_named_beside_the_loss),
		cmocka_unit_test(interfaces_of_the_window_are_beside_what_was_seen),
		cmocka_unit_test(document_ends_early_when_its_drain_fails),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
