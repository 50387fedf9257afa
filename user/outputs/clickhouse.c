/* SPDX-License-Identifier: BSD-2-Clause */
/* A window as a document of blocks: those of its flows, then its own. */
#include "clickhouse.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clickhouse_flows.h"
#include "clickhouse_windows.h"

#define DAY_NS    (86400ull * CLICKHOUSE_SECOND_NS)
#define HEAD_MARK 0x6b426577u /* "weBk" */

const struct clickhouse_columns *clickhouse_columns(enum clickhouse_table table)
{
	return table == CLICKHOUSE_FLOWS ? &clickhouse_flows_columns : &clickhouse_windows_columns;
}

void clickhouse_head_put(const struct clickhouse_head *head, char out[CLICKHOUSE_HEAD_BYTES])
{
	const uint32_t words[] = { htole32(HEAD_MARK), htole32(head->table), htole32(head->rows),
				   htole32(head->length) };

	_Static_assert(sizeof(words) == CLICKHOUSE_HEAD_BYTES, "four words");
	memcpy(out, words, sizeof(words));
}

bool clickhouse_head_parse(const char bytes[CLICKHOUSE_HEAD_BYTES], struct clickhouse_head *head)
{
	uint32_t words[4];

	memcpy(words, bytes, sizeof(words));
	head->table = le32toh(words[1]);
	head->rows = le32toh(words[2]);
	head->length = le32toh(words[3]);
	return le32toh(words[0]) == HEAD_MARK && head->table < CLICKHOUSE_TABLE_COUNT &&
	       head->rows && head->length;
}

/* One block under its head, in pieces that a drain takes as they come. */
static void append_block(struct text *text, enum clickhouse_table table, size_t rows,
			 const struct text *block)
{
	const struct clickhouse_head head = { table, (uint32_t)rows, (uint32_t)block->length };
	char bytes[CLICKHOUSE_HEAD_BYTES];
	size_t done = 0;

	clickhouse_head_put(&head, bytes);
	text_bytes(text, bytes, sizeof(bytes));
	while (done < block->length) {
		size_t part = block->length - done;

		if (part > TEXT_CHUNK_BYTES)
			part = TEXT_CHUNK_BYTES;
		text_bytes(text, block->bytes + done, part);
		done += part;
	}
}

static uint64_t day_of(const struct clickhouse_rows *rows, size_t place)
{
	const struct clickhouse_window *window = rows->window;
	const struct flow_result *flow;

	if (!rows->order)
		return window->nominal_ns / DAY_NS;
	flow = &window->result->flows[rows->order[place]];
	return (flow->start_ns + (uint64_t)window->context->clock_offset_ns) / DAY_NS;
}

/* As many rows from first on as are of one day and go into one block. */
static size_t rows_together(const struct clickhouse_rows *rows)
{
	size_t left = rows->window->result->flow_count - rows->first, count = 1;
	uint64_t day = day_of(rows, rows->first);

	if (left > CLICKHOUSE_ROWS_MAX)
		left = CLICKHOUSE_ROWS_MAX;
	if (!rows->order)
		return left;
	while (count < left && day_of(rows, rows->first + count) == day)
		count++;
	return count;
}

static void append_flows(struct text *text, struct clickhouse_rows *rows, struct text *block)
{
	size_t count = rows->window->result->flow_count;

	for (rows->first = 0; rows->first < count && !text->err; rows->first += rows->count) {
		rows->count = rows_together(rows);
		block->length = 0;
		clickhouse_flows_block(block, rows);
		if (block->err)
			return;
		append_block(text, CLICKHOUSE_FLOWS, rows->count, block);
	}
}

static int compare_days(const void *a, const void *b, void *context)
{
	const struct window_result *result = context;
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
	uint64_t left_ns = result->flows[left].start_ns, right_ns = result->flows[right].start_ns;

	if (left_ns != right_ns)
		return left_ns < right_ns ? -1 : 1;
	return left < right ? -1 : left > right;
}

/* Sessions begin at times of their own: in their order those of one day are together. */
static uint32_t *order_by_start(const struct window_result *result)
{
	uint32_t *order = malloc((result->flow_count + 1) * sizeof(*order));

	if (!order)
		return NULL;
	for (size_t i = 0; i < result->flow_count; i++)
		order[i] = (uint32_t)i;
	qsort_r(order, result->flow_count, sizeof(*order), compare_days, (void *)result);
	return order;
}

static int encode_clickhouse(struct text *text, const struct encoding *encoding)
{
	struct clickhouse_window window;
	struct clickhouse_rows rows = { .window = &window };
	struct text block = { 0 };
	uint32_t *order = NULL;
	int err;

	clickhouse_window_init(&window, encoding);
	if (encoding->result->spec->kind == WINDOW_SESSION) {
		order = order_by_start(encoding->result);
		if (!order)
			return -ENOMEM;
	}
	rows.order = order;
	append_flows(text, &rows, &block);
	block.length = 0;
	clickhouse_windows_block(&block, &window);
	if (!block.err)
		append_block(text, CLICKHOUSE_WINDOWS, 1, &block);
	err = block.err ? block.err : text->err;
	text_fini(&block);
	free(order);
	return err;
}

const struct encoder clickhouse_encoder = {
	.name = "clickhouse",
	.about = "rows of a table, by HTTP: clickhouse://HOST/DATABASE",
	.encode = encode_clickhouse,
};
