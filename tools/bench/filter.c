/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a filter adds to a packet in the kernel, beyond an empty program, accepted and
 * rejected: BPF_PROG_TEST_RUN with targets that only return. All of it from one run, in turns
 * that are short enough to fit between two interruptions; the mean of the best quarter, as the
 * kernel tells whole nanoseconds. Compare the figures with that of the empty program.
 */
#include <stdio.h>
#include <stdlib.h>

#include "../../tests/filter/hook.h"

#define ROUNDS       80
#define REPEAT       20000
#define HOSTS        100
#define FRAME_BYTES  64
#define DLT_ETHERNET 1

struct candidate {
	const char *name;
	const char *expression; /* NULL: an empty program */
	uint8_t frame[FRAME_BYTES];
	int fd;
	uint32_t turns_ns[ROUNDS];
	double best_ns;
};

static char host_list[HOSTS * 32];

#define TCP_FRAME { [12] = 0x08, [14] = 0x45, [17] = 50, [23] = 6, [26] = 10, [30] = 10, \
		    [34] = 0x80, [36] = 0x01, [37] = 0xbb }
#define SSH_FRAME { [12] = 0x08, [14] = 0x45, [17] = 50, [23] = 6, [26] = 10, [30] = 10, \
		    [34] = 0x80, [37] = 22 }
#define LAST_HOST_FRAME { [12] = 0x08, [14] = 0x45, [17] = 50, [23] = 6, [26] = 10, [29] = HOSTS }
#define TAGGED_FRAME { [12] = 0x81, [15] = 5, [16] = 0x86, [17] = 0xdd, [18] = 0x60 }

static const struct candidate candidates[] = {
	{ .name = "empty program", .frame = TCP_FRAME },
	{ "no condition", "", TCP_FRAME, -1, { 0 }, 0 },
	{ "tcp port 443, accepted", "tcp port 443", TCP_FRAME, -1, { 0 }, 0 },
	{ "tcp port 443, rejected", "tcp port 443", SSH_FRAME, -1, { 0 }, 0 },
	{ "100 hosts, accepted by the last", host_list, LAST_HOST_FRAME, -1, { 0 }, 0 },
	{ "100 hosts, rejected", host_list, TCP_FRAME, -1, { 0 }, 0 },
	{ "vlan and ip6, accepted", "vlan and ip6", TAGGED_FRAME, -1, { 0 }, 0 },
	{ "vlan and ip6, rejected", "vlan and ip6", TCP_FRAME, -1, { 0 }, 0 },
};

#define CANDIDATES (sizeof(candidates) / sizeof(candidates[0]))

static void write_host_list(void)
{
	char *at = host_list;

	for (int i = 1; i <= HOSTS; i++)
		at += sprintf(at, "%shost 10.0.0.%d", i > 1 ? " or " : "", i);
}

static int load_empty(const struct hook *hook)
{
	struct bpf_insn insns[] = { alu64_imm(BPF_MOV, BPF_REG_0, XDP_PASS),
				    insn_make(BPF_JMP | BPF_EXIT, 0, 0, 0) };

	return hook_load(hook->target.hook, insns, 2);
}

static int load_candidate(const struct hook *hook, const char *expression)
{
	struct filter_link link = { .type = DLT_ETHERNET, .is_live = true };
	struct filter_error error = { .text = "no memory" };
	struct filter *filter;
	int fd = -1;

	if (!expression)
		return load_empty(hook);
	if (!filter_compile(expression, &link, &filter, &error)) {
		fd = filter_load(filter, &hook->target, &error);
		filter_close(filter);
	}
	if (fd < 0)
		fprintf(stderr, "bench: %s: %s\n", expression, error.text);
	return fd;
}

/* By the kernel's own watch: to set up an XDP test run takes longer than the run. */
static uint32_t run_ns(const struct candidate *c)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = c->frame,
		    .data_size_in = sizeof(c->frame), .repeat = REPEAT);

	return bpf_prog_test_run_opts(c->fd, &options) ? UINT32_MAX : options.duration;
}

static int compare_ns(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double best_quarter(uint32_t *turns_ns)
{
	double sum = 0;

	qsort(turns_ns, ROUNDS, sizeof(*turns_ns), compare_ns);
	for (int i = 0; i < ROUNDS / 4; i++)
		sum += turns_ns[i];
	return sum / (ROUNDS / 4);
}

static void measure(struct candidate *all)
{
	for (int round = 0; round < ROUNDS; round++)
		for (size_t i = 0; i < CANDIDATES; i++)
			all[i].turns_ns[round] = run_ns(&all[i]);
	for (size_t i = 0; i < CANDIDATES; i++)
		all[i].best_ns = best_quarter(all[i].turns_ns);
}

static void print(const struct candidate *all, const char *hook)
{
	printf("%s: an empty program takes %.1f ns\n", hook, all[0].best_ns);
	printf("  %-34s %8s %10s\n", "filter", "adds ns", "of empty");
	for (size_t i = 1; i < CANDIDATES; i++) {
		double added_ns = all[i].best_ns - all[0].best_ns;

		printf("  %-34s %8.1f %10.2f\n", all[i].name, added_ns,
		       added_ns / all[0].best_ns);
	}
}

static int bench(enum filter_hook which, const char *name)
{
	struct candidate all[CANDIDATES];
	struct hook hook;
	int err = hook_open(&hook, which);

	if (err) {
		fprintf(stderr, "bench: %s: %s\n", name, strerror(-err));
		return err;
	}
	memcpy(all, candidates, sizeof(all));
	for (size_t i = 0; i < CANDIDATES && !err; i++) {
		all[i].fd = load_candidate(&hook, all[i].expression);
		err = all[i].fd < 0 ? all[i].fd : 0;
	}
	if (!err) {
		measure(all);
		print(all, name);
	}
	for (size_t i = 0; i < CANDIDATES && !err; i++)
		close(all[i].fd);
	hook_close(&hook);
	return err;
}

int main(void)
{
	write_host_list();
	return bench(FILTER_XDP, "xdp") || bench(FILTER_TC, "tc");
}
