/* SPDX-License-Identifier: BSD-2-Clause */
#include "sink.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "../base/clock.h"
#include "carrier_apart.h"
#include "served.h"

struct sink {
	const struct encoder *encoder;
	struct carrier *carrier;
	struct sink_stats stats;
	struct text text;
	void *memory;         /* of an encoder that has one; else NULL */
	bool has_unshown;     /* what was added to it is in no document */
	bool is_owed;         /* and it was not tried to show it */
	bool shows_at_end;    /* standard output takes one document */
	uint64_t shown_ns;    /* CLOCK_MONOTONIC, at the end of the last document; 0: none */
};

/* A document is written at most so often; and takes at most this part of the time. */
#define SHOW_NS   1000000000u
#define SHOW_PART 20u

static int drain_text(void *context, const char *bytes, size_t length)
{
	struct sink *sink = context;

	return sink->carrier->kind->write(sink->carrier, bytes, length);
}

static int sink_open_carrier(struct sink *sink, const struct output_name *name,
			     const struct sink_config *config, const char **reason)
{
	const struct carrier_config carrier = {
		.name = name->target,
		.head = name->encoder->head,
		.line_start = name->encoder->line_start,
		.hangup_fd = config->is_apart ? config->hangup_fd : -1,
		.hangup_events = POLLIN,
		.secret = config->secret,
		.waits = config->waits,
		.journal = config->journal,
		.page = config->page,
	};

	if (config->is_apart)
		return carrier_open_apart(name->kind, &carrier, &sink->carrier, reason);
	return carrier_open(name->kind, &carrier, &sink->carrier, reason);
}

int sink_open(const struct sink_config *config, struct sink **result, const char **reason)
{
	struct output_name name;
	struct sink *sink;
	int err;

	*result = NULL;
	*reason = config->page ? served_name(config->page, &name) :
		  output_name_parse(config->name, config->window_count, &name);
	if (*reason)
		return -EINVAL;
	sink = calloc(1, sizeof(*sink));
	if (!sink)
		return -ENOMEM;
	sink->encoder = name.encoder;
	sink->shows_at_end = name.is_standard_output;
	if (name.encoder->memory)
		sink->memory = name.encoder->memory->create();
	if (name.encoder->memory && !sink->memory) {
		free(sink);
		return -ENOMEM;
	}
	sink->text.drain = drain_text;
	sink->text.drain_context = sink;
	sink->stats.opened_ns = clock_monotonic_ns();
	err = sink_open_carrier(sink, &name, config, reason);
	if (err) {
		sink_close(sink, NULL);
		return err;
	}
	*result = sink;
	return 0;
}

/* memory: what to tell in place of the window; NULL. */
static int write_document(struct sink *sink, const struct encoding *encoding, const void *memory)
{
	struct carrier *carrier = sink->carrier;
	struct text *text = &sink->text;
	int err = carrier->kind->begin(carrier);

	if (err)
		return err;
	text->length = 0;
	text->err = 0;
	err = memory ? sink->encoder->memory->render(text, memory) :
		       sink->encoder->encode(text, encoding);
	if (!err)
		err = text_flush(text);
	return err ? err : carrier->kind->commit(carrier);
}

static int write_counted(struct sink *sink, const struct encoding *encoding, const void *memory)
{
	uint64_t start_ns = clock_monotonic_ns();
	int err;

	sink->stats.age_ns = start_ns - sink->stats.opened_ns;
	err = write_document(sink, encoding, memory);
	if (err) {
		sink->carrier->kind->cancel(sink->carrier);
		sink->stats.errors++;
	} else {
		sink->stats.written++;
	}
	sink->shown_ns = clock_monotonic_ns();
	sink->stats.last_ns = sink->shown_ns - start_ns;
	return err;
}

int sink_write(struct sink *sink, const struct document_context *context,
	       const struct window_result *result)
{
	const struct encoding encoding = { context, result, &sink->stats };

	return write_counted(sink, &encoding, NULL);
}

uint64_t sink_due_ns(const struct sink *sink)
{
	uint64_t rest_ns = SHOW_PART * sink->stats.last_ns;

	if (!sink->is_owed || sink->shows_at_end)
		return 0;
	return sink->shown_ns + (rest_ns > SHOW_NS ? rest_ns : SHOW_NS);
}

int sink_add(struct sink *sink, const struct document_context *context,
	     const struct window_result *result, bool more_come)
{
	const struct encoding encoding = { context, result, &sink->stats };
	int err = sink->encoder->memory->take(sink->memory, &encoding);

	if (err)
		return err;
	sink->has_unshown = sink->is_owed = true;
	if (more_come || sink->shows_at_end ||
	    (sink->shown_ns && clock_monotonic_ns() < sink_due_ns(sink)))
		return 0;
	return sink_finish(sink);
}

int sink_show(struct sink *sink, const struct document_context *context,
	      const struct window_result *result)
{
	const struct encoding encoding = { context, result, &sink->stats };
	const struct encoder_memory *kind = sink->encoder->memory;
	void *copy = sink->shows_at_end ? NULL : kind->copy(sink->memory);
	int err = copy ? kind->take(copy, &encoding) : -ENOMEM;

	if (sink->shows_at_end)
		return 0;
	if (!err)
		err = write_counted(sink, &encoding, copy);
	kind->destroy(copy);
	return err;
}

int sink_finish(struct sink *sink)
{
	int err;

	sink->is_owed = false;
	if (!sink->has_unshown)
		return 0;
	err = write_counted(sink, NULL, sink->memory);
	sink->has_unshown = err != 0;
	return err;
}

void sink_count_lost(struct sink *sink, uint64_t windows)
{
	sink->stats.errors += windows;
}

int sink_reopen(struct sink *sink)
{
	return sink->carrier->kind->reopen(sink->carrier);
}

pid_t sink_process(const struct sink *sink)
{
	const struct carrier_kind *kind = sink->carrier->config.apart;

	return kind && kind->is_shared ? sink->carrier->pid : 0;
}

const struct sink_stats *sink_stats(const struct sink *sink)
{
	return &sink->stats;
}

void sink_take_news(struct sink *sink, struct carrier_news *news)
{
	carrier_take_news(sink->carrier, news);
	sink->stats.errors += news->lost;
}

int sink_close(struct sink *sink, struct carrier_news *news)
{
	struct carrier_news unheard;
	int err;

	if (!sink)
		return 0;
	err = carrier_close_telling(sink->carrier, news ? news : &unheard);
	text_fini(&sink->text);
	if (sink->memory)
		sink->encoder->memory->destroy(sink->memory);
	free(sink);
	return err;
}
