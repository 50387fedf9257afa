/* SPDX-License-Identifier: BSD-2-Clause */
#include "pin.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/report.h"

static int words_copy(struct pin_state *state, const struct pin_settings *settings)
{
	size_t bytes = 0;
	char *to;

	for (size_t i = 0; i < settings->word_count; i++)
		bytes += strlen(settings->words[i]) + 1;
	state->words = to = malloc(bytes + 1);
	if (!to)
		return -ENOMEM;
	for (size_t i = 0; i < settings->word_count; i++)
		to = stpcpy(to, settings->words[i]) + 1;
	state->words_bytes = (uint32_t)bytes;
	state->word_count = (uint32_t)settings->word_count;
	return 0;
}

static void report_command(const struct pin_state *state)
{
	char line[512] = "weir";
	size_t used = strlen(line);
	const char *word = state->words;

	for (uint32_t i = 1; i < state->word_count && used < sizeof(line); i++) {
		word += strlen(word) + 1;
		used += (size_t)snprintf(line + used, sizeof(line) - used, " %s", word);
	}
	report_error("try: as it was started (%s), or weir detach", line);
}

/* What is there and cannot be gone on with, in words; NULL where it can. */
static const char *reason_against(const struct pin *pin, const struct pin_state *old)
{
	if (strcmp(old->boot, pin->state.boot))
		return NULL;
	if (old->net_namespace != pin->state.net_namespace)
		return "what counts there is of another network namespace";
	if (old->meaning != pin->state.meaning)
		return "what counts there is of another FILTER, -g, -b, -d, -o ipfix or option";
	return NULL;
}

static int look_at(struct pin *pin, uint64_t generation)
{
	struct pin_state old;
	const char *reason;
	int err = pin_state_read(&pin->place, generation, &old);

	/* It was killed before anything could have counted for it. */
	if (err == -ENOENT) {
		pin_generation_remove(&pin->place, generation);
		return 0;
	}
	if (err) {
		report_error("pin %s: %s", pin->place.pinned, err == -EPROTO ?
			     "another build of weir keeps its counts in another way" :
			     strerror(-err));
		report_error("try: that build, or weir detach");
		return err;
	}
	reason = reason_against(pin, &old);
	if (reason) {
		report_error("pin %s: %s", pin->place.pinned, reason);
		report_command(&old);
	} else {
		pin->old[pin->old_count++] = generation;
	}
	pin_state_fini(&old);
	return reason ? -EEXIST : 0;
}

static int look_around(struct pin *pin)
{
	uint64_t found[PIN_GENERATIONS_MAX];
	int count = pin_generations(&pin->place, found), err = count < 0 ? count : 0;

	if (err)
		report_error("pin %s: %s", pin->place.pinned, strerror(-err));
	for (int i = 0; i < count && !err; i++)
		err = look_at(pin, found[i]);
	pin->state.generation = count > 0 ? found[count - 1] + 1 : 1;
	return err;
}

int pin_open(const struct pin_settings *settings, struct pin **result)
{
	struct pin *pin = calloc(1, sizeof(*pin));
	int err;

	*result = NULL;
	if (!pin) {
		report_error("start: %s", strerror(ENOMEM));
		return -ENOMEM;
	}
	pin_state_init(&pin->state);
	pin->state.meaning = settings->meaning;
	pin->state.run = settings->run;
	pin->state.pane_ns = settings->pane_ns;
	pin->state.is_aligned = settings->is_aligned;
	pin->longest_ns = settings->longest_ns;
	err = pin_place_open(settings->directory, true, &pin->place);
	if (!err)
		err = look_around(pin);
	if (!err)
		err = words_copy(&pin->state, settings);
	if (err)
		pin_close(pin);
	else
		*result = pin;
	return err;
}

void pin_close(struct pin *pin)
{
	if (!pin)
		return;
	pin_log_close(pin->log);
	pin_state_fini(&pin->state);
	pin_place_close(&pin->place);
	free(pin);
}

int pin_begin(struct pin *pin, const struct bank_geometry *geometry, char directory[PATH_MAX])
{
	const struct pin_log_settings log = { .place = &pin->place,
					      .generation = pin->state.generation,
					      .record_size = geometry->record_size,
					      .longest_ns = pin->longest_ns };
	int err = pin_generation_make(&pin->place, pin->state.generation, directory);

	pin->state.geometry = *geometry;
	if (!err) {
		pin->log = pin_log_open(&log);
		err = pin->log ? 0 : -ENOMEM;
	}
	if (err)
		report_error("pin %s: %s", pin->place.pinned, strerror(-err));
	return err;
}

static bool links_are_same(const struct pin_state *state, const struct pin_state_link *links,
			   size_t count)
{
	if (!state->links || state->link_count != count)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (state->links[i].ifindex != links[i].ifindex ||
		    strcmp(state->links[i].name, links[i].name))
			return false;
	}
	return true;
}

int pin_set_links(struct pin *pin, const struct pin_state_link *links, size_t count)
{
	bool is_news = !links_are_same(&pin->state, links, count);
	struct pin_state_link *copy;

	copy = reallocarray(pin->state.links, count + 1, sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	memcpy(copy, links, count * sizeof(*copy));
	pin->state.links = copy;
	pin->state.link_count = (uint32_t)count;
	return is_news ? pin_state_write(&pin->place, &pin->state) : 0;
}

int pin_finish(struct pin *pin, uint64_t ended_ns, int64_t ended_offset_ns)
{
	int err;

	pin->state.is_finished = true;
	pin->state.ended_ns = ended_ns;
	pin->state.ended_offset_ns = ended_offset_ns;
	err = pin_state_write(&pin->place, &pin->state);
	if (!err)
		pin_forget_log(&pin->place, pin->state.generation);
	return err;
}

static bool is_logs(const char *name, uint64_t generation)
{
	unsigned long long of;
	char kind[16];

	return sscanf(name, "%15[a-z]-%llu", kind, &of) == 2 && of == generation &&
	       strcmp(kind, "state");
}

void pin_forget_log(const struct pin_place *place, uint64_t generation)
{
	DIR *directory = opendir(place->files);
	const struct dirent *entry;

	while (directory && (entry = readdir(directory))) {
		if (is_logs(entry->d_name, generation))
			unlinkat(dirfd(directory), entry->d_name, 0);
	}
	if (directory)
		closedir(directory);
}
