/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text under construction, and numbers and addresses as text. Written by hand because a window
 * of a million flows holds twenty million numbers.
 */
#ifndef WEIR_TEXT_H
#define WEIR_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Takes what was written so far, so that memory stays bounded. 0 or negative errno. */
typedef int text_drain_fn(void *context, const char *bytes, size_t length);

/*
 * A growing buffer; zeroes are a valid empty one. With a drain, it is handed over and emptied
 * each time TEXT_CHUNK_BYTES are full. After a failure (err, -ENOMEM or the drain's) further
 * text is ignored.
 */
struct text {
	char *bytes;
	size_t length;
	size_t capacity;
	int err;
	text_drain_fn *drain;
	void *drain_context;
};

#define TEXT_CHUNK_BYTES (256u << 10)

void text_fini(struct text *text);

/* Room for size more bytes: where to write them, or NULL after a failure. */
char *text_reserve(struct text *text, size_t size);

/* Ends what was written into the last text_reserve. */
static inline void text_commit(struct text *text, const char *end)
{
	text->length = (size_t)(end - text->bytes);
}

void text_bytes(struct text *text, const char *bytes, size_t length);
void text_string(struct text *text, const char *string);
void text_uint(struct text *text, uint64_t value);

/* Hands what is left to the drain. 0, or the first failure of this text. */
int text_flush(struct text *text);

#define PUT_UINT_MAX    20
#define PUT_DECIMAL_MAX 32
#define PUT_IPV4_MAX    15
#define PUT_IPV6_MAX    45

/* Each writes without an end mark, at most its PUT_*_MAX bytes, and returns the end. */
char *put_uint(char *out, uint64_t value);

/*
 * A JSON number with a decimal point. 9 decimals under a million, 6 under 10^9, 3 under 2^53 /
 * 1000, none but ".0" up to 2^64 and an exponent from there on; trailing zeros left out.
 * What is no finite number above 0 becomes 0.0.
 */
char *put_decimal(char *out, double value);

/* Addresses in network order; IPv6 as RFC 5952 has it and inet_ntop writes it. */
char *put_ipv4(char *out, const uint8_t address[4]);
char *put_ipv6(char *out, const uint8_t address[16]);

static inline char *put_bytes(char *out, const char *bytes, size_t length)
{
	memcpy(out, bytes, length);
	return out + length;
}

#define PUT_LITERAL(out, literal) put_bytes((out), (literal), sizeof(literal) - 1)

#endif
