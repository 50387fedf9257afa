/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/options_table.h"
#include "engine/engine_read.h"
#include "engine/ledger.h"
#include "outputs/excess.h"
#include "owners/owners.h"
#include "system/machine.h"
#include "base/stop.h"
#include "sources/capture.h"
#include "cli/run_number.h"
#include "run_counts.h"

static bool is_limit_reached(const struct agent *agent)
{
	uint64_t limit = agent->options->window_limit;

	return agent->is_over || (limit && agent->windows_emitted >= limit);
}

/* Results list greatest first: the beginning of a list is the list of fewer. */
static struct window_result result_cut(const struct agent *agent,
				       const struct window_result *result)
{
	struct window_result cut = *result;
	size_t top = agent->options->top;

	if (top && cut.flow_count > top) {
		cut.flows_omitted += cut.flow_count - top;
		cut.flow_count = top;
	}
	return cut;
}

/* What a document says beside the engine's result, as it is now. */
static struct window_result result_complete(struct agent *agent, const struct window_result *from,
					    struct document_context *document)
{
	struct window_result result = result_cut(agent, from);

	*document = agent->document;
	ledger_tell(agent->ledger, &result);
	if (!from->window_number && outputs_want_run(agent->outputs))
		run_counts_tell(&agent->run, &result);
	result.table_use = source_table_use(agent->source);
	document->link_names = source_link_names(agent->source);
	document->attach_count = source_facts(agent->source)->attached_count;
	document->source_name_count = source_facts(agent->source)->name_count;
	return result;
}

/* The window that told it is the last one. */
static void look_for_excess(struct agent *agent, const struct document_context *document,
			    const struct window_result *result)
{
	const struct encoding encoding = { .context = document, .result = result };
	const struct rate_limit *limit = &agent->options->exit_over;
	char row[EXCESS_TEXT_MAX];

	if (!limit->value || agent->is_over || !excess_find(&encoding, limit, row))
		return;
	agent->is_over = true;
	report_error("exit over %.0f %s: %s", limit->value,
		     limit->is_packets ? "packets a second" : "bit/s", row);
}

int agent_emit(void *context, const struct window_result *result)
{
	struct agent *agent = context;
	struct document_context document;
	struct window_result cut;

	if (result->window_number == 0 && is_limit_reached(agent))
		return 0;
	if (agent->config.window)
		agent->config.window(agent->config.context, result);
	if (result->window_number >= agent->options->window_count)
		return 0;
	cut = result_complete(agent, result, &document);
	cut.sequence = agent->documents.of_window[result->window_number]++;
	agent->documents.all++;
	outputs_emit(agent->outputs, &document, &cut);
	if (result->window_number == 0)
		look_for_excess(agent, &document, result);
	if (result->window_number == 0 && cut.complete)
		agent->windows_emitted++;
	return 0;
}

/* A window past the options' own, of flows as they are counted. */
static int emit_whole(void *context, const struct window_result *result)
{
	struct agent *agent = context;
	struct window_result whole = *result;

	whole.window_number += agent->options->window_count;
	agent->config.window(agent->config.context, &whole);
	return 0;
}

/* SIGUSR1: a window that goes on. */
static int emit_state(void *context, const struct window_result *result)
{
	struct agent *agent = context;
	struct document_context document;
	struct window_result cut = result_complete(agent, result, &document);

	cut.complete = false;
	outputs_emit_state(agent->outputs, &document, &cut);
	return 0;
}

/* Of the longest window; a session's document is of one pane. */
static uint64_t panes_max(const struct agent *agent)
{
	uint64_t longest_ns = agent->options->pane_ns;

	for (size_t i = 0; i < agent->config.window_count; i++) {
		if (agent->config.windows[i].length_ns > longest_ns)
			longest_ns = agent->config.windows[i].length_ns;
	}
	return longest_ns / agent->options->pane_ns;
}

