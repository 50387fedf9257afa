/* SPDX-License-Identifier: BSD-2-Clause */
#include <bpf/libbpf.h>

#include "check/check.h"
#include "options.h"
#include "report.h"
#include "run.h"
#include "terminal/top.h"

/* libbpf's own words are for developers: weir says what failed, -v shows the rest. */
static int print_libbpf(enum libbpf_print_level level, const char *format, va_list arguments)
{
	char line[1024];

	if (level == LIBBPF_DEBUG)
		return 0;
	vsnprintf(line, sizeof(line), format, arguments);
	report_verbose("%s", line);
	return 0;
}

static int verb_run(const struct options *options)
{
	switch (options->verb) {
	case VERB_HELP:
		options_print_help();
		return EXIT_DONE;
	case VERB_VERSION:
		options_print_version();
		return EXIT_DONE;
	case VERB_CHECK:
		return check_run(options);
	case VERB_TOP:
		return top_run(options);
	default:
		return run_run(options);
	}
}

int main(int argc, char **argv)
{
	struct options options;
	int status = options_parse(argc, argv, &options);

	if (status)
		return status;
	if (options.quiet || options.verbose)
		report_set_level(options.quiet ? REPORT_QUIET : REPORT_VERBOSE);
	libbpf_set_print(print_libbpf);
	status = verb_run(&options);
	options_fini(&options);
	return status;
}
