/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The options of the command line as one list: parsing, checks and --help come from it.
 */
#ifndef WEIR_OPTIONS_TABLE_H
#define WEIR_OPTIONS_TABLE_H

#include "options.h"

/* Values of options without a letter. */
enum { OPTION_SLOTS = 256, OPTION_MAX_FLOWS, OPTION_SPEED, OPTION_JSON,
       OPTION_ALIGN, OPTION_EXIT_OVER, OPTION_TCP, OPTION_HOST, OPTION_ONCE, OPTION_PROCESSES, OPTION_PIN,
       OPTION_TUNNELS, OPTION_FRAGMENTS, OPTION_IDS_MAX };

/* What is parsed so far, besides the options themselves. */
struct parsing {
	struct options *options;
	uint64_t wanted_pane_ns;    /* -p; 0: not given */
	const char *pane_text;      /* as the user wrote it */
	const char *window_text;    /* the last -w */
	bool given[OPTION_IDS_MAX]; /* by option_spec.id */
};

enum { FOR_STREAM = 1, FOR_CHECK = 2, FOR_ALL = 3, FOR_DETACH = 4, FOR_EVERY = 7 };

struct option_spec {
	int id;              /* the letter, or one of OPTION_* */
	const char *name;
	const char *value;   /* its name in the help; NULL: takes none; "[=...": or none */
	int verbs;
	/* NULL, or what is wrong with the value, NULL where none was given: static text. */
	const char *(*parse)(struct parsing *parsing, const char *value);
	const char *help;    /* broken where it is too wide; "of WORD WORD" are what may be
			      * named, which the completion reads */
};

/* Whether its value may be left out. */
static inline bool option_value_is_optional(const struct option_spec *spec)
{
	return spec->value && spec->value[0] == '[' && spec->value[1] == '=';
}

extern const struct option_spec option_specs[];
extern const size_t option_spec_count;

/* What --sort takes where no extra measures are asked for. */
#define SORT_AS_WORD(id, word) " " word
#define SORT_WORDS             SORT_FIELDS(SORT_AS_WORD)

/* The option of this id, or NULL. */
const struct option_spec *option_spec_find(int id);

/* The words of enum direction, enum attach_how and enum sort_field, as the user writes them. */
const char *direction_name(enum direction direction);
const char *attach_how_name(enum attach_how how);
const char *sort_field_name(enum sort_field field);

#endif
