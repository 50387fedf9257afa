/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The HTTP server of a run, on a thread of its own: hands out pages (served.h) and nothing else.
 * It answers GET and HEAD, to who calls it by one of its own names or addresses (else a page of
 * another site could be made to read it by DNS rebinding). Connections, the bytes of a request,
 * the time to send one and to take its answer, and the memory of answers are bounded; where all
 * places are taken, who is slowest gives up his.
 */
#ifndef WEIR_LISTENER_H
#define WEIR_LISTENER_H

#include "../text/endpoint.h"
#include "served.h"

struct listener;

struct listener_config {
	const struct endpoint *address;
	bool has_report;          /* the windows of the first -w can be added up: it is at / */
	const char *name;         /* that this machine is called by too; NULL */
	uint64_t silence_ns;      /* healthy: listener_beat came within so long; 0: always */
};

/* Pages and no server yet. NULL: no memory, which has been reported. Borrows what config names. */
struct listener *listener_create(const struct listener_config *config);

/* What outputs are to write. */
struct served_page *listener_pages(struct listener *listener, size_t *count);

/*
 * Binds the port and starts the thread: after all processes of outputs have been forked, which
 * would hold the port open. 0, or negative errno that has been reported.
 */
int listener_start(struct listener *listener);

/* Counting goes on. Accepts NULL. From any thread. */
void listener_beat(struct listener *listener);

/* Ends the thread; pages stay for the outputs. Accepts NULL. */
void listener_stop(struct listener *listener);

/* After outputs are closed. Accepts NULL. */
void listener_destroy(struct listener *listener);

#endif
