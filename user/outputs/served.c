/* SPDX-License-Identifier: BSD-2-Clause */
#include "served.h"

#include <errno.h>
#include <stdlib.h>

const char *served_name(struct served_page *page, struct output_name *name)
{
	*name = (struct output_name){ .encoder = page->encoder, .kind = &served_kind,
				      .target = page->path };
	return NULL;
}

static void rendering_destroy(struct rendering *rendering)
{
	if (!rendering)
		return;
	text_fini(&rendering->text);
	free(rendering);
}

struct rendering *served_take(struct served_page *page)
{
	struct rendering *rendering;

	pthread_mutex_lock(&page->mutex);
	rendering = page->newest;
	if (rendering)
		rendering->holders++;
	pthread_mutex_unlock(&page->mutex);
	return rendering;
}

void served_release(struct rendering *rendering)
{
	struct served_page *page;
	bool is_last;

	if (!rendering)
		return;
	page = rendering->page;
	pthread_mutex_lock(&page->mutex);
	is_last = !--rendering->holders;
	pthread_mutex_unlock(&page->mutex);
	if (is_last)
		rendering_destroy(rendering);
}

bool served_is_old(struct rendering *rendering)
{
	bool is_old;

	pthread_mutex_lock(&rendering->page->mutex);
	is_old = rendering->page->newest != rendering;
	pthread_mutex_unlock(&rendering->page->mutex);
	return is_old;
}

static int served_open(struct carrier *carrier, const char **reason)
{
	(void)reason;
	return carrier->config.page ? 0 : -EINVAL;
}

static void served_cancel(struct carrier *carrier)
{
	rendering_destroy(carrier->state);
	carrier->state = NULL;
}

static int served_begin(struct carrier *carrier)
{
	struct rendering *rendering = calloc(1, sizeof(*rendering));

	if (!rendering)
		return -ENOMEM;
	rendering->page = carrier->config.page;
	rendering->holders = 1;
	served_cancel(carrier);
	carrier->state = rendering;
	return 0;
}

/* What is too long is no failure of the run: who asks for the page is told. */
static int served_write(struct carrier *carrier, const char *bytes, size_t length)
{
	struct rendering *rendering = carrier->state;

	if (!rendering->is_too_long && rendering->text.length + length > SERVED_BYTES_MAX) {
		rendering->is_too_long = true;
		text_fini(&rendering->text);
	}
	if (rendering->is_too_long)
		return 0;
	text_bytes(&rendering->text, bytes, length);
	return rendering->text.err;
}

static int served_commit(struct carrier *carrier)
{
	struct served_page *page = carrier->config.page;
	struct rendering *before;

	pthread_mutex_lock(&page->mutex);
	before = page->newest;
	page->newest = carrier->state;
	pthread_mutex_unlock(&page->mutex);
	carrier->state = NULL;
	served_release(before);
	return 0;
}

static int served_reopen(struct carrier *carrier)
{
	(void)carrier;
	return 0;
}

static int served_close(struct carrier *carrier)
{
	served_cancel(carrier);
	return 0;
}

const struct carrier_kind served_kind = {
	.open = served_open,
	.begin = served_begin,
	.write = served_write,
	.commit = served_commit,
	.cancel = served_cancel,
	.reopen = served_reopen,
	.close = served_close,
};
