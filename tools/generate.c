/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * generate KIND COUNT [SEED] >FILE: a pcap file of COUNT packets of synthetic traffic, one each
 * microsecond, cut to 96 bytes. The same arguments give the same file. KIND:
 *
 *     A  1 000 flows, all alike            C  a million flows, Zipf 1.0
 *     B  100 000 flows, Zipf 1.1           D  each packet a flow of its own (a flood of SYNs)
 *
 * A, B and C have IMIX sizes (7:4:1), half TCP, half UDP. A million draws of C touch fewer flows:
 * 10 M packets are of 762 thousand.
 */
#include <arpa/inet.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SNAPLEN       96
#define FIRST_SECOND  1700000000u
#define FLUSH_BYTES   (1u << 20)
#define TCP_SYN       0x02
#define TCP_ACK       0x10

struct traffic {
	char kind;
	uint32_t flows;    /* 0: a new flow for each packet */
	double exponent;   /* Zipf; 0 is uniform */
};

static const struct traffic traffics[] = {
	{ 'A', 1000, 0 }, { 'B', 100000, 1.1 }, { 'C', 1000000, 1.0 }, { 'D', 0, 0 },
};

struct record {
	uint32_t seconds, microseconds, caplen, len;
	uint8_t frame[SNAPLEN];
};

static uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

/* Cumulative shares of the flows, or NULL where all are alike. */
static double *shares_create(const struct traffic *traffic)
{
	double *shares = malloc((traffic->flows + 1) * sizeof(*shares));
	double sum = 0;

	if (!shares)
		return NULL;
	for (uint32_t i = 0; i < traffic->flows; i++)
		shares[i] = sum += pow(i + 1, -traffic->exponent);
	for (uint32_t i = 0; i < traffic->flows; i++)
		shares[i] /= sum;
	return shares;
}

static uint32_t shares_draw(const double *shares, uint32_t flows, double at)
{
	uint32_t low = 0, high = flows - 1;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (shares[middle] < at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static uint16_t imix_len(uint32_t draw)
{
	if (draw % 12 < 7)
		return 60;
	return draw % 12 < 11 ? 590 : 1514;
}

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void frame_write(uint8_t *frame, uint64_t flow, uint16_t len, uint8_t tcp_flags)
{
	uint64_t address = mix(flow * 2 + 1), ports = mix(flow * 2 + 2);
	uint8_t *ip = frame + 14, *transport = frame + 34;

	memset(frame, 0, SNAPLEN);
	memcpy(frame, "\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x08", 13);
	ip[0] = 0x45;
	put16(ip + 2, len - 14u);
	ip[8] = 64;
	ip[9] = tcp_flags ? 6 : 17;
	memcpy(ip + 12, &address, 8);
	memcpy(transport, &ports, 4);
	if (!tcp_flags) {
		put16(transport + 4, len - 34u);
		return;
	}
	transport[12] = 0x50;
	transport[13] = tcp_flags;
}

/* The record of packet number i; its length in the file is 16 + caplen. */
static void record_write(struct record *record, const struct traffic *traffic,
			 const double *shares, uint64_t i, uint64_t random)
{
	uint64_t flow = i;
	uint8_t tcp_flags = TCP_SYN;

	record->len = 60;
	if (traffic->flows) {
		flow = shares_draw(shares, traffic->flows, (double)(random >> 11) * 0x1p-53);
		record->len = imix_len((uint32_t)mix(random));
		tcp_flags = mix(flow) & 1 ? TCP_ACK : 0;
	}
	record->seconds = FIRST_SECOND + (uint32_t)(i / 1000000);
	record->microseconds = (uint32_t)(i % 1000000);
	record->caplen = record->len < SNAPLEN ? record->len : SNAPLEN;
	frame_write(record->frame, flow, (uint16_t)record->len, tcp_flags);
}

static int generate(const struct traffic *traffic, uint64_t count, uint64_t seed)
{
	static const uint32_t header[] = { 0xa1b2c3d4, 0x00040002, 0, 0, SNAPLEN, 1 };
	double *shares = shares_create(traffic);
	struct record record;
	int err = 1;

	if (!shares || fwrite(header, sizeof(header), 1, stdout) != 1)
		goto out;
	for (uint64_t i = 0; i < count; i++) {
		record_write(&record, traffic, shares, i, mix(seed + i));
		if (fwrite(&record, 16 + record.caplen, 1, stdout) != 1)
			goto out;
	}
	err = fflush(stdout) ? 1 : 0;
out:
	if (err)
		perror("generate: write");
	free(shares);
	return err;
}

int main(int argc, char **argv)
{
	static char buffer[FLUSH_BYTES];
	uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
	uint64_t seed = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;

	setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
	for (size_t i = 0; i < sizeof(traffics) / sizeof(*traffics) && count; i++)
		if (argv[1][0] == traffics[i].kind && !argv[1][1])
			return generate(&traffics[i], count, seed << 32);
	fprintf(stderr, "usage: generate A|B|C|D COUNT [SEED] >FILE\n");
	return 2;
}
