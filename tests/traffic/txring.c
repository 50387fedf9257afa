/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * txring INTERFACE REPEAT <FRAMES: sends frames through a PACKET_TX_RING, which leaves their
 * headers outside the linear part of the packet. FRAMES: each a native 16-bit length, then
 * that many bytes.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define FRAMES_MAX 1024u
#define SLOT_SIZE  2048u
#define SLOTS      256u
#define DATA_AT    (TPACKET2_HDRLEN - sizeof(struct sockaddr_ll))

struct frame {
	uint16_t length;
	uint8_t bytes[SLOT_SIZE - DATA_AT];
};

struct ring {
	int fd;
	uint8_t *slots;
	unsigned int next;
};

static size_t frames_read(struct frame *frames)
{
	size_t count = 0;

	while (count < FRAMES_MAX && fread(&frames[count].length, 2, 1, stdin) == 1) {
		struct frame *frame = &frames[count];

		if (frame->length > sizeof(frame->bytes) ||
		    fread(frame->bytes, 1, frame->length, stdin) != frame->length)
			return 0;
		count++;
	}
	return count;
}

static int ring_open(struct ring *ring, const char *interface)
{
	struct tpacket_req request = { .tp_block_size = SLOT_SIZE * SLOTS, .tp_block_nr = 1,
				       .tp_frame_size = SLOT_SIZE, .tp_frame_nr = SLOTS };
	struct sockaddr_ll address = { .sll_family = AF_PACKET,
				       .sll_ifindex = (int)if_nametoindex(interface) };
	int version = TPACKET_V2;

	ring->next = 0;
	ring->fd = socket(AF_PACKET, SOCK_RAW, 0);
	if (ring->fd < 0 ||
	    setsockopt(ring->fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) ||
	    setsockopt(ring->fd, SOL_PACKET, PACKET_TX_RING, &request, sizeof(request)) ||
	    bind(ring->fd, (struct sockaddr *)&address, sizeof(address)))
		return -errno;
	ring->slots = mmap(NULL, SLOT_SIZE * SLOTS, PROT_READ | PROT_WRITE, MAP_SHARED,
			   ring->fd, 0);
	return ring->slots == MAP_FAILED ? -errno : 0;
}

/* Sends what is queued and waits until the kernel has taken all of it. */
static int ring_flush(struct ring *ring)
{
	return send(ring->fd, NULL, 0, 0) < 0 ? -errno : 0;
}

static int ring_put(struct ring *ring, const struct frame *frame)
{
	struct tpacket2_hdr *slot = (void *)(ring->slots + (size_t)ring->next * SLOT_SIZE);

	memcpy((uint8_t *)slot + DATA_AT, frame->bytes, frame->length);
	slot->tp_len = frame->length;
	__atomic_store_n(&slot->tp_status, TP_STATUS_SEND_REQUEST, __ATOMIC_RELEASE);
	ring->next = (ring->next + 1) % SLOTS;
	return ring->next == 0 ? ring_flush(ring) : 0;
}

static int frames_send(struct ring *ring, const struct frame *frames, size_t count, long repeat)
{
	int err = 0;

	for (long round = 0; round < repeat; round++)
		for (size_t i = 0; i < count && !err; i++)
			err = ring_put(ring, &frames[i]);
	return err ? err : ring_flush(ring);
}

static int fail(const char *what, int err)
{
	fprintf(stderr, "txring: %s: %s\n", what, strerror(-err));
	return 1;
}

int main(int argc, char **argv)
{
	static struct frame frames[FRAMES_MAX];
	struct ring ring;
	size_t count;
	int err;

	if (argc != 3) {
		fprintf(stderr, "usage: txring INTERFACE REPEAT <FRAMES\n");
		return 2;
	}
	count = frames_read(frames);
	if (count == 0)
		return fail("read frames", -EINVAL);
	err = ring_open(&ring, argv[1]);
	if (err)
		return fail("open ring", err);
	err = frames_send(&ring, frames, count, strtol(argv[2], NULL, 10));
	return err ? fail("send", err) : 0;
}
