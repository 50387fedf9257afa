/* SPDX-License-Identifier: BSD-2-Clause */
/* The block format: draft-ietf-opsawg-pcapng. Sections, interfaces and resolutions may differ. */
#include "capture_pcapng.h"

#include <errno.h>
#include <stdlib.h>

#include "capture_link.h"

#define BLOCK_SECTION        0x0a0d0d0a
#define BLOCK_INTERFACE      1
#define BLOCK_PACKET         2  /* obsolete */
#define BLOCK_SIMPLE_PACKET  3
#define BLOCK_ENHANCED       6
#define BLOCK_SIZE_MIN       12
#define BLOCK_HEADER_SIZE    8
#define BYTE_ORDER_MAGIC     0x1a2b3c4d
#define OPTION_NAME          2
#define OPTION_FLAGS         2  /* of a packet */
#define OPTION_TSRESOL       9
#define OPTION_TSOFFSET      14
#define TSRESOL_BINARY       0x80
#define NS_PER_SECOND        1000000000ull

/* The body of a block, without type and lengths. */
struct block {
	uint32_t type;
	const uint8_t *body;
	uint32_t size;
	uint64_t offset;  /* in the file, for the user */
	bool swapped;
};

/* With what comes after it, so that the next item begins at a multiple of 4. */
static uint32_t padded(uint32_t size)
{
	return (size + 3) & ~3u;
}

/* base to the power of exponent; 0 past 2^127. */
static unsigned __int128 power(unsigned int base, unsigned int exponent)
{
	unsigned __int128 product = 1;

	for (unsigned int i = 0; i < exponent; i++) {
		if (product >> 123)
			return 0;
		product *= base;
	}
	return product;
}

static void interface_set_resolution(struct capture_interface *interface, uint8_t resolution)
{
	bool binary = resolution & TSRESOL_BINARY;

	interface->times = NS_PER_SECOND;
	interface->over = power(binary ? 2 : 10, resolution & (TSRESOL_BINARY - 1));
	if (interface->over && NS_PER_SECOND % interface->over == 0) {
		interface->times = NS_PER_SECOND / (uint64_t)interface->over;
		interface->over = 1;
	}
}

static uint64_t interface_time_ns(const struct capture_interface *interface, uint64_t ticks)
{
	unsigned __int128 wide;
	__int128 since;
	uint64_t ns;

	if (interface->over == 1 && !interface->offset_s &&
	    !__builtin_mul_overflow(ticks, interface->times, &ns))
		return ns < CAPTURE_TIME_MAX ? ns : CAPTURE_TIME_MAX;
	wide = interface->over ? (unsigned __int128)ticks * interface->times / interface->over : 0;
	since = (__int128)wide + (__int128)interface->offset_s * (__int128)NS_PER_SECOND;
	if (since < 0)
		return 0;
	return since < CAPTURE_TIME_MAX ? (uint64_t)since : CAPTURE_TIME_MAX;
}

/* The place of this name among those of the capture; 0 where there are too many. Or -ENOMEM. */
static int name_place(struct capture *capture, const uint8_t *name, size_t size)
{
	for (int i = 1; i < CAPTURE_NAMES_MAX; i++) {
		const char *known = capture->names[i];

		if (!known) {
			capture->names[i] = strndup((const char *)name, size);
			return capture->names[i] ? i : -ENOMEM;
		}
		if (!strncmp(known, (const char *)name, size) && strlen(known) <= size)
			return i;
	}
	return 0;
}

struct option {
	uint16_t code;
	uint16_t size;
	const uint8_t *value;
};

/* The option at *at in the block, past which it is set; false at the end of the options. */
static bool option_next(const struct block *block, uint32_t *at, struct option *option)
{
	if (*at > block->size || block->size - *at < 4)
		return false;
	option->code = load16(block->body + *at, block->swapped);
	option->size = load16(block->body + *at + 2, block->swapped);
	option->value = block->body + *at + 4;
	if (!option->code || option->size > block->size - *at - 4)
		return false;
	*at += 4 + padded(option->size);
	return true;
}

static int64_t option_offset(const struct block *block, const uint8_t *value)
{
	uint64_t first = load32(value, block->swapped);
	uint64_t second = load32(value + 4, block->swapped);
	bool big = block->swapped == (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);

	return (int64_t)(big ? first << 32 | second : second << 32 | first);
}

