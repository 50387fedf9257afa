/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All outputs of a run. Each has a thread and a bounded queue of its own, so that counting waits
 * for none of them: one that is slow, stopped or dead loses its own oldest windows.
 */
#ifndef WEIR_OUTPUTS_H
#define WEIR_OUTPUTS_H

#include "encoder.h"

/* Memory of all windows that wait or are being written; one window always has a place. */
#define OUTPUTS_BYTES_MAX (64u << 20)

struct outputs;
struct pin_place;
struct served_page;

struct outputs_config {
	const char *const *names; /* [FORMAT:]TARGET; must outlive the outputs */
	char *const *secrets;     /* the password of each, or NULL; NULL: there are none */
	size_t count;
	struct served_page *pages; /* filled as well, of the first -w; must outlive the outputs */
	size_t page_count;
	size_t window_count;
	bool is_replay;           /* outputs_emit waits for an output that is slow */
	bool reads_stream;        /* and whoever sends what is read may lose packets meanwhile */
	size_t max_bytes;         /* 0: OUTPUTS_BYTES_MAX */
	/* How far each is, where that is to outlive the process (journal.h); NULL: it is not. */
	const struct pin_place *journals;
	uint64_t generation;      /* whose journals these are */
	bool is_resumed;          /* they are there: what was written is not written again */
	uint64_t first_document;  /* number of the next one */
};

/*
 * Opens all of them, each in a process of its own: to be called before other threads and large
 * tables are made. 0, or negative errno that has been reported; -EINVAL is wrong usage.
 */
int outputs_open(const struct outputs_config *config, struct outputs **outputs);

/*
 * Hands a window to all outputs, copied once. Live, it never waits: what finds no place pushes
 * out the oldest windows of the slowest output, which is said once and counted. In a replay it
 * waits for a place, until the user ends the run; an output that failed gets nothing more.
 */
void outputs_emit(struct outputs *outputs, const struct document_context *context,
		  const struct window_result *result);

/* The same, of a window that is not over: to those that show what is at hand only. */
void outputs_emit_state(struct outputs *outputs, const struct document_context *context,
			const struct window_result *result);

/* The same, to pages only. */
void outputs_emit_to_pages(struct outputs *outputs, const struct document_context *context,
			   const struct window_result *result);

/* Whether there are any of these. */
bool outputs_show_state(const struct outputs *outputs);

/* Whether any of these needs the counts of the run in a result. */
bool outputs_want_run(const struct outputs *outputs);

/* Processes that may have to be killed in the end, as many as have room. How many. */
size_t outputs_processes(const struct outputs *outputs, pid_t *processes, size_t room);

/* Files are opened anew by their names. From any thread. */
void outputs_reopen(struct outputs *outputs);

/*
 * Documents of lower numbers are with every output, or lost and counted; where all are, the number
 * of the next.
 */
uint64_t outputs_taken(struct outputs *outputs);

/* Nobody reads standard output any more. */
bool outputs_reader_gone(struct outputs *outputs);

/*
 * Lets the outputs write what they have: a second after a signal or the end of a live run, else
 * until they have. What was not taken is reported and lost. Accepts NULL. False where something
 * was lost on the way, or could not be written, at any time.
 */
bool outputs_close(struct outputs *outputs);

#endif
