/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "json_scene.h"
#include "native_reader.h"

#define DAY (86400 * SECOND)

struct stage {
	struct scene scene;
	struct native_block_read block;
	const uint8_t *at, *end;
};

static int stage_make(void **state)
{
	struct stage *stage = calloc(1, sizeof(*stage));

	scene_init(&stage->scene);
	stage->scene.result.spec = &tumbling;
	*state = stage;
	return 0;
}

static int stage_drop(void **state)
{
	struct stage *stage = *state;

	text_fini(&stage->scene.text);
	free(stage);
	return 0;
}

static void encode(struct stage *stage)
{
	struct scene *scene = &stage->scene;
	const struct encoding encoding = { &scene->context, &scene->result, &scene->transmission };

	text_fini(&scene->text);
	assert_int_equal(clickhouse_encoder.encode(&scene->text, &encoding), 0);
	stage->at = (const uint8_t *)scene->text.bytes;
	stage->end = stage->at + scene->text.length;
}

static struct native_block_read *next_block(struct stage *stage)
{
	assert_true(stage->at < stage->end);
	read_block(&stage->at, &stage->block);
	return &stage->block;
}

static void assert_columns(const struct native_block_read *block, enum clickhouse_table table)
{
	const struct clickhouse_columns *columns = clickhouse_columns(table);

	assert_int_equal(block->head.table, table);
	assert_int_equal(block->column_count, columns->count);
	for (size_t i = 0; i < columns->count; i++) {
		assert_string_equal(block->columns[i].name, columns->columns[i].name);
		assert_string_equal(block->columns[i].type, columns->columns[i].type);
	}
}

static void flow_is_a_row(void **state)
{
	struct stage *stage = *state;
	const struct native_block_read *block;
	char text[256];

	encode(stage);
	block = next_block(stage);
	assert_columns(block, CLICKHOUSE_FLOWS);
	assert_int_equal(block->rows, 1);
	assert_int_equal(block_number(block, "packets", 0), 30);
	assert_int_equal(block_number(block, "bytes", 0), 15000);
	assert_int_equal(block_number(block, "src_port", 0), 40000);
	assert_int_equal(block_number(block, "dst_port", 0), 443);
	assert_int_equal(block_number(block, "ip_proto", 0), IPPROTO_TCP);
	assert_int_equal(block_number(block, "family", 0), 4);
	assert_int_equal(block_number(block, "tcp_flags", 0), 0x1b);
	assert_int_equal(block_number(block, "packet_bytes_max", 0), 1514);
	assert_int_equal(block_number(block, "first_ns", 0), EPOCH + 100000000);
	assert_memory_equal(block_column(block, "dst")->values,
			    "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\0\2", 16);
	assert_string_equal(block_string(block, "host", 0, text), "edge-1");
	assert_string_equal(block_string(block, "proto", 0, text), "tcp");
	assert_string_equal(block_string(block, "direction", 0, text), "in");
	assert_string_equal(block_string(block, "interface", 0, text), "eth0");
	assert_true(block_is_null(block, "vlan", 0));
	assert_true(block_is_null(block, "icmp_type", 0));
	assert_true(block_is_null(block, "ethertype", 0));
}

static void window_is_a_row_of_its_own(void **state)
{
	struct stage *stage = *state;
	const struct native_block_read *block;
	char text[256];

	stage->scene.result.health.dropped_packets = 1;
	encode(stage);
	next_block(stage);
	block = next_block(stage);
	assert_ptr_equal(stage->at, stage->end);
	assert_columns(block, CLICKHOUSE_WINDOWS);
	assert_int_equal(block_number(block, "rows", 0), 1);
	assert_int_equal(block_number(block, "rows_bytes", 0), 15000);
	assert_int_equal(block_number(block, "flow_packets", 0), 30);
	assert_int_equal(block_number(block, "malformed_packets", 0), 1);
	assert_int_equal(block_number(block, "malformed_bytes", 0), 60);
	assert_int_equal(block_number(block, "seen_packets", 0), 31);
	assert_int_equal(block_number(block, "dropped_packets", 0), 1);
	assert_string_equal(block_string(block, "filter", 0, text), "tcp port 443");
	assert_string_equal(block_string(block, "group_by", 0, text),
			    "src,dst,src_port,dst_port,proto,vlan,inner_vlan,direction,interface");
}