/* 0 or -ENOMEM. */
static int interface_read_options(struct capture *capture, struct capture_interface *interface,
				  const struct block *block)
{
	struct option option;
	uint32_t at = 8;
	int place = 0;

	while (option_next(block, &at, &option)) {
		if (option.code == OPTION_NAME && option.size && option.value[0])
			place = name_place(capture, option.value, option.size);
		if (place < 0)
			return place;
		interface->name = (uint16_t)place;
		if (option.code == OPTION_TSRESOL && option.size >= 1)
			interface_set_resolution(interface, option.value[0]);
		if (option.code == OPTION_TSOFFSET && option.size == 8)
			interface->offset_s = option_offset(block, option.value);
	}
	return 0;
}

/* What the flags of a packet block say of the direction, in their lowest two bits. */
static uint8_t block_direction(const struct block *block, uint32_t at)
{
	static const uint8_t directions[4] = { [1] = CAPTURE_IN, [2] = CAPTURE_OUT };
	struct option option;

	while (option_next(block, &at, &option)) {
		if (option.code == OPTION_FLAGS && option.size == 4)
			return directions[load32(option.value, block->swapped) & 3];
	}
	return CAPTURE_UNTOLD;
}

static int interface_add(struct capture *capture, const struct block *block)
{
	struct capture_interface *interface;

	if (block->size < 8 || capture->interface_count == CAPTURE_INTERFACES_MAX)
		return capture_fail(capture, -EBADMSG, "interface block at byte %llu",
				    (unsigned long long)block->offset);
	if (capture->interface_count == capture->interface_room) {
		size_t room = capture->interface_room ? 2 * capture->interface_room : 16;
		void *larger = realloc(capture->interfaces, room * sizeof(*interface));

		if (!larger)
			return capture_fail(capture, -ENOMEM, "%s", strerror(ENOMEM));
		capture->interfaces = larger;
		capture->interface_room = room;
	}
	interface = &capture->interfaces[capture->interface_count++];
	memset(interface, 0, sizeof(*interface));
	interface_set_resolution(interface, 6);
	interface->link_type = load16(block->body, block->swapped);
	interface->link = (uint8_t)capture_link_from_type(interface->link_type);
	interface->snaplen = load32(block->body + 4, block->swapped);
	if (interface_read_options(capture, interface, block))
		return capture_fail(capture, -ENOMEM, "%s", strerror(ENOMEM));
	return 0;
}

/* What the three kinds of packet block say. */
struct packet_block {
	uint32_t interface;
	uint64_t ticks;
	uint32_t caplen;
	uint32_t len;
	uint32_t header_size;
};

static int packet_block_read(const struct capture *capture, const struct block *block,
			     struct packet_block *packet)
{
	const uint8_t *body = block->body;
	bool swapped = block->swapped;

	memset(packet, 0, sizeof(*packet));
	packet->header_size = block->type == BLOCK_SIMPLE_PACKET ? 4 : 20;
	if (block->size < packet->header_size)
		return -EBADMSG;
	if (block->type == BLOCK_SIMPLE_PACKET) {
		uint32_t snaplen = capture->interface_count ? capture->interfaces[0].snaplen : 0;

		packet->len = packet->caplen = load32(body, swapped);
		if (snaplen && snaplen < packet->caplen)
			packet->caplen = snaplen;
		return 0;
	}
	packet->interface = block->type == BLOCK_PACKET ? load16(body, swapped)
							: load32(body, swapped);
	packet->ticks = (uint64_t)load32(body + 4, swapped) << 32 | load32(body + 8, swapped);
	packet->caplen = load32(body + 12, swapped);
	packet->len = load32(body + 16, swapped);
	return 0;
}

static int packet_from_block(struct capture *capture, const struct block *block,
			     struct capture_packet *packet)
{
	const struct capture_interface *interface;
	unsigned long long offset = block->offset;
	struct packet_block read;

