/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who is meant by the header Host of HTTP (RFC 9110, 7.2), and what Accept asks for (12.5.1).
 */
#ifndef WEIR_LISTENER_HOST_H
#define WEIR_LISTENER_HOST_H

#include <limits.h>
#include <stdbool.h>
#include <sys/socket.h>

/* What this machine is called, beside localhost; empty ones are none. */
struct host_names {
	char machine[HOST_NAME_MAX + 1];
	const char *given;    /* by the user, as its name; NULL */
	const char *listened; /* by the user, to listen on; NULL */
};

/*
 * Whether a Host header names this server: one of its names, or the very address at which the
 * connection arrived. Its port is not looked at: a tunnel may have another.
 */
bool host_is_own(const char *host, const struct host_names *names, const struct sockaddr *local);

/* Whether OpenMetrics 1.0 is liked at least as well as the older text. NULL: it is not. */
bool accept_is_openmetrics(const char *accept);

#endif
