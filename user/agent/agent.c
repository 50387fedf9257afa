/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/stop.h"
#include "../cli/options_table.h"
#include "../cli/run_number.h"
#include "../owners/owners.h"
#include "../system/machine.h"
#include "agent_outputs.h"
#include "agent_pin.h"
#include "agent_windows.h"

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
		.attach = { .how = options->attach, .direction = options->direction },
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
			   .has_fragments = options->fragments,
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
		err = agent_open_engines(agent);
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
	agent->memory_bytes = machine_memory_bytes();
	if (config->log)
		agent->documents = config->log->documents;
	return agent_open_parts(agent);
}

static int agent_run_panes(struct agent *agent)
{
	struct pane pane;
	int err = agent_tell_absence(agent);

	while (!err && !agent_is_at_limit(agent) && !outputs_reader_gone(agent->outputs)) {
		int step = source_next_pane(agent->source, &pane);

		if (step != SOURCE_PANE)
			return step;
		agent->document.clock_offset_ns = pane.clock_offset_ns;
		listener_beat(agent->listener);
		run_counts_add(&agent->run, &pane);
		err = agent_add_pane(agent, &pane);
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
