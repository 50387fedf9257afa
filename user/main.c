/* SPDX-License-Identifier: BSD-2-Clause */
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check/check.h"
#include "cli/options.h"
#include "base/report.h"
#include "cli/options_help.h"
#include "cli/detach.h"
#include "cli/run.h"
#include "top/top.h"

/* libbpf's own words are for developers: weir says what failed, -v shows the rest. */
static int print_libbpf(enum libbpf_print_level level, const char *format, va_list arguments)
{
	char *text, *line, *rest;

	if (level == LIBBPF_DEBUG || vasprintf(&text, format, arguments) < 0)
		return 0;
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		report_verbose("%s", line);
	free(text);
	return 0;
}

/*
 * A standard stream that is closed would be given to the next file opened, and what is meant for
 * the stream would go in there. Its place is taken by one that fails as a closed one does.
 */
static bool standard_streams_fill(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		int flags = fd == STDIN_FILENO ? O_WRONLY : O_RDONLY;

		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", flags) != fd)
			return false;
	}
	return true;
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
	case VERB_DETACH:
		return detach_run(options);
	case VERB_TOP:
		return top_run(options);
	default:
		return run_run(options);
	}
}

int main(int argc, char **argv)
{
	struct options options;
	int status;

	if (!standard_streams_fill())
		return EXIT_FAILED;
	status = options_parse(argc, argv, &options);
	if (status)
		return status;
	if (options.quiet || options.verbose)
		report_set_level(options.quiet ? REPORT_QUIET : REPORT_VERBOSE);
	libbpf_set_print(print_libbpf);
	status = verb_run(&options);
	options_fini(&options);
	return status;
}
