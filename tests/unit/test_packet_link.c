/* SPDX-License-Identifier: BSD-2-Clause */
/* Link headers: where each leads, what is not IP, and what libpcap's filters say of the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "guarded.h"
#include "packet_builder.h"
#include "../user/filter/filter.h"
#include "../user/sources/packet_parse.h"

enum carried { NOTHING, DATAGRAM4, DATAGRAM6 };

/* A header and what it carries, or is: without IP, a flow of an EtherType. */
struct link_case {
	const char *name;
	uint8_t link;
	uint8_t carried;
	bool is_usual;     /* libpcap's filters take it for the same (never what is in Frame Relay) */
	uint16_t ethertype;
	uint32_t zeros;    /* that stand after the header */
	uint32_t len;
	uint8_t header[40];
};

#define BYTES(...) sizeof((uint8_t[]){ __VA_ARGS__ }), { __VA_ARGS__ }
#define IP4 DATAGRAM4, true, 0, 0
#define IP6 DATAGRAM6, true, 0, 0
#define IP4_BEYOND_LIBPCAP DATAGRAM4, false, 0, 0
#define IP6_BEYOND_LIBPCAP DATAGRAM6, false, 0, 0
#define NON_IP(ethertype) NOTHING, true, ethertype, 0
#define IP4_AFTER(zeros) DATAGRAM4, true, 0, zeros
#define NON_IP_AFTER(zeros, ethertype) NOTHING, true, ethertype, zeros

/* The 22 bytes of addresses and duration between control and sequence, then the sequence. */
#define ADDRESS 1, 2, 3, 4, 5, 6
#define MAC(control, flags) control, flags, 0, 0, ADDRESS, ADDRESS, ADDRESS
#define WIRELESS(control, flags) MAC(control, flags), 0x10, 0
#define SNAP(a, b) 0xaa, 0xaa, 3, 0, 0, 0, a, b

