/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Capture files and streams: where the packets of a replay enter. Reads pcap (both byte orders,
 * micro- and nanoseconds, the 24-byte records of old Red Hat systems) and pcapng, packed (gzip,
 * zstd) or not, from a file, standard input or a TCP connection, by one path and with bounded
 * memory.
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

/*
 * Frames that the parser can enter: LINKTYPE_ numbers of the tcpdump group, the DLT_ that they are
 * for libpcap, and the function that enters them. LINK_NULL and some others have numbers in the
 * byte order of the host that captured; the _DIR ones begin with a byte that tells the direction.
 */
#define CAPTURE_LINKS(X)                                    \
	X(LINK_ETHERNET,        1,   1,   link_ethernet)    \
	X(LINK_COOKED,          113, 113, link_cooked)      \
	X(LINK_COOKED2,         276, 276, link_cooked2)     \
	X(LINK_RAW,             101, 12,  link_raw)         \
	X(LINK_RAW_LINUX,       12,  12,  link_raw)         \
	X(LINK_RAW_OPENBSD,     14,  12,  link_raw)         \
	X(LINK_IPV4,            228, 228, link_ipv4)        \
	X(LINK_IPV6,            229, 229, link_ipv6)        \
	X(LINK_NULL,            0,   0,   link_null)        \
	X(LINK_LOOP,            108, 108, link_loop)        \
	X(LINK_PPP,             9,   9,   link_ppp)         \
	X(LINK_PPP_SERIAL,      50,  50,  link_ppp_serial)  \
	X(LINK_PPP_ETHER,       51,  51,  link_ppp_ether)   \
	X(LINK_PPP_PPPD,        166, 166, link_ppp_pppd)    \
	X(LINK_PPP_DIR,         204, 204, link_ppp_told)    \
	X(LINK_HDLC,            104, 104, link_hdlc)        \
	X(LINK_HDLC_DIR,        205, 205, link_hdlc_told)   \
	X(LINK_FRELAY,          107, 107, link_frelay)      \
	X(LINK_FRELAY_DIR,      206, 206, link_frelay_told) \
	X(LINK_WIRELESS,        105, 105, link_wireless)    \
	X(LINK_RADIOTAP,        127, 127, link_radiotap)    \
	X(LINK_PRISM,           119, 119, link_prism)       \
	X(LINK_AVS,             163, 163, link_avs)         \
	X(LINK_PPI,             192, 192, link_ppi)         \
	X(LINK_NFLOG,           239, 239, link_nflog)       \
	X(LINK_ENC,             109, 109, link_enc)         \
	X(LINK_PFLOG,           117, 117, link_pflog)       \
	X(LINK_IPNET,           226, 226, link_ipnet)

#define CAPTURE_LINK_AS_ENUM(id, type, dlt, parser) id,
enum capture_link { LINK_UNKNOWN, CAPTURE_LINKS(CAPTURE_LINK_AS_ENUM) LINK_COUNT };

/* Names of interfaces that a capture tells apart; those past them have none. */
#define CAPTURE_NAMES_MAX 512

/* Which way a packet went, as far as the capture tells. */
enum capture_direction { CAPTURE_UNTOLD, CAPTURE_IN, CAPTURE_OUT };

/* One packet. data has caplen bytes; len is its length on the wire, which may be any number. */
struct capture_packet {
	const uint8_t *data;
	uint64_t time_ns;      /* since 1970 */
	uint32_t caplen;
	uint16_t interface;    /* place in capture_interface_names */
	uint8_t link;          /* enum capture_link */
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

/*
 * Whether what is sent here while nobody reads it may be thrown away at its source. name: or NULL.
 */
bool capture_is_stream(const char *name);
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

/*
 * A link type that is not supported, of which a pcapng file has packets: they are handed out with
 * LINK_UNKNOWN. The first one, for the user: "link type 189 (USB_LINUX)"; NULL where there is none.
 */
const char *capture_unsupported(const struct capture *capture);

#endif
