/* SPDX-License-Identifier: BSD-2-Clause */
#include "options_help.h"

#include "options_table.h"

#include "../outputs/output_name.h"

/* The two libraries both define struct bpf_insn. */
#define PCAP_DONT_INCLUDE_PCAP_BPF_H
#include <bpf/libbpf.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <string.h>

#define HELP_COLUMN 25
#define HELP_WIDTH  54

static const char usage[] =
	"usage: weir top   [SOURCE] [OPTIONS] [FILTER]   live view in the terminal\n"
	"       weir run   [SOURCE] [OPTIONS] [FILTER]   aggregate and write results\n"
	"       weir check [INTERFACE...] [--json]       what can be attached where\n"
	"       weir detach [INTERFACE...]               remove what --pin left\n"
	"\n"
	"Counts every packet into flows; gives windowed averages, totals and maxima.\n"
	"\n";

static const char ending[] =
	"\n"
	"FILTER is the language of tcpdump and stands after all options.\n"
	"Exit status: 0 done, 1 failed while running, 2 wrong usage, 3 --exit-over.\n"
	"\n"
	"  weir run -i eth0 -w sliding:10s/1s -o flows.json tcp port 443\n"
	"  weir run -r capture.pcap -g src,dst -n 10 -o -\n";

static void print_words(const struct option_spec *spec)
{
	char words[64];

	if (spec->id < 256)
		snprintf(words, sizeof(words), "  -%c, --%s %s", spec->id, spec->name,
			 spec->value ? spec->value : "");
	else
		snprintf(words, sizeof(words), "      --%s%s%s", spec->name,
			 spec->value && !option_value_is_optional(spec) ? " " : "",
			 spec->value ? spec->value : "");
	if (strlen(words) < HELP_COLUMN)
		printf("%-*s", HELP_COLUMN, words);
	else
		printf("%s\n%*s", words, HELP_COLUMN, "");
}

/* Breaks lines where the text does, and where the next word has no room. */
static void print_option(const struct option_spec *spec)
{
	const char *c = spec->help;
	size_t column = 0;

	print_words(spec);
	for (; *c; c++, column++) {
		bool is_full = *c == ' ' && column + 1 + strcspn(c + 1, " \n") > HELP_WIDTH;

		if (*c != '\n' && !is_full) {
			putchar(*c);
			continue;
		}
		printf("\n%*s", HELP_COLUMN, "");
		column = (size_t)-1;
	}
	putchar('\n');
}

/* The formats that -o may name; a file's end means one where it is given. */
static void print_format(const struct encoder *encoder)
{
	char words[64];

	snprintf(words, sizeof(words), "  %s:%s%s", encoder->name,
		 encoder->suffix ? " or *" : "", encoder->suffix ? encoder->suffix : "");
	printf("%-*s%s\n", HELP_COLUMN, words, encoder->about);
}

void options_print_help(void)
{
	size_t i;

	fputs(usage, stdout);
	for (i = 0; i < option_spec_count; i++)
		print_option(&option_specs[i]);
	fputs("\nFORMAT:\n", stdout);
	for (i = 0; encoders[i]; i++)
		print_format(encoders[i]);
	fputs(ending, stdout);
}

void options_print_version(void)
{
	printf("weir %s\n", WEIR_VERSION);
	printf("%s, libbpf %u.%u\n", pcap_lib_version(), libbpf_major_version(),
	       libbpf_minor_version());
}