static const struct link_case cases[] = {
	{ "PPP", LINK_PPP, IP4, BYTES(0xff, 3, 0, 0x21) },
	{ "PPP with IPv6", LINK_PPP, IP6, BYTES(0xff, 3, 0, 0x57) },
	{ "PPP without framing", LINK_PPP, IP4_BEYOND_LIBPCAP, BYTES(0, 0x21) },
	{ "PPP, protocol compressed", LINK_PPP, IP4_BEYOND_LIBPCAP, BYTES(0xff, 3, 0x21) },
	{ "PPP with LCP", LINK_PPP, NON_IP(0x880b), BYTES(0xff, 3, 0xc0, 0x21, 1, 1) },
	{ "PPP with MPLS", LINK_PPP, NON_IP(0x8847), BYTES(0xff, 3, 2, 0x81, 0, 0, 0, 0) },
	{ "PPP serial", LINK_PPP_SERIAL, IP4, BYTES(0xff, 3, 0, 0x21) },
	{ "PPP serial with HDLC", LINK_PPP_SERIAL, IP4_BEYOND_LIBPCAP, BYTES(0x0f, 0, 8, 0) },
	{ "PPPoE", LINK_PPP_ETHER, IP4, BYTES(0x11, 0, 0, 1, 0, 48, 0, 0x21) },
	{ "PPPoE discovery", LINK_PPP_ETHER, NON_IP(0x8863), BYTES(0x11, 9, 0, 0, 0, 0, 0, 0) },
	{ "pppd", LINK_PPP_PPPD, IP4, BYTES(1, 0, 0, 0x21) },
	{ "PPP with direction", LINK_PPP_DIR, IP6_BEYOND_LIBPCAP, BYTES(1, 0xff, 3, 0, 0x57) },
	{ "HDLC", LINK_HDLC, IP4, BYTES(0x0f, 0, 8, 0) },
	{ "HDLC with IPv6", LINK_HDLC, IP6, BYTES(0x8f, 0, 0x86, 0xdd) },
	{ "HDLC's keepalive", LINK_HDLC, NON_IP(0x8035), BYTES(0x8f, 0, 0x80, 0x35, 0, 0, 0, 2) },
	{ "HDLC with direction", LINK_HDLC_DIR, IP4_BEYOND_LIBPCAP, BYTES(0, 0x0f, 0, 8, 0) },
	{ "Frame Relay", LINK_FRELAY, IP4_BEYOND_LIBPCAP, BYTES(0x18, 0x41, 3, 0xcc) },
	{ "Frame Relay with IPv6", LINK_FRELAY, IP6_BEYOND_LIBPCAP, BYTES(0x18, 0x41, 3, 0x8e) },
	{ "Frame Relay, four bytes", LINK_FRELAY, IP4_BEYOND_LIBPCAP, BYTES(8, 0, 0, 1, 3, 0xcc) },
	{ "Frame Relay, padded SNAP", LINK_FRELAY, IP4_BEYOND_LIBPCAP,
	  BYTES(0x18, 0x41, 3, 0, 0x80, 0, 0, 0, 8, 0) },
	{ "Frame Relay of Cisco", LINK_FRELAY, IP4_BEYOND_LIBPCAP, BYTES(0x18, 0x41, 8, 0) },
	{ "Frame Relay's LMI", LINK_FRELAY, NON_IP(0), BYTES(0, 1, 3, 8, 0, 0x75) },
	{ "Frame Relay with direction", LINK_FRELAY_DIR, IP4_BEYOND_LIBPCAP,
	  BYTES(0, 0x18, 0x41, 3, 0xcc) },
	{ "data", LINK_WIRELESS, IP4, BYTES(WIRELESS(8, 1), SNAP(8, 0)) },
	{ "data with IPv6", LINK_WIRELESS, IP6, BYTES(WIRELESS(8, 2), SNAP(0x86, 0xdd)) },
	{ "data with ARP", LINK_WIRELESS, NON_IP(0x806), BYTES(WIRELESS(8, 2), SNAP(8, 6)) },
	{ "data with LLC", LINK_WIRELESS, NON_IP(4), BYTES(WIRELESS(8, 2), 0x42, 0x42, 3) },
	{ "QoS data", LINK_WIRELESS, IP4, BYTES(WIRELESS(0x88, 1), 7, 0, SNAP(8, 0)) },
	{ "data that is encrypted", LINK_WIRELESS, NON_IP(0),
	  BYTES(WIRELESS(8, 0x41), 1, 2, 3, 4, 5, 6, 7, 8) },
	{ "data that was decrypted", LINK_WIRELESS, IP4, BYTES(WIRELESS(8, 0x41), SNAP(8, 0)) },
	{ "data with four addresses", LINK_WIRELESS, IP4_BEYOND_LIBPCAP,
	  BYTES(WIRELESS(8, 3), 1, 2, 3, 4, 5, 6, SNAP(8, 0)) },
	{ "an aggregate", LINK_WIRELESS, NON_IP(0), BYTES(WIRELESS(0x88, 1), 0x80, 0) },
	{ "a later fragment", LINK_WIRELESS, NON_IP(0), BYTES(MAC(8, 1), 0x11, 0) },
	{ "no data", LINK_WIRELESS, NON_IP(0), BYTES(WIRELESS(0x48, 1)) },
	{ "a beacon", LINK_WIRELESS, NON_IP(0), BYTES(WIRELESS(0x80, 0), SNAP(8, 0)) },
	{ "an acknowledgement", LINK_WIRELESS, NON_IP(0), BYTES(0xd4, 0, 0, 0, 1, 2, 3, 4, 5, 6) },
	{ "netfilter's log", LINK_NFLOG, IP4_BEYOND_LIBPCAP,
	  BYTES(2, 0, 0, 5, 8, 0, 1, 0, 8, 0, 1, 3, 5, 0, 10, 0, 'a', 0, 0, 0, 50, 0, 9, 0) },
	{ "netfilter's log of IPv6", LINK_NFLOG, IP6_BEYOND_LIBPCAP,
	  BYTES(10, 0, 0, 5, 50, 0, 9, 0) },
	{ "OpenBSD's IPsec", LINK_ENC, IP4, BYTES(2, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0) },
	{ "the same of the other byte order", LINK_ENC, IP4_BEYOND_LIBPCAP,
	  BYTES(0, 0, 0, 2, 1, 1, 1, 1, 0, 0, 0, 0) },
	{ "BSD's packet log", LINK_PFLOG, IP4_AFTER(60), BYTES(61, 2, 0, 0) },
	{ "IPNET", LINK_IPNET, IP4_AFTER(20), BYTES(1, 2, 0, 1) },
	{ "IPNET of IPv6", LINK_IPNET, DATAGRAM6, true, 0, 20, BYTES(1, 26, 0, 1) },
};

