/* SPDX-License-Identifier: BSD-2-Clause */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "capture_builder.h"
#include "../user/engine/engine.h"
#include "../user/sources/packet_parse.h"
#include "../user/sources/packet_table.h"

#define FLOWS      20000u
#define IPV4_LEN   24  /* with the ports of a UDP header */
#define LEN        100
#define IP_LEN     60  /* as both headers say */

static void put_ipv4(struct builder *b, uint32_t source)
{
	const uint8_t head[12] = { 0x45, 0, 0, 60, 0, 0, 0, 0, 64, 17 };
	uint32_t addresses[2] = { htonl(source), htonl(0x0a000001) };

	put_bytes(b, head, sizeof(head));
	put_bytes(b, addresses, sizeof(addresses));
	put_bytes(b, "\x12\x34\0\x35", 4);
}

static void put_ipv6(struct builder *b)
{
	const uint8_t head[8] = { 0x60, 0, 0, 0, 0, 20, 17, 64 };

	put_bytes(b, head, sizeof(head));
	put_fill(b, 0x20, 16);
	put_fill(b, 0x30, 16);
	put_bytes(b, "\x12\x34\0\x35", 4);
}

/* Parses what was built behind a link header of these bytes. */
static int parse_behind(uint8_t link, const char *header, size_t size, const struct builder *ip,
			struct flow_key *key)
{
	struct builder b = { 0 };
	struct capture_packet packet = { .link = link, .len = LEN };
	struct packet p = { .wants_ip_len = true };
	int malformed;

	put_bytes(&b, header, size);
	if (ip)
		put_bytes(&b, ip->bytes, ip->size);
	packet.data = b.bytes;
	packet.caplen = (uint32_t)b.size;
	malformed = packet_parse(&packet, &p, NULL, false);
	packet_key(&p, key);
	if (ip) {
		assert_int_equal(p.link_len, size);
		assert_int_equal(p.ip_len, IP_LEN);
	}
	return malformed;
}

#define parse_with(link, header, ip, key) parse_behind(link, header, sizeof(header) - 1, ip, key)

static void expect_ip(uint8_t link, const char *header, size_t size, bool ipv6)
{
	struct builder ip = { 0 };
	struct flow_key key;

	if (ipv6)
		put_ipv6(&ip);
	else
		put_ipv4(&ip, 0x0a000002);
	assert_int_equal(parse_behind(link, header, size, &ip, &key), 0);
	assert_int_equal(key.flags, ipv6 ? FLOW_IP | FLOW_IPV6 : FLOW_IP);
	assert_int_equal(key.ip_proto, 17);
	assert_int_equal(key.src_port, htons(0x1234));
	assert_int_equal(key.dst_port, htons(53));
}

#define expect_ip_behind(link, header, ipv6) expect_ip(link, header, sizeof(header) - 1, ipv6)

static void every_link_type_leads_to_the_ip_header(void **state)
{
	(void)state;
	expect_ip_behind(LINK_ETHERNET, "aaaaaabbbbbb\x08\0", false);
	expect_ip_behind(LINK_COOKED, "\0\0\0\1\0\6aaaaaa\0\0\x08\0", false);
	expect_ip_behind(LINK_COOKED, "\0\0\0\1\0\6aaaaaa\0\0\x86\xdd", true);
	expect_ip_behind(LINK_COOKED2, "\x08\0\0\0\0\0\0\1\0\1\0\6aaaaaa\0\0", false);
	expect_ip_behind(LINK_RAW, "", false);
	expect_ip_behind(LINK_RAW, "", true);
	expect_ip_behind(LINK_IPV4, "", false);
	expect_ip_behind(LINK_IPV6, "", true);
	expect_ip_behind(LINK_LOOP, "\0\0\0\2", false);
	expect_ip_behind(LINK_LOOP, "\0\0\0\x1e", true);
}

static void a_null_header_is_read_in_either_byte_order(void **state)
{
	(void)state;
	expect_ip_behind(LINK_NULL, "\2\0\0\0", false);
	expect_ip_behind(LINK_NULL, "\0\0\0\2", false);
	expect_ip_behind(LINK_NULL, "\x18\0\0\0", true);
	expect_ip_behind(LINK_NULL, "\x1c\0\0\0", true);
	expect_ip_behind(LINK_NULL, "\0\0\0\x1e", true);
	expect_ip_behind(LINK_LOOP, "\2\0\0\0", false);
}

