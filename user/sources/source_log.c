/* SPDX-License-Identifier: BSD-2-Clause */
#include "source_log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../base/report.h"
#include "../pin/pin_log_read.h"
#include "live_merge.h"
#include "source_kind.h"

struct log_source {
	struct source base;
	struct pin_logged logged;  /* the pane at hand; its bytes are NULL where there is none */
	uint64_t *sequences;
	size_t count, next;
	struct group_masks masks;
	bool drops_place;
	char names[FLOW_LINKS_MAX][IF_NAMESIZE];
	const char *link_names[FLOW_LINKS_MAX];
};

static struct log_source *log_source(struct source *source)
{
	return (struct log_source *)source;
}

/* What interfaces were called in the pane at hand. */
static void follow_names(struct log_source *source)
{
	struct source *base = &source->base;

	for (size_t i = 0; i < source->logged.head.link_count; i++) {
		memcpy(source->names[i], source->logged.names[i], IF_NAMESIZE - 1);
		source->link_names[i] = source->names[i];
		base->names.list[i] = source->names[i];
		if (i >= base->facts.name_count)
			base->facts.name_count = i + 1;
	}
}

/* 0 and the next pane; or a negative errno, reported. */
static int take_next(struct log_source *source, const struct record_taker *taker)
{
	const struct source_settings *settings = &source->base.settings;
	struct live_merge merge = { .taker = taker,
				    .masks = source->drops_place ? &source->masks : NULL };
	int err;

	pin_logged_fini(&source->logged);
	err = pin_log_read(settings->log, settings->logged, source->sequences[source->next++],
			   &source->logged);
	if (err) {
		report_error("pin %s: read the log: %s", settings->log->pinned, strerror(-err));
		return err;
	}
	follow_names(source);
	merge.record_size = source->logged.head.record_size;
	pin_logged_records(&source->logged, live_merge_records, &merge);
	source->logged.pane.merge_ns = merge.merge_ns;
	return 0;
}

static int log_source_pane(struct source *base, struct pane *pane)
{
	struct log_source *source = log_source(base);
	int err;

	if (source->next == source->count)
		return SOURCE_END;
	err = take_next(source, &base->settings.taker);
	if (err)
		return err;
	*pane = source->logged.pane;
	return SOURCE_PANE;
}

static int log_source_absence(struct source *base, const struct record_taker *taker,
			      struct pane *pane)
{
	struct log_source *source = log_source(base);
	int err;

	if (source->next == source->count || source->sequences[source->next])
		return SOURCE_END;
	err = take_next(source, taker);
	if (err)
		return err;
	*pane = source->logged.pane;
	return SOURCE_PANE;
}

static const char *const *log_source_link_names(struct source *source)
{
	return log_source(source)->link_names;
}

static int log_source_close(struct source *base)
{
	struct log_source *source = log_source(base);

	pin_logged_fini(&source->logged);
	free(source->sequences);
	/* They are in here. */
	base->names.count = 0;
	return 0;
}

static const struct source_kind log_kind = {
	.next_pane = log_source_pane,
	.link_names = log_source_link_names,
	.absence = log_source_absence,
	.close = log_source_close,
};

int source_log_open(const struct source_settings *settings, struct source **result)
{
	struct log_source *source = source_create(&log_kind, settings, sizeof(*source));
	int err;

	*result = source ? &source->base : NULL;
	if (!source)
		return -ENOMEM;
	source->drops_place = !group_by_has_place(settings->group);
	group_masks_make(settings->group, &source->masks);
	err = pin_log_list(settings->log, settings->logged, &source->sequences, &source->count);
	if (err)
		report_error("pin %s: read the log: %s", settings->log->pinned, strerror(-err));
	return err;
}
