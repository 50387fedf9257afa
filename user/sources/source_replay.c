/* SPDX-License-Identifier: BSD-2-Clause */
/* The source that is a capture: panes in the packets' own time. */
#include "source_replay.h"

#include <errno.h>
#include <string.h>

#include "../base/report.h"
#include "../base/stop.h"
#include "progress.h"
#include "replay.h"
#include "source_kind.h"

struct replay_source {
	struct source base;
	struct replay *replay;
	struct packet_filter *filter;
	struct progress progress;
	bool has_told_unsupported;
};

static struct replay_source *replay_source(struct source *source)
{
	return (struct replay_source *)source;
}

/* An interface of the capture that the filter has no meaning on, others being there. */
static void report_refusal(struct replay_source *source)
{
	struct packet_refusal refusal;

	if (source->filter && packet_filter_take_refusal(source->filter, &refusal))
		report_notice("warning: filter: %s: packets of link type %s count as filtered",
			      refusal.error.text, refusal.link);
}

static void report_replay(struct replay_source *source, int err)
{
	const struct source_settings *settings = &source->base.settings;
	struct packet_refusal refusal;

	if (err == -EINVAL && source->filter &&
	    packet_filter_take_refusal(source->filter, &refusal)) {
		source->base.is_refused = true;
		source_report_filter(settings->filter, &refusal.error, err);
		return;
	}
	report_error("read %s: %s", settings->file, replay_reason(source->replay, err));
}

/* Told once: what the reader did not ask for is counted, but not by flow. */
static void tell_unsupported(struct replay_source *source)
{
	const char *unsupported = replay_unsupported(source->replay);

	if (!unsupported || source->has_told_unsupported)
		return;
	source->has_told_unsupported = true;
	progress_stop(&source->progress);
	report_notice("warning: read %s: %s is not supported: its packets count as malformed",
		      source->base.settings.file, unsupported);
}

static int replay_source_pane(struct source *base, struct pane *pane)
{
	struct replay_source *source = replay_source(base);
	int step;

	do {
		step = replay_step(source->replay, pane);
		progress_update(&source->progress, source->replay);
		if (step >= 0)
			report_refusal(source);
	} while (step == REPLAY_MORE);
	tell_unsupported(source);
	if (step == REPLAY_PANE) {
		stop_wait_until(replay_due_ns(source->replay));
		return SOURCE_PANE;
	}
	progress_stop(&source->progress);
	if (step < 0)
		report_replay(source, step);
	return step < 0 ? step : SOURCE_END;
}

static const char *const *replay_source_link_names(struct source *source)
{
	return replay_link_names(replay_source(source)->replay);
}

static int replay_source_close(struct source *base)
{
	struct replay_source *source = replay_source(base);

	progress_stop(&source->progress);
	replay_close(source->replay);
	packet_filter_close(source->filter);
	return 0;
}

static const struct source_kind replay_kind = {
	.next_pane = replay_source_pane,
	.link_names = replay_source_link_names,
	.close = replay_source_close,
};

static int replay_source_start(struct replay_source *source)
{
	const struct source_settings *settings = &source->base.settings;
	struct replay_config config = { .name = settings->file,
					.taker = settings->taker,
					.group = settings->group,
					.pane_ns = settings->pane_ns,
					.duration_ns = settings->duration_ns,
					.speed = settings->speed,
					.stop = stop_flag() };
	int err = source_packet_filter(&source->base, &source->filter);

	if (err)
		return err;
	config.filter = source->filter;
	err = replay_open(&config, &source->replay);
	if (err)
		report_error("read %s: %s", settings->file,
			     source->replay ? replay_reason(source->replay, err) : strerror(-err));
	progress_start(&source->progress, settings->show_progress);
	return err;
}

int source_replay_open(const struct source_settings *settings, struct source **result)
{
	struct replay_source *source = source_create(&replay_kind, settings, sizeof(*source));

	*result = source ? &source->base : NULL;
	if (!source)
		return -ENOMEM;
	source->base.names.list[source->base.names.count++] = settings->file;
	return replay_source_start(source);
}