/* What a row of a result is. */
void agent_choose_rows(const struct agent *agent, struct engine_config *config)
{
	const struct options *options = agent->options;

	config->biflow = options->biflow;
	config->service = service_rule_of(&options->group);
	config->is_reduced = agent->owners && (!group_by_keeps_all(&options->group) ||
					       group_by_reduces(&options->group, options->tunnels));
	group_masks_make(&options->group, &config->row_masks);
}

/* Conversations and services are for outputs; who listens takes flows as they are counted. */
static int engines_create(struct agent *agent, struct engine_config config)
{
	const struct options *options = agent->options;
	size_t own = options->window_count;
	struct engine_config whole = config;

	agent_choose_rows(agent, &config);
	if (options->is_sorted_by_view)
		config.sort = whole.sort = SORT_BYTES;
	if ((config.biflow || config.service.is_kept || config.is_reduced ||
	     config.sort == SORT_FLOWS) &&
	    config.window_count > own) {
		config.window_count = own;
		whole.sort = SORT_BYTES;
		whole.windows += own;
		whole.window_count -= own;
		whole.emit = emit_whole;
		agent->whole = engine_create(&whole);
		if (!agent->whole)
			return -errno;
	}
	agent->engine = engine_create(&config);
	return agent->engine ? 0 : -errno;
}

struct engine_config agent_engine_config(struct agent *agent)
{
	const struct options *options = agent->options;
	struct engine_config config = { .windows = agent->config.windows,
					.window_count = agent->config.window_count,
					.pane_ns = options->pane_ns,
					.is_aligned = options->align == ALIGN_CLOCK,
					.replay = options->file != NULL,
					.sort = options->sort,
					.has_owners = agent->owners,
					.has_tunnels = options->tunnels,
					.extra_sets = options->extra_sets,
					.top = agent->config.listed,
					.emit = agent_emit,
					.emit_context = agent };

	/* The row of the highest rate may not be among those of the -n. */
	if (options->exit_over.value)
		config.top = 0;
	config.max_flows = options->max_flows;
	if (!options->max_flows)
		config.max_bytes = machine_memory_bytes() / 4;
	/* Where all flows are listed: in a result, and in its copy that outputs hold. */
	if (!config.top && (options->output_count || agent->listener))
		config.bytes_beside = 2 * sizeof(struct flow_result);
	return config;
}

static int engine_open(struct agent *agent)
{
	int err = engines_create(agent, agent_engine_config(agent));

	if (!err) {
		agent->ledger = ledger_create(panes_max(agent));
		err = agent->ledger ? 0 : -ENOMEM;
	}
	if (err)
		report_error("start: %s", strerror(-err));
	return err ? -ENOMEM : 0;
}

/* What the engine has no memory for it counts as such, and says with the pane. */
static void take_records(void *context, const struct flow_slot *const *records, size_t count)
{
	struct agent *agent = context;

	engine_merge(agent->engine, records, count);
	if (agent->whole)
		engine_merge(agent->whole, records, count);
}

static struct source_settings source_settings_of(struct agent *agent)
{
	const struct options *options = agent->options;

	return (struct source_settings){
		.file = options->file,
		.interfaces = options->interfaces,
		.interface_count = options->interface_count,
		.is_any = options->interface_count &&
			  !strcmp(options->interfaces[0], INTERFACES_ANY),
		.attach = { options->attach, options->direction },
		.filter = options->filter,
		.group = &options->counted,
		.pane_ns = options->pane_ns,
		.duration_ns = options->duration_ns,
		.is_aligned = options->align == ALIGN_CLOCK,
		.speed = options->speed,
		.slots = options->slots,
		.slots_given = options->slots_given,
		.once = options->once,
		.show_progress = agent->config.show_progress,
		.pin = agent->config.pin,
		.log = agent->config.log ? agent->config.log->place : NULL,
		.logged = agent->config.log ? agent->config.log->generation : 0,
		.taker = { .take = take_records,
			   .context = agent,
			   .has_extra = engine_takes_extra(agent->engine),
			   .has_tcp = agent->options->extra_sets & 1u << EXTRA_TCP,
			   .has_ip_bytes = agent->options->extra_sets & 1u << EXTRA_IP,
			   .has_tunnels = options->tunnels,
			   .owners = agent->owners },
	};
}