	if (packet_block_read(capture, block, &read))
		return capture_fail(capture, -EBADMSG, "packet block at byte %llu is too short",
				    offset);
	if (read.interface >= capture->interface_count)
		return capture_fail(capture, -EBADMSG,
				    "packet at byte %llu is of interface %u, which is not declared",
				    offset, read.interface);
	interface = &capture->interfaces[read.interface];
	if ((interface->link && read.caplen > CAPTURE_CAPLEN_MAX) ||
	    read.caplen > block->size - read.header_size)
		return capture_fail(capture, -EBADMSG, "packet of %u bytes at byte %llu",
				    read.caplen, offset);
	packet->link = interface->link;
	if (!packet->link && !capture->unsupported[0])
		capture_link_text(interface->link_type, capture->unsupported,
				  sizeof(capture->unsupported));
	packet->interface = interface->name;
	packet->timeless = block->type == BLOCK_SIMPLE_PACKET;
	packet->swapped = block->swapped;
	packet->time_ns = packet->timeless ? 0 : interface_time_ns(interface, read.ticks);
	packet->data = block->body + read.header_size;
	packet->caplen = read.caplen;
	packet->len = read.len;
	packet->direction = capture_link_direction(packet);
	if (!packet->timeless && !packet->direction)
		packet->direction = block_direction(block,
						    read.header_size + padded(read.caplen));
	return 0;
}

/* The byte order of the section whose header block is at pos. */
static int section_begin(struct capture *capture)
{
	uint32_t magic = load32(capture->stream.pos + BLOCK_HEADER_SIZE, false);

	if (magic != BYTE_ORDER_MAGIC && magic != bswap_32(BYTE_ORDER_MAGIC))
		return capture_fail(capture, -EBADMSG, "section header at byte %llu is damaged",
				    (unsigned long long)capture_stream_offset(&capture->stream));
	capture->swapped = magic != BYTE_ORDER_MAGIC;
	capture->interface_count = 0;
	return 0;
}

/*
 * The next block as a whole; pos is after it. 1; 0 at the end; negative errno. Where the block
 * is not in the window and may_refill is false: -EAGAIN, and the window is as it was.
 */
static int block_next(struct capture *capture, bool may_refill, struct block *block)
{
	struct capture_stream *stream = &capture->stream;
	uint32_t size;
	int err;

	if (!may_refill && capture_stream_left(stream) < BLOCK_SIZE_MIN)
		return -EAGAIN;
	err = capture_want(capture, BLOCK_SIZE_MIN, "block header");
	if (err <= 0)
		return err;
	if (load32(stream->pos, false) == BLOCK_SECTION && section_begin(capture))
		return capture->failed;
	block->offset = capture_stream_offset(stream);
	block->swapped = capture->swapped;
	size = load32(stream->pos + 4, block->swapped);
	if (size < BLOCK_SIZE_MIN || size % 4 || size > CAPTURE_STREAM_NEED_MAX)
		return capture_fail(capture, -EBADMSG, "block of %u bytes at byte %llu", size,
				    (unsigned long long)block->offset);
	if (!may_refill && capture_stream_left(stream) < size)
		return -EAGAIN;
	err = capture_want(capture, size, "block");
	if (err <= 0)
		return err;
	if (load32(stream->pos + size - 4, block->swapped) != size)
		return capture_fail(capture, -EBADMSG, "block at byte %llu has two lengths",
				    (unsigned long long)block->offset);
	block->type = load32(stream->pos, block->swapped);
	block->body = stream->pos + BLOCK_HEADER_SIZE;
	block->size = size - BLOCK_SIZE_MIN;
	stream->pos += size;
	return 1;
}

static int section_check(struct capture *capture, const struct block *block)
{
	uint16_t major = block->size >= 8 ? load16(block->body + 4, block->swapped) : 0;

	return major == 1 ? 0 : capture_fail(capture, -EBADMSG, "pcapng version %u", major);
}

/* Takes a block: 1 where it was a packet, 0, or negative errno. */
static int block_take(struct capture *capture, const struct block *block,
		      struct capture_packet *packet)
{
	int err;

	switch (block->type) {
	case BLOCK_SECTION:
		return section_check(capture, block);
	case BLOCK_INTERFACE:
		return interface_add(capture, block);
	case BLOCK_PACKET:
	case BLOCK_SIMPLE_PACKET:
	case BLOCK_ENHANCED:
		err = packet_from_block(capture, block, packet);
		return err ? err : 1;
	default:
		return 0;
	}
}

int capture_pcapng_begin(struct capture *capture, struct capture_packet *packets, size_t max)
{
	size_t count = 0;
	int err = 1;

	while (count < max && err > 0) {
		struct block block = { 0 };

		err = block_next(capture, count == 0, &block);
		if (err <= 0)
			break;
		err = block_take(capture, &block, &packets[count]);
		if (err < 0)
			break;
		count += (size_t)err;
		err = 1;
	}
	return count ? (int)count : err;
}