static void a_cooked_frame_without_ip_is_a_flow_of_its_protocol(void **state)
{
	struct flow_key key;

	(void)state;
	assert_int_equal(parse_with(LINK_COOKED, "\0\0\0\1\0\6aaaaaa\0\0\x08\6", NULL, &key), 0);
	assert_int_equal(key.src_port, htons(0x0806));
	assert_int_equal(key.flags, 0);
	assert_int_equal(parse_with(LINK_COOKED, "\0\0\0\1\0\6aaaaaa\0\0\0\x0c", NULL, &key), 0);
	assert_int_equal(key.src_port, htons(0x000c));
	assert_int_equal(parse_with(LINK_NULL, "\7\0\0\0", NULL, &key), 0);
	assert_int_equal(key.src_port, 0);
}

static void a_link_header_that_is_cut_is_malformed(void **state)
{
	const int cut = 1 + MALFORMED_LINK_HEADER_CUT;
	struct flow_key key;

	(void)state;
	assert_int_equal(parse_with(LINK_ETHERNET, "aaaaaabbbbbb\x08", NULL, &key), cut);
	assert_int_equal(parse_with(LINK_COOKED, "\0\0\0\1\0\6aaaaaa\0\0\x08", NULL, &key), cut);
	assert_int_equal(parse_with(LINK_COOKED2, "\x08\0\0\0\0\0\0\1\0\1", NULL, &key), cut);
	assert_int_equal(parse_with(LINK_NULL, "\2\0\0", NULL, &key), cut);
	assert_int_equal(parse_with(LINK_RAW, "", NULL, &key), cut);
	assert_int_equal(parse_with(LINK_RAW, "\x50" "aaaaaaaaaaaaaaaaaaaaaaaa", NULL, &key),
			 1 + MALFORMED_IPV4_VERSION);
}

/* Sums over all windows. */
struct sums {
	uint64_t flows, packets, bytes;
};

static int add_window(void *context, const struct window_result *result)
{
	struct sums *sums = context;

	sums->flows += result->total.flows;
	sums->packets += result->total.packets;
	sums->bytes += result->total.bytes;
	return 0;
}

static struct engine *create_engine(const struct window_spec *window, struct sums *sums)
{
	struct engine_config config = {
		.windows = window, .window_count = 1, .pane_ns = window->length_ns,
		.replay = true, .emit = add_window, .emit_context = sums,
	};

	return engine_create(&config);
}

static void take(void *engine, const struct flow_slot *const *records, size_t count)
{
	assert_int_equal(engine_merge(engine, records, count), 0);
}

/* Counts rounds packets of each of FLOWS flows into a table of 64 slots. */
static void count_flows(struct packet_table *table, uint32_t rounds)
{
	for (uint32_t i = 0; i < rounds * FLOWS; i++) {
		struct builder b = { 0 };
		struct capture_packet packet = { .link = LINK_RAW, .len = LEN };
		struct packet_place place = { .now_ms = 5 };

		put_ipv4(&b, i % FLOWS);
		packet.data = b.bytes;
		packet.caplen = IPV4_LEN;
		assert_int_equal(packet_table_count(table, &packet, &place, 1), 0);
	}
}

static void a_table_far_too_small_loses_nothing(void **state)
{
	struct window_spec window = { WINDOW_TUMBLING, PANE_DEFAULT_NS, PANE_DEFAULT_NS, 0 };
	struct sums sums = { 0 };
	struct packet_table_config config = { .slots = 64 };
	struct pane pane = { .end_ns = PANE_DEFAULT_NS };
	struct packet_table *table;

	(void)state;
	config.taker = (struct record_taker){ .take = take,
						.context = create_engine(&window, &sums) };
	table = packet_table_create(&config);
	count_flows(table, 2);
	packet_table_end_pane(table, &pane);
	assert_int_equal(engine_end_pane(config.taker.context, &pane), 0);
	assert_int_equal(pane.counts.outcome[PACKET_UNATTRIBUTED].packets, 0);
	assert_int_equal(pane.counts.size_histogram[LEN >> SIZE_BUCKET_SHIFT], 2 * FLOWS);
	assert_int_equal(sums.flows, FLOWS);
	assert_int_equal(sums.packets, 2 * FLOWS);
	assert_int_equal(sums.bytes, 2ull * FLOWS * LEN);
	assert_true(pane.records >= FLOWS);
	packet_table_destroy(table);
	engine_destroy(config.taker.context);
}

static void take_ip_bytes(void *sum, const struct flow_slot *const *records, size_t count)
{
	for (size_t i = 0; i < count; i++)
		*(uint64_t *)sum += ((const struct flow_record *)records[i])->extra.ip_bytes;
}

