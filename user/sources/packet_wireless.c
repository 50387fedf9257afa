/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IEEE 802.11, where data frames carry LLC and SNAP before an EtherType, and the headers that
 * radios put before it. All else is non-IP: management and control, frames without data, later
 * fragments, aggregates, and what is encrypted.
 */
#include "packet_wireless.h"

#define FRAME_CONTROL_LEN     2
#define FRAME_KIND            0x0f  /* version and type, in the first byte of the control field */
#define FRAME_DATA            0x08
#define FRAME_NO_DATA         0x40
#define FRAME_QOS             0x80
#define FLAG_TO_AND_FROM_DS   0x03  /* in the second byte */
#define FLAG_PROTECTED        0x40
#define FLAG_ORDER            0x80
#define DATA_HEADER_LEN       24
#define SEQUENCE_OFFSET       22
#define SEQUENCE_FRAGMENT     0x0f
#define FOURTH_ADDRESS_LEN    6
#define QOS_LEN               2
#define QOS_AGGREGATE         0x80
#define HT_CONTROL_LEN        4
#define SNAP_LEN              8
#define LLC_LEN               3

#define RADIOTAP_LEN_MIN      8
#define RADIOTAP_TSFT         0x01
#define RADIOTAP_FLAGS        0x02
#define RADIOTAP_MORE         0x80  /* in the last byte of the bitmap: another one follows */
#define RADIOTAP_PADDED       0x20
#define PRISM_HEADER_LEN      144
#define AVS_HEADER_LEN_MIN    8
#define AVS_MAGIC             0x80211000u
#define AVS_MAGIC_MASK        0xfffff000u
#define PPI_HEADER_LEN_MIN    8

#define LINK_HEADER_CUT (1 + MALFORMED_LINK_HEADER_CUT)

static __u16 little16(const __u8 *at)
{
	return (__u16)(at[0] | at[1] << 8);
}

/* LLC (IEEE 802.2), which is not looked for in vain where it may be encrypted. */
static int enter_llc(struct cursor *c, bool is_protected, struct packet *p)
{
	static const __u8 snap[] = { 0xaa, 0xaa, 0x03, 0, 0, 0 };
	const __u8 *llc = cursor_peek(c, NULL, LLC_LEN);
	__be16 ethertype;

	if (llc && !memcmp(llc, snap, LLC_LEN))
		llc = cursor_peek(c, NULL, SNAP_LEN);
	if (!llc)
		return LINK_HEADER_CUT;
	if (!memcmp(llc, snap, LLC_LEN) && !memcmp(llc, snap, sizeof(snap))) {
		ethertype = wire16(llc + sizeof(snap));
		cursor_skip(c, SNAP_LEN);
		return enter_ethertype(c, ethertype, p);
	}
	return is_protected ? 0 : parse_non_ip(host_to_be16(FLOW_ETHERTYPE_LLC), p);
}

/* Length of the header of a data frame that begins with these bytes. */
static __u32 data_header_len(const __u8 *control)
{
	__u32 len = DATA_HEADER_LEN;

	if ((control[1] & FLAG_TO_AND_FROM_DS) == FLAG_TO_AND_FROM_DS)
		len += FOURTH_ADDRESS_LEN;
	if (control[0] & FRAME_QOS)
		len += QOS_LEN;
	if (control[0] & FRAME_QOS && control[1] & FLAG_ORDER)
		len += HT_CONTROL_LEN;
	return len;
}

/* Whether there is nothing to be read in a data frame of such a header. */
static bool data_is_opaque(const __u8 *header, __u32 len)
{
	__u32 qos_offset = len - QOS_LEN - (header[1] & FLAG_ORDER ? HT_CONTROL_LEN : 0);

	if (header[SEQUENCE_OFFSET] & SEQUENCE_FRAGMENT)
		return true;
	return header[0] & FRAME_QOS && header[qos_offset] & QOS_AGGREGATE;
}

