/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads documents for ClickHouse: blocks in Native format. Included after cmocka.h.
 */
#ifndef WEIR_TESTS_NATIVE_READER_H
#define WEIR_TESTS_NATIVE_READER_H

#include <stdlib.h>
#include <string.h>

#include "../user/outputs/clickhouse.h"

#define READER_COLUMNS_MAX 128

struct native_read {
	char name[64];
	char type[128];
	const uint8_t *values; /* of Strings the first length */
	const uint8_t *nulls;  /* NULL: not Nullable */
	size_t width;          /* 0: String */
};

struct native_block_read {
	struct clickhouse_head head;
	struct native_read columns[READER_COLUMNS_MAX];
	size_t column_count;
	size_t rows;
};

static inline uint64_t read_varint(const uint8_t **at)
{
	uint64_t value = 0;
	unsigned int shift = 0;

	do {
		value |= (uint64_t)(**at & 0x7f) << shift;
		shift += 7;
	} while (*(*at)++ & 0x80);
	return value;
}

static inline void read_string(const uint8_t **at, char *out, size_t size)
{
	size_t length = read_varint(at);

	assert_true(length < size);
	memcpy(out, *at, length);
	out[length] = '\0';
	*at += length;
}

static inline size_t width_of_type(const char *type)
{
	static const struct { const char *start; size_t width; } widths[] = {
		{ "UInt64", 8 }, { "Float64", 8 }, { "UInt32", 4 }, { "DateTime('UTC')", 4 },
		{ "UInt16", 2 }, { "UInt8", 1 }, { "FixedString(16)", 16 }, { "Enum8(", 1 },
		{ "String", 0 },
	};

	for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
		if (!strncmp(type, widths[i].start, strlen(widths[i].start)))
			return widths[i].width;
	}
	fail_msg("no such type: %s", type);
	return 0;
}

static inline void read_column(const uint8_t **at, struct native_read *column, size_t rows)
{
	bool is_nullable;

	read_string(at, column->name, sizeof(column->name));
	read_string(at, column->type, sizeof(column->type));
	is_nullable = !strncmp(column->type, "Nullable(", 9);
	column->width = width_of_type(column->type + (is_nullable ? 9 : 0));
	column->nulls = is_nullable ? *at : NULL;
	*at += is_nullable ? rows : 0;
	column->values = *at;
	*at += rows * column->width;
	for (size_t i = 0; i < rows && !column->width; i++)
		*at += read_varint(at);
}

/* The block at *at, which then is where the next one begins. */
static inline void read_block(const uint8_t **at, struct native_block_read *block)
{
	const uint8_t *end;

	assert_true(clickhouse_head_parse((const char *)*at, &block->head));
	*at += CLICKHOUSE_HEAD_BYTES;
	end = *at + block->head.length;
	block->column_count = read_varint(at);
	block->rows = read_varint(at);
	assert_int_equal(block->rows, block->head.rows);
	assert_true(block->column_count <= READER_COLUMNS_MAX);
	for (size_t i = 0; i < block->column_count; i++)
		read_column(at, &block->columns[i], block->rows);
	assert_ptr_equal(*at, end);
}

static inline const struct native_read *block_column(const struct native_block_read *block,
						     const char *name)
{
	for (size_t i = 0; i < block->column_count; i++) {
		if (!strcmp(block->columns[i].name, name))
			return &block->columns[i];
	}
	fail_msg("no column %s", name);
	return NULL;
}

static inline uint64_t block_number(const struct native_block_read *block, const char *name,
				    size_t row)
{
	const struct native_read *column = block_column(block, name);
	uint64_t number = 0;

	assert_in_range(column->width, 1, 8);
	for (size_t i = column->width; i--;)
		number = number << 8 | column->values[row * column->width + i];
	return number;
}

static inline bool block_is_null(const struct native_block_read *block, const char *name,
				 size_t row)
{
	const struct native_read *column = block_column(block, name);

	assert_non_null(column->nulls);
	return column->nulls[row];
}

/* Of a String, into out. */
static inline const char *block_string(const struct native_block_read *block, const char *name,
				       size_t row, char out[256])
{
	const uint8_t *at = block_column(block, name)->values;

	for (size_t i = 0; i <= row; i++)
		read_string(&at, out, 256);
	return out;
}

#endif
