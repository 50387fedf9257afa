/* SPDX-License-Identifier: BSD-2-Clause */
/* Connections: who has been here for how long, and who has to go. */
#include <sys/socket.h>

#include "../base/clock.h"
#include "listener_private.h"

#define REQUEST_NS 10000000000u /* to send a request, or to be idle between two */
#define ANSWER_NS  60000000000u /* to take an answer */
#define MS_NS      1000000u
#define TICK_MS    200          /* how often what is being sent is looked at: it gets old unheard */

struct connection_place *listener_place(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info;

	info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	return info ? info->socket_context : NULL;
}

/* The daemon sees the end of the stream with its next step. */
static void place_end(struct connection_place *place)
{
	place->is_ended = true;
	shutdown(place->fd, SHUT_RDWR);
}

static void place_wait(struct connection_place *place)
{
	served_release(place->sending);
	place->sending = NULL;
	place->is_answered = false;
	place->since_ns = clock_monotonic_ns();
	place->deadline_ns = place->since_ns + REQUEST_NS;
}

/* Who has sent no request yet goes before who takes an answer; then the oldest. */
static bool goes_before(const struct connection_place *place, const struct connection_place *other)
{
	if (place->is_answered != other->is_answered)
		return other->is_answered;
	return place->since_ns < other->since_ns;
}

static void end_slowest(struct listener *listener)
{
	struct connection_place *slowest = NULL;

	for (size_t i = 0; i < LISTENER_CONNECTIONS_MAX; i++) {
		struct connection_place *place = &listener->places[i];

		if (place->connection && !place->is_ended &&
		    (!slowest || goes_before(place, slowest)))
			slowest = place;
	}
	if (slowest)
		place_end(slowest);
}

static struct connection_place *place_find_free(struct listener *listener)
{
	for (size_t i = 0; i < LISTENER_CONNECTIONS_MAX; i++) {
		if (!listener->places[i].connection)
			return &listener->places[i];
	}
	return NULL;
}

static struct connection_place *place_open(struct listener *listener,
					   struct MHD_Connection *connection)
{
	struct connection_place *place = place_find_free(listener);
	const union MHD_ConnectionInfo *info;

	info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	if (!place || !info)
		return NULL;
	if (listener->count >= LISTENER_CONNECTIONS_FEW)
		end_slowest(listener);
	*place = (struct connection_place){ .connection = connection, .fd = info->connect_fd };
	place_wait(place);
	listener->count++;
	return place;
}

void listener_notify_connection(void *context, struct MHD_Connection *connection,
				void **socket_context, enum MHD_ConnectionNotificationCode code)
{
	struct listener *listener = context;
	struct connection_place *place = *socket_context;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		*socket_context = place_open(listener, connection);
	} else if (place) {
		served_release(place->sending);
		*place = (struct connection_place){ .connection = NULL };
		listener->count--;
		*socket_context = NULL;
	}
}

void listener_notify_completed(void *context, struct MHD_Connection *connection,
			       void **request, enum MHD_RequestTerminationCode code)
{
	struct connection_place *place = listener_place(connection);

	(void)context;
	(void)request;
	(void)code;
	if (place)
		place_wait(place);
}

void listener_answering(struct connection_place *place, struct rendering *rendering)
{
	served_release(place->sending);
	place->sending = rendering;
	place->is_answered = true;
	place->deadline_ns = clock_monotonic_ns() + ANSWER_NS;
}

/* Bytes of documents that only this listener still holds, each counted once for who holds it. */
static struct connection_place *oldest_holder(struct listener *listener, size_t *bytes)
{
	struct connection_place *oldest = NULL;

	*bytes = 0;
	for (size_t i = 0; i < LISTENER_CONNECTIONS_MAX; i++) {
		struct connection_place *place = &listener->places[i];

		if (!place->sending || !served_is_old(place->sending))
			continue;
		*bytes += place->sending->text.length;
		if (!place->is_ended && (!oldest || place->deadline_ns < oldest->deadline_ns))
			oldest = place;
	}
	return oldest;
}

/* Milliseconds until a place has to be looked at again; -1: until something happens. */
static int place_patience_ms(const struct connection_place *place, uint64_t now_ns)
{
	int patience_ms;

	if (!place->connection || place->is_ended)
		return -1;
	patience_ms = (int)((place->deadline_ns - now_ns + MS_NS - 1) / MS_NS);
	return place->sending && patience_ms > TICK_MS ? TICK_MS : patience_ms;
}

int listener_sweep(struct listener *listener)
{
	uint64_t now_ns = clock_monotonic_ns();
	struct connection_place *holder;
	int least_ms = -1;
	size_t bytes;

	for (size_t i = 0; i < LISTENER_CONNECTIONS_MAX; i++) {
		struct connection_place *place = &listener->places[i];
		int patience_ms;

		if (place->connection && !place->is_ended && now_ns >= place->deadline_ns)
			place_end(place);
		patience_ms = place_patience_ms(place, now_ns);
		if (patience_ms >= 0 && (least_ms < 0 || patience_ms < least_ms))
			least_ms = patience_ms;
	}
	holder = oldest_holder(listener, &bytes);
	if (holder && bytes > LISTENER_OLD_BYTES_MAX)
		place_end(holder);
	return least_ms;
}
