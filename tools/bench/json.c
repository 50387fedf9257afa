/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How many flows a second leave as JSON: to memory that is thrown away, to a *.ndjson, and to a
 * *.json with its flush to the disk. Beside them write(2) alone, of as many bytes. Best of five.
 *
 *     bench-json [DIRECTORY]      where the files go; the current one, removed afterwards
 */
#include <unistd.h>

#include "../../user/outputs/json.h"
#include "../../user/outputs/sink.h"
#include "window_bench.h"

/* Nanoseconds of one document, or 0 after a failure. */
static uint64_t write_to_memory(struct bench *bench, const char *name)
{
	const struct sink_stats stats = { 0 };
	const struct encoding encoding = { &bench->context, &bench->result, &stats };
	struct text text = { .drain = count_bytes, .drain_context = &bench->bytes };
	uint64_t start_ns = now_ns();
	int err;

	(void)name;
	bench->bytes = 0;
	err = json_document(&text, &encoding, false);
	if (!err)
		err = text_flush(&text);
	text_fini(&text);
	return err ? 0 : now_ns() - start_ns;
}

static uint64_t write_to_sink(struct bench *bench, const char *name)
{
	const struct sink_config config = { .name = name, .window_count = 1 };
	const char *reason = NULL;
	struct sink *sink;
	uint64_t spent_ns = 0;

	if (sink_open(&config, &sink, &reason))
		return 0;
	if (!sink_write(sink, &bench->context, &bench->result))
		spent_ns = sink_stats(sink)->last_ns;
	sink_close(sink, NULL);
	unlink(name);
	return spent_ns;
}

/* The floor: the same bytes from one chunk that is there already. */
static uint64_t write_bytes_alone(struct bench *bench, const char *name)
{
	static const char chunk[TEXT_CHUNK_BYTES];
	FILE *file = fopen(name, "w");
	uint64_t start_ns = now_ns();
	uint64_t spent_ns;
	uint64_t left = bench->bytes;

	if (!file)
		return 0;
	while (left) {
		size_t part = left < sizeof(chunk) ? (size_t)left : sizeof(chunk);

		if (write(fileno(file), chunk, part) != (ssize_t)part)
			break;
		left -= part;
	}
	spent_ns = now_ns() - start_ns;
	fclose(file);
	unlink(name);
	return left ? 0 : spent_ns;
}

int main(int argc, char **argv)
{
	static const struct way ways[] = {
		{ "text, thrown away", NULL, write_to_memory },
		{ "*.ndjson", "weir-bench.ndjson", write_to_sink },
		{ "*.json, flushed, renamed", "weir-bench.json", write_to_sink },
		{ "write(2) alone", "weir-bench.bytes", write_bytes_alone },
	};
	struct bench bench = { 0 };
	size_t i;
	int status = 0;

	if ((argc > 1 && chdir(argv[1])) || !bench_init(&bench)) {
		perror("bench-json");
		return 1;
	}
	for (i = 0; i < sizeof(ways) / sizeof(ways[0]) && !status; i++) {
		if (!measure(&bench, &ways[i])) {
			perror(ways[i].what);
			status = 1;
		}
	}
	free(bench.flows);
	return status;
}
