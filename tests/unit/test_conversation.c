/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "../../user/engine/conversation.h"
#include "../../user/engine/service.h"

static struct flow_key flow(uint8_t ip_proto, uint8_t src, unsigned int src_port, uint8_t dst,
			    unsigned int dst_port)
{
	struct flow_key key = { .flags = FLOW_IP, .ip_proto = ip_proto };

	key.src[2] = key.dst[2] = htonl(0xffff);
	key.src[3] = htonl(0x0a000000u + src);
	key.dst[3] = htonl(0x0a000000u + dst);
	key.src_port = htons((uint16_t)src_port);
	key.dst_port = htons((uint16_t)dst_port);
	return key;
}

/* Both directions are one conversation; src of there began it. */
static void check_pair(struct flow_key there, struct flow_key back)
{
	struct flow_key turned = there, was = back;

	assert_int_equal(conversation_orient(&turned, 0), HALF_FORWARD);
	assert_memory_equal(&turned, &there, sizeof(there));
	assert_int_equal(conversation_orient(&back, 0), HALF_REVERSE);
	assert_memory_equal(&back, &there, sizeof(there));
	conversation_reverse(&turned);
	assert_memory_equal(&turned, &was, sizeof(was));
}

static void the_client_of_a_well_known_port_began(void **state)
{
	(void)state;
	check_pair(flow(IPPROTO_TCP, 9, 51000, 1, 443), flow(IPPROTO_TCP, 1, 443, 9, 51000));
	check_pair(flow(IPPROTO_UDP, 1, 5353, 9, 53), flow(IPPROTO_UDP, 9, 53, 1, 5353));
	check_pair(flow(IPPROTO_UDP, 9, 68, 1, 67), flow(IPPROTO_UDP, 1, 67, 9, 68));
}

static void the_lower_address_began_where_ports_do_not_tell(void **state)
{
	(void)state;
	check_pair(flow(IPPROTO_TCP, 1, 8080, 9, 51000), flow(IPPROTO_TCP, 9, 51000, 1, 8080));
	check_pair(flow(IPPROTO_UDP, 1, 123, 9, 123), flow(IPPROTO_UDP, 9, 123, 1, 123));
	check_pair(flow(IPPROTO_UDP, 1, 0, 9, 123), flow(IPPROTO_UDP, 9, 123, 1, 0));
	check_pair(flow(IPPROTO_GRE, 1, 0, 9, 0), flow(IPPROTO_GRE, 9, 0, 1, 0));
}

static void an_address_talks_to_itself_by_ports(void **state)
{
	(void)state;
	check_pair(flow(IPPROTO_TCP, 5, 8080, 5, 51000), flow(IPPROTO_TCP, 5, 51000, 5, 8080));
}

static void a_reply_is_of_its_request(void **state)
{
	(void)state;
	check_pair(flow(IPPROTO_ICMP, 9, 8 << 8, 1, 0), flow(IPPROTO_ICMP, 1, 0, 9, 0));
	check_pair(flow(IPPROTO_ICMPV6, 9, 128 << 8, 1, 0), flow(IPPROTO_ICMPV6, 1, 129 << 8, 9, 0));
}

static void errors_and_frames_are_as_they_are(void **state)
{
	struct flow_key unreachable = flow(IPPROTO_ICMP, 9, 3 << 8, 1, 1 << 8);
	struct flow_key arp = { .src_port = htons(0x0806) }, before = arp;

	(void)state;
	assert_int_equal(conversation_orient(&unreachable, 0), HALF_FORWARD);
	assert_int_equal(conversation_orient(&arp, 0), HALF_FORWARD);
	assert_memory_equal(&arp, &before, sizeof(arp));
}

static void later_fragments_have_no_ports_to_go_by(void **state)
{
	struct flow_key key = flow(IPPROTO_UDP, 9, 0, 1, 0);

	(void)state;
	key.flags |= FLOW_NO_PORTS;
	assert_int_equal(conversation_orient(&key, 0), HALF_REVERSE);
	assert_int_equal(conversation_service(&key, 0), 0);
}

/* What was cut off reads as 0, the type of an echo reply. */
static void a_type_that_was_cut_is_no_reply(void **state)
{
	struct flow_key key = flow(IPPROTO_ICMP, 1, FLOW_ICMP_CUT, 9, 0), before = key;

	(void)state;
	assert_int_equal(conversation_orient(&key, 0), HALF_FORWARD);
	assert_memory_equal(&key, &before, sizeof(key));
}

static void check_service(struct flow_key key, unsigned int port)
{
	conversation_orient(&key, 0);
	assert_int_equal(ntohs(conversation_service(&key, 0)), port);
}

static void a_service_is_never_an_ephemeral_port(void **state)
{
	(void)state;
	check_service(flow(IPPROTO_TCP, 1, 443, 9, 51000), 443);
	check_service(flow(IPPROTO_TCP, 1, 51000, 9, 8080), 8080);
	check_service(flow(IPPROTO_TCP, 1, 8080, 9, 51000), 8080);
	check_service(flow(IPPROTO_TCP, 9, 8080, 1, 51000), 8080);
	check_service(flow(IPPROTO_ICMP, 9, 8 << 8, 1, 0), 0);
}

/* The ports alone say 33000. */
static void who_answered_the_handshake_was_called(void **state)
{
	struct flow_key there = flow(IPPROTO_TCP, 9, 33000, 1, 50000);
	struct flow_key back = flow(IPPROTO_TCP, 1, 50000, 9, 33000);

	(void)state;
	assert_int_equal(ntohs(service_of_flow(&there, 0)), 33000);
	assert_int_equal(ntohs(service_of_flow(&there, FLOW_SYN)), 50000);
	assert_int_equal(ntohs(service_of_flow(&back, FLOW_SYN_ACK)), 50000);
	assert_int_equal(ntohs(service_of_flow(&back, FLOW_SYN)), 33000);
}

static void port_0_is_no_service_where_there_is_another(void **state)
{
	(void)state;
	check_service(flow(IPPROTO_UDP, 1, 53, 9, 0), 53);
	check_service(flow(IPPROTO_UDP, 1, 0, 9, 53), 53);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_client_of_a_well_known_port_began),
		cmocka_unit_test(the_lower_address_began_where_ports_do_not_tell),
		cmocka_unit_test(an_address_talks_to_itself_by_ports),
		cmocka_unit_test(a_reply_is_of_its_request),
		cmocka_unit_test(errors_and_frames_are_as_they_are),
		cmocka_unit_test(later_fragments_have_no_ports_to_go_by),
		cmocka_unit_test(a_type_that_was_cut_is_no_reply),
		cmocka_unit_test(a_service_is_never_an_ephemeral_port),
		cmocka_unit_test(who_answered_the_handshake_was_called),
		cmocka_unit_test(port_0_is_no_service_where_there_is_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
