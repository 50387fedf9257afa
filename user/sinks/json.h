/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The result document: schema weir/1, section 4 of the contract. Text only, no input or output.
 */
#ifndef WEIR_JSON_H
#define WEIR_JSON_H

#include "sink.h"

/* A growing text buffer. Once memory has run out, failed is set and further text ignored. */
struct text {
	char *bytes;
	size_t length;
	size_t capacity;
	bool failed;
};

void text_fini(struct text *text);

/*
 * Appends the document of one window. pretty: indented over several lines with a final line
 * feed, as a *.json file has it; else one line with its line feed. 0 or -ENOMEM.
 */
int json_document(struct text *text, const struct document_context *context,
		  const struct window_result *result, const struct sink_stats *transmission,
		  bool pretty);

/* Appends a JSON string with its quotes; bytes that are no UTF-8 become U+FFFD (RFC 8259). */
void json_string(struct text *text, const char *string);

/*
 * Short lower-case name of an IP protocol into buffer: "tcp", "icmp6", "ip-253"; of an
 * EtherType: "arp", "llc", "ethertype-0x88cc". Returns buffer.
 */
const char *ip_proto_name(uint8_t ip_proto, char *buffer, size_t size);
const char *ethertype_name(uint16_t ethertype, char *buffer, size_t size);

#endif
