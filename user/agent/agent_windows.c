/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent_windows.h"

#include <errno.h>
#include <string.h>

#include "../base/report.h"
#include "../base/stop.h"
#include "../engine/engine_read.h"
#include "../outputs/excess.h"

bool agent_is_at_limit(const struct agent *agent)
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

	if (result->window_number == 0 && agent_is_at_limit(agent))
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
					.any_order = options->any_order,
					.emit = agent_emit,
					.emit_context = agent };

	/* The row of the highest rate may not be among those of the -n. */
	if (options->exit_over.value)
		config.top = 0;
	config.max_flows = options->max_flows;
	if (!options->max_flows)
		config.max_bytes = agent->memory_bytes / 4;
	/* Where all flows are listed: in a result, and in its copy that outputs hold. */
	if (!config.top && (options->output_count || agent->listener))
		config.bytes_beside = 2 * sizeof(struct flow_result);
	return config;
}

int agent_open_engines(struct agent *agent)
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
int agent_add_pane(struct agent *agent, const struct pane *pane)
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