static void bytes_of_ip_packets_are_counted_where_they_are_asked_for(void **state)
{
	struct packet_table_config config = { .slots = 64 };
	struct pane pane = { .end_ns = PANE_DEFAULT_NS };
	uint64_t sum = 0;

	(void)state;
	for (int is_asked = 0; is_asked < 2; is_asked++) {
		struct packet_table *table;

		config.taker = (struct record_taker){ .take = take_ip_bytes, .context = &sum,
						      .has_extra = true, .has_ip_bytes = is_asked };
		table = packet_table_create(&config);
		count_flows(table, 2);
		packet_table_end_pane(table, &pane);
		assert_int_equal(sum, is_asked * 2ull * FLOWS * IP_LEN);
		packet_table_destroy(table);
	}
}

static void a_pane_begins_with_an_empty_table(void **state)
{
	struct window_spec window = { WINDOW_TUMBLING, PANE_DEFAULT_NS, PANE_DEFAULT_NS, 0 };
	struct sums sums = { 0 };
	struct packet_table_config config = { .slots = 1 << 16 };
	struct pane first = { .end_ns = PANE_DEFAULT_NS }, second;
	struct packet_table *table;

	(void)state;
	config.taker = (struct record_taker){ .take = take,
						.context = create_engine(&window, &sums) };
	table = packet_table_create(&config);
	count_flows(table, 1);
	packet_table_end_pane(table, &first);
	assert_int_equal(first.records, FLOWS);
	second = first;
	packet_table_end_pane(table, &second);
	assert_int_equal(second.records, 0);
	assert_int_equal(second.counts.size_histogram[0], 0);
	packet_table_destroy(table);
	engine_destroy(config.taker.context);
}

/* Counts packets of flows enough to fill a table, so many of each flow in a row, in batches. */
static void count_in_rows(struct packet_table *table, uint32_t flows, uint32_t row)
{
	const struct packet_place places[PACKET_BATCH] = { 0 };
	struct capture_packet packets[PACKET_BATCH];
	struct builder b[PACKET_BATCH];
	size_t count = 0;

	for (uint32_t i = 0; i < flows * row; i++) {
		b[count] = (struct builder){ 0 };
		put_ipv4(&b[count], i / row);
		packets[count] = (struct capture_packet){ .link = LINK_RAW, .len = LEN,
							  .data = b[count].bytes,
							  .caplen = IPV4_LEN };
		if (++count < PACKET_BATCH && i + 1 < flows * row)
			continue;
		assert_int_equal(packet_table_count(table, packets, places, count), 0);
		count = 0;
	}
}

static void a_flood_and_what_follows_it_are_counted_whole(void **state)
{
	const uint32_t flows = 60000;
	struct window_spec window = { WINDOW_TUMBLING, PANE_DEFAULT_NS, PANE_DEFAULT_NS, 0 };
	struct sums sums = { 0 };
	struct packet_table_config config = { .slots = 1 << 14 };
	struct pane pane = { .end_ns = PANE_DEFAULT_NS };
	struct packet_table *table;

	(void)state;
	config.taker = (struct record_taker){ .take = take,
						.context = create_engine(&window, &sums) };
	table = packet_table_create(&config);
	count_in_rows(table, flows, 1);
	count_in_rows(table, flows, 4);
	count_in_rows(table, flows, 1);
	packet_table_end_pane(table, &pane);
	assert_int_equal(engine_end_pane(config.taker.context, &pane), 0);
	assert_int_equal(pane.counts.outcome[PACKET_UNATTRIBUTED].packets, 0);
	assert_int_equal(sums.flows, flows);
	assert_int_equal(sums.packets, 6 * flows);
	assert_int_equal(sums.bytes, 6ull * flows * LEN);
	packet_table_destroy(table);
	engine_destroy(config.taker.context);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_link_type_leads_to_the_ip_header),
		cmocka_unit_test(a_null_header_is_read_in_either_byte_order),
		cmocka_unit_test(a_cooked_frame_without_ip_is_a_flow_of_its_protocol),
		cmocka_unit_test(a_link_header_that_is_cut_is_malformed),
		cmocka_unit_test(a_table_far_too_small_loses_nothing),
		cmocka_unit_test(bytes_of_ip_packets_are_counted_where_they_are_asked_for),
		cmocka_unit_test(a_pane_begins_with_an_empty_table),
		cmocka_unit_test(a_flood_and_what_follows_it_are_counted_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
