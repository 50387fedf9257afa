/* SPDX-License-Identifier: BSD-2-Clause */
#include "run.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "machine.h"
#include "report.h"
#include "sinks/sink.h"
#include "sources/source.h"
#include "stop.h"

/* The wall clock was set, where it moves by more than this against the monotonic one. */
#define CLOCK_STEP_NS 1000000

struct run {
	const struct options *options;
	struct engine *engine;
	struct source *source;
	struct sink *sinks[OPTIONS_OUTPUTS_MAX];
	bool sink_failed[OPTIONS_OUTPUTS_MAX];
	bool sink_gone[OPTIONS_OUTPUTS_MAX]; /* nobody reads it any more */
	size_t sink_count;
	struct document_context context;
	char host[256];
	uint64_t windows_written;      /* of the first -w */
	struct outcome_counts counts;  /* of all panes */
	uint64_t dropped_packets;
	bool warned_unattributed;
	bool failed;                   /* a result could not be written */
	bool reader_gone;
};

static bool is_limit_reached(const struct run *run)
{
	return run->options->window_limit && run->windows_written >= run->options->window_limit;
}

/*
 * A sink whose reader has gone ends the run, but the others get what there is up to then; they
 * may recover from a failure (a disk that is full).
 */
static void sink_emit(struct run *run, size_t i, const struct window_result *result)
{
	int err = run->sink_gone[i] ? 0 : sink_write(run->sinks[i], &run->context, result);

	if (!err) {
		run->sink_failed[i] = run->sink_gone[i];
		return;
	}
	run->failed = true;
	if (!run->sink_failed[i])
		report_error("write %s: %s", sink_name(run->sinks[i]), strerror(-err));
	run->sink_failed[i] = true;
	run->sink_gone[i] = err == -EPIPE;
	run->reader_gone |= run->sink_gone[i];
}

/*
 * Both clocks are slewed alike, so their distance changes only where the wall clock is set; what
 * is less is the jitter of reading them, and would tear neighbouring windows apart.
 */
static void follow_wall_clock(struct run *run)
{
	int64_t offset_ns = clock_wall_offset_ns();
	int64_t change_ns = offset_ns - run->context.clock_offset_ns;

	if (change_ns > CLOCK_STEP_NS || change_ns < -CLOCK_STEP_NS)
		run->context.clock_offset_ns = offset_ns;
}

static int emit(void *context, const struct window_result *result)
{
	struct run *run = context;

	if (result->window_number == 0 && is_limit_reached(run))
		return 0;
	if (source_is_live(run->source))
		follow_wall_clock(run);
	for (size_t i = 0; i < run->sink_count; i++)
		sink_emit(run, i, result);
	if (result->window_number == 0)
		run->windows_written++;
	return 0;
}

static int sinks_open(struct run *run)
{
	static const char *const standard_output = "-";
	const struct options *options = run->options;
	const char *const *names = options->output_count ? options->outputs : &standard_output;
	size_t count = options->output_count ? options->output_count : 1;

	for (; run->sink_count < count; run->sink_count++) {
		const char *name = names[run->sink_count], *reason = NULL;
		int err = sink_open(name, options->window_count, &run->sinks[run->sink_count],
				    &reason);

		if (err) {
			report_error("write %s: %s", name, reason ? reason : strerror(-err));
			return err;
		}
	}
	return 0;
}

static void sinks_close(struct run *run)
{
	for (size_t i = 0; i < run->sink_count; i++) {
		int err = sink_close(run->sinks[i]);

		if (err && !run->sink_failed[i])
			report_error("write %s: %s", sink_name(run->sinks[i]), strerror(-err));
		run->failed |= err != 0;
	}
}

static uint64_t max_flows_of(const struct options *options, const struct engine_config *config)
{
	uint64_t memory_bytes = machine_memory_bytes();

	if (options->max_flows || !memory_bytes)
		return options->max_flows;
	return memory_bytes / 4 / engine_flow_bytes(config);
}

static int run_open(struct run *run)
{
	const struct options *options = run->options;
	struct engine_config config = { .windows = options->windows,
					.window_count = options->window_count,
					.pane_ns = options->pane_ns,
					.replay = options->file != NULL,
					.sort = options->sort,
					.top = options->top,
					.emit = emit,
					.emit_context = run };
	struct source_config source = { .options = options, .show_progress = !options->quiet };
	int err = stop_init();

	if (!err)
		err = sinks_open(run);
	if (err)
		return err;
	config.max_flows = max_flows_of(options, &config);
	run->engine = engine_create(&config);
	if (!run->engine) {
		report_error("start: %s", strerror(ENOMEM));
		return -ENOMEM;
	}
	source.engine = run->engine;
	err = source_open(&source, &run->source);
	if (err)
		return err;
	gethostname(run->host, sizeof(run->host) - 1);
	run->context.host = run->host;
	run->context.filter = options->filter;
	run->context.group = &options->group;
	source_describe(run->source, &run->context);
	return 0;
}

static void counts_add(struct run *run, const struct pane *pane)
{
	for (int i = 0; i < PACKET_OUTCOME_COUNT; i++) {
		run->counts.outcome[i].packets += pane->counts.outcome[i].packets;
		run->counts.outcome[i].bytes += pane->counts.outcome[i].bytes;
	}
	run->dropped_packets += pane->dropped_packets;
	if (!pane->counts.outcome[PACKET_UNATTRIBUTED].packets || run->warned_unattributed)
		return;
	run->warned_unattributed = true;
	report_notice("warning: the table is full: packets are counted as unattributed");
	report_notice("try: --slots %u, or a shorter pane (-p)", run->options->slots * 4);
}

static int run_panes(struct run *run)
{
	struct pane pane;
	int err = 0;

	while (!err && !is_limit_reached(run) && !run->reader_gone) {
		int step = source_next_pane(run->source, &pane);

		if (step != SOURCE_PANE)
			return step;
		err = engine_end_pane(run->engine, &pane);
		if (err)
			report_error("add up a pane: %s", strerror(-err));
		counts_add(run, &pane);
	}
	return err;
}

/* Where every packet went. */
static void report_sum(const struct run *run)
{
	const struct tally *outcome = run->counts.outcome;
	uint64_t seen = 0;

	for (int i = 0; i < PACKET_OUTCOME_COUNT; i++)
		seen += outcome[i].packets;
	report_notice("%llu packets seen: %llu in flows, %llu filtered, %llu malformed, "
		      "%llu unattributed; %llu dropped before",
		      (unsigned long long)seen, (unsigned long long)outcome[PACKET_FLOW].packets,
		      (unsigned long long)outcome[PACKET_FILTERED].packets,
		      (unsigned long long)outcome[PACKET_MALFORMED].packets,
		      (unsigned long long)outcome[PACKET_UNATTRIBUTED].packets,
		      (unsigned long long)run->dropped_packets);
}

static enum exit_status status_of(const struct run *run, int err)
{
	if (err == -EINVAL)
		return EXIT_USAGE;
	return err || run->failed ? EXIT_FAILED : EXIT_DONE;
}

int run_run(const struct options *options)
{
	struct run run = { .options = options };
	int err = run_open(&run), finish_err = 0;

	if (!err) {
		err = run_panes(&run);
		finish_err = engine_finish(run.engine);
		if (finish_err)
			report_error("end the run: %s", strerror(-finish_err));
		report_sum(&run);
	}
	source_close(run.source);
	engine_destroy(run.engine);
	sinks_close(&run);
	return status_of(&run, err ? err : finish_err);
}
