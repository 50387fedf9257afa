/* SPDX-License-Identifier: BSD-2-Clause */
#include <ctype.h>
#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "packet_filter.h"

#define BYTE_ORDERS 2

/* Of one link type and order of bytes. */
struct meaning {
	struct filter *compiled;   /* NULL: not tried, or refused */
	bool is_refused, is_told;
	struct filter_error error; /* of what is refused */
};

struct packet_filter {
	struct packet_filter_config config;
	struct meaning meanings[LINK_COUNT][BYTE_ORDERS];
	uint32_t snaplen;
	struct packet_refusal refusal; /* the newest */
	bool has_refusal;              /* it was not taken yet */
};

#define AS_DLT(id, type, dlt, parser) [id] = dlt,
static const int link_dlt[LINK_COUNT] = { CAPTURE_LINKS(AS_DLT) };
#undef AS_DLT

/* Compiles it unless that was tried before. 0 also where it is refused. */
static int try_link(struct packet_filter *filter, enum capture_link link, bool swapped)
{
	struct meaning *meaning = &filter->meanings[link][swapped];
	struct filter_link type = { .type = link_dlt[link], .is_swapped = swapped,
				    .is_live = filter->config.is_live,
				    .netmask = filter->config.netmask };
	int err;

	if (meaning->compiled || meaning->is_refused)
		return 0;
	err = filter_compile(filter->config.expression, &type, &meaning->compiled,
			     &meaning->error);
	meaning->is_refused = err == -EINVAL;
	return meaning->is_refused ? 0 : err;
}

static void note_refusal(struct packet_filter *filter, enum capture_link link, bool swapped)
{
	struct meaning *meaning = &filter->meanings[link][swapped];

	if (meaning->is_told)
		return;
	meaning->is_told = true;
	filter->has_refusal = true;
	filter->refusal.error = meaning->error;
	filter->refusal.link = pcap_datalink_val_to_description(link_dlt[link]);
	if (!filter->refusal.link)
		filter->refusal.link = "without a name";
}

/* What is neither compiled nor refused failed. */
static int prepare(struct packet_filter *filter, enum capture_link link, bool swapped)
{
	int err = try_link(filter, link, swapped);

	if (err)
		filter->refusal.error = filter->meanings[link][swapped].error;
	else if (!filter->meanings[link][swapped].compiled)
		note_refusal(filter, link, swapped);
	return err;
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

		if (err || filter->meanings[link][false].compiled)
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
	for (size_t link = 0; link < LINK_COUNT; link++)
		for (size_t order = 0; order < BYTE_ORDERS; order++)
			filter->meanings[link][order].is_told = false;
	filter->has_refusal = false;
	filter->refusal.error.text[0] = '\0';
}

/* Words of pcap-filter(7) that are no names; what is missing here costs time at the start alone. */
static const char *const filter_words[] = {
	"and", "or", "not", "ip", "ip6", "arp", "rarp", "tcp", "udp", "icmp", "icmp6", "sctp", "igmp",
	"esp", "ah", "vlan", "mpls", "ether", "host", "net", "mask", "port", "portrange", "src", "dst",
	"proto", "len", "less", "greater", "broadcast", "multicast", "inbound", "outbound",
};

static bool is_filter_word(const char *word, size_t length)
{
	for (size_t i = 0; i < sizeof(filter_words) / sizeof(filter_words[0]); i++) {
		if (strlen(filter_words[i]) == length && !memcmp(filter_words[i], word, length))
			return true;
	}
	return false;
}

/* Whether the expression may have the name of a host, a network, a port or a protocol. */
static bool may_have_names(const char *expression)
{
	while (*expression) {
		size_t length = 0;

		while (isalnum((unsigned char)expression[length]) || expression[length] == '-' ||
		       expression[length] == '.' || expression[length] == '_')
			length++;
		if (isalpha((unsigned char)*expression) && !is_filter_word(expression, length))
			return true;
		expression += length ? length : 1;
	}
	return false;
}

/*
 * For all others that a capture may have: names in it can be looked up now, not once packets are
 * read (rights/rights.h). One that fails is tried again when it is needed.
 */
static void try_others(struct packet_filter *filter)
{
	int err = 0;

	for (int link = LINK_UNKNOWN + 1; link < LINK_COUNT && !err; link++)
		for (int order = 0; order < BYTE_ORDERS && !err; order++)
			err = try_link(filter, link, order);
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
	if (may_have_names(config->expression))
		try_others(opened);
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
			filter_close(filter->meanings[link][order].compiled);
	free(filter);
}

void packet_filter_set_snaplen(struct packet_filter *filter, uint32_t bytes)
{
	filter->snaplen = bytes;
}

int packet_filter_match(struct packet_filter *filter, const struct capture_packet *packet)
{
	const struct meaning *meaning = &filter->meanings[packet->link][packet->swapped];
	uint32_t captured = packet->caplen < filter->snaplen ? packet->caplen : filter->snaplen;

	if (!meaning->compiled) {
		int err = prepare(filter, packet->link, packet->swapped);

		if (err || !meaning->compiled)
			return err;
	}
	return filter_matches(meaning->compiled, packet->data, captured, packet->len);
}

int packet_filter_suits_link(struct packet_filter *filter, enum capture_link link)
{
	int err = prepare(filter, link, false);

	if (!err && !filter->meanings[link][false].compiled)
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
