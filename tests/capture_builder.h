/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Builds capture files in memory for tests: bytes are appended, then opened as a file.
 */
#ifndef WEIR_CAPTURE_BUILDER_H
#define WEIR_CAPTURE_BUILDER_H

#include <byteswap.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../user/sources/capture.h"

struct builder {
	uint8_t bytes[1 << 16];
	size_t size;
	bool swapped;        /* write in the byte order of other machines */
	size_t block_at;     /* pcapng: the block being built */
	char name[32];       /* of the file, once opened */
	int fd;
};

static inline void put_bytes(struct builder *b, const void *bytes, size_t size)
{
	if (b->size + size > sizeof(b->bytes))
		abort();
	memcpy(b->bytes + b->size, bytes, size);
	b->size += size;
}

static inline void put32(struct builder *b, uint32_t value)
{
	value = b->swapped ? bswap_32(value) : value;
	put_bytes(b, &value, sizeof(value));
}

static inline void put16(struct builder *b, uint16_t value)
{
	value = b->swapped ? bswap_16(value) : value;
	put_bytes(b, &value, sizeof(value));
}

/* size bytes that tell packets apart: each is fill. */
static inline void put_fill(struct builder *b, uint8_t fill, size_t size)
{
	while (size--)
		put_bytes(b, &fill, 1);
}

#define PCAP_MICRO  0xa1b2c3d4
#define PCAP_NANO   0xa1b23c4d
#define PCAP_REDHAT 0xa1b2cd34

static inline void put_pcap_header(struct builder *b, uint32_t magic, uint32_t link_type)
{
	put32(b, magic);
	put16(b, 2);
	put16(b, 4);
	put32(b, 0);
	put32(b, 0);
	put32(b, 65535);
	put32(b, link_type);
}

struct built_packet {
	uint32_t seconds, fraction, caplen, len;
	uint8_t fill;
};

static inline void put_pcap_packet(struct builder *b, struct built_packet packet)
{
	put32(b, packet.seconds);
	put32(b, packet.fraction);
	put32(b, packet.caplen);
	put32(b, packet.len);
	put_fill(b, packet.fill, packet.caplen);
}

static inline void begin_block(struct builder *b, uint32_t type)
{
	b->block_at = b->size;
	put32(b, type);
	put32(b, 0);
}

static inline void end_block(struct builder *b)
{
	uint32_t size, written;

	put_fill(b, 0, -b->size & 3);
	size = (uint32_t)(b->size - b->block_at) + 4;
	written = b->swapped ? bswap_32(size) : size;
	memcpy(b->bytes + b->block_at + 4, &written, sizeof(written));
	put32(b, size);
}

static inline void put_section(struct builder *b)
{
	begin_block(b, 0x0a0d0d0a);
	put32(b, 0x1a2b3c4d);
	put16(b, 1);
	put16(b, 0);
	put32(b, 0xffffffff);
	put32(b, 0xffffffff);
	end_block(b);
}

/* The beginning of an interface block, to which options may be put before end_block. */
static inline void begin_interface(struct builder *b, uint16_t link_type, uint32_t snaplen)
{
	begin_block(b, 1);
	put16(b, link_type);
	put16(b, 0);
	put32(b, snaplen);
}

static inline void put_option(struct builder *b, uint16_t code, const void *value, uint16_t size)
{
	put16(b, code);
	put16(b, size);
	put_bytes(b, value, size);
	put_fill(b, 0, -size & 3u);
}

static inline void put_interface(struct builder *b, uint16_t link_type)
{
	begin_interface(b, link_type, 0);
	end_block(b);
}

static inline void put_enhanced(struct builder *b, uint32_t interface, uint64_t ticks,
				struct built_packet packet)
{
	begin_block(b, 6);
	put32(b, interface);
	put32(b, (uint32_t)(ticks >> 32));
	put32(b, (uint32_t)ticks);
	put32(b, packet.caplen);
	put32(b, packet.len);
	put_fill(b, packet.fill, packet.caplen);
	end_block(b);
}

/* Opens bytes as a file. The capture is to be closed, and the fd of the builder. */
static inline struct capture *open_bytes(struct builder *b, const void *bytes, size_t size)
{
	struct capture *capture = NULL;

	b->fd = memfd_create("capture", MFD_CLOEXEC);
	if (b->fd < 0 || write(b->fd, bytes, size) != (ssize_t)size)
		abort();
	snprintf(b->name, sizeof(b->name), "/proc/self/fd/%d", b->fd);
	if (capture_open(b->name, &capture))
		abort();
	return capture;
}

static inline struct capture *open_built(struct builder *b)
{
	return open_bytes(b, b->bytes, b->size);
}

static inline void close_built(struct builder *b, struct capture *capture)
{
	capture_close(capture);
	close(b->fd);
}

/* capture_next that waits for what it says is not there yet. */
static inline int next_packets(struct capture *capture, struct capture_packet *packets, size_t max)
{
	int count;

	do
		count = capture_next(capture, packets, max);
	while (count == -EAGAIN);
	return count;
}

#endif
