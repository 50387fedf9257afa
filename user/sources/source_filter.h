/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The user's filter expression, compiled for whatever links a source has.
 */
#ifndef WEIR_SOURCE_FILTER_H
#define WEIR_SOURCE_FILTER_H

#include "../filter/filter.h"
#include "capture.h"

#define SOURCE_FILTER_LINKS (LINK_LOOP + 1)

struct source_filter {
	const char *expression;
	struct filter *by_link[SOURCE_FILTER_LINKS]; /* made when the link is first met */
};

/*
 * Compiles the expression for Ethernet; for a replay any link will do now. 0, or a negative
 * errno after a line on standard error: -EINVAL where libpcap rejects it.
 */
int source_filter_open(struct source_filter *filter, const char *expression, bool is_live);
void source_filter_close(struct source_filter *filter);

/* A packet_match_fn for the packets of a replay; context is the source_filter. */
int source_filter_match(void *context, const struct capture_packet *packet);

#endif
