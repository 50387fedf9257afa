/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A run that is to outlive its agent (README.md): the place it holds, its own generation, those
 * that it takes over.
 */
#ifndef WEIR_PIN_H
#define WEIR_PIN_H

#include "pin_log.h"
#include "pin_state.h"

struct pin_settings {
	const char *directory;    /* NULL: PIN_DIRECTORY */
	const char *const *words; /* of the command line; they are copied */
	size_t word_count;
	uint64_t meaning;         /* pin_state.meaning */
	uint64_t run;
	uint64_t pane_ns;
	bool is_aligned;
	uint64_t longest_ns;      /* pin_log_settings.longest_ns */
};

struct pin {
	struct pin_place place;
	struct pin_state state;   /* of this generation */
	struct pin_log *log;      /* NULL until banks are pinned */
	uint64_t longest_ns;
	uint64_t old[PIN_GENERATIONS_MAX];
	int old_count;            /* generations that are not taken over yet */
	bool has_failed;          /* to log a pane, which has been told */
};

/*
 * Takes the place and looks at what is there. 0, or a negative errno that has been reported: where
 * another agent holds it, or what is there cannot be taken over by a run of these settings.
 */
int pin_open(const struct pin_settings *settings, struct pin **pin);

/* Lets go. What counts goes on counting. Accepts NULL. */
void pin_close(struct pin *pin);

/*
 * Makes the generation's directory and says how its banks are laid out. 0, or a negative errno
 * that has been reported.
 */
int pin_begin(struct pin *pin, const struct bank_geometry *geometry, char directory[PATH_MAX]);

/* Says which interfaces its links are; writes the state where that is news. 0 or negative errno. */
int pin_set_links(struct pin *pin, const struct pin_state_link *links, size_t count);

/*
 * All that this generation logged has been told: what is kept is up to when it did, and what the
 * interfaces had counted then. 0 or negative errno.
 */
int pin_finish(struct pin *pin, uint64_t ended_ns, int64_t ended_offset_ns);

/* Takes the files of a generation away but for its state. */
void pin_forget_log(const struct pin_place *place, uint64_t generation);

#endif