/* is_padded: the data begins at a multiple of 4 bytes. */
static int enter_wireless(struct cursor *c, bool is_padded, struct packet *p)
{
	const __u8 *control = cursor_peek(c, NULL, FRAME_CONTROL_LEN);
	__u32 len;

	if (!control)
		return LINK_HEADER_CUT;
	if ((control[0] & FRAME_KIND) != FRAME_DATA || control[0] & FRAME_NO_DATA)
		return 0;
	len = data_header_len(control);
	if (c->end - c->pos < (long)len)
		return LINK_HEADER_CUT;
	if (data_is_opaque(control, len))
		return 0;
	cursor_skip(c, is_padded ? (len + 3) & ~3u : len);
	return enter_llc(c, control[1] & FLAG_PROTECTED, p);
}

int link_wireless(const struct capture_packet *packet, struct packet *p, struct inward *in)
{
	struct cursor c = packet_cursor(packet, in);

	return enter_wireless(&c, false, p);
}

/* The frame behind a header of so many bytes, which has at least min. */
static int enter_behind(struct cursor *c, __u32 len, __u32 min, bool is_padded, struct packet *p)
{
	if (len < min || c->end - c->pos < (long)len)
		return LINK_HEADER_CUT;
	cursor_skip(c, len);
	return enter_wireless(c, is_padded, p);
}

/* Where the flags are without a second bitmap: behind the time of arrival, if that is there. */
static bool radiotap_is_padded(const struct cursor *c, const __u8 *header, __u32 len)
{
	__u32 offset = header[4] & RADIOTAP_TSFT ? 16 : 8;

	if (!(header[4] & RADIOTAP_FLAGS) || header[7] & RADIOTAP_MORE || offset >= len)
		return false;
	return c->end - c->pos > (long)offset && header[offset] & RADIOTAP_PADDED;
}

int link_radiotap(const struct capture_packet *packet, struct packet *p, struct inward *in)
{
	struct cursor c = packet_cursor(packet, in);
	const __u8 *header = cursor_peek(&c, NULL, RADIOTAP_LEN_MIN);
	__u32 len;

	if (!header)
		return LINK_HEADER_CUT;
	len = little16(header + 2);
	return enter_behind(&c, len, RADIOTAP_LEN_MIN, radiotap_is_padded(&c, header, len), p);
}

int link_avs(const struct capture_packet *packet, struct packet *p, struct inward *in)
{
	struct cursor c = packet_cursor(packet, in);
	const __u8 *header = cursor_peek(&c, NULL, AVS_HEADER_LEN_MIN);
	__u32 len;

	if (!header)
		return LINK_HEADER_CUT;
	len = ntohl(wire32(header + 4));
	if (len > packet->caplen)
		return LINK_HEADER_CUT;
	return enter_behind(&c, len, AVS_HEADER_LEN_MIN, false, p);
}

/* Drivers put either of two headers there; one of them begins with its magic. */
int link_prism(const struct capture_packet *packet, struct packet *p, struct inward *in)
{
	struct cursor c = packet_cursor(packet, in);
	const __u8 *header = cursor_peek(&c, NULL, 4);

	if (!header)
		return LINK_HEADER_CUT;
	if ((ntohl(wire32(header)) & AVS_MAGIC_MASK) == AVS_MAGIC)
		return link_avs(packet, p, in);
	return enter_behind(&c, PRISM_HEADER_LEN, PRISM_HEADER_LEN, false, p);
}

/* Version, flags, length, and the number of the link type behind it. */
int link_ppi(const struct capture_packet *packet, struct packet *p, struct inward *in)
{
	struct cursor c = packet_cursor(packet, in);
	const __u8 *header = cursor_peek(&c, NULL, PPI_HEADER_LEN_MIN);

	if (!header)
		return LINK_HEADER_CUT;
	if ((little16(header + 4) | (__u32)little16(header + 6) << 16) != 105)
		return 1 + MALFORMED_LINK_TYPE;
	return enter_behind(&c, little16(header + 2), PPI_HEADER_LEN_MIN, false, p);
}