static uint64_t run_number_of(const struct agent *agent)
{
	if (agent->config.log)
		return agent->config.log->run;
	return agent->config.pin ? agent->config.pin->state.run :
				   run_number_make(agent->options);
}

/* What documents say beside results, as it is at the start. */
static void describe(struct agent *agent)
{
	const struct source_facts *facts = source_facts(agent->source);
	struct document_context *document = &agent->document;

	gethostname(agent->host, sizeof(agent->host) - 1);
	document->host = agent->options->host ? agent->options->host : agent->host;
	document->run = run_number_of(agent);
	document->filter = agent->options->filter;
	document->group = &agent->options->group;
	document->metric_groups = agent->options->metric_groups;
	document->source_kind = facts->is_live ? "interface" : "file";
	document->source_names = facts->names;
	document->source_name_count = facts->name_count;
	document->attach = facts->attached;
	document->attach_count = facts->attached_count;
	document->direction = facts->is_live ? direction_name(agent->options->direction) : NULL;
	document->link_names = source_link_names(agent->source);
	document->owner_names = agent->owners ? owners_names(agent->owners) : NULL;
}

static int agent_open_parts(struct agent *agent)
{
	struct source_settings settings;
	int err = stop_init();

	if (err) {
		report_error("start: take over signals: %s", strerror(-err));
		return -EIO;
	}
	err = agent_outputs_open(agent);
	if (!err && agent->options->processes)
		err = owners_open(agent->options->processes_if_possible, &agent->owners) ?
			      -EIO : 0;
	if (!err)
		err = engine_open(agent);
	if (err)
		return err;
	settings = source_settings_of(agent);
	err = source_open(&settings, &agent->source);
	stop_starting_done();
	if (err)
		return err;
	describe(agent);
	return 0;
}

int agent_open(const struct agent_config *config, struct agent **result)
{
	struct agent *agent = calloc(1, sizeof(*agent));

	*result = agent;
	if (!agent) {
		report_error("start: %s", strerror(ENOMEM));
		return -ENOMEM;
	}
	agent->config = *config;
	agent->options = config->options;
	if (config->log)
		agent->documents = config->log->documents;
	return agent_open_parts(agent);
}

void agent_count_pane(struct agent *agent, const struct pane *pane)
{
	outcome_counts_add(&agent->counts, &pane->counts);
	if (!pane->counts.outcome[PACKET_UNATTRIBUTED].packets || agent->warned_unattributed)
		return;
	agent->warned_unattributed = true;
	report_notice("warning: the table is full: packets are counted as unattributed");
	report_notice("try: --slots %u, or a shorter pane (-p)", agent->options->slots * 4);
}

/* The first pane, so that who asks need not wait for a long window. */
static int emit_first(void *context, const struct window_result *result)
{
	struct agent *agent = context;
	struct document_context document;
	struct window_result cut = result_complete(agent, result, &document);

	cut.complete = false;
	outputs_emit_to_pages(agent->outputs, &document, &cut);
	return 0;
}

static int show_first(struct agent *agent)
{
	const struct window_listener listener = { emit_first, agent };

	if (!agent->listener || agent->has_pages)
		return 0;
	agent->has_pages = true;
	return engine_peek(agent->engine, 0, &listener);
}