/* The window's place on the grid is the same on all machines, however it was cut. */
static void window_start_is_the_nominal_one(void **state)
{
	struct stage *stage = *state;
	const struct native_block_read *block;

	stage->scene.result.start_ns = 3 * SECOND;
	stage->scene.result.nominal_start_ns = 0;
	encode(stage);
	block = next_block(stage);
	assert_int_equal(block_number(block, "window_start", 0), EPOCH / SECOND);
	assert_int_equal(block_number(block, "window_end", 0), EPOCH / SECOND + 10);
	assert_int_equal(block_number(block, "start_ns", 0), EPOCH + 3 * SECOND);
}

static void row_tells_its_identity(void **state)
{
	struct stage *stage = *state;
	const struct native_block_read *block;

	stage->scene.context.run = 0x123456789abcdef0;
	stage->scene.result.window_number = 3;
	stage->scene.result.sequence = 70000;
	encode(stage);
	block = next_block(stage);
	assert_int_equal(block_number(block, "run", 0), 0x123456789abcdef0);
	assert_int_equal(block_number(block, "window_of", 0), 3);
	assert_int_equal(block_number(block, "window_number", 0), 70000);
	/* FNV-1a of "edge-1": rows of an agent are known again by every version. */
	assert_int_equal(block_number(block, "agent", 0), 0xf1d7a8b4352bc316);
}

static void icmp_has_type_and_code_in_place_of_ports(void **state)
{
	struct stage *stage = *state;
	struct flow_key *key = &stage->scene.flow.key;
	const struct native_block_read *block;

	key->ip_proto = IPPROTO_ICMP;
	key->src_port = htons(8 << 8);
	key->dst_port = 0;
	key->vlan = VLAN_TAG_PRESENT | 7;
	encode(stage);
	block = next_block(stage);
	assert_true(block_is_null(block, "src_port", 0));
	assert_false(block_is_null(block, "icmp_type", 0));
	assert_int_equal(block_number(block, "icmp_type", 0), 8);
	assert_int_equal(block_number(block, "icmp_code", 0), 0);
	assert_int_equal(block_number(block, "tcp_flags", 0), 0);
	assert_int_equal(block_number(block, "vlan", 0), 7);
}

static void what_is_no_ip_has_its_ethertype(void **state)
{
	struct stage *stage = *state;
	const struct native_block_read *block;
	char text[256];

	stage->scene.flow.key = (struct flow_key){ .src_port = htons(0x0806) };
	encode(stage);
	block = next_block(stage);
	assert_int_equal(block_number(block, "ethertype", 0), 0x0806);
	assert_int_equal(block_number(block, "family", 0), 0);
	assert_true(block_is_null(block, "ip_proto", 0));
	assert_true(block_is_null(block, "src_port", 0));
	assert_string_equal(block_string(block, "proto", 0, text), "arp");
}

static void what_the_group_leaves_out_is_null_or_empty(void **state)
{
	struct stage *stage = *state;
	const struct native_block_read *block;
	const char *reason;
	char text[256];

	assert_int_equal(group_by_parse("src", &stage->scene.group, &reason), 0);
	encode(stage);
	block = next_block(stage);
	assert_true(block_is_null(block, "src_port", 0));
	assert_true(block_is_null(block, "ip_proto", 0));
	assert_string_equal(block_string(block, "proto", 0, text), "");
	assert_string_equal(block_string(block, "interface", 0, text), "");
}

static void what_came_back_stands_beside(void **state)
{
	struct stage *stage = *state;
	struct flow_result reverse = stage->scene.flow;
	const struct native_block_read *block;

	reverse.packets = 5;
	reverse.bytes = 600;
	reverse.tcp_flags = 0x12;
	stage->scene.result.reverses = &reverse;
	encode(stage);
	block = next_block(stage);
	assert_int_equal(block_number(block, "reverse_packets", 0), 5);
	assert_int_equal(block_number(block, "reverse_tcp_flags", 0), 0x12);
	block = next_block(stage);
	assert_int_equal(block_number(block, "rows_packets", 0), 35);
	assert_int_equal(block_number(block, "rows_bytes", 0), 15600);
}

static void extra_measures_have_columns(void **state)
{
	struct stage *stage = *state;
	struct extra_sum extra = { .zero_windows = 7, .resets = 9 };
	const struct native_block_read *block;

	stage->scene.result.extras = &extra;
	stage->scene.result.extra_sets = 1u << EXTRA_TCP;
	encode(stage);
	block = next_block(stage);
	assert_int_equal(block_number(block, "zero_windows", 0), 7);
	assert_int_equal(block_number(block, "reverse_resets", 0), 0);
}

/* So many flows of one packet more each. */
static struct flow_result *many_flows(struct stage *stage, size_t count)
{
	struct flow_result *flows = calloc(count, sizeof(*flows));

