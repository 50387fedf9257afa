/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A filter expression for packets in user space, whatever their link types: it is compiled for
 * each, since what it means, and whether it means anything, depends on that: `inbound` needs a
 * cooked header, `ether host` an Ethernet one.
 */
#ifndef WEIR_PACKET_FILTER_H
#define WEIR_PACKET_FILTER_H

#include "../filter/filter.h"
#include "capture.h"

struct packet_filter;

struct packet_filter_config {
	const char *expression; /* borrowed */
	bool is_live;
	uint32_t netmask;       /* as filter_link has it */
};

/*
 * Tries the expression, so that what is wrong for all link types shows before anything is
 * read. 0; -EINVAL and an error; another negative errno of filter_compile, and an error.
 */
int packet_filter_open(const struct packet_filter_config *config, struct packet_filter **filter,
		       struct filter_error *error);
void packet_filter_close(struct packet_filter *filter);

/* Bytes of a packet that are looked at, at the most, whatever was captured of it. */
void packet_filter_set_snaplen(struct packet_filter *filter, uint32_t bytes);

/*
 * 1 where the packet passes, else 0: also where the expression has no meaning on its link,
 * which packet_filter_take_refusal tells. Another failure of filter_compile is returned.
 */
int packet_filter_match(struct packet_filter *filter, const struct capture_packet *packet);

/*
 * Whether the expression has a meaning on one of the links that the capture has told of. 0;
 * -EINVAL where it has on none, and a refusal that tells why; as packet_filter_match.
 */
int packet_filter_suits(struct packet_filter *filter, const struct capture *capture);

/* Whether it has on this link. 0, or as packet_filter_suits. */
int packet_filter_suits_link(struct packet_filter *filter, enum capture_link link);

/* A link on which the expression has no meaning. */
struct packet_refusal {
	const char *link;          /* libpcap's description of it */
	struct filter_error error;
};

/* True, once, for the newest refusal. */
bool packet_filter_take_refusal(struct packet_filter *filter, struct packet_refusal *refusal);

/* Why packet_filter_match failed, or refused last; empty text as long as it did not. */
const char *packet_filter_reason(const struct packet_filter *filter);

#endif
