/* SPDX-License-Identifier: BSD-2-Clause */
#include "text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "number.h"

void text_fini(struct text *text)
{
	free(text->bytes);
	text->bytes = NULL;
	text->length = 0;
	text->capacity = 0;
}

static int text_grow(struct text *text, size_t wanted)
{
	size_t capacity = text->capacity ? text->capacity : TEXT_CHUNK_BYTES;
	char *bytes;

	while (capacity < wanted) {
		if (capacity > SIZE_MAX / 2)
			return -ENOMEM;
		capacity *= 2;
	}
	bytes = realloc(text->bytes, capacity);
	if (!bytes)
		return -ENOMEM;
	text->bytes = bytes;
	text->capacity = capacity;
	return 0;
}

int text_flush(struct text *text)
{
	if (text->err || !text->drain || !text->length)
		return text->err;
	text->err = text->drain(text->drain_context, text->bytes, text->length);
	text->length = 0;
	return text->err;
}

char *text_reserve(struct text *text, size_t size)
{
	if (text->err)
		return NULL;
	if (size <= text->capacity - text->length)
		return text->bytes + text->length;
	if (text_flush(text))
		return NULL;
	if (size > SIZE_MAX - text->length)
		text->err = -ENOMEM;
	else if (size > text->capacity - text->length)
		text->err = text_grow(text, text->length + size);
	return text->err ? NULL : text->bytes + text->length;
}

void text_bytes(struct text *text, const char *bytes, size_t length)
{
	char *out = text_reserve(text, length);

	if (out)
		text_commit(text, put_bytes(out, bytes, length));
}

void text_string(struct text *text, const char *string)
{
	text_bytes(text, string, strlen(string));
}

void text_uint(struct text *text, uint64_t value)
{
	char *out = text_reserve(text, PUT_UINT_MAX);

	if (out)
		text_commit(text, put_uint(out, value));
}