	assert_non_null(flows);
	for (size_t i = 0; i < count; i++) {
		flows[i] = stage->scene.flow;
		flows[i].packets = i + 1;
		flows[i].key.src_port = htons((uint16_t)i);
	}
	stage->scene.result.flows = flows;
	stage->scene.result.flow_count = count;
	return flows;
}

static void large_window_is_several_blocks(void **state)
{
	const size_t count = 2 * CLICKHOUSE_ROWS_MAX + 700;
	struct stage *stage = *state;
	struct flow_result *flows = many_flows(stage, count);
	size_t row = 0;

	encode(stage);
	for (size_t left = count; left; left -= stage->block.rows) {
		next_block(stage);
		assert_int_equal(stage->block.rows,
				 left < CLICKHOUSE_ROWS_MAX ? left : CLICKHOUSE_ROWS_MAX);
		for (size_t i = 0; i < stage->block.rows; i++, row++) {
			if (block_number(&stage->block, "packets", i) != row + 1 ||
			    block_number(&stage->block, "row_number", i) != row ||
			    block_number(&stage->block, "src_port", i) != (uint16_t)row)
				fail_msg("row %zu is another", row);
		}
	}
	next_block(stage);
	assert_int_equal(block_number(&stage->block, "rows", 0), count);
	assert_int_equal(block_number(&stage->block, "rows_packets", 0),
			 (uint64_t)count * (count + 1) / 2);
	free(flows);
}

/* A server takes a POST whole or not at all where it is of one partition, which is a day. */
static void sessions_of_two_days_are_two_blocks(void **state)
{
	static const uint64_t starts[] = { DAY + 5, 3, DAY + 1, 4 };
	struct stage *stage = *state;
	struct flow_result *flows = many_flows(stage, 4);
	const struct native_block_read *block;

	stage->scene.result.spec = &session;
	stage->scene.context.clock_offset_ns = EPOCH / (int64_t)DAY * (int64_t)DAY;
	for (size_t i = 0; i < 4; i++) {
		flows[i].start_ns = starts[i];
		flows[i].end_ns = starts[i] + SECOND;
	}
	encode(stage);
	block = next_block(stage);
	assert_int_equal(block->rows, 2);
	assert_int_equal(block_number(block, "row_number", 0), 1);
	assert_int_equal(block_number(block, "row_number", 1), 3);
	block = next_block(stage);
	assert_int_equal(block->rows, 2);
	assert_int_equal(block_number(block, "row_number", 0), 2);
	assert_int_equal(block_number(block, "window_start", 0), EPOCH / DAY * 86400 + 86400);
	assert_int_equal(block_number(block, "end_ns", 0), EPOCH / DAY * DAY + DAY + 1 + SECOND);
	free(flows);
}

static void window_without_flows_is_its_own_row(void **state)
{
	struct stage *stage = *state;

	stage->scene.result.flow_count = 0;
	encode(stage);
	assert_int_equal(next_block(stage)->head.table, CLICKHOUSE_WINDOWS);
	assert_ptr_equal(stage->at, stage->end);
}

/* Of an EtherType that a document tells nothing of, or bytes of another file. */
static void what_is_no_head_is_refused(void **state)
{
	const struct clickhouse_head head = { CLICKHOUSE_WINDOWS, 1, 2 };
	struct clickhouse_head parsed;
	char bytes[CLICKHOUSE_HEAD_BYTES];

	(void)state;
	clickhouse_head_put(&head, bytes);
	assert_true(clickhouse_head_parse(bytes, &parsed));
	assert_int_equal(parsed.length, 2);
	bytes[0]++;
	assert_false(clickhouse_head_parse(bytes, &parsed));
	bytes[0]--;
	bytes[4] = 9;
	assert_false(clickhouse_head_parse(bytes, &parsed));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, stage_make, stage_drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(flow_is_a_row),
		TEST(window_is_a_row_of_its_own),
		TEST(window_start_is_the_nominal_one),
		TEST(row_tells_its_identity),
		TEST(icmp_has_type_and_code_in_place_of_ports),
		TEST(what_is_no_ip_has_its_ethertype),
		TEST(what_the_group_leaves_out_is_null_or_empty),
		TEST(what_came_back_stands_beside),
		TEST(extra_measures_have_columns),
		TEST(large_window_is_several_blocks),
		TEST(sessions_of_two_days_are_two_blocks),
		TEST(window_without_flows_is_its_own_row),
		TEST(what_is_no_head_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
