/* SPDX-License-Identifier: BSD-2-Clause */
#include "options_table.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/report.h"
#include "options_complete.h"

#define SPECS_MAX 32

struct verb_word {
	const char *word;
	enum verb verb;
};

static const struct verb_word verb_words[] = {
	{ "top", VERB_TOP },         { "run", VERB_RUN },           { "check", VERB_CHECK },
	{ "detach", VERB_DETACH },
	{ "help", VERB_HELP },       { "-h", VERB_HELP },           { "--help", VERB_HELP },
	{ "version", VERB_VERSION }, { "--version", VERB_VERSION }, { "-V", VERB_VERSION },
};

static int parse_verb(const char *word, enum verb *verb)
{
	size_t i;

	if (!word)
		return usage_error("a verb is missing", NULL, "top, run, check or detach");
	for (i = 0; i < sizeof(verb_words) / sizeof(verb_words[0]); i++) {
		if (!strcmp(word, verb_words[i].word)) {
			*verb = verb_words[i].verb;
			return 0;
		}
	}
	if (*word == '-')
		return usage_error(word, NULL, "first comes a verb: top, run, check or detach");
	return usage_error(word, NULL, "no such verb: top, run, check or detach");
}

/* The list in the two forms that getopt_long wants. */
struct getopt_lists {
	char letters[2 * SPECS_MAX + 3];
	struct option words[SPECS_MAX + 1];
};

/* "+": stop at the first word that is no option; check has no words of its own after them. */
/* Words that are interfaces, not a filter. */
static bool takes_interfaces(enum verb verb)
{
	return verb == VERB_CHECK || verb == VERB_DETACH;
}

static int verb_bit(enum verb verb)
{
	return verb == VERB_CHECK ? FOR_CHECK : verb == VERB_DETACH ? FOR_DETACH : FOR_STREAM;
}

static void getopt_lists_init(struct getopt_lists *lists, enum verb verb)
{
	size_t length = 0;
	size_t i;

	memset(lists, 0, sizeof(*lists));
	if (!takes_interfaces(verb))
		lists->letters[length++] = '+';
	lists->letters[length++] = ':';
	for (i = 0; i < option_spec_count && i < SPECS_MAX; i++) {
		const struct option_spec *spec = &option_specs[i];

		lists->words[i].name = spec->name;
		lists->words[i].has_arg = !spec->value ? no_argument : option_value_is_optional(spec) ?
					  optional_argument : required_argument;
		lists->words[i].val = spec->id;
		if (spec->id >= 256)
			continue;
		lists->letters[length++] = (char)spec->id;
		if (spec->value)
			lists->letters[length++] = ':';
	}
}

/* getopt_long takes the beginning of a name, where it is that of one alone. */
static bool begins_several(const char *written)
{
	size_t count = 0;

	for (size_t i = 0; i < option_spec_count; i++)
		count += !strncmp(option_specs[i].name, written + 2, strcspn(written + 2, "="));
	return !strncmp(written, "--", 2) && count > 1;
}

/* The option as the user wrote it, for what getopt_long refused. */
static int refuse_option(char **argv, int found)
{
	const struct option_spec *spec = option_spec_find(optopt);
	char letter[] = "-?";
	const char *written = argv[optind - 1];

	if (found == ':')
		return usage_error(written, NULL, "a value is missing");
	if (spec && !strncmp(written, "--", 2))
		return usage_error(written, NULL, "takes no value");
	if (!optopt)
		return usage_error(written, NULL, begins_several(written) ?
				   "the beginning of several options" : "no such option");
	letter[1] = (char)optopt;
	return usage_error(letter, NULL, "no such option");
}

static int parse_option(struct parsing *parsing, int id)
{
	const struct option_spec *spec = option_spec_find(id);
	const char *reason;
	char what[40];

	snprintf(what, sizeof(what), "--%s", spec->name);
	if (!(spec->verbs & verb_bit(parsing->options->verb)))
		return usage_error(what, optarg, "not an option of this verb");
	parsing->given[id] = true;
	reason = spec->parse(parsing, optarg);
	return reason ? usage_error(what, optarg, reason) : 0;
}

static bool is_answered(const struct options *options)
{
	return options->verb == VERB_HELP || options->verb == VERB_VERSION;
}

static int parse_options(struct parsing *parsing, int argc, char **argv)
{
	struct getopt_lists lists;
	int status = 0;
	int found;

	getopt_lists_init(&lists, parsing->options->verb);
	opterr = 0;
	optind = 0; /* glibc: start anew */
	while (!status && !is_answered(parsing->options)) {
		found = getopt_long(argc, argv, lists.letters, lists.words, NULL);
		if (found == -1)
			break;
		if (found == '?' || found == ':')
			status = refuse_option(argv, found);
		else
			status = parse_option(parsing, found);
	}
	return status;
}

/* In no filter does a word like -w or --window mean something. */
static bool looks_like_option(const char *word)
{
	if (word[0] != '-' || !word[1])
		return false;
	if (word[1] == '-')
		return word[2] != '\0';
	return !word[2] && option_spec_find(word[1]);
}

static int join_filter(struct options *options, char **words)
{
	size_t length = 1;
	size_t i;

	for (i = 0; words[i]; i++) {
		if (looks_like_option(words[i]))
			return usage_error(words[i], NULL, "options stand before the filter");
		length += strlen(words[i]) + 1;
	}
	if (!i)
		return 0;
	options->filter = calloc(1, length);
	if (!options->filter) {
		report_error("filter: out of memory");
		return EXIT_FAILED;
	}
	for (i = 0; words[i]; i++) {
		if (i)
			strcat(options->filter, " ");
		strcat(options->filter, words[i]);
	}
	return 0;
}

static int take_interfaces(struct parsing *parsing, char **words)
{
	const struct option_spec *spec = option_spec_find('i');
	const char *reason;

	for (; *words; words++) {
		reason = spec->parse(parsing, *words);
		if (reason)
			return usage_error(*words, NULL, reason);
	}
	return 0;
}

static int parse_words(struct parsing *parsing, char **words)
{
	if (takes_interfaces(parsing->options->verb))
		return take_interfaces(parsing, words);
	return join_filter(parsing->options, words);
}

int options_parse(int argc, char **argv, struct options *options)
{
	struct parsing parsing = { .options = options };
	int status;

	memset(options, 0, sizeof(*options));
	group_by_init(&options->group);
	options->words = (const char *const *)argv;
	options->word_count = (size_t)argc;
	status = parse_verb(argc > 1 ? argv[1] : NULL, &options->verb);
	if (status || is_answered(options))
		return status;
	status = parse_options(&parsing, argc - 1, argv + 1);
	if (status || is_answered(options))
		return status;
	status = parse_words(&parsing, argv + 1 + optind);
	if (!status)
		status = options_complete(&parsing);
	if (status)
		options_fini(options);
	return status;
}

void options_fini(struct options *options)
{
	for (size_t i = 0; i < OPTIONS_OUTPUTS_MAX; i++) {
		if (options->output_secrets[i])
			explicit_bzero(options->output_secrets[i],
				       strlen(options->output_secrets[i]));
		free(options->output_secrets[i]);
		options->output_secrets[i] = NULL;
	}
	free(options->filter);
	options->filter = NULL;
}
