/* SPDX-License-Identifier: BSD-2-Clause */
#include "load.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "translate.h"

#define DLT_ETHERNET  1
#define DLT_IP        12 /* DLT_RAW */
#define LOG_BYTES_MAX (1u << 20)

static int load_program(const struct ebpf_program *program, enum filter_hook hook, char *log)
{
	LIBBPF_OPTS(bpf_prog_load_opts, options, .log_buf = log,
		    .log_size = log ? LOG_BYTES_MAX : 0, .log_level = log ? 1 : 0);
	enum bpf_prog_type type = filter_hook_is_tc(hook) ? BPF_PROG_TYPE_SCHED_CLS : BPF_PROG_TYPE_XDP;

	if (type == BPF_PROG_TYPE_XDP)
		options.expected_attach_type = BPF_XDP;
	if (hook == FILTER_XDP_FRAGS)
		options.prog_flags = BPF_F_XDP_HAS_FRAGS;
	return bpf_prog_load(type, "weir_filter", "Dual BSD/GPL", program->insns, program->count,
			     &options);
}

/* The verifier's reason is the line before its statistics. */
static const char *last_words(char *log)
{
	char *statistics = strstr(log, "processed ");
	char *start;

	if (statistics)
		*statistics = '\0';
	while (*log && log[strlen(log) - 1] == '\n')
		log[strlen(log) - 1] = '\0';
	start = strrchr(log, '\n');
	return start ? start + 1 : log;
}

static void explain(const struct ebpf_program *program, enum filter_hook hook,
		    struct filter_error *error, int err)
{
	char *log = calloc(1, LOG_BYTES_MAX);
	const char *reason = strerror(-err);

	if (log && load_program(program, hook, log) < 0 && *log)
		reason = last_words(log);
	if (!*reason)
		reason = strerror(-err);
	filter_error_set(error, "the kernel refuses the filter's %zu instructions: %s",
			 program->count, reason);
	free(log);
}

int filter_load(const struct filter *filter, const struct filter_target *target,
		struct filter_error *error)
{
	struct classic_program classic = { 0 };
	struct ebpf_program program;
	int fd;

	if (filter_link_type(filter) != (target->hook == FILTER_TC_IP ? DLT_IP : DLT_ETHERNET)) {
		filter_error_set(error, "it was compiled for another link than is filtered there");
		return -EOPNOTSUPP;
	}
	classic.insns = filter_classic(filter, &classic.count);
	fd = classic_translate(&classic, target, &program, error);
	if (fd)
		return fd;
	fd = load_program(&program, target->hook, NULL);
	if (fd < 0)
		explain(&program, target->hook, error, fd);
	ebpf_program_fini(&program);
	return fd;
}
