/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reader of capture files on any bytes: it ends, every byte it hands out can be read, and a
 * failure is told and stays.
 */
#include <errno.h>
#include <stdlib.h>

#include "../capture_builder.h"

#define BATCH 16
/* A gzip'd input of this fuzzer's size unpacks to less than this many packets. */
#define PACKETS_MAX (64u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void touch(const struct capture_packet *packet)
{
	uint32_t sum = 0;

	if (packet->link >= LINK_COUNT || packet->time_ns > CAPTURE_TIME_MAX)
		abort();
	if (packet->link && packet->caplen > 262144)
		abort();
	for (uint32_t i = 0; i < packet->caplen; i++)
		sum += packet->data[i];
	/* The compiler may not leave the loads out. */
	__asm__ volatile("" : : "r"(sum));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct capture_packet packets[BATCH];
	static struct builder b;
	struct capture *capture = open_bytes(&b, data, size);
	uint64_t seen = 0;
	int count;

	while ((count = next_packets(capture, packets, BATCH)) > 0) {
		for (int i = 0; i < count; i++)
			touch(&packets[i]);
		seen += (uint64_t)count;
		if (seen > PACKETS_MAX)
			abort();
	}
	if (count < 0 && (!*capture_reason(capture) || capture_next(capture, packets, 1) != count))
		abort();
	close_built(&b, capture);
	return 0;
}
