/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text under construction, drained as it grows.
 */
#ifndef WEIR_TEXT_H
#define WEIR_TEXT_H

#include <stddef.h>
#include <stdint.h>

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

#endif
