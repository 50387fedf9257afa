/* SPDX-License-Identifier: BSD-2-Clause */
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <cmocka.h>
#include <zlib.h>
#include <zstd.h>

#include "capture_builder.h"

#define PACKETS 200

static void build_many(struct builder *b)
{
	*b = (struct builder){ 0 };
	put_pcap_header(b, PCAP_MICRO, 1);
	for (uint32_t i = 0; i < PACKETS; i++)
		put_pcap_packet(b, (struct built_packet){ i, 0, i, 60, (uint8_t)i });
}

/* Reads all packets of build_many's file and expects the end, or the errno, after count. */
static void expect_many(struct capture *capture, uint32_t count, int end)
{
	uint32_t seen = 0;
	int got;

	for (;;) {
		struct capture_packet packets[7];

		got = next_packets(capture, packets, 7);
		if (got <= 0)
			break;
		for (int i = 0; i < got; i++, seen++) {
			assert_int_equal(packets[i].time_ns, seen * 1000000000ull);
			assert_int_equal(packets[i].caplen, seen);
			if (seen)
				assert_int_equal(packets[i].data[seen - 1], (uint8_t)seen);
		}
	}
	assert_int_equal(got, end);
	assert_int_equal(seen, count);
}

/* Packs size bytes as one gzip member at the end of packed; returns its new size. */
static size_t gzip_member(uint8_t *packed, size_t used, const void *bytes, size_t size)
{
	z_stream z = { 0 };

	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 16 + 15, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (Bytef *)(uintptr_t)bytes;
	z.avail_in = (uInt)size;
	z.next_out = packed + used;
	z.avail_out = 1 << 16;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	used += z.total_out;
	deflateEnd(&z);
	return used;
}

static void a_gzip_file_of_several_members_and_padding_reads_as_one(void **state)
{
	static uint8_t packed[1 << 18];
	struct builder b;
	struct capture *capture;
	size_t size;

	(void)state;
	build_many(&b);
	size = gzip_member(packed, 0, b.bytes, 1000);
	size = gzip_member(packed, size, b.bytes + 1000, b.size - 1000);
	capture = open_bytes(&b, packed, size + 512);
	expect_many(capture, PACKETS, 0);
	close_built(&b, capture);
}

/* Packs size bytes as one zstd frame at the end of packed; returns its new size. */
static size_t zstd_frame(uint8_t *packed, size_t used, const void *bytes, size_t size)
{
	size_t length = ZSTD_compress(packed + used, 1 << 16, bytes, size, 3);

	assert_false(ZSTD_isError(length));
	return used + length;
}

static void a_zstd_file_of_several_frames_reads_as_one(void **state)
{
	static const uint8_t skipped[] = { 0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3 };
	static uint8_t packed[1 << 17];
	static struct builder b;
	struct capture *capture;
	size_t size = sizeof(skipped);

	(void)state;
	build_many(&b);
	memcpy(packed, skipped, size);
	size = zstd_frame(packed, size, b.bytes, 1000);
	size = zstd_frame(packed, size, b.bytes, 0);
	memcpy(packed + size, skipped, sizeof(skipped));
	size = zstd_frame(packed, size + sizeof(skipped), b.bytes + 1000, b.size - 1000);
	capture = open_bytes(&b, packed, size);
	expect_many(capture, PACKETS, 0);
	close_built(&b, capture);
}

static void a_zstd_file_that_is_cut_or_damaged_is_told(void **state)
{
	static uint8_t packed[1 << 17];
	static struct builder b;
	struct capture_packet packet;
	struct capture *capture;
	size_t size;

	(void)state;
	build_many(&b);
	size = zstd_frame(packed, 0, b.bytes, b.size);
	for (size_t cut = 5; cut < size; cut += 7) {
		capture = open_bytes(&b, packed, cut);
		while (next_packets(capture, &packet, 1) > 0)
			continue;
		assert_string_equal(capture_reason(capture), "zstd data is cut short");
		close_built(&b, capture);
	}
	memset(packed + size, 'x', 100);
	capture = open_bytes(&b, packed, size + 100);
	expect_many(capture, PACKETS, -EBADMSG);
	assert_string_equal(capture_reason(capture), "zstd data is damaged");
	close_built(&b, capture);
}

/* A frame that would take more memory than its reader wants to give. */
static void a_zstd_window_of_a_gigabyte_is_refused(void **state)
{
	static const uint8_t frame[] = { 0x28, 0xb5, 0x2f, 0xfd, 0, 20 << 3, 1, 0, 0 };
	struct capture_packet packet;
	static struct builder b;
	struct capture *capture = open_bytes(&b, frame, sizeof(frame));

	(void)state;
	assert_int_equal(next_packets(capture, &packet, 1), -EBADMSG);
	assert_string_equal(capture_reason(capture),
			    "zstd data takes a window of more than 128 MiB");
	close_built(&b, capture);
}

static void a_gzip_file_that_is_cut_gives_what_was_before(void **state)
{
	static uint8_t packed[1 << 17];
	struct builder b;
	struct capture *capture;
	size_t size;

	(void)state;
	build_many(&b);
	size = gzip_member(packed, 0, b.bytes, b.size);
	capture = open_bytes(&b, packed, size - 8);
	expect_many(capture, PACKETS, -EBADMSG);
	assert_string_equal(capture_reason(capture), "gzip data is cut short");
	close_built(&b, capture);
}

