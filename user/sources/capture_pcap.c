/* SPDX-License-Identifier: BSD-2-Clause */
/* The classic format: draft-ietf-opsawg-pcap, and its variants that libpcap reads. */
#include <errno.h>

#include "capture_format.h"

#define FILE_HEADER_SIZE   24
#define RECORD_SIZE        16
#define RECORD_SIZE_REDHAT 24  /* with interface, protocol and direction after it */
#define MAGIC_NANO         0xa1b23c4d
#define MAGIC_REDHAT       0xa1b2cd34
#define NS_PER_SECOND      1000000000ull

/* What differs from file to file: constants where the reader is inlined for the usual ones. */
struct pcap_form {
	bool swapped;
	bool may_be_cooked;
	uint32_t fraction_ns;
	uint32_t record_size;
};

/* The record at pos where it is there as a whole: 1 and the packet; 0: not yet; negative errno. */
static inline int pcap_record(struct capture *capture, struct pcap_form form,
			      struct capture_packet *packet)
{
	const uint8_t *at = capture->stream.pos;
	size_t left = capture_stream_left(&capture->stream);
	uint32_t caplen, len;

	if (left < form.record_size)
		return 0;
	caplen = load32(at + 8, form.swapped);
	len = load32(at + 12, form.swapped);
	if (capture->swapped_lengths || (capture->either_lengths && caplen > len)) {
		uint32_t wire = caplen;

		caplen = len;
		len = wire;
	}
	if (caplen > CAPTURE_CAPLEN_MAX) {
		uint64_t offset = capture_stream_offset(&capture->stream);

		return capture_fail(capture, -EBADMSG, "record of %u bytes at byte %llu", caplen,
				    (unsigned long long)offset);
	}
	if (left - form.record_size < caplen)
		return 0;
	packet->time_ns = load32(at, form.swapped) * NS_PER_SECOND +
			  (uint64_t)load32(at + 4, form.swapped) * form.fraction_ns;
	packet->data = at + form.record_size;
	packet->caplen = caplen;
	packet->len = len;
	packet->link = capture->link;
	packet->interface = 0;
	packet->direction = form.may_be_cooked ? capture_cooked_direction(packet) : CAPTURE_UNTOLD;
	packet->timeless = false;
	packet->swapped = form.swapped;
	capture->stream.pos = packet->data + caplen;
	return 1;
}

/* Brings in the record that pcap_record found missing: as capture_want. */
static int pcap_refill(struct capture *capture)
{
	uint32_t caplen;
	int err = capture_want(capture, capture->record_size, "record header");

	if (err <= 0)
		return err;
	caplen = load32(capture->stream.pos + (capture->swapped_lengths ? 12 : 8),
			capture->swapped);
	if (capture->either_lengths) {
		uint32_t other = load32(capture->stream.pos + 12, capture->swapped);

		caplen = other < caplen ? other : caplen;
	}
	if (caplen > CAPTURE_CAPLEN_MAX)
		return 1;
	return capture_want(capture, capture->record_size + caplen, "record");
}

static inline int pcap_batch(struct capture *capture, struct pcap_form form,
			     struct capture_packet *packets, size_t max)
{
	size_t count = 0;
	int err = 1;

	while (count < max) {
		err = pcap_record(capture, form, &packets[count]);
		count += err > 0;
		if (err > 0)
			continue;
		if (err < 0 || count)
			break;
		err = pcap_refill(capture);
		if (err <= 0)
			break;
	}
	return count ? (int)count : err;
}

static int pcap_read_usual(struct capture *capture, struct capture_packet *packets, size_t max)
{
	struct pcap_form form = { .fraction_ns = 1000, .record_size = RECORD_SIZE };

	return pcap_batch(capture, form, packets, max);
}

static int pcap_read(struct capture *capture, struct capture_packet *packets, size_t max)
{
	struct pcap_form form = { capture->swapped, true, capture->fraction_ns,
				  capture->record_size };

	return pcap_batch(capture, form, packets, max);
}

static capture_read_fn *pcap_reader(const struct capture *capture)
{
	bool usual = !capture->swapped && capture->fraction_ns == 1000 &&
		     capture->record_size == RECORD_SIZE && capture->link == LINK_ETHERNET;

	return usual ? pcap_read_usual : pcap_read;
}

/* Reads the header of the file, whose magic was looked at. */
int capture_pcap_begin(struct capture *capture, struct capture_packet *packets, size_t max)
{
	int err = capture_want(capture, FILE_HEADER_SIZE, "file header");
	const uint8_t *at = capture->stream.pos;
	uint32_t magic, link_type;
	uint16_t major, minor;

	if (err <= 0)
		return err;
	magic = load32(at, false);
	capture->swapped = magic >> 16 != 0xa1b2;
	magic = load32(at, capture->swapped);
	major = load16(at + 4, capture->swapped);
	minor = load16(at + 6, capture->swapped);
	/* The upper half tells of frame check sequences. */
	link_type = load32(at + 20, capture->swapped) & 0xffff;
	if (major != 2)
		return capture_fail(capture, -EBADMSG, "pcap version %u.%u", major, minor);
	capture->fraction_ns = magic == MAGIC_NANO ? 1 : 1000;
	capture->record_size = magic == MAGIC_REDHAT ? RECORD_SIZE_REDHAT : RECORD_SIZE;
	capture->swapped_lengths = minor < 3;
	capture->either_lengths = minor == 3;
	capture->link = (uint8_t)capture_link_from_type(link_type);
	if (!capture->link)
		return capture_fail(capture, -EBADMSG, "link type %u is not supported", link_type);
	capture->stream.pos += FILE_HEADER_SIZE;
	capture->read = pcap_reader(capture);
	return capture->read(capture, packets, max);
}
