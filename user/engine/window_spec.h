/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a -w option says, and the pane length that a set of windows needs.
 */
#ifndef WEIR_WINDOW_SPEC_H
#define WEIR_WINDOW_SPEC_H

#include <stddef.h>
#include <stdint.h>

enum window_kind { WINDOW_TUMBLING, WINDOW_SLIDING, WINDOW_SESSION, WINDOW_LANDMARK };

#define PANE_MIN_NS     10000000ull
#define PANE_DEFAULT_NS 1000000000ull

struct window_spec {
	enum window_kind kind;
	uint64_t length_ns; /* tumbling, sliding */
	uint64_t slide_ns;  /* sliding; tumbling: equal to length_ns; landmark: between results */
	uint64_t gap_ns;    /* session */
};

/* "tumbling", "sliding", "session" or "landmark". */
const char *window_kind_name(enum window_kind kind);

/*
 * Parses "250ms", "1s", "5m", "1h" (whole numbers, those four units) into *ns.
 * 0, or -EINVAL (not a duration, zero) or -ERANGE (more than 2^63 - 1 ns).
 */
int duration_parse(const char *text, uint64_t *ns);

/* What is wrong with the text that duration_parse answered so; NULL where that was 0. */
const char *duration_refused(const char *text, int err);

/*
 * Parses tumbling:LEN, sliding:LEN/SLIDE, session:GAP or landmark:LEN. A slide that is longer than
 * the window or does not divide it is refused. 0, or -EINVAL with *reason a static sentence.
 */
int window_spec_parse(const char *text, struct window_spec *spec, const char **reason);

/*
 * The pane length for these windows: wanted_ns (-p) where not 0, else the greatest that divides
 * every length, slide and gap and is at most PANE_DEFAULT_NS. 0 into *pane_ns, or -EINVAL with
 * *reason: under PANE_MIN_NS, or a pane that does not divide a window.
 */
int pane_length_choose(const struct window_spec *specs, size_t count, uint64_t wanted_ns,
		       uint64_t *pane_ns, const char **reason);

#endif
