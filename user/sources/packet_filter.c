/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "packet_filter.h"

#define BYTE_ORDERS 2

struct packet_filter {
	struct packet_filter_config config;
	struct filter *compiled[LINK_COUNT][BYTE_ORDERS];
	bool refused[LINK_COUNT][BYTE_ORDERS];
	uint32_t snaplen;
	struct packet_refusal refusal; /* the newest */
	bool has_refusal;              /* it was not taken yet */
};

#define AS_DLT(id, type, dlt, parser) [id] = dlt,
static const int link_dlt[LINK_COUNT] = { CAPTURE_LINKS(AS_DLT) };
#undef AS_DLT

static int compile_for(struct packet_filter *filter, enum capture_link link, bool swapped)
{
	struct filter_link type = { .type = link_dlt[link], .is_swapped = swapped,
				    .is_live = filter->config.is_live,
				    .netmask = filter->config.netmask };
	int err = filter_compile(filter->config.expression, &type,
				 &filter->compiled[link][swapped], &filter->refusal.error);

	if (err != -EINVAL)
		return err;
	filter->refused[link][swapped] = true;
	filter->has_refusal = true;
	filter->refusal.link = pcap_datalink_val_to_description(type.type);
	if (!filter->refusal.link)
		filter->refusal.link = "without a name";
	return 0;
}

/* Compiles it unless that was tried before; what is neither compiled nor refused failed. */
static int prepare(struct packet_filter *filter, enum capture_link link, bool swapped)
{
	if (filter->compiled[link][swapped] || filter->refused[link][swapped])
		return 0;
	return compile_for(filter, link, swapped);
}

/*
 * 0 where one link type at least has it, or where they refuse it for different reasons: then it
 * depends on the capture which one is told.
 */
static int try_links(struct packet_filter *filter, struct filter_error *error)
{
	bool differs = false;

	for (int link = LINK_UNKNOWN + 1; link < LINK_COUNT; link++) {
		int err = prepare(filter, link, false);

		if (err || filter->compiled[link][false])
			return err;
		if (link > LINK_UNKNOWN + 1)
			differs |= strcmp(error->text, filter->refusal.error.text) != 0;
		else
			*error = filter->refusal.error;
	}
	return differs ? 0 : -EINVAL;
}

/* What a link type refuses is of interest once a packet of it comes. */
static void forget_refusals(struct packet_filter *filter)
{
	memset(filter->refused, 0, sizeof(filter->refused));
	filter->has_refusal = false;
	filter->refusal.error.text[0] = '\0';
}

int packet_filter_open(const struct packet_filter_config *config, struct packet_filter **filter,
		       struct filter_error *error)
{
	struct packet_filter *opened = calloc(1, sizeof(*opened));
	int err;

	*filter = NULL;
	snprintf(error->text, sizeof(error->text), "%s", strerror(ENOMEM));
	if (!opened)
		return -ENOMEM;
	opened->config = *config;
	opened->snaplen = UINT32_MAX;
	err = try_links(opened, error);
	if (err) {
		if (err != -EINVAL)
			*error = opened->refusal.error;
		packet_filter_close(opened);
		return err;
	}
	forget_refusals(opened);
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

void packet_filter_set_snaplen(struct packet_filter *filter, uint32_t bytes)
{
	filter->snaplen = bytes;
}

int packet_filter_match(struct packet_filter *filter, const struct capture_packet *packet)
{
	const struct filter *compiled = filter->compiled[packet->link][packet->swapped];
	uint32_t captured = packet->caplen < filter->snaplen ? packet->caplen : filter->snaplen;

	if (!compiled) {
		int err = prepare(filter, packet->link, packet->swapped);

		compiled = filter->compiled[packet->link][packet->swapped];
		if (err || !compiled)
			return err;
	}
	return filter_matches(compiled, packet->data, captured, packet->len);
}

int packet_filter_suits_link(struct packet_filter *filter, enum capture_link link)
{
	int err = prepare(filter, link, false);

	if (!err && !filter->compiled[link][false])
		err = -EINVAL;
	return err;
}

int packet_filter_suits(struct packet_filter *filter, const struct capture *capture)
{
	int err = 0;

	for (int link = LINK_UNKNOWN + 1; link < LINK_COUNT; link++) {
		if (!capture_has_link(capture, link))
			continue;
		err = packet_filter_suits_link(filter, link);
		if (!err) {
			forget_refusals(filter);
			return 0;
		}
		if (err != -EINVAL)
			return err;
	}
	return err;
}

bool packet_filter_take_refusal(struct packet_filter *filter, struct packet_refusal *refusal)
{
	if (!filter->has_refusal)
		return false;
	*refusal = filter->refusal;
	filter->has_refusal = false;
	return true;
}

const char *packet_filter_reason(const struct packet_filter *filter)
{
	return filter->refusal.error.text;
}
