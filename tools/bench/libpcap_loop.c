/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libpcap_loop FILE: reads a capture by libpcap's loop and only adds up the lengths. What any
 * program that reads through libpcap takes at least.
 */
#include <pcap/pcap.h>
#include <stdint.h>
#include <stdio.h>

struct sums {
	uint64_t packets, bytes;
};

static void add_packet(u_char *context, const struct pcap_pkthdr *header, const u_char *bytes)
{
	struct sums *sums = (struct sums *)context;

	(void)bytes;
	sums->packets++;
	sums->bytes += header->len;
}

int main(int argc, char **argv)
{
	char why[PCAP_ERRBUF_SIZE] = "usage: libpcap_loop FILE";
	pcap_t *pcap = argc == 2 ? pcap_open_offline(argv[1], why) : NULL;
	struct sums sums = { 0 };

	if (!pcap || pcap_loop(pcap, -1, add_packet, (u_char *)&sums)) {
		fprintf(stderr, "libpcap_loop: %s\n", pcap ? pcap_geterr(pcap) : why);
		return 1;
	}
	pcap_close(pcap);
	printf("%llu packets %llu bytes\n", (unsigned long long)sums.packets,
	       (unsigned long long)sums.bytes);
	return 0;
}
