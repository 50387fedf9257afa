/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ClickHouse's Native format: a block of rows, column after column, little endian. Text only, no
 * input or output. What is written here is understood by the servers of 2018 and of today.
 */
#ifndef WEIR_NATIVE_BLOCK_H
#define WEIR_NATIVE_BLOCK_H

#include <endian.h>
#include <string.h>

#include "../text/text.h"

/* A varint takes at most so much. */
#define NATIVE_VARINT_MAX 10

static inline char *native_put_varint(char *out, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		*out++ = (char)(value | 0x80);
	*out++ = (char)value;
	return out;
}

static inline void native_varint(struct text *text, uint64_t value)
{
	char *out = text_reserve(text, NATIVE_VARINT_MAX);

	if (out)
		text_commit(text, native_put_varint(out, value));
}

/* A value of type String, and how names and types of columns are told. */
static inline void native_string(struct text *text, const char *bytes, size_t length)
{
	char *out = text_reserve(text, NATIVE_VARINT_MAX + length);

	if (!out)
		return;
	out = native_put_varint(out, length);
	memcpy(out, bytes, length);
	text_commit(text, out + length);
}

/* Begins a block, and a column in it, whose values follow. */
static inline void native_begin(struct text *text, size_t columns, size_t rows)
{
	native_varint(text, columns);
	native_varint(text, rows);
}

static inline void native_column(struct text *text, const char *name, const char *type)
{
	native_string(text, name, strlen(name));
	native_string(text, type, strlen(type));
}

static inline void native_put_8(char *out, uint64_t value)
{
	*out = (char)value;
}

static inline void native_put_16(char *out, uint64_t value)
{
	uint16_t little = htole16((uint16_t)value);

	memcpy(out, &little, sizeof(little));
}

static inline void native_put_32(char *out, uint64_t value)
{
	uint32_t little = htole32((uint32_t)value);

	memcpy(out, &little, sizeof(little));
}

static inline void native_put_64(char *out, uint64_t value)
{
	uint64_t little = htole64(value);

	memcpy(out, &little, sizeof(little));
}

/* The bits of a Float64. */
static inline uint64_t native_float(double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

#endif
