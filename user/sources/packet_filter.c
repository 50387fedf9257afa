/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <pcap/dlt.h>
#include <stdlib.h>

#include "packet_filter.h"

#define BYTE_ORDERS 2

struct packet_filter {
	const char *expression;
	struct filter *compiled[LINK_COUNT][BYTE_ORDERS];
	struct filter_error error;
};

static const int link_dlt[LINK_COUNT] = {
	[LINK_ETHERNET] = DLT_EN10MB, [LINK_COOKED] = DLT_LINUX_SLL,
	[LINK_COOKED2] = DLT_LINUX_SLL2, [LINK_RAW] = DLT_RAW, [LINK_IPV4] = DLT_IPV4,
	[LINK_IPV6] = DLT_IPV6, [LINK_NULL] = DLT_NULL, [LINK_LOOP] = DLT_LOOP,
};

static int filter_compile_for(struct packet_filter *filter, enum capture_link link, bool swapped)
{
	struct filter_link type = { .type = link_dlt[link], .is_swapped = swapped };

	return filter_compile(filter->expression, &type, &filter->compiled[link][swapped],
			      &filter->error);
}

int packet_filter_open(const char *expression, struct packet_filter **filter,
		       struct filter_error *error)
{
	struct packet_filter *opened = calloc(1, sizeof(*opened));
	int err;

	*filter = NULL;
	if (!opened)
		return -ENOMEM;
	opened->expression = expression;
	err = filter_compile_for(opened, LINK_ETHERNET, false);
	if (err) {
		*error = opened->error;
		packet_filter_close(opened);
		return err;
	}
	opened->error.text[0] = '\0';
	*filter = opened;
	return 0;
}

void packet_filter_close(struct packet_filter *filter)
{
	if (!filter)
		return;
	for (size_t link = 0; link < LINK_COUNT; link++)
		for (size_t order = 0; order < BYTE_ORDERS; order++)
			filter_close(filter->compiled[link][order]);
	free(filter);
}

int packet_filter_match(struct packet_filter *filter, const struct capture_packet *packet)
{
	const struct filter *compiled = filter->compiled[packet->link][packet->swapped];
	int err;

	if (!compiled) {
		err = filter_compile_for(filter, packet->link, packet->swapped);
		if (err)
			return err;
		compiled = filter->compiled[packet->link][packet->swapped];
	}
	return filter_matches(compiled, packet->data, packet->caplen, packet->len);
}

const char *packet_filter_reason(const struct packet_filter *filter)
{
	return filter->error.text;
}
