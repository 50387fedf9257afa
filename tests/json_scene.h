/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scene of the tests of documents: a run on eth0 with one TCP flow. Included after
 * cmocka.h.
 */
#ifndef WEIR_TESTS_JSON_SCENE_H
#define WEIR_TESTS_JSON_SCENE_H

#include <arpa/inet.h>
#include <string.h>

#include "../user/outputs/json.h"
#include "../user/outputs/json_flow.h"

#define SECOND 1000000000ull
#define EPOCH  1763800000000000000ll

static const struct window_spec sliding = { WINDOW_SLIDING, 10 * SECOND, SECOND, 0 };
static const struct window_spec tumbling = { WINDOW_TUMBLING, 10 * SECOND, 10 * SECOND, 0 };
static const struct window_spec session = { WINDOW_SESSION, 0, 0, 30 * SECOND };

static const char *const source_names[] = { "eth0" };
static const char *const attach[] = { "xdp-native", "tcx-egress" };
static const char *const link_names[FLOW_LINKS_MAX] = { "eth0", "eth\"1" };

struct scene {
	struct group_by group;
	struct document_context context;
	struct flow_result flow;
	struct window_result result;
	struct sink_stats transmission;
	struct text text;
};

static inline void set_ipv4(__be32 address[4], const char *text)
{
	address[0] = 0;
	address[1] = 0;
	address[2] = htonl(0xffff);
	assert_int_equal(inet_pton(AF_INET, text, &address[3]), 1);
}

static inline void scene_init_flow(struct flow_result *flow)
{
	memset(flow, 0, sizeof(*flow));
	set_ipv4(flow->key.src, "10.0.0.1");
	set_ipv4(flow->key.dst, "10.0.0.2");
	flow->key.src_port = htons(40000);
	flow->key.dst_port = htons(443);
	flow->key.ip_proto = IPPROTO_TCP;
	flow->key.flags = FLOW_IP;
	flow->bytes = 15000;
	flow->packets = 30;
	flow->bytes_max = 3000;
	flow->packets_max = 6;
	flow->min_len = 60;
	flow->max_len = 1514;
	flow->tcp_flags = 0x1b;
	flow->first_ns = 100000000;
	flow->last_ns = 9900000000;
}

static inline void scene_init_result(struct scene *scene)
{
	struct window_result *result = &scene->result;

	memset(result, 0, sizeof(*result));
	result->spec = &sliding;
	result->end_ns = 10 * SECOND;
	result->observed_ns = 10 * SECOND;
	result->panes = 10;
	result->complete = true;
	result->total = (struct window_total){ .flows = 1, .bytes = 15000, .packets = 30,
						.bytes_max = 3000, .packets_max = 6,
						.min_len = 60, .max_len = 1514 };
	result->total.directions = (struct direction_sums){
		.way = { { 10000, 20, 2000, 4 }, { 5000, 10, 1000, 2 } }
	};
	result->counts.outcome[PACKET_FLOW] = (struct tally){ 30, 15000 };
	result->counts.outcome[PACKET_MALFORMED] = (struct tally){ 1, 60 };
	result->counts.malformed_reason[MALFORMED_IPV4_HEADER_CUT] = 1;
	result->health = (struct window_health){ 0, 0, 0, 15000000, 300000, 600, 300000 };
	result->flows = &scene->flow;
	result->flow_count = 1;
}

static inline void scene_init(struct scene *scene)
{
	memset(scene, 0, sizeof(*scene));
	group_by_init(&scene->group);
	scene->context = (struct document_context){
		.host = "edge-1", .source_kind = "interface", .source_names = source_names,
		.source_name_count = 1, .attach = attach, .attach_count = 2, .direction = "both",
		.filter = "tcp port 443", .group = &scene->group, .link_names = link_names,
		.clock_offset_ns = EPOCH,
	};
	scene_init_flow(&scene->flow);
	scene_init_result(scene);
	scene->transmission = (struct sink_stats){ 10, 0, 200000, 0, 10 * SECOND };
}

static inline const char *text_end(struct text *text)
{
	text_bytes(text, "", 1);
	assert_int_equal(text->err, 0);
	return text->bytes;
}

static inline const char *write_flow(struct scene *scene)
{
	text_fini(&scene->text);
	json_flow(&scene->text, &scene->context, &scene->result, &scene->flow);
	return text_end(&scene->text);
}

static inline int encode_document(struct scene *scene, bool pretty)
{
	const struct encoding encoding = { &scene->context, &scene->result,
					   &scene->transmission };

	return json_document(&scene->text, &encoding, pretty);
}

static inline const char *write_document(struct scene *scene, bool pretty)
{
	text_fini(&scene->text);
	assert_int_equal(encode_document(scene, pretty), 0);
	return text_end(&scene->text);
}

static inline void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("%s\nlacks %s", text, part);
}

static inline void assert_lacks(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("%s\nhas %s", text, part);
}

#endif