/* What stands before an 802.11 frame with IPv4 in it, and how far its data is from the header. */
struct radio_case {
	const char *name;
	uint8_t link;
	uint8_t padding;
	uint32_t zeros;
	uint32_t len;
	uint8_t header[24];
};

static const struct radio_case radio_cases[] = {
	{ "radiotap", LINK_RADIOTAP, 0, 0, BYTES(0, 0, 8, 0, 0, 0, 0, 0) },
	{ "radiotap, longer", LINK_RADIOTAP, 0, 0, BYTES(0, 0, 12, 0, 4, 0, 0, 0, 1, 2, 3, 4) },
	{ "radiotap, padded", LINK_RADIOTAP, 2, 0, BYTES(0, 0, 12, 0, 2, 0, 0, 0, 0x20, 0, 0, 0) },
	{ "radiotap, padded, with time", LINK_RADIOTAP, 2, 0,
	  BYTES(0, 0, 20, 0, 3, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0x20, 0, 0, 0) },
	{ "Prism", LINK_PRISM, 0, 140, BYTES(0x44, 0, 0, 0) },
	{ "AVS as Prism", LINK_PRISM, 0, 56, BYTES(0x80, 0x21, 0x10, 1, 0, 0, 0, 64) },
	{ "AVS", LINK_AVS, 0, 56, BYTES(0x80, 0x21, 0x10, 1, 0, 0, 0, 64) },
	{ "PPI", LINK_PPI, 0, 0, BYTES(0, 0, 12, 0, 105, 0, 0, 0, 1, 2, 3, 4) },
};

static void put_link(struct frame *f, const struct link_case *is)
{
	f->len = 0;
	memcpy(frame_grow(f, is->len), is->header, is->len);
	memset(frame_grow(f, is->zeros), 0, is->zeros);
}

/* An IP datagram without its Ethernet header. */
static void put_datagram(struct frame *f, enum carried carried)
{
	static const struct layer ipv4[FRAME_LAYERS] = { ETHERNET, IPV4, UDP, PAYLOAD(18) };
	static const struct layer ipv6[FRAME_LAYERS] = { ETHERNET, IPV6, UDP, PAYLOAD(18) };
	struct frame built;

	if (carried == NOTHING)
		return;
	frame_build(&built, carried == DATAGRAM4 ? ipv4 : ipv6);
	memcpy(frame_grow(f, built.len - 14), built.bytes + 14, built.len - 14);
}

static struct capture_packet packet_of(const uint8_t *bytes, size_t len, uint8_t link)
{
	return (struct capture_packet){ .data = bytes, .caplen = (uint32_t)len,
					.len = (uint32_t)len, .link = link };
}

static int key_of(const struct capture_packet *packet, struct flow_key *key)
{
	struct packet p = { 0 };
	int malformed = packet_parse(packet, &p, NULL, false);

	packet_key(&p, key);
	return malformed;
}

static void expect_udp(const char *name, const struct flow_key *key, enum carried carried)
{
	uint8_t flags = carried == DATAGRAM6 ? FLOW_IP | FLOW_IPV6 : FLOW_IP;

	if (key->flags != flags || key->ip_proto != IPPROTO_UDP || ntohs(key->src_port) != SRC_PORT ||
	    ntohs(key->dst_port) != DST_PORT)
		fail_msg("%s: flags %u, protocol %u, port %u", name, key->flags, key->ip_proto,
			 ntohs(key->src_port));
}