static void gzip_data_that_is_damaged_is_told(void **state)
{
	static uint8_t packed[1 << 17];
	struct builder b;
	struct capture *capture;
	size_t size;

	(void)state;
	build_many(&b);
	size = gzip_member(packed, 0, b.bytes, b.size);
	packed[size - 8] ^= 1;
	capture = open_bytes(&b, packed, size);
	expect_many(capture, PACKETS, -EBADMSG);
	assert_string_equal(capture_reason(capture), "gzip data is damaged");
	close_built(&b, capture);
}

static void a_file_larger_than_the_window_is_read_whole(void **state)
{
	struct builder b = { 0 };
	struct capture_packet packets[64];
	struct capture *capture;
	uint64_t seen = 0, size = 0, done;
	int count;

	(void)state;
	put_pcap_header(&b, PCAP_MICRO, 1);
	capture = open_built(&b);
	b.size = 0;
	for (uint32_t i = 0; i < 40; i++)
		put_pcap_packet(&b, (struct built_packet){ i, 0, 1500, 1500, (uint8_t)i });
	for (int i = 0; i < 100; i++)
		assert_int_equal(write(b.fd, b.bytes, b.size), b.size);
	capture_close(capture);
	assert_int_equal(capture_open(b.name, &capture), 0);
	while ((count = next_packets(capture, packets, 64)) > 0)
		for (int i = 0; i < count; i++, seen++) {
			assert_int_equal(packets[i].caplen, 1500);
			assert_int_equal(packets[i].data[1499], seen % 40);
		}
	assert_int_equal(count, 0);
	assert_int_equal(seen, 4000);
	capture_progress(capture, &done, &size);
	assert_int_equal(done, size);
	close_built(&b, capture);
}

struct sender {
	const struct builder *b;
	size_t size;      /* bytes sent before the end */
	int listener;
};

static void *send_pieces(void *context)
{
	const struct sender *sender = context;
	int fd = accept(sender->listener, NULL, NULL);
	size_t sent = 0;

	while (sent < sender->size) {
		size_t piece = sender->size - sent < 1021 ? sender->size - sent : 1021;

		sent += (size_t)send(fd, sender->b->bytes + sent, piece, MSG_NOSIGNAL);
	}
	close(fd);
	return NULL;
}

/* A socket that listens on some port of the loopback address, and its tcp:// name. */
static int listen_somewhere(char *name, size_t size)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
	snprintf(name, size, "tcp://127.0.0.1:%u", ntohs(address.sin_port));
	return fd;
}

static void expect_over_tcp(size_t cut, uint32_t count, int end)
{
	struct builder b;
	struct sender sender = { .b = &b };
	struct capture *capture;
	pthread_t thread;
	char name[64];

	build_many(&b);
	sender.size = b.size - cut;
	sender.listener = listen_somewhere(name, sizeof(name));
	assert_int_equal(pthread_create(&thread, NULL, send_pieces, &sender), 0);
	assert_int_equal(capture_open(name, &capture), 0);
	expect_many(capture, count, end);
	capture_close(capture);
	pthread_join(thread, NULL);
	close(sender.listener);
}

static void a_capture_sent_over_tcp_ends_when_the_peer_closes(void **state)
{
	(void)state;
	expect_over_tcp(0, PACKETS, 0);
}

static void a_peer_gone_within_a_packet_is_told(void **state)
{
	(void)state;
	expect_over_tcp(1, PACKETS - 1, -EBADMSG);
}

static void a_peer_that_is_not_there_is_told(void **state)
{
	struct capture *capture;
	char name[64];

	(void)state;
	close(listen_somewhere(name, sizeof(name)));
	assert_int_equal(capture_open(name, &capture), -ECONNREFUSED);
	assert_string_equal(capture_reason(capture), "Connection refused");
	capture_close(capture);
}

static void an_address_without_a_port_is_refused(void **state)
{
	const char *const names[] = { "tcp://", "tcp://host", "tcp://:80", "tcp://host:",
				      "tcp://::1:80", "tcp://[::1]", "tcp://host:65536" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct capture *capture;

		assert_int_equal(capture_open(names[i], &capture), -EINVAL);
		assert_true(*capture_reason(capture));
		capture_close(capture);
	}
}

static void a_file_that_is_not_there_or_a_folder_is_told(void **state)
{
	struct capture_packet packet;
	struct capture *capture;

	(void)state;
	assert_int_equal(capture_open("/nonexistent/file", &capture), -ENOENT);
	assert_string_equal(capture_reason(capture), strerror(ENOENT));
	capture_close(capture);
	assert_int_equal(capture_open("/", &capture), 0);
	assert_int_equal(next_packets(capture, &packet, 1), -EISDIR);
	capture_close(capture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_gzip_file_of_several_members_and_padding_reads_as_one),
		cmocka_unit_test(a_zstd_file_of_several_frames_reads_as_one),
		cmocka_unit_test(a_zstd_file_that_is_cut_or_damaged_is_told),
		cmocka_unit_test(a_zstd_window_of_a_gigabyte_is_refused),
		cmocka_unit_test(a_gzip_file_that_is_cut_gives_what_was_before),
		cmocka_unit_test(gzip_data_that_is_damaged_is_told),
		cmocka_unit_test(a_file_larger_than_the_window_is_read_whole),
		cmocka_unit_test(a_capture_sent_over_tcp_ends_when_the_peer_closes),
		cmocka_unit_test(a_peer_gone_within_a_packet_is_told),
		cmocka_unit_test(a_peer_that_is_not_there_is_told),
		cmocka_unit_test(an_address_without_a_port_is_refused),
		cmocka_unit_test(a_file_that_is_not_there_or_a_folder_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
