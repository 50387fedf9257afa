/* SPDX-License-Identifier: BSD-2-Clause */
#include "recover.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../agent/agent.h"
#include "../kernel/banks.h"
#include "../pin/pin_log_read.h"

/* One generation on its way. */
struct recovery {
	struct pin *pin;
	struct pin_state state;
	uint64_t *sequences;      /* of the panes in its log */
	size_t count;
};

static int report(const struct recovery *r, const char *what, int err)
{
	if (err)
		report_error("pin %s: %s: %s", r->pin->place.pinned, what, strerror(-err));
	return err;
}

/* The place of a pane between two that were logged, or behind the last one. */
static void pane_place(const struct recovery *r, const struct bank_begin *begin,
		       const struct pin_logged *last, struct pane *pane)
{
	uint64_t wall_ns = begin->now_ns + (uint64_t)begin->wall_offset_ns;

	pane->begin_ns = begin->now_ns;
	pane->clock_offset_ns = begin->wall_offset_ns;
	if (r->state.is_aligned) {
		pane->index = wall_ns / r->state.pane_ns;
		pane->since_place_ns = wall_ns % r->state.pane_ns;
	} else if (last) {
		pane->index = last->head.index + 1;
	}
}

/* The newest pane of the log, whose links' books go on in the next. */
static int read_last(const struct recovery *r, struct pin_logged *last)
{
	return pin_log_read(&r->pin->place, r->state.generation, r->sequences[r->count - 1], last);
}

static int log_idle(struct recovery *r, struct banks *banks, const struct pin_logged *last)
{
	const struct bank_begin begin = banks_began(banks, false), end = banks_began(banks, true);
	const struct pin_log_settings settings = { .place = &r->pin->place,
						   .generation = r->state.generation,
						   .record_size = r->state.geometry.record_size };
	struct netdev_counters counted[FLOW_LINKS_MAX];
	struct pane_link links[FLOW_LINKS_MAX];
	struct pin_commit commit = { .sequence = banks_sequence(banks, false),
				     .counted = counted };
	struct pin_log *log = pin_log_open(&settings);
	struct pane pane = { .end_ns = end.now_ns, .links = links,
			     .link_count = r->state.link_count };
	int err = log ? pin_log_begin(log) : -ENOMEM;

	pane_place(r, &begin, last, &pane);
	for (uint32_t i = 0; i < r->state.link_count; i++) {
		links[i] = (struct pane_link){ .name = r->state.links[i].name };
		counted[i] = r->state.links[i].counted;
		if (last && i < last->head.link_count)
			counted[i] = pin_logged_counted(last, i);
	}
	if (!err)
		err = banks_read(banks, pin_log_records, log, &pane.counts);
	pane.link_outcomes = banks_link_outcomes(banks);
	pane.link_outcomes_count = 2 * r->state.geometry.links;
	for (uint32_t i = 0; i < r->state.link_count; i++) {
		links[i].has_seen = true;
		links[i].counts.seen_in = link_outcomes_seen(&pane.link_outcomes[2 * i]);
		links[i].counts.seen_out = link_outcomes_seen(&pane.link_outcomes[2 * i + 1]);
	}
	if (log) {
		pin_log_documents(log, &(struct pin_documents){ 0 });
		err = err ? err : pin_log_commit(log, &commit, &pane);
	}
	pin_log_close(log);
	return err;
}

/* Killed between a turn and its commit: the bank that was active before is in no log yet. */
static bool is_unlogged(const struct recovery *r, const struct banks *banks)
{
	uint64_t idle = banks_sequence(banks, false);

	return idle && idle < banks_sequence(banks, true) &&
	       (!r->count || r->sequences[r->count - 1] < idle);
}

static int log_rest(struct recovery *r)
{
	struct pin_logged last = { 0 };
	char directory[PATH_MAX];
	struct banks *banks;
	int err;

	if (strcmp(r->state.boot, r->pin->state.boot))
		return 0;
	pin_generation_path(&r->pin->place, r->state.generation, directory);
	err = banks_open_pinned(directory, &r->state.geometry, &banks);
	if (err)
		return err == -ENOENT ? 0 : err;
	if (is_unlogged(r, banks)) {
		err = r->count ? read_last(r, &last) : 0;
		if (!err)
			err = log_idle(r, banks, r->count ? &last : NULL);
		pin_logged_fini(&last);
	}
	banks_destroy(banks);
	return err;
}

static int list(struct recovery *r)
{
	free(r->sequences);
	r->sequences = NULL;
	return pin_log_list(&r->pin->place, r->state.generation, &r->sequences, &r->count);
}

/* The command line it was started with; limits and alarms were that run's own. */
static int parse_words(struct recovery *r, const struct options *now, char **words,
		       struct options *options)
{
	char *word = r->state.words;

