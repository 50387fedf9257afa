/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An encoder on a carrier: takes windows one at a time, on the thread of who calls it. outputs.h
 * gives each its own.
 */
#ifndef WEIR_SINK_H
#define WEIR_SINK_H

#include "carrier.h"
#include "encoder.h"

struct sink;

struct sink_config {
	const char *name;     /* [FORMAT:]TARGET, borrowed */
	size_t window_count;
	bool is_apart;        /* in a process of its own: carrier_open_apart */
	int hangup_fd;        /* where it is: readable once waiting for it is over */
	const char *secret;   /* a password that is not in the name; NULL */
	bool waits;           /* of a replay: carrier_config.waits */
	struct journal *journal; /* carrier_config.journal */
	struct served_page *page; /* what is filled, instead of what the name asks for; NULL */
};

/*
 * Opens what the name asks for, and checks now that it can be written; an existing *.json is
 * left as it is until the first window. A file of lines belongs to one sink at a time (-EBUSY);
 * where its last line is the beginning of one of weir's own, cut by a crash, that is removed,
 * and any other unfinished last line is finished. 0, or negative errno; -EINVAL (with *reason
 * static text) for a name or a use that is wrong usage. SIGPIPE is to be ignored: a reader that
 * has gone is -EPIPE.
 */
int sink_open(const struct sink_config *config, struct sink **sink, const char **reason);

/*
 * Writes one window. A file that is replaced is written beside its name, flushed and renamed
 * over it, so that a reader sees the old document or the new one. 0 or negative errno: then
 * nothing of this window is left behind (a file of lines is cut back to the last whole window)
 * and the failure is counted.
 */
int sink_write(struct sink *sink, const struct document_context *context,
	       const struct window_result *result);

/*
 * Of a format that tells of all windows (encoder_memory), in place of sink_write: adds one, and
 * writes the document that is due, once a second at most and the more seldom the longer it takes.
 * more_come: further windows wait, it is not due yet. 0 or negative errno, as above.
 */
int sink_add(struct sink *sink, const struct document_context *context,
	     const struct window_result *result, bool more_come);

/* The document with a window that is not over, which is not added. */
int sink_show(struct sink *sink, const struct document_context *context,
	      const struct window_result *result);

/* When what was added is to be shown (CLOCK_MONOTONIC) where nothing comes before; 0: all is. */
uint64_t sink_due_ns(const struct sink *sink);

/* When that is due, and at the end: what was added since the last document. */
int sink_finish(struct sink *sink);

/* Windows that never came to be written; told as errors. */
void sink_count_lost(struct sink *sink, uint64_t windows);

/* Opens the file anew by its name. 0 or negative errno: then each write tries again. */
int sink_reopen(struct sink *sink);

const struct sink_stats *sink_stats(const struct sink *sink);

/* The process that writes, where it may have to be killed in the end; else 0. */
pid_t sink_process(const struct sink *sink);

/* Takes what is to be told the user; windows lost are counted as errors. */
void sink_take_news(struct sink *sink, struct carrier_news *news);

/*
 * Accepts NULL. 0, or negative errno where the last bytes could not be written; *news (unless
 * NULL): what that had to tell.
 */
int sink_close(struct sink *sink, struct carrier_news *news);

#endif
