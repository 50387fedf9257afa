/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "sink_place.h"

static void flow_is_a_line_that_stands_for_itself(void **state)
{
	struct place *place = *state;
	struct scene *scene = &place->scene;
	const struct encoding encoding = { &scene->context, &scene->result,
					   &scene->transmission };

	assert_int_equal(flows_encoder.encode(&scene->text, &encoding), 0);
	assert_string_equal(text_end(&scene->text),
		"{\"time\": \"2025-11-22T08:26:40.000000000Z\", \"host\": \"edge-1\", "
		"\"window\": {\"kind\": \"sliding\", \"length_ns\": 10000000000, "
		"\"slide_ns\": 1000000000, \"start_ns\": 1763800000000000000, "
		"\"end_ns\": 1763800010000000000, \"start\": \"2025-11-22T08:26:40.000000000Z\", "
		"\"end\": \"2025-11-22T08:26:50.000000000Z\", \"panes\": 10, \"complete\": true}, "
		"\"src\": \"10.0.0.1\", \"dst\": \"10.0.0.2\", \"src_port\": 40000, "
		"\"dst_port\": 443, \"proto\": \"tcp\", \"ip_proto\": 6, \"vlan\": null, "
		"\"inner_vlan\": null, \"direction\": \"in\", \"interface\": \"eth0\", "
		"\"bytes\": {\"average\": 1500.0, \"total\": 15000, \"max\": 3000.0}, "
		"\"packets\": {\"average\": 3.0, \"total\": 30, \"max\": 6.0}, "
		"\"packet_bytes\": {\"average\": 500.0, \"min\": 60, \"max\": 1514}, "
		"\"tcp_flags\": \"FSPA\", \"first_ns\": 1763800000100000000, "
		"\"last_ns\": 1763800009900000000, \"accounting\": {\"seen\": 31, \"flow\": 30, "
		"\"filtered\": 0, \"malformed\": 1, \"unattributed\": 0, \"dropped\": 0}}\n");
}

static void window_has_a_line_for_each_flow(void **state)
{
	struct place *place = *state;
	struct flow_result *flows = use_flows(&place->scene, 3000);

	open_sink(place, "flows:x");
	assert_int_equal(write_once(place), 0);
	close_sink(place);
	assert_int_equal(count_lines("x"), 3000);
	free(flows);
}

static void torn_line_is_cut(void **state)
{
	struct place *place = *state;

	put_file("x", "{\"time\": \"1\"}\n{\"time\": \"2\", \"window\": {");
	open_sink(place, "flows:x");
	assert_file("x", "{\"time\": \"1\"}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_IN_PLACE(flow_is_a_line_that_stands_for_itself),
		TEST_IN_PLACE(window_has_a_line_for_each_flow),
		TEST_IN_PLACE(torn_line_is_cut),
	};

	return cmocka_run_group_tests_name("flow lines", tests, NULL, NULL);
}
