/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * matches WAY[:FRAMES] FILE... - reads expressions, one a line, and prints for each and each
 * capture which frames (of its first FRAMES) it matches:
 *
 *     LINE <tab> FILE <tab> FRAME FRAME ...    or    LINE <tab> FILE <tab> error <tab> TEXT
 *
 * WAY is links (prints FILE <tab> DLT), replay (any link type), or how Ethernet frames are
 * handed to the program that would be attached: xdp, xdp-frags (short linear part), tc,
 * tc-beside (outer tag beside the frame).
 * A frame that a test run cannot express is printed as ?FRAME, one whose test run fails as
 * !FRAME. A line `#CODE JT JF K;...` is a classic program in place of an expression.
 */
#define PCAP_DONT_INCLUDE_PCAP_BPF_H /* its struct bpf_insn is not that of linux/bpf.h */
#include <pcap.h>
#include <stdio.h>
#include <stdlib.h>

#include "hook.h"
#include "../../user/filter/translate.h"

#define LINE_BYTES_MAX (1u << 20)
#define RAW_INSNS_MAX  4096

/* Of libpcap, whose header clashes with linux/bpf.h. */
unsigned int bpf_filter(const struct classic_insn *insns, const uint8_t *packet,
			unsigned int wire_len, unsigned int captured);

struct frame {
	uint8_t *data;
	uint32_t captured, wire_len;
};

struct capture {
	const char *name;
	int link_type;
	bool is_swapped;
	struct frame *frames;
	size_t count;
};

struct way {
	const char *name;
	bool is_live, is_beside;
	enum filter_hook hook;
	uint32_t linear_bytes;
};

static const struct way ways[] = {
	{ "links", false, false, 0, 0 },
	{ "replay", false, false, 0, 0 },
	{ "xdp", true, false, FILTER_XDP, 0 },
	{ "xdp-frags", true, false, FILTER_XDP_FRAGS, 20 },
	{ "tc", true, false, FILTER_TC, 0 },
	{ "tc-beside", true, true, FILTER_TC, 0 },
};

static void fail(const char *what, const char *why)
{
	fprintf(stderr, "matches: %s: %s\n", what, why);
	exit(1);
}

static void capture_add(struct capture *capture, const struct pcap_pkthdr *header,
			const uint8_t *data)
{
	struct frame *frame;

	capture->frames = reallocarray(capture->frames, capture->count + 1,
				       sizeof(*capture->frames));
	if (!capture->frames)
		fail(capture->name, strerror(ENOMEM));
	frame = &capture->frames[capture->count++];
	/* In a heap block of its own, so that a sanitizer sees reads past its end. */
	*frame = (struct frame){ malloc(header->caplen), header->caplen, header->len };
	memcpy(frame->data, data, header->caplen);
}

static void capture_read(struct capture *capture, const char *name, size_t frames_max)
{
	char text[PCAP_ERRBUF_SIZE];
	pcap_t *pcap = pcap_open_offline(name, text);
	struct pcap_pkthdr *header;
	const uint8_t *data;

	if (!pcap)
		fail(name, text);
	*capture = (struct capture){ .name = name, .link_type = pcap_datalink(pcap),
				     .is_swapped = pcap_is_swapped(pcap) };
	while (capture->count < frames_max && pcap_next_ex(pcap, &header, &data) == 1)
		capture_add(capture, header, data);
	pcap_close(pcap);
}

static void print_hook_frames(const struct way *way, const struct hook *hook, int fd,
			      const struct capture *capture)
{
	for (size_t i = 0; i < capture->count; i++) {
		const struct frame *frame = &capture->frames[i];
		struct hook_packet packet = { frame->data, frame->captured, way->linear_bytes };
		int verdict;

		if (frame->captured != frame->wire_len || !hook_takes(hook, &packet)) {
			printf(" ?%zu", i + 1);
			continue;
		}
		verdict = (way->is_beside ? hook_run_tag_beside : hook_run)(hook, fd, &packet);
		if (verdict == HOOK_ACCEPTED)
			printf(" %zu", i + 1);
		else if (verdict != HOOK_REJECTED)
			printf(" !%zu(%d)", i + 1, verdict);
	}
}

static void print_replay_frames(const struct filter *filter, const struct capture *capture)
{
	for (size_t i = 0; i < capture->count; i++) {
		const struct frame *frame = &capture->frames[i];

		if (filter_matches(filter, frame->data, frame->captured, frame->wire_len))
			printf(" %zu", i + 1);
	}
}

