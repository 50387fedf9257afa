/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the parts of the listener share.
 */
#ifndef WEIR_LISTENER_PRIVATE_H
#define WEIR_LISTENER_PRIVATE_H

#include <microhttpd.h>
#include <stdatomic.h>

#include "listener.h"
#include "listener_host.h"

#define LISTENER_CONNECTIONS_MAX 64          /* as many as there are places */
#define LISTENER_CONNECTIONS_FEW 48          /* past it the slowest has to go */
#define LISTENER_OLD_BYTES_MAX (64u << 20)   /* of documents that slow clients still take */
#define LISTENER_PAGES 4                     /* the last is the report, where there is one */

/* A place of a connection. */
struct connection_place {
	struct MHD_Connection *connection; /* NULL: free */
	int fd;
	uint64_t since_ns;            /* of its beginning, or the end of its last answer */
	uint64_t deadline_ns;         /* it has to be done by then */
	struct rendering *sending;    /* what its answer is made of, NULL */
	bool is_answered;             /* its request was complete */
	bool is_ended;                /* it has been told to go */
};

struct listener {
	struct listener_config config;
	struct served_page pages[LISTENER_PAGES];
	struct host_names names;
	struct connection_place places[LISTENER_CONNECTIONS_MAX];
	size_t count;                 /* of connections */
	struct MHD_Daemon *daemon;
	int epoll_fd;                 /* the daemon's */
	int stop_fd;
	pthread_t thread;
	bool has_thread;
	_Atomic uint64_t beat_ns;
};

/* Callbacks of the daemon: its connections come and go, and are done with a request. */
void listener_notify_connection(void *context, struct MHD_Connection *connection,
				void **socket_context,
				enum MHD_ConnectionNotificationCode code);
void listener_notify_completed(void *context, struct MHD_Connection *connection,
			       void **request, enum MHD_RequestTerminationCode code);

/* The place of a connection, NULL where it has none. */
struct connection_place *listener_place(struct MHD_Connection *connection);

/* Its request is complete: the answer has its time, and is made of that, or NULL. */
void listener_answering(struct connection_place *place, struct rendering *rendering);

/*
 * Ends connections that took too long, or that hold too much. Milliseconds until the next may have
 * to go; -1: until something happens.
 */
int listener_sweep(struct listener *listener);

/* The callback that answers a request. */
enum MHD_Result listener_answer(void *context, struct MHD_Connection *connection,
				const char *url, const char *method, const char *version,
				const char *upload, size_t *upload_size, void **request);

#endif
