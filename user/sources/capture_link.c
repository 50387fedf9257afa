/* SPDX-License-Identifier: BSD-2-Clause */
#include "capture_link.h"

#include <pcap/pcap.h>
#include <stdio.h>


/* Where LINKTYPE_ and DLT_ numbers of types that weir does not know differ (pcap-common.c). */
#define LINKTYPE_ATM_RFC1483 100
#define LINKTYPE_SLIP_BSDOS  102
#define LINKTYPE_PPP_BSDOS   103

enum capture_link capture_link_from_type(uint32_t link_type)
{
#define AS_CASE(id, type, dlt, parser) \
	case type:                     \
		return id;
	switch (link_type) {
	CAPTURE_LINKS(AS_CASE)
	default:
		return LINK_UNKNOWN;
	}
#undef AS_CASE
}

const char *capture_link_text(uint32_t link_type, char *text, size_t size)
{
	const char *name;
	int dlt = (int)link_type;

	if (link_type == LINKTYPE_ATM_RFC1483)
		dlt = DLT_ATM_RFC1483;
	else if (link_type == LINKTYPE_SLIP_BSDOS)
		dlt = DLT_SLIP_BSDOS;
	else if (link_type == LINKTYPE_PPP_BSDOS)
		dlt = DLT_PPP_BSDOS;
	name = pcap_datalink_val_to_name(dlt);
	if (name)
		snprintf(text, size, "link type %u (%s)", link_type, name);
	else
		snprintf(text, size, "link type %u", link_type);
	return text;
}

#define ANY (-1)

/* Where a link header has a number that says which way, and what it says; ANY is any other one. */
struct direction_field {
	uint32_t offset;
	int in, out;
	bool is_there;
};

uint8_t capture_told_direction(const struct capture_packet *packet)
{
	static const struct direction_field fields[LINK_COUNT] = {
		[LINK_COOKED] = { 1, ANY, 4, true },
		[LINK_COOKED2] = { 10, ANY, 4, true },
		[LINK_PPP_PPPD] = { 0, 0, 1, true },
		[LINK_PPP_DIR] = { 0, 0, ANY, true },
		[LINK_HDLC_DIR] = { 0, 0, ANY, true },
		[LINK_FRELAY_DIR] = { 0, 0, ANY, true },
		[LINK_PFLOG] = { 60, 1, 2, true },
		[LINK_IPNET] = { 3, 2, 1, true },
	};
	const struct direction_field *field = &fields[packet->link];
	int value;

	if (!field->is_there || packet->caplen <= field->offset)
		return CAPTURE_UNTOLD;
	value = packet->data[field->offset];
	if (value == field->in || (field->in == ANY && value != field->out))
		return CAPTURE_IN;
	return value == field->out || field->out == ANY ? CAPTURE_OUT : CAPTURE_UNTOLD;
}
