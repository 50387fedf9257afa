/* SPDX-License-Identifier: BSD-2-Clause */
/* The report of the run so far: user/page/. */
#include "../page/page.h"
#include "encoder.h"

static void *memory_create(void)
{
	return history_create();
}

static void memory_destroy(void *memory)
{
	history_destroy(memory);
}

static void *memory_copy(const void *memory)
{
	return history_copy(memory);
}

static int memory_take(void *memory, const struct encoding *encoding)
{
	return history_add(memory, encoding->context, encoding->result);
}

static int memory_render(struct text *text, const void *memory)
{
	const struct page_look look = { .renew_ms = 0 };

	return page_render(text, memory, &look);
}

static const struct page_look served_look = { .renew_ms = 2000 };

static int memory_render_served(struct text *text, const void *memory)
{
	return page_render(text, memory, &served_look);
}

const char *html_served_policy(void)
{
	return page_policy(&served_look);
}

static const struct encoder_memory memory = {
	.create = memory_create,
	.destroy = memory_destroy,
	.copy = memory_copy,
	.take = memory_take,
	.render = memory_render,
};

const struct encoder html_encoder = {
	.name = "html",
	.suffix = ".html",
	.about = "a report of the run so far, with pictures, replaced",
	.is_replaced = true,
	.tells_state = true,
	.tells_run = true,
	.memory = &memory,
};

static const struct encoder_memory served_memory = {
	.create = memory_create,
	.destroy = memory_destroy,
	.copy = memory_copy,
	.take = memory_take,
	.render = memory_render_served,
};

const struct encoder html_served_encoder = {
	.name = "html",
	.is_replaced = true,
	.tells_state = true,
	.tells_run = true,
	.memory = &served_memory,
};
