/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the readers of the formats share; private to capture*.c.
 */
#ifndef WEIR_CAPTURE_FORMAT_H
#define WEIR_CAPTURE_FORMAT_H

#include <byteswap.h>
#include <string.h>

#include "capture.h"
#include "capture_link.h"
#include "capture_stream.h"

/* libpcap's MAXIMUM_SNAPLEN: a longer record is taken for damage. */
#define CAPTURE_CAPLEN_MAX      262144u
#define CAPTURE_REASON_SIZE     256
#define CAPTURE_INTERFACES_MAX  65536u

typedef int capture_read_fn(struct capture *capture, struct capture_packet *packets, size_t max);

/* pcapng: an interface of the section. Its ticks become nanoseconds by times / over + offset. */
struct capture_interface {
	unsigned __int128 over;    /* 0: a tick is so short that all of 64 bits is no nanosecond */
	uint64_t times;
	int64_t offset_s;
	uint32_t snaplen;
	uint16_t link_type;
	uint16_t name;             /* its place in capture.names */
	uint8_t link;              /* enum capture_link */
};

/* Which of a record's two lengths is the captured one. */
enum pcap_lengths {
	LENGTHS_USUAL,
	LENGTHS_SWAPPED, /* version 2.2 and before: length on the wire, then captured */
	LENGTHS_EITHER,  /* 2.3: some wrote them this way, some that */
};

/* What differs from one pcap file to the next; without padding. */
struct pcap_form {
	uint32_t fraction_ns;      /* unit of the second time field */
	uint16_t record_size;      /* of a record's header */
	uint8_t lengths;           /* enum pcap_lengths */
	uint8_t link;
	uint32_t swapped;          /* the file's byte order is not this machine's */
};

struct capture {
	struct capture_stream stream;
	capture_read_fn *read;     /* of the format; first the one that finds the format out */
	int failed;                /* the negative errno of every later call; 0: none */
	bool swapped;              /* pcapng: the section's byte order is not this machine's */
	bool is_usual;             /* pcap: of the usual form */
	struct pcap_form form;     /* pcap */
	uint32_t snaplen;          /* pcap; 0: none */
	struct capture_interface *interfaces;
	size_t interface_count;
	size_t interface_room;
	char *names[CAPTURE_NAMES_MAX];
	char unsupported[64];      /* a link type, once a packet of it came */
	char reason[CAPTURE_REASON_SIZE];
};

/* Ends the capture with err and a reason; returns err. */
int capture_fail(struct capture *capture, int err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * capture_stream_need for the item named WHAT. 1: it is there; 0: the stream has ended before
 * its first byte; else negative errno, and the capture has failed unless it is -EAGAIN.
 */
int capture_want(struct capture *capture, size_t size, const char *what);

/* The same, at once for what nearly every packet is. */
static inline uint8_t capture_link_direction(const struct capture_packet *packet)
{
	return packet->link == LINK_ETHERNET ? CAPTURE_UNTOLD : capture_told_direction(packet);
}

static inline uint16_t load16(const uint8_t *at, bool swapped)
{
	uint16_t value;

	memcpy(&value, at, sizeof(value));
	return swapped ? bswap_16(value) : value;
}

static inline uint32_t load32(const uint8_t *at, bool swapped)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return swapped ? bswap_32(value) : value;
}

#endif
