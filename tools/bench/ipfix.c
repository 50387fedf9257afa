/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How many flows a second become records of IPFIX: thrown away, and as messages by TCP to a reader
 * that throws them away. Beside them JSON. CPU time of the thread that writes, best of five.
 */
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../user/outputs/ipfix.h"
#include "../../user/outputs/json.h"
#include "../../user/outputs/sink.h"
#include "window_bench.h"

static uint64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

static uint64_t encode(struct bench *bench, const struct encoder *encoder)
{
	const struct sink_stats stats = { 0 };
	const struct encoding encoding = { &bench->context, &bench->result, &stats };
	struct text text = { .drain = count_bytes, .drain_context = &bench->bytes };
	uint64_t start_ns = cpu_ns();
	int err;

	bench->bytes = 0;
	err = encoder->encode(&text, &encoding);
	if (!err)
		err = text_flush(&text);
	text_fini(&text);
	return err ? 0 : cpu_ns() - start_ns;
}

static uint64_t encode_ipfix(struct bench *bench, const char *name)
{
	(void)name;
	return encode(bench, &ipfix_encoder);
}

/* Each flow is what came back, too. */
static uint64_t encode_biflows(struct bench *bench, const char *name)
{
	uint64_t spent_ns;

	(void)name;
	bench->result.reverses = bench->flows;
	spent_ns = encode(bench, &ipfix_encoder);
	bench->result.reverses = NULL;
	return spent_ns;
}

static uint64_t encode_json(struct bench *bench, const char *name)
{
	(void)name;
	return encode(bench, &ndjson_encoder);
}

static void *read_all(void *context)
{
	static char bytes[1 << 18];
	int fd = accept(*(int *)context, NULL, NULL);

	while (fd >= 0 && read(fd, bytes, sizeof(bytes)) > 0)
		;
	close(fd);
	return NULL;
}

static uint64_t send_window(struct bench *bench, const char *name)
{
	const struct sink_config config = { .name = name, .window_count = 1, .hangup_fd = -1 };
	const char *reason = NULL;
	uint64_t spent_ns = 0, start_ns;
	struct sink *sink;

	if (sink_open(&config, &sink, &reason))
		return 0;
	start_ns = cpu_ns();
	if (!sink_write(sink, &bench->context, &bench->result))
		spent_ns = cpu_ns() - start_ns;
	sink_close(sink, NULL);
	return spent_ns;
}

static uint64_t send_by_tcp(struct bench *bench, const char *target)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t size = sizeof(address);
	uint64_t spent_ns = 0;
	pthread_t reader;
	char name[64];

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 1) ||
	    getsockname(listener, (struct sockaddr *)&address, &size))
		return 0;
	snprintf(name, sizeof(name), "%s:%d", target, ntohs(address.sin_port));
	if (!pthread_create(&reader, NULL, read_all, &listener)) {
		spent_ns = send_window(bench, name);
		pthread_join(reader, NULL);
	}
	close(listener);
	return spent_ns;
}

int main(void)
{
	static const struct way ways[] = {
		{ "records, thrown away", NULL, encode_ipfix },
		{ "messages by TCP", IPFIX_SCHEME_TCP "127.0.0.1", send_by_tcp },
		{ "of both ways", NULL, encode_biflows },
		{ "JSON, thrown away", NULL, encode_json },
	};
	static struct extra_sum octets = { .ip_bytes = 123456 };
	struct bench bench = { 0 };
	int status = 0;

	if (!bench_init(&bench)) {
		perror("bench-ipfix");
		return 1;
	}
	bench.result.extras = &octets;
	bench.result.extra_sets = ipfix_encoder.extra_sets;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]) && !status; i++) {
		if (!measure(&bench, &ways[i])) {
			perror(ways[i].what);
			status = 1;
		}
	}
	free(bench.flows);
	return status;
}
