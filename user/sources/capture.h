/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Capture files and streams: where the packets of a replay enter. Reads pcap (both byte orders,
 * micro- and nanoseconds, the 24-byte records of old Red Hat systems) and pcapng, gzip'd or not,
 * from a file, standard input or a TCP connection, by one path and with bounded memory.
 *
 * The bytes are read by hand and not through libpcap: its loop takes longer than all of weir's
 * work on a packet of some thousand flows, and it refuses pcapng files whose interfaces differ.
 */
#ifndef WEIR_CAPTURE_H
#define WEIR_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Instants are clamped to this, so that they can be added to and printed as signed numbers. */
#define CAPTURE_TIME_MAX INT64_MAX

/* Frames that the parser can enter: LINKTYPE_ numbers are those of the tcpdump group. */
#define CAPTURE_LINKS(X)            \
	X(1,   LINK_ETHERNET)       \
	X(113, LINK_COOKED)         \
	X(276, LINK_COOKED2)        \
	X(12,  LINK_RAW)            \
	X(14,  LINK_RAW)            \
	X(101, LINK_RAW)            \
	X(228, LINK_IPV4)           \
	X(229, LINK_IPV6)           \
	X(0,   LINK_NULL)           \
	X(108, LINK_LOOP)

/* LINK_NULL has its address family in the byte order of the host that captured. */
enum capture_link {
	LINK_UNKNOWN,
	LINK_ETHERNET,
	LINK_COOKED,
	LINK_COOKED2,
	LINK_RAW,
	LINK_IPV4,
	LINK_IPV6,
	LINK_NULL,
	LINK_LOOP,
	LINK_COUNT,
};

/* Names of interfaces that a capture tells apart; those past them have none. */
#define CAPTURE_NAMES_MAX 16

/* Which way a packet went, as far as the capture tells. */
enum capture_direction { CAPTURE_UNTOLD, CAPTURE_IN, CAPTURE_OUT };

/* One packet. data has caplen bytes; len is its length on the wire, which may be any number. */
struct capture_packet {
	const uint8_t *data;
	uint64_t time_ns;      /* since 1970 */
	uint32_t caplen;
	uint8_t link;          /* enum capture_link, never LINK_UNKNOWN */
	uint8_t interface;     /* place in capture_interface_names */
	uint8_t direction;     /* enum capture_direction */
	bool timeless;         /* a pcapng simple packet: time_ns is 0 */
	bool swapped;          /* the file is of a machine of the other byte order */
	uint32_t len;          /* not beside caplen: both would be loaded as one vector, late */
};

struct capture;

#define CAPTURE_TCP_SCHEME "tcp://"

/*
 * Opens NAME: a path, "-" for standard input, or "tcp://HOST:PORT" (IPv6 addresses in brackets),
 * to which it connects. The format is looked at by the first capture_next. 0 or negative errno;
 * after a failure *capture is there too, to tell capture_reason, unless memory ran out (NULL).
 */
int capture_open(const char *name, struct capture **capture);
void capture_close(struct capture *capture);

/*
 * The next packets, at most max (not 0), in the order of the file; their data lives until the
 * next call. Returns their number; 0 at the end; -EAGAIN when a pipe or peer has sent nothing for
 * a while or a signal came: ask again; else negative errno (-EBADMSG: damaged, cut or not
 * understood): everything before the damage has been handed out, and every later call fails alike.
 */
int capture_next(struct capture *capture, struct capture_packet *packets, size_t max);

/* Why the last call failed, for the user: "record cut short at byte 1024: 7 of 60 bytes". */
const char *capture_reason(const struct capture *capture);

/*
 * The names of the interfaces that the file has named so far: CAPTURE_NAMES_MAX strings, the
 * first one and those not in use NULL. They live, and more of them come, until capture_close.
 */
const char *const *capture_interface_names(const struct capture *capture);

/* Bytes read from the file, and its size; size 0 where nobody knows. */
void capture_progress(const struct capture *capture, uint64_t *done, uint64_t *size);

/*
 * Bytes of a packet that libpcap would hand out, at the most: its pcap files are cut to what
 * their header says, and so are the bytes that a filter sees. UINT32_MAX: no such limit.
 */
uint32_t capture_snaplen(const struct capture *capture);

/* Whether an interface that the capture has told of so far has this link. */
bool capture_has_link(const struct capture *capture, enum capture_link link);

/* The link for a LINKTYPE_ number; LINK_UNKNOWN where there is none. */
enum capture_link capture_link_from_type(uint32_t link_type);

#endif
