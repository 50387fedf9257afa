/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One output of a run: a sink, the thread that writes it, the windows that wait for it. All of
 * it but the sink is guarded by the mutex of the set.
 */
#ifndef WEIR_OUTPUT_H
#define WEIR_OUTPUT_H

#include <pthread.h>

#include "outputs.h"
#include "served.h"
#include "shared_result.h"
#include "sink.h"

/* Windows in their order. */
struct result_queue {
	struct shared_result **slots;
	size_t first;
	size_t count;
	size_t capacity;
};

struct output {
	struct outputs *set;
	const char *name;
	struct served_page *page;      /* that it fills; NULL: it is one of the user's */
	struct output_name parsed;
	struct sink *sink;             /* the thread's own, once that runs */
	struct journal *journal;       /* what it has written; NULL: that is not kept */
	pid_t process;                 /* as sink_process has it */
	int hangup_fd;                 /* readable: nothing waits for it any more */
	pthread_t thread;
	bool has_thread;
	pthread_cond_t wanted;         /* there is something to do */

	struct result_queue queue;
	struct shared_result *writing;
	uint64_t written;              /* windows, */
	uint64_t offered;              /* of so many in all, */
	uint64_t lost;                 /* of which so many were not written, */
	uint64_t lost_untold;          /* and so many of these the sink does not know of */
	bool wants_reopen;
	bool has_failed;               /* the last write did */
	bool is_gone;                  /* gets nothing more */
	bool is_given_up;              /* the run does not wait for it any more */
	bool was_slow;                 /* which has been said */
	bool has_ended;
};

struct outputs {
	struct outputs_config config;
	struct output *outputs;
	size_t count;                  /* opened so far */
	struct result_output *states;  /* the emitting thread's: room for one of each */
	struct shared_context *strings; /* the emitting thread's */

	pthread_mutex_t mutex;         /* of all below, and of the outputs */
	pthread_cond_t progress;       /* an output has done something */
	size_t held_bytes;             /* of results that anybody holds */
	uint64_t next_number;
	uint64_t next_document;
	bool is_closing;
	bool reader_gone;
	bool said_waiting;
	bool has_failed;               /* at any time */
};

/* Of a name, or of a page that output->page tells. 0 or negative errno that has been reported. */
int output_open(struct outputs *set, const char *name, struct output *output);

/* Starts the thread. 0 or negative errno. */
int output_start(struct output *output);

/* After the thread has ended, or where there is none. */
void output_fini(struct output *output);

/* The rest is to be called with the mutex held. */

/* Adds a window to what waits, and a holder to it; it is lost where memory fails. */
void output_push(struct output *output, struct shared_result *shared);

/* So many windows will not be written. */
void output_lose(struct output *output, uint64_t windows);

/* The oldest window that waits is lost. True where this was the first time. */
bool output_drop_oldest(struct output *output);

/* All that waits is superseded by what comes now, which is no loss. */
void output_forget_waiting(struct output *output);

/* Whatever waits is lost, and what comes later. */
void output_give_up(struct output *output);

/* Takes a holder away, and the result with the last one. */
void outputs_release(struct outputs *outputs, struct shared_result *shared);

#endif
