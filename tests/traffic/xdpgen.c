/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A generator of millions of packets a second on one core: XDP live frames (BPF_PROG_TEST_RUN),
 * redirected to an interface, so that they arrive at its veth peer. Prints one line of JSON.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <getopt.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <net/if.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/traffic/xdpgen.skel.h"

#define FRAME_MAX 1514u
#define NS_IN_S   1000000000ull

struct settings {
	uint32_t ifindex;
	uint64_t packets, flows, steady, every, length, batch;
};

struct template {
	struct ethhdr eth;
	struct iphdr ip;
	struct udphdr udp;
	uint8_t payload[FRAME_MAX];
} __attribute__((packed));

struct cost {
	uint64_t elapsed_ns;
	uint64_t cpu_ns; /* receiving included: the veth's soft interrupts run in this thread */
};

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * NS_IN_S + (uint64_t)t.tv_nsec;
}

static uint16_t ip_checksum(const uint8_t *bytes)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < sizeof(struct iphdr); i += 2)
		sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~(sum + (sum >> 16)));
}

/* Source address and identification are 0 here; the program sets both so that they cancel. */
static void template_fill(struct template *t, uint64_t length)
{
	static const uint8_t target[] = { 2, 0, 0, 0, 0xee, 0xee };
	static const uint8_t source[] = { 2, 0, 0, 0, 0, 0xaa };
	uint16_t ip_length = (uint16_t)(length - sizeof(t->eth));

	memset(t, 0, sizeof(*t));
	memcpy(t->eth.h_dest, target, sizeof(target));
	memcpy(t->eth.h_source, source, sizeof(source));
	t->eth.h_proto = htons(ETH_P_IP);
	t->ip.version = 4;
	t->ip.ihl = 5;
	t->ip.ttl = 64;
	t->ip.protocol = IPPROTO_UDP;
	t->ip.tot_len = htons(ip_length);
	t->ip.daddr = htonl(0xc6120001); /* 198.18.0.1, for benchmarks (RFC 2544) */
	t->ip.check = ip_checksum((const uint8_t *)t + sizeof(t->eth));
	t->udp.dest = htons(9);
	t->udp.len = htons((uint16_t)(ip_length - sizeof(t->ip)));
}

/* One system call for all of them: each takes tens of milliseconds to set up and tear down. */
static int send_all(int fd, const struct settings *s, struct cost *cost)
{
	struct xdp_md context = { .data_end = (uint32_t)s->length };
	struct template frame;
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = &frame,
		    .data_size_in = (uint32_t)s->length, .ctx_in = &context,
		    .ctx_size_in = sizeof(context), .repeat = (int)s->packets,
		    .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = (uint32_t)s->batch);
	uint64_t begin_ns = clock_ns(CLOCK_MONOTONIC);
	uint64_t cpu_begin_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	int err;

	template_fill(&frame, s->length);
	err = bpf_prog_test_run_opts(fd, &options);
	cost->elapsed_ns = clock_ns(CLOCK_MONOTONIC) - begin_ns;
	cost->cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu_begin_ns;
	return err;
}

static int fail(const char *what, int err)
{
	fprintf(stderr, "xdpgen: %s: %s\n", what, strerror(-err));
	return 1;
}

static int run_send(struct xdpgen_bpf *skel, const struct settings *s)
{
	struct cost cost;
	double sent;
	int err;

	skel->rodata->target_ifindex = s->ifindex;
	skel->rodata->flow_count = s->flows;
	skel->rodata->steady_count = (uint32_t)s->steady;
	skel->rodata->steady_every = s->steady ? (uint32_t)s->every : 0;
	err = xdpgen_bpf__load(skel);
	if (err)
		return fail("load", err);
	err = send_all(bpf_program__fd(skel->progs.generate), s, &cost);
	if (err)
		return fail("send live frames", err);
	sent = (double)skel->bss->frames_made;
	printf("{\"sent\": %llu, \"steady\": %llu, \"rate\": %.0f, \"cpu_ns_each\": %.1f}\n",
	       (unsigned long long)skel->bss->frames_made,
	       (unsigned long long)skel->bss->steady_made,
	       sent * NS_IN_S / (double)cost.elapsed_ns, (double)cost.cpu_ns / sent);
	return 0;
}

/* Passes until a signal or the end of standard input. */
static int run_pass(struct xdpgen_bpf *skel, uint32_t ifindex)
{
	struct bpf_link *link;
	int err = xdpgen_bpf__load(skel);

	if (err)
		return fail("load", err);
	link = bpf_program__attach_xdp(skel->progs.pass, (int)ifindex);
	if (!link)
		return fail("attach", -errno);
	printf("passing\n");
	fflush(stdout);
	while (getchar() != EOF)
		;
	bpf_link__destroy(link);
	return 0;
}

static int usage(void)
{
	fputs("usage: xdpgen pass INTERFACE\n"
	      "       xdpgen send INTERFACE [-n PACKETS] [-f FLOWS] [-s STEADY -e EVERY]\n"
	      "                   [-l LENGTH] [-b BATCH]\n"
	      "FLOWS 0 makes each packet a flow of its own; every EVERY-th packet belongs to one\n"
	      "of STEADY flows in turn.\n", stderr);
	return 2;
}

static int settings_parse(int argc, char **argv, struct settings *s)
{
	static const char letters[] = "nfselb";
	uint64_t *const fields[] = { &s->packets, &s->flows, &s->steady,
				     &s->every,   &s->length, &s->batch };
	int option;

	while ((option = getopt(argc, argv, "n:f:s:e:l:b:")) != -1) {
		if (option == '?')
			return -EINVAL;
		*fields[strchr(letters, option) - letters] = strtoull(optarg, NULL, 10);
	}
	if (s->packets == 0 || s->packets > INT32_MAX)
		return -EINVAL;
	if (s->length < sizeof(struct template) - FRAME_MAX || s->length > FRAME_MAX)
		return -EINVAL;
	return s->steady && !s->every ? -EINVAL : 0;
}

int main(int argc, char **argv)
{
	struct settings s = { .packets = 1000000, .flows = 1, .length = 60, .batch = 64 };
	bool is_send = argc > 2 && !strcmp(argv[1], "send");
	struct xdpgen_bpf *skel;
	int status;

	if (argc < 3 || (!is_send && strcmp(argv[1], "pass")) ||
	    settings_parse(argc - 2, argv + 2, &s))
		return usage();
	s.ifindex = if_nametoindex(argv[2]);
	if (!s.ifindex)
		return fail(argv[2], -errno);
	skel = xdpgen_bpf__open();
	if (!skel)
		return fail("open", -errno);
	status = is_send ? run_send(skel, &s) : run_pass(skel, s.ifindex);
	xdpgen_bpf__destroy(skel);
	return status;
}