static void each_header_leads_to_what_it_carries(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct link_case *is = &cases[i];
		struct capture_packet packet;
		struct flow_key key;
		struct frame f;
		int malformed;

		put_link(&f, is);
		put_datagram(&f, is->carried);
		packet = packet_of(f.bytes, f.len, is->link);
		malformed = key_of(&packet, &key);
		if (malformed)
			fail_msg("%s: malformed %d", is->name, malformed);
		if (is->carried)
			expect_udp(is->name, &key, is->carried);
		else if (key.flags || ntohs(key.src_port) != is->ethertype)
			fail_msg("%s: EtherType %x", is->name, ntohs(key.src_port));
	}
}

static void put_radio(struct frame *f, const struct radio_case *is)
{
	static const uint8_t qos_data[] = { WIRELESS(0x88, 1), 7, 0 };
	static const uint8_t snap[] = { SNAP(8, 0) };

	f->len = 0;
	memcpy(frame_grow(f, is->len), is->header, is->len);
	memset(frame_grow(f, is->zeros), 0, is->zeros);
	memcpy(frame_grow(f, sizeof(qos_data)), qos_data, sizeof(qos_data));
	memset(frame_grow(f, is->padding), 0, is->padding);
	memcpy(frame_grow(f, sizeof(snap)), snap, sizeof(snap));
	put_datagram(f, DATAGRAM4);
}

static void each_radio_header_leads_to_the_frame(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(radio_cases) / sizeof(*radio_cases); i++) {
		const struct radio_case *is = &radio_cases[i];
		struct capture_packet packet;
		struct flow_key key;
		struct frame f;

		put_radio(&f, is);
		packet = packet_of(f.bytes, f.len, is->link);
		if (key_of(&packet, &key))
			fail_msg("%s: malformed", is->name);
		expect_udp(is->name, &key, DATAGRAM4);
	}
}

/* What libpcap's filter for the link type says of the packet; -1 where it has none. */
static int filter_says(const char *expression, const struct capture_packet *packet)
{
#define AS_DLT(id, type, dlt, parser) [id] = dlt,
	static const int dlts[] = { CAPTURE_LINKS(AS_DLT) };
	struct filter_link link = { .type = dlts[packet->link] };
	struct filter_error error;
	struct filter *filter;
	int says;

	if (filter_compile(expression, &link, &filter, &error))
		return -1;
	says = filter_matches(filter, packet->data, packet->caplen, packet->len);
	filter_close(filter);
	return says;
}

static void expect_agreement(const char *name, const struct capture_packet *packet)
{
	struct flow_key key;
	int is_ip, is_port;

	assert_int_equal(key_of(packet, &key), 0);
	is_ip = filter_says(key.flags & FLOW_IPV6 ? "ip6" : "ip", packet);
	is_port = filter_says("udp dst port 443", packet);
	if (is_ip != (key.flags != 0) || is_port != (key.ip_proto == IPPROTO_UDP))
		fail_msg("%s: libpcap's ip %d, port %d", name, is_ip, is_port);
}

static void filters_and_parser_agree_about_usual_frames(void **state)
{
	struct capture_packet packet;
	struct frame f;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		if (!cases[i].is_usual)
			continue;
		put_link(&f, &cases[i]);
		put_datagram(&f, cases[i].carried);
		packet = packet_of(f.bytes, f.len, cases[i].link);
		expect_agreement(cases[i].name, &packet);
	}
	for (size_t i = 0; i < sizeof(radio_cases) / sizeof(*radio_cases); i++) {
		put_radio(&f, &radio_cases[i]);
		packet = packet_of(f.bytes, f.len, radio_cases[i].link);
		expect_agreement(radio_cases[i].name, &packet);
	}
}

