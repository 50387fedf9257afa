/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a run that is to outlive its agent keeps what lasts: a directory of a BPF file system for
 * what the kernel holds, and one of files for the state, the log and the outputs' journals. What
 * one start has made there is a generation; it has a number, and ends when a later one has taken
 * over what it counted.
 */
#ifndef WEIR_PIN_PLACE_H
#define WEIR_PIN_PLACE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PIN_DIRECTORY "/sys/fs/bpf/weir"

/* Starts whose takeover was cut short, one after the other, and the one that takes over. */
#define PIN_GENERATIONS_MAX 64

struct pin_place {
	char pinned[PATH_MAX];  /* of the BPF file system */
	char files[PATH_MAX];   /* of the state; beside other places' */
	int lock_fd;            /* flock on the first: one owner; -1: not held */
};

/*
 * Takes the place (directory NULL: PIN_DIRECTORY), which is made where it is missing and wanted.
 * An owner that was killed may hold it for a moment: that is waited for. 0, or a negative errno
 * that has been reported: -EBUSY where another agent holds it; -ENOENT, unreported, where it is
 * missing and not wanted.
 */
int pin_place_open(const char *directory, bool is_wanted, struct pin_place *place);

/* Only names it: nothing is taken or made. False where it is no whole path. */
bool pin_place_name(const char *directory, struct pin_place *place);

/* Whether some agent holds the place, or would; asks without taking it. */
bool pin_place_is_held(const char *directory);

/* Lets go of it; what is in there stays. */
void pin_place_close(struct pin_place *place);

/* Of a generation: where its maps are pinned; made where it is missing. 0 or negative errno. */
int pin_generation_make(const struct pin_place *place, uint64_t generation,
			char directory[PATH_MAX]);
void pin_generation_path(const struct pin_place *place, uint64_t generation,
			 char directory[PATH_MAX]);

/* Removes what it has pinned and its files. */
void pin_generation_remove(const struct pin_place *place, uint64_t generation);

/*
 * The generations there are, oldest first: of files, or of what is pinned. How many, or negative
 * errno.
 */
int pin_generations(const struct pin_place *place, uint64_t generations[PIN_GENERATIONS_MAX]);

/* The name of a file of a generation: "KIND-GENERATION" or "KIND-GENERATION-NUMBER". */
void pin_file_path(const struct pin_place *place, const char *kind, uint64_t generation,
		   char path[PATH_MAX]);
void pin_numbered_path(const struct pin_place *place, const char *kind, uint64_t generation,
		       uint64_t number, char path[PATH_MAX]);

/* Where the program of a hook of an interface is pinned. */
void pin_link_path(const struct pin_place *place, unsigned int ifindex, int side,
		   char path[PATH_MAX]);

/* Removes the pins of links but those for which keep answers true. Their number. */
typedef bool pin_keep_fn(void *context, unsigned int ifindex, int side);
size_t pin_links_prune(const struct pin_place *place, pin_keep_fn *keep, void *context);

#endif
