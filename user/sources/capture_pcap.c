/* SPDX-License-Identifier: BSD-2-Clause */
/* The classic format: draft-ietf-opsawg-pcap, and its variants that libpcap reads. */
#include "capture_pcap.h"

#include <errno.h>

#include "capture_link.h"

#define FILE_HEADER_SIZE   24
#define RECORD_SIZE        16
#define RECORD_SIZE_REDHAT 24  /* with interface, protocol and direction after it */
#define MAGIC_NANO         0xa1b23c4d
#define MAGIC_REDHAT       0xa1b2cd34
#define NS_PER_SECOND      1000000000ull

/* That of nearly every file: the reader is inlined for it. */
static const struct pcap_form usual_form = {
	.fraction_ns = 1000, .record_size = RECORD_SIZE, .link = LINK_ETHERNET,
};

/* The captured length of the record whose header this is; *len is that on the wire. */
static inline uint32_t pcap_caplen(const uint8_t *record, struct pcap_form form, uint32_t *len)
{
	uint32_t caplen = load32(record + 8, form.swapped);

	*len = load32(record + 12, form.swapped);
	if (form.lengths == LENGTHS_SWAPPED || (form.lengths == LENGTHS_EITHER && caplen > *len)) {
		uint32_t wire = caplen;

		caplen = *len;
		*len = wire;
	}
	return caplen;
}

/* The record at these bytes; returns where the next one is, NULL where it is not there whole. */
static inline const uint8_t *pcap_record(const uint8_t *at, const uint8_t *end,
					 struct pcap_form form, struct capture_packet *packet)
{
	if (end - at < form.record_size)
		return NULL;
	packet->data = at + form.record_size;
	packet->caplen = pcap_caplen(at, form, &packet->len);
	if (packet->caplen > CAPTURE_CAPLEN_MAX || end - packet->data < packet->caplen)
		return NULL;
	packet->time_ns = load32(at, form.swapped) * NS_PER_SECOND +
			  (uint64_t)load32(at + 4, form.swapped) * form.fraction_ns;
	packet->link = form.link;
	packet->interface = 0;
	packet->direction = capture_link_direction(packet);
	packet->timeless = false;
	packet->swapped = form.swapped;
	return packet->data + packet->caplen;
}

/* Brings in the record that pcap_record found missing: as capture_want. */
static int pcap_refill(struct capture *capture)
{
	struct pcap_form form = capture->form;
	uint32_t caplen, len;
	int err = capture_want(capture, form.record_size, "record header");

	if (err <= 0)
		return err;
	caplen = pcap_caplen(capture->stream.pos, form, &len);
	if (caplen > CAPTURE_CAPLEN_MAX)
		return capture_fail(capture, -EBADMSG, "record of %u bytes at byte %llu", caplen,
				    (unsigned long long)capture_stream_offset(&capture->stream));
	return capture_want(capture, form.record_size + caplen, "record");
}

/* Records as long as they are there whole; returns how many. */
static inline int pcap_batch(struct capture *capture, struct pcap_form form,
			     struct capture_packet *packets, size_t max)
{
	const uint8_t *at = capture->stream.pos, *end = capture->stream.end;
	size_t count = 0;

	for (; count < max; count++) {
		const uint8_t *next = pcap_record(at, end, form, &packets[count]);

		if (!next)
			break;
		at = next;
	}
	capture->stream.pos = at;
	return (int)count;
}

static int pcap_read(struct capture *capture, struct capture_packet *packets, size_t max)
{
	int err = 1;

	while (err > 0) {
		int count = capture->is_usual ? pcap_batch(capture, usual_form, packets, max)
					      : pcap_batch(capture, capture->form, packets, max);

		if (count)
			return count;
		err = pcap_refill(capture);
	}
	return err;
}

static enum pcap_lengths pcap_lengths_of(uint16_t minor)
{
	if (minor == 3)
		return LENGTHS_EITHER;
	return minor < 3 ? LENGTHS_SWAPPED : LENGTHS_USUAL;
}

/* Reads the header of the file, whose magic was looked at. */
int capture_pcap_begin(struct capture *capture, struct capture_packet *packets, size_t max)
{
	int err = capture_want(capture, FILE_HEADER_SIZE, "file header");
	const uint8_t *at = capture->stream.pos;
	uint32_t magic, link_type;
	uint16_t major, minor;
	char text[64];
	bool swapped;

	if (err <= 0)
		return err;
	magic = load32(at, false);
	swapped = magic >> 16 != 0xa1b2;
	magic = load32(at, swapped);
	major = load16(at + 4, swapped);
	minor = load16(at + 6, swapped);
	/* The upper half tells of frame check sequences. */
	link_type = load32(at + 20, swapped) & 0xffff;
	if (major != 2)
		return capture_fail(capture, -EBADMSG, "pcap version %u.%u", major, minor);
	capture->form = (struct pcap_form){
		.fraction_ns = magic == MAGIC_NANO ? 1 : 1000,
		.record_size = magic == MAGIC_REDHAT ? RECORD_SIZE_REDHAT : RECORD_SIZE,
		.lengths = pcap_lengths_of(minor),
		.link = (uint8_t)capture_link_from_type(link_type),
		.swapped = swapped,
	};
	/* A length that no signed number holds is none (libpcap's pcap_adjust_snapshot). */
	capture->snaplen = load32(at + 16, swapped);
	if (capture->snaplen > INT32_MAX)
		capture->snaplen = 0;
	capture->is_usual = !memcmp(&capture->form, &usual_form, sizeof(usual_form));
	if (!capture->form.link)
		return capture_fail(capture, -EBADMSG, "%s is not supported",
				    capture_link_text(link_type, text, sizeof(text)));
	capture->stream.pos += FILE_HEADER_SIZE;
	capture->read = pcap_read;
	return capture->read(capture, packets, max);
}