	for (uint32_t i = 0; i < r->state.word_count; i++, word += strlen(word) + 1)
		words[i] = word;
	words[r->state.word_count] = NULL;
	if (options_parse((int)r->state.word_count, words, options))
		return -EPROTO;
	options->duration_ns = options->window_limit = 0;
	options->exit_over.value = 0;
	options->processes = false;
	options->listen.port[0] = '\0';
	for (size_t i = 0; i < options->output_count; i++) {
		for (size_t j = 0; j < now->output_count; j++) {
			if (!options->output_secrets[i] && now->output_secrets[j] &&
			    !strcmp(options->outputs[i], now->outputs[j]))
				options->output_secrets[i] = strdup(now->output_secrets[j]);
		}
	}
	return 0;
}

static int tell_panes(struct recovery *r, const struct options *options)
{
	struct pin_logged first;
	struct agent_log log = { .place = &r->pin->place, .generation = r->state.generation,
				 .run = r->state.run };
	struct agent_config config = { .options = options, .log = &log,
				       .windows = options->windows,
				       .window_count = options->window_count,
				       .listed = options->top };
	struct agent *agent;
	int err = pin_log_read(log.place, log.generation, r->sequences[0], &first);

	if (err)
		return report(r, "read the log", err);
	log.documents = first.head.documents;
	pin_logged_fini(&first);
	report_notice("pin %s: telling %zu panes that were logged before weir was killed",
		      r->pin->place.pinned, r->count);
	err = agent_open(&config, &agent);
	if (!err)
		err = agent_run(agent);
	return agent_close(agent, err) == EXIT_DONE ? 0 : err ? err : -EIO;
}

static int tell(struct recovery *r, const struct options *now)
{
	struct options options;
	char **words = calloc(r->state.word_count + 1, sizeof(*words));
	int err = words ? parse_words(r, now, words, &options) : -ENOMEM;

	if (err) {
		free(words);
		return report(r, "what was logged", err);
	}
	err = tell_panes(r, &options);
	options_fini(&options);
	free(words);
	return err;
}

/* Up to where it told, and what the interfaces had counted then, is in its newest pane. */
static int finish(struct recovery *r)
{
	struct pin_logged last;
	int err = read_last(r, &last);

	if (err)
		return report(r, "read the log", err);
	for (uint32_t i = 0; i < r->state.link_count && i < last.head.link_count; i++)
		r->state.links[i].counted = pin_logged_counted(&last, i);
	r->state.is_finished = true;
	r->state.ended_ns = last.head.end_ns;
	r->state.ended_offset_ns = last.head.clock_offset_ns;
	pin_logged_fini(&last);
	return report(r, "write the state", pin_state_write(&r->pin->place, &r->state));
}

/* Generations that its own takeover had read are done with, though it could not say so. */
static void drop_drained(struct recovery *r)
{
	struct pin_logged away;

	if (pin_log_read(&r->pin->place, r->state.generation, 0, &away))
		return;
	for (uint64_t i = 0; i < away.head.drained_count; i++)
		pin_generation_remove(&r->pin->place, away.head.drained[i].generation);
	pin_logged_fini(&away);
}

static int generation_recover(struct recovery *r, const struct options *now)
{
	int err = 0;

	if (!r->state.is_finished) {
		err = list(r);
		if (!err)
			err = report(r, "read what was counted", log_rest(r));
		if (!err)
			err = list(r);
		if (!err && r->count)
			err = tell(r, now);
		if (!err && r->count)
			err = finish(r);
	}
	if (!err)
		pin_forget_log(&r->pin->place, r->state.generation);
	free(r->sequences);
	return err;
}

/* What is not of this start of the machine has nothing in the kernel. */
static void drop_if_past(struct recovery *r)
{
	if (!strcmp(r->state.boot, r->pin->state.boot))
		return;
	report_notice("pin %s: the machine was started anew: what the kernel had counted is lost",
		      r->pin->place.pinned);
	pin_generation_remove(&r->pin->place, r->state.generation);
}

int recover(struct pin *pin, const struct options *options)
{
	int err = 0;

	for (int i = pin->old_count - 1; i >= 0; i--) {
		struct recovery r = { .pin = pin };

		r.state.generation = pin->old[i];
		drop_drained(&r);
	}
	for (int i = 0; i < pin->old_count && !err; i++) {
		struct recovery r = { .pin = pin };

		err = pin_state_read(&pin->place, pin->old[i], &r.state);
		if (err == -ENOENT) {
			err = 0;
			continue;
		}
		err = err ? report(&r, "read the state", err) : generation_recover(&r, options);
		if (!err)
			drop_if_past(&r);
		pin_state_fini(&r.state);
	}
	return err;
}