/* Cut in the link header it has none; behind that, what there is decides. */
static void expect_cuts(struct guarded *g, const struct frame *f, uint32_t header_len, uint8_t link)
{
	struct capture_packet packet;
	struct flow_key key;

	for (uint32_t len = 0; len <= f->len; len++) {
		packet = packet_of(guarded_place(g, f->bytes, len), len, link);
		int malformed = key_of(&packet, &key);

		if (malformed > MALFORMED_REASON_COUNT ||
		    (!malformed && key.flags && len < header_len + 20))
			fail_msg("link %u cut to %u bytes: %d", link, len, malformed);
	}
}

static void frames_cut_anywhere_are_not_read_beyond(void **state)
{
	struct guarded g = guarded_create(FRAME_MAX);
	struct frame f;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		put_link(&f, &cases[i]);
		put_datagram(&f, cases[i].carried);
		expect_cuts(&g, &f, cases[i].len + cases[i].zeros, cases[i].link);
	}
	for (size_t i = 0; i < sizeof(radio_cases) / sizeof(*radio_cases); i++) {
		put_radio(&f, &radio_cases[i]);
		expect_cuts(&g, &f, radio_cases[i].len + radio_cases[i].zeros + 34,
			    radio_cases[i].link);
	}
	guarded_destroy(&g);
}

static void a_link_type_that_is_not_known_is_malformed(void **state)
{
	static const uint8_t ppi_with_ethernet[] = { 0, 0, 8, 0, 1, 0, 0, 0 };
	struct capture_packet packet = packet_of((const uint8_t *)"abc", 3, LINK_UNKNOWN);
	struct flow_key key;

	(void)state;
	assert_int_equal(key_of(&packet, &key), 1 + MALFORMED_LINK_TYPE);
	packet = packet_of(ppi_with_ethernet, sizeof(ppi_with_ethernet), LINK_PPI);
	assert_int_equal(key_of(&packet, &key), 1 + MALFORMED_LINK_TYPE);
}

/* Lengths that lead outside of the frame, or to its own beginning. */
static void lengths_that_lie_are_malformed(void **state)
{
	static const struct link_case lies[] = {
		{ "radiotap too long", LINK_RADIOTAP, NON_IP(0), BYTES(0, 0, 99, 0, 0, 0, 0, 0, 8, 1) },
		{ "radiotap too short", LINK_RADIOTAP, NON_IP(0), BYTES(0, 0, 7, 0, 0, 0, 0, 0, 8, 1) },
		{ "PPI too long", LINK_PPI, NON_IP(0), BYTES(0, 0, 99, 0, 105, 0, 0, 0, 8, 1) },
		{ "AVS too long", LINK_AVS, NON_IP(0), BYTES(0x80, 0x21, 0x10, 1, 255, 0, 0, 64) },
		{ "an attribute of nothing", LINK_NFLOG, NON_IP(0), BYTES(2, 0, 0, 5, 0, 0, 0, 0) },
		{ "an attribute too long", LINK_NFLOG, NON_IP(0), BYTES(2, 0, 0, 5, 255, 255, 0, 0) },
		{ "a packet log too long", LINK_PFLOG, NON_IP(0), BYTES(255, 2, 0, 0) },
		{ "a packet log of nothing", LINK_PFLOG, NON_IP(0), BYTES(0, 2, 0, 0) },
	};
	struct flow_key key;

	(void)state;
	for (size_t i = 0; i < sizeof(lies) / sizeof(*lies); i++) {
		struct capture_packet packet = packet_of(lies[i].header, lies[i].len, lies[i].link);

		if (key_of(&packet, &key) != 1 + MALFORMED_LINK_HEADER_CUT)
			fail_msg("%s", lies[i].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_header_leads_to_what_it_carries),
		cmocka_unit_test(each_radio_header_leads_to_the_frame),
		cmocka_unit_test(filters_and_parser_agree_about_usual_frames),
		cmocka_unit_test(frames_cut_anywhere_are_not_read_beyond),
		cmocka_unit_test(a_link_type_that_is_not_known_is_malformed),
		cmocka_unit_test(lengths_that_lie_are_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
