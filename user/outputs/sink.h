/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where results leave: a sink takes one document a window. Kinds: a *.json file that always
 * holds the newest window whole, a *.ndjson file that grows by a line, standard output.
 */
#ifndef WEIR_SINK_H
#define WEIR_SINK_H

#include "../engine/engine.h"
#include "../engine/group.h"

/* What every document of a run repeats. Strings are borrowed and must outlive the sinks. */
struct document_context {
	const char *host;
	const char *source_kind;           /* "interface" or "file" */
	const char *const *source_names;
	size_t source_name_count;
	const char *const *attach;         /* live runs: "xdp-native", "tcx-egress", ... */
	size_t attach_count;
	const char *direction;             /* "in", "out", "both"; NULL (null) in a replay */
	const char *filter;                /* NULL (null) where there is none */
	const struct group_by *group;
	const char *const *link_names;     /* by the link number of a flow key; NULL in a replay */
	int64_t clock_offset_ns;           /* engine clock to 1970; may change between windows */
};

struct sink;

/* Figures of the transmission model. */
struct sink_stats {
	uint64_t written;   /* documents */
	uint64_t errors;    /* failed writes */
	uint64_t last_ns;   /* time the last write took */
	uint64_t opened_ns; /* CLOCK_MONOTONIC */
	uint64_t age_ns;    /* from opening to the start of the newest sink_write */
};

/*
 * Why NAME is no sink, or cannot be one of window_count windows: static text; NULL where it can.
 * Looks at the name alone.
 */
const char *sink_name_refused(const char *name, size_t window_count);

/*
 * Opens the sink that NAME asks for: "-", *.json or *.ndjson (window_count must be 1 for
 * *.json). Checks now that it can be written; an existing *.json is left as it is until the
 * first window. A *.ndjson belongs to one sink at a time (-EBUSY); where its last line is the
 * beginning of one of weir's own documents, cut by a crash, that line is removed, and any other
 * unfinished last line is finished. 0, or negative errno; -EINVAL (with *reason static text) for
 * a name or a use that is wrong usage. SIGPIPE is ignored from then on: a reader that has gone
 * is -EPIPE.
 */
int sink_open(const char *name, size_t window_count, struct sink **sink, const char **reason);

/*
 * Writes one document. A *.json is written beside its name, flushed and renamed over it, so
 * that a reader sees the old document or the new one. 0 or negative errno: then nothing of this
 * document is left behind (a *.ndjson is cut back to the last whole line) and the failure is
 * counted.
 */
int sink_write(struct sink *sink, const struct document_context *context,
	       const struct window_result *result);

const struct sink_stats *sink_stats(const struct sink *sink);
const char *sink_name(const struct sink *sink);

/* Accepts NULL. 0, or negative errno where the last bytes could not be written. */
int sink_close(struct sink *sink);

#endif