static void print_raw_frames(const struct classic_insn *insns, const struct capture *capture)
{
	for (size_t i = 0; i < capture->count; i++) {
		const struct frame *frame = &capture->frames[i];

		if (bpf_filter(insns, frame->data, frame->wire_len, frame->captured))
			printf(" %zu", i + 1);
	}
}

static void try_raw(const struct way *way, const struct hook *hook, const char *text,
		    const struct capture *capture)
{
	static struct classic_insn insns[RAW_INSNS_MAX];
	struct classic_program classic = { insns, 0 };
	struct classic_insn insn;
	struct ebpf_program program;
	struct filter_error error;
	int fd;

	while (classic.count < RAW_INSNS_MAX && text &&
	       sscanf(text + 1, "%hu %hhu %hhu %u", &insn.code, &insn.jt, &insn.jf, &insn.k) == 4) {
		insns[classic.count++] = insn;
		text = strchr(text + 1, ';');
	}
	if (!way->is_live) {
		print_raw_frames(insns, capture);
		return;
	}
	if (classic_translate(&classic, &hook->target, &program, &error)) {
		printf("error\t%s", error.text);
		return;
	}
	fd = hook_load(way->hook, program.insns, program.count);
	ebpf_program_fini(&program);
	if (fd < 0)
		printf("error\tnot loaded: %s", strerror(-fd));
	else
		print_hook_frames(way, hook, fd, capture);
	close(fd);
}

static void print_matches(const struct way *way, const struct hook *hook,
			  const struct filter *filter, const struct capture *capture)
{
	struct filter_error error;
	int fd;

	if (!way->is_live) {
		print_replay_frames(filter, capture);
		return;
	}
	fd = filter_load(filter, &hook->target, &error);
	if (fd < 0) {
		printf("error\t%s", error.text);
		return;
	}
	print_hook_frames(way, hook, fd, capture);
	close(fd);
}

static void try_expression(const struct way *way, const struct hook *hook, const char *expression,
			   const struct capture *capture)
{
	struct filter_link link = { capture->link_type, 0, way->is_live, capture->is_swapped };
	struct filter_error error;
	struct filter *filter;

	if (filter_compile(expression, &link, &filter, &error)) {
		printf("error\t%s", error.text);
		return;
	}
	print_matches(way, hook, filter, capture);
	filter_close(filter);
}

static void try_expressions(const struct way *way, const struct hook *hook,
			    const struct capture *captures, size_t count)
{
	static char line[LINE_BYTES_MAX];

	for (size_t number = 0; fgets(line, sizeof(line), stdin); number++) {
		line[strcspn(line, "\n")] = '\0';
		for (size_t i = 0; i < count; i++) {
			printf("%zu\t%s\t", number, captures[i].name);
			(*line == '#' ? try_raw : try_expression)(way, hook, line, &captures[i]);
			putchar('\n');
		}
	}
}

static const struct way *way_find(const char *name)
{
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (strlen(ways[i].name) == strcspn(name, ":") &&
		    !strncmp(ways[i].name, name, strlen(ways[i].name)))
			return &ways[i];
	}
	fail(name, "no such way");
	return NULL;
}

static void print_links(const struct capture *captures, size_t count)
{
	for (size_t i = 0; i < count; i++)
		printf("%s\t%d\n", captures[i].name, captures[i].link_type);
}

static void captures_free(struct capture *captures, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < captures[i].count; j++)
			free(captures[i].frames[j].data);
		free(captures[i].frames);
	}
	free(captures);
}

int main(int argc, char **argv)
{
	const char *limit = argc > 2 ? strchr(argv[1], ':') : NULL;
	const struct way *way = argc > 2 ? way_find(argv[1]) : NULL;
	size_t count = (size_t)argc - 2, frames_max = SIZE_MAX;
	struct capture *captures;
	struct hook hook = { .target = { 0, -1 }, .wrapper_fd = -1, .wrapper_array_fd = -1 };
	int err;

	if (!way)
		fail("usage", "matches WAY[:FRAMES] FILE...");
	if (limit)
		frames_max = strtoul(limit + 1, NULL, 10);
	captures = calloc(count, sizeof(*captures));
	for (size_t i = 0; i < count; i++)
		capture_read(&captures[i], argv[2 + i], frames_max);
	err = way->is_live ? hook_open(&hook, way->hook) : 0;
	if (err)
		fail(way->name, strerror(-err));
	if (strcmp(way->name, "links"))
		try_expressions(way, &hook, captures, count);
	else
		print_links(captures, count);
	hook_close(&hook);
	captures_free(captures, count);
	return 0;
}
