/* SPDX-License-Identifier: BSD-2-Clause */
#include "run_number.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../text/stable_hash.h"

#define PART_BYTES (64u << 10)

static uint64_t random_number(void)
{
	uint64_t number;

	if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
		return clock_read_ns(CLOCK_REALTIME);
	return number;
}

static uint64_t hash_number(uint64_t hash, uint64_t number)
{
	return stable_hash(hash, &number, sizeof(number));
}

static uint64_t hash_string(uint64_t hash, const char *string)
{
	return stable_hash(hash, string ? string : "", string ? strlen(string) + 1 : 0);
}

/* A part of the file from there on. False where it cannot be read. */
static bool hash_part(uint64_t *hash, int fd, off_t from)
{
	char *bytes = malloc(PART_BYTES);
	ssize_t count = bytes ? pread(fd, bytes, PART_BYTES, from) : -1;

	if (count >= 0)
		*hash = stable_hash(*hash, bytes, (size_t)count);
	free(bytes);
	return count >= 0;
}

/* False where it is no file that could be read again. */
static bool hash_file(uint64_t *hash, const char *name)
{
	int fd = strcmp(name, "-") ? open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK) :
				     dup(STDIN_FILENO);
	struct stat status;
	bool is_read = false;

	if (fd < 0)
		return false;
	if (!fstat(fd, &status) && S_ISREG(status.st_mode)) {
		off_t last = status.st_size > PART_BYTES ? status.st_size - PART_BYTES : 0;

		*hash = hash_number(*hash, (uint64_t)status.st_size);
		is_read = hash_part(hash, fd, 0) && hash_part(hash, fd, last);
	}
	close(fd);
	return is_read;
}

/* What changes the windows, or which rows they have and in which order. */
static uint64_t hash_options(uint64_t hash, const struct options *options)
{
	for (size_t i = 0; i < options->window_count; i++) {
		const struct window_spec *spec = &options->windows[i];

		hash = hash_number(hash, spec->kind);
		hash = hash_number(hash, spec->length_ns);
		hash = hash_number(hash, spec->gap_ns);
	}
	for (size_t i = 0; i < options->group.text_count; i++)
		hash = hash_string(hash, options->group.text[i]);
	hash = hash_string(hash, options->filter);
	hash = hash_number(hash, options->pane_ns);
	hash = hash_number(hash, options->biflow);
	hash = hash_number(hash, options->tunnels);
	hash = hash_number(hash, options->fragments);
	hash = hash_number(hash, options->top);
	hash = hash_number(hash, options->sort);
	hash = hash_number(hash, options->extra_sets & EXTRA_SETS_TOLD);
	hash = hash_number(hash, options->max_flows);
	hash = hash_number(hash, options->duration_ns);
	return hash_number(hash, options->window_limit);
}

uint64_t run_number_make(const struct options *options)
{
	uint64_t hash = hash_options(STABLE_HASH_START, options);

	if (options->file && hash_file(&hash, options->file))
		return hash;
	return random_number();
}

uint64_t run_meaning(const struct options *options)
{
	uint64_t hash = STABLE_HASH_START;

	for (size_t i = 0; i < options->counted.text_count; i++)
		hash = hash_string(hash, options->counted.text[i]);
	hash = hash_string(hash, options->filter);
	hash = hash_number(hash, options->direction);
	hash = hash_number(hash, options->extra_sets);
	hash = hash_number(hash, options->processes);
	hash = hash_number(hash, options->tunnels);
	return hash_number(hash, options->fragments);
}