/* Between its two steps the windows can be read as they are. */
static int engine_take_pane(struct agent *agent, const struct pane *pane)
{
	const struct window_listener listener = { emit_state, agent };
	int err = engine_fold_pane(agent->engine, pane), close_err;

	if (!err)
		err = show_first(agent);

	if (stop_take_state_request() && outputs_show_state(agent->outputs)) {
		for (size_t i = 0; i < agent->options->window_count && !err; i++)
			err = engine_peek(agent->engine, i, &listener);
	}
	close_err = engine_close_pane(agent->engine);
	if (agent->whole)
		close_err = engine_end_pane(agent->whole, pane) ? -ENOMEM : close_err;
	return err ? err : close_err;
}

/* What the engine had no memory for it has counted as unattributed, and the next pane may fit. */
static int pane_add_up(struct agent *agent, const struct pane *pane)
{
	int ledger_err = ledger_add(agent->ledger, pane);
	int err = engine_take_pane(agent, pane);

	err = err ? err : ledger_err;
	if (err && !agent->lacked_memory)
		report_error("add up a pane: %s", strerror(-err));
	if (err != -ENOMEM)
		return err;
	agent->failed = agent->lacked_memory = true;
	return 0;
}

static int agent_run_panes(struct agent *agent)
{
	struct pane pane;
	int err = agent_tell_absence(agent);

	while (!err && !is_limit_reached(agent) && !outputs_reader_gone(agent->outputs)) {
		int step = source_next_pane(agent->source, &pane);

		if (step != SOURCE_PANE)
			return step;
		agent->document.clock_offset_ns = pane.clock_offset_ns;
		listener_beat(agent->listener);
		run_counts_add(&agent->run, &pane);
		err = pane_add_up(agent, &pane);
		agent_count_pane(agent, &pane);
		agent_keep_logged(agent, &pane);
		if (agent->config.pane)
			agent->config.pane(agent->config.context, &pane);
	}
	return err;
}

int agent_run(struct agent *agent)
{
	int err = agent_run_panes(agent), finish_err = engine_finish(agent->engine);

	if (agent->whole && !finish_err)
		finish_err = engine_finish(agent->whole);
	if (finish_err)
		report_error("end the run: %s", strerror(-finish_err));
	return err ? err : finish_err;
}

const struct document_context *agent_context(const struct agent *agent)
{
	return &agent->document;
}

const struct source *agent_source(const struct agent *agent)
{
	return agent->source;
}

const char *const *agent_link_names(struct agent *agent)
{
	return source_link_names(agent->source);
}

void agent_report_sum(const struct agent *agent)
{
	const struct tally *outcome = agent->counts.outcome;
	uint64_t seen = 0;

	for (int i = 0; i < PACKET_OUTCOME_COUNT; i++)
		seen += outcome[i].packets;
	report_notice("%llu packets seen: %llu in flows, %llu filtered, %llu malformed, "
		      "%llu unattributed; %llu dropped before",
		      (unsigned long long)seen, (unsigned long long)outcome[PACKET_FLOW].packets,
		      (unsigned long long)outcome[PACKET_FILTERED].packets,
		      (unsigned long long)outcome[PACKET_MALFORMED].packets,
		      (unsigned long long)outcome[PACKET_UNATTRIBUTED].packets,
		      (unsigned long long)agent->run.dropped_packets);
}

enum exit_status agent_close(struct agent *agent, int err)
{
	bool failed = err != 0 || (agent && agent->failed), is_over = agent && agent->is_over;

	stop_starting_done();
	if (agent) {
		/* What is attached goes first: an output may take its time. */
		failed |= source_close(agent->source) != 0;
		stop_on_hangup(NULL, NULL);
		listener_stop(agent->listener);
		failed |= !outputs_close(agent->outputs);
		failed |= agent_finish_log(agent) != 0;
		listener_destroy(agent->listener);
		engine_destroy(agent->engine);
		engine_destroy(agent->whole);
		ledger_destroy(agent->ledger);
		owners_close(agent->owners);
	}
	free(agent);
	if (err == -EINVAL)
		return EXIT_USAGE;
	if (failed)
		return EXIT_FAILED;
	return is_over ? EXIT_OVER : EXIT_DONE;
}
