/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/patience.h"
#include "diagnose.h"
#include "filter.h"

/* What tcpdump asks for: enough that no packet is cut by the filter. */
#define SNAPSHOT_LEN 262144

#define SAVEFILE_HEADER_BYTES 24

struct filter {
	struct bpf_program program;
	int link_type;
};

_Static_assert(sizeof(struct classic_insn) == sizeof(struct bpf_insn) &&
	       offsetof(struct classic_insn, jt) == offsetof(struct bpf_insn, jt) &&
	       offsetof(struct classic_insn, jf) == offsetof(struct bpf_insn, jf) &&
	       offsetof(struct classic_insn, k) == offsetof(struct bpf_insn, k),
	       "classic_insn is libpcap's bpf_insn");

static void swap_bytes(uint8_t *bytes, size_t count)
{
	for (size_t i = 0; i < count / 2; i++) {
		uint8_t byte = bytes[i];

		bytes[i] = bytes[count - 1 - i];
		bytes[count - 1 - i] = byte;
	}
}

/* As a machine of the other byte order writes it: magic, version in halves, four words. */
static void swap_header(uint8_t header[SAVEFILE_HEADER_BYTES])
{
	static const uint8_t field_bytes[] = { 4, 2, 2, 4, 4, 4, 4 };
	size_t at = 0;

	for (size_t i = 0; i < sizeof(field_bytes); i++) {
		swap_bytes(header + at, field_bytes[i]);
		at += field_bytes[i];
	}
}

static int write_header(pcap_t *dead, uint8_t header[SAVEFILE_HEADER_BYTES])
{
	FILE *file = fmemopen(header, SAVEFILE_HEADER_BYTES, "w");
	pcap_dumper_t *dumper = file ? pcap_dump_fopen(dead, file) : NULL;

	if (!dumper)
		return file ? -EINVAL : -ENOMEM;
	pcap_dump_close(dumper);
	return 0;
}

/*
 * The handle of an empty savefile: what an expression means in it differs from what it means
 * on a handle without any source (loopback headers of the other byte order, inbound).
 */
static pcap_t *open_savefile(const struct filter_link *link)
{
	uint8_t header[SAVEFILE_HEADER_BYTES];
	pcap_t *dead = pcap_open_dead(link->type, SNAPSHOT_LEN);
	char text[PCAP_ERRBUF_SIZE];
	FILE *file;
	pcap_t *pcap;

	if (!dead || write_header(dead, header))
		return dead;
	if (link->is_swapped)
		swap_header(header);
	file = fmemopen(header, sizeof(header), "r");
	pcap = file ? pcap_fopen_offline(file, text) : NULL;
	if (pcap) {
		pcap_close(dead);
		return pcap;
	}
	if (file)
		(void)fclose(file);
	return dead;
}

/* A frame does not tell which way it went: the hook does, and --direction chooses it. */
static void explain(struct filter_error *error, pcap_t *pcap, const char *expression,
		    const struct filter_link *link)
{
	const char *message = pcap_geterr(pcap);
	bool is_direction = link->is_live && strstr(message, "inbound/outbound not supported");

	if (is_direction)
		filter_error_set(error, "inbound and outbound are not part of a frame: choose with "
					"--direction in or --direction out");
	else
		filter_error_set(error, "%s", message);
	error->column = filter_error_find_column(pcap, expression, error->text);
}

static int compile(struct filter *f, const char *expression, const struct filter_link *link,
		   struct filter_error *error)
{
	pcap_t *pcap = open_savefile(link);
	int err = 0;

	filter_error_set(error, "%s", strerror(ENOMEM));
	if (!pcap)
		return -ENOMEM;
	f->link_type = link->type;
	errno = 0;
	if (pcap_compile(pcap, &f->program, expression, 1, link->netmask)) {
		/* libpcap tells what it lacked memory for among errors of the expression. */
		err = errno == ENOMEM ? -ENOMEM : -EINVAL;
		explain(error, pcap, expression, link);
	}
	pcap_close(pcap);
	return err;
}

/* What is compiled by a thread of its own, for names in it may take long to look up. */
struct compilation {
	struct filter *filter;
	char *expression;
	struct filter_link link;
	struct filter_error error;
	int err;
};

static void compilation_free(struct compilation *job)
{
	if (!job)
		return;
	filter_close(job->filter);
	free(job->expression);
	free(job);
}

static struct compilation *compilation_create(const char *expression,
					      const struct filter_link *link)
{
	struct compilation *job = calloc(1, sizeof(*job));

	if (!job)
		return NULL;
	job->link = *link;
	job->expression = strdup(expression);
	job->filter = calloc(1, sizeof(*job->filter));
	if (job->expression && job->filter)
		return job;
	compilation_free(job);
	return NULL;
}

static void compilation_work(void *context)
{
	struct compilation *job = context;

	job->err = compile(job->filter, job->expression, &job->link, &job->error);
}

static void compilation_release(void *context)
{
	compilation_free(context);
}

int filter_compile(const char *expression, const struct filter_link *link,
		   struct filter **filter, struct filter_error *error)
{
	struct compilation *job = compilation_create(expression, link);
	int err;

	*filter = NULL;
	filter_error_set(error, "%s", strerror(ENOMEM));
	if (!job)
		return -ENOMEM;
	err = patience_run(compilation_work, compilation_release, job,
			   "the answer about a name in the filter");
	if (err) {
		filter_error_set(error, "a name in it was looked up: %s", patience_reason(err));
		return err;
	}
	err = job->err;
	*error = job->error;
	if (!err) {
		*filter = job->filter;
		job->filter = NULL;
	}
	compilation_free(job);
	return err;
}

void filter_close(struct filter *filter)
{
	if (!filter)
		return;
	pcap_freecode(&filter->program);
	free(filter);
}

bool filter_matches(const struct filter *filter, const uint8_t *packet, uint32_t captured,
		    uint32_t wire_len)
{
	return bpf_filter(filter->program.bf_insns, packet, wire_len, captured) != 0;
}

const struct classic_insn *filter_classic(const struct filter *filter, size_t *count)
{
	*count = filter->program.bf_len;
	return (const struct classic_insn *)filter->program.bf_insns;
}

int filter_link_type(const struct filter *filter)
{
	return filter->link_type;
}
