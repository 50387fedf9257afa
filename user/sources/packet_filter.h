/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A filter expression for packets in user space, whatever their link types: it is compiled for
 * each when its first packet comes.
 */
#ifndef WEIR_PACKET_FILTER_H
#define WEIR_PACKET_FILTER_H

#include "../filter/filter.h"
#include "capture.h"

struct packet_filter;

/*
 * Compiles the expression for Ethernet, so that most mistakes show before anything is read.
 * 0; -EINVAL and an error; -ENOMEM. The expression is borrowed.
 */
int packet_filter_open(const char *expression, struct packet_filter **filter,
		       struct filter_error *error);
void packet_filter_close(struct packet_filter *filter);

/* 1 where the packet passes, else 0; -EINVAL where the expression has no meaning on its link. */
int packet_filter_match(struct packet_filter *filter, const struct capture_packet *packet);

/* Why packet_filter_match failed; empty text as long as it did not. */
const char *packet_filter_reason(const struct packet_filter *filter);

#endif
