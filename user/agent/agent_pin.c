/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent_pin.h"

#include <errno.h>
#include <string.h>

#include "../base/report.h"
#include "agent_windows.h"

/* What outlives the agent goes on where the outputs were. */
void agent_keep_journals(const struct agent *agent, struct outputs_config *config)
{
	const struct agent_log *log = agent->config.log;

	if (log) {
		config->is_replay = config->is_resumed = true;
		config->first_document = log->documents.all;
		config->journals = log->place;
		config->generation = log->generation;
	} else if (agent->config.pin) {
		config->journals = &agent->config.pin->place;
		config->generation = agent->config.pin->state.generation;
	}
}

/* All is in the log until every output has it. */
void agent_keep_logged(struct agent *agent, const struct pane *pane)
{
	struct pin *pin = agent->config.pin;

	agent->ended_ns = pane->end_ns;
	if (!pin)
		return;
	pin_log_documents(pin->log, &agent->documents);
	pin_log_trim(pin->log, outputs_taken(agent->outputs));
}

/* Of the time without an agent: each -w has a document of it, which is no window of its kind. */
struct away {
	struct window_spec spec; /* of the engine: one pane, */
	struct window_spec told; /* which was so long */
	struct engine *engine;
	bool is_told;
};

static int emit_away(void *context, const struct window_result *result)
{
	struct agent *agent = context;
	struct window_result told = *result;

	agent->away->is_told = true;
	told.complete = false;
	told.spec = &agent->away->told;
	told.away_ns = told.spec->length_ns;
	for (size_t i = 0; i < agent->options->window_count; i++) {
		told.window_number = i;
		agent_emit(agent, &told);
	}
	return 0;
}

static void take_away_records(void *context, const struct flow_slot *const *records, size_t count)
{
	struct agent *agent = context;

	engine_merge(agent->away->engine, records, count);
}

static int away_engine_open(struct agent *agent)
{
	struct away *away = agent->away;
	struct engine_config config = agent_engine_config(agent);

	away->spec = (struct window_spec){ .kind = WINDOW_TUMBLING, .length_ns = config.pane_ns,
					   .slide_ns = config.pane_ns };
	config.windows = &away->spec;
	config.window_count = 1;
	config.is_aligned = false;
	config.emit = emit_away;
	agent_choose_rows(agent, &config);
	away->engine = engine_create(&config);
	return away->engine ? 0 : -errno;
}

static int away_add_up(struct agent *agent, struct pane *pane)
{
	struct engine *engine = agent->away->engine;
	struct ledger *ledger = agent->ledger;
	int err;

	agent->away->told = agent->away->spec;
	agent->away->told.length_ns = agent->away->told.slide_ns = pane->end_ns - pane->begin_ns;
	agent->document.clock_offset_ns = pane->clock_offset_ns;
	pane->index = pane->since_place_ns = 0;
	agent->ledger = ledger_create(1);
	if (!agent->ledger) {
		agent->ledger = ledger;
		return -ENOMEM;
	}
	ledger_add(agent->ledger, pane);
	run_counts_add(&agent->run, pane);
	agent_count_pane(agent, pane);
	err = engine_end_pane(engine, pane);
	/* It was shorter than a pane: the window is still open. */
	if (!err && !agent->away->is_told)
		err = engine_finish(engine);
	ledger_destroy(agent->ledger);
	agent->ledger = ledger;
	return err;
}

/* Before the first pane. 0 or negative errno. */
int agent_tell_absence(struct agent *agent)
{
	struct record_taker taker = { .take = take_away_records, .context = agent };
	struct away away = { 0 };
	struct pane pane;
	int err, found;

	if (!agent->config.pin && !agent->config.log)
		return 0;
	agent->away = &away;
	err = away_engine_open(agent);
	found = err ? err : source_absence(agent->source, &taker, &pane);
	if (found == SOURCE_PANE) {
		err = away_add_up(agent, &pane);
		agent_keep_logged(agent, &pane);
	}
	engine_destroy(away.engine);
	agent->away = NULL;
	return found < 0 ? found : err;
}

/* What was lost on the way to an output has been told: it is not told again by the next start. */
int agent_finish_log(struct agent *agent)
{
	struct pin *pin = agent->config.pin;
	int err = 0;

	if (pin && agent->ended_ns)
		err = pin_finish(pin, agent->ended_ns, agent->document.clock_offset_ns);
	if (err)
		report_error("pin %s: write the state: %s", pin->place.pinned, strerror(-err));
	return err;
}
