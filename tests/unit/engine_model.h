/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the windows of a list of packets must be, computed from the list alone, the slow way.
 */
#ifndef WEIR_TEST_ENGINE_MODEL_H
#define WEIR_TEST_ENGINE_MODEL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "../../user/engine/engine.h"

#define MODEL_PANE_NS     1000000000ull
#define MODEL_FLOWS       24
#define MODEL_PANES_MAX   48
#define MODEL_PACKETS_MAX 600
#define MODEL_WINDOWS     4
#define MODEL_RESULTS_MAX 600
#define MODEL_LISTED_MAX  (MODEL_FLOWS * 4) /* a flow's sessions may end in one pane */

struct model_packet {
	unsigned int flow;
	unsigned int pane;  /* number of its pane in the list */
	uint64_t bytes;
	uint32_t packets;
	uint16_t len;
	uint16_t ms;
	uint16_t notes;
	struct flow_extra extra;
};

struct model_pane {
	struct pane pane;
	uint64_t place;     /* on the grid */
	double seconds;
};

struct model {
	bool replay;
	bool has_extras;
	unsigned int sort;  /* enum sort_field, or SORT_EXTRA and an extra measure */
	size_t top;
	size_t window_count;
	struct window_spec specs[MODEL_WINDOWS];
	struct model_pane panes[MODEL_PANES_MAX];
	size_t pane_count;
	struct model_packet packets[MODEL_PACKETS_MAX];
	size_t packet_count;
};

/* A result with room for its flows. */
struct told {
	struct window_result result;
	struct flow_result flows[MODEL_LISTED_MAX]; /* .extra: into extras */
	struct extra_sum extras[MODEL_LISTED_MAX];
};

/* Results of one window, in the order told. */
struct telling {
	struct told *told;
	size_t count;
};

struct flow_key model_key(unsigned int flow);

/* What the window must tell, over the whole run and its end. */
void model_expect(const struct model *model, size_t window, struct telling *expected);

#endif
