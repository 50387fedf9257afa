/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../base/patience.h"
#include "../text/endpoint.h"
#include "capture_connect.h"

#define CONNECT_TIMEOUT_MS 10000

/* Waits for a connection under way. 0 or an errno. */
static int connect_wait(int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLOUT };
	int count = poll(&ready, 1, CONNECT_TIMEOUT_MS);
	socklen_t size = sizeof(int);
	int err = 0;

	if (count < 0)
		return errno;
	if (count == 0)
		return ETIMEDOUT;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &size))
		return errno;
	return err;
}

/* A connected, blocking socket; or -1 with errno set. */
static int connect_address(const struct addrinfo *address)
{
	int type = address->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK;
	int fd = socket(address->ai_family, type, address->ai_protocol);
	int err = 0;

	if (fd < 0)
		return -1;
	if (connect(fd, address->ai_addr, address->ai_addrlen))
		err = errno == EINPROGRESS ? connect_wait(fd) : errno;
	if (!err && fcntl(fd, F_SETFL, 0))
		err = errno;
	if (!err)
		return fd;
	close(fd);
	errno = err;
	return -1;
}

/* A name to be looked up, which may take long. */
struct lookup {
	struct endpoint endpoint;
	struct addrinfo *addresses;
	int err;                    /* of getaddrinfo */
};

static void lookup_work(void *context)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG };
	struct lookup *lookup = context;

	lookup->err = getaddrinfo(lookup->endpoint.host, lookup->endpoint.port, &hints,
				  &lookup->addresses);
}

static void lookup_free(void *context)
{
	struct lookup *lookup = context;

	if (!lookup->err && lookup->addresses)
		freeaddrinfo(lookup->addresses);
	free(lookup);
}

/* A lookup to be freed, NULL after a failure: errno and a reason. */
static struct lookup *lookup_make(const struct endpoint *endpoint, char *reason, size_t size)
{
	struct lookup *lookup = calloc(1, sizeof(*lookup));
	int err;

	if (!lookup) {
		snprintf(reason, size, "%s", strerror(ENOMEM));
		return NULL;
	}
	lookup->endpoint = *endpoint;
	err = patience_run(lookup_work, lookup_free, lookup, "the address of the host");
	if (err) {
		snprintf(reason, size, "its host was looked up: %s", patience_reason(err));
		errno = -err;
		return NULL;
	}
	if (!lookup->err)
		return lookup;
	snprintf(reason, size, "%s", gai_strerror(lookup->err));
	lookup_free(lookup);
	errno = EHOSTUNREACH;
	return NULL;
}

int capture_connect(const char *peer, char *reason, size_t size)
{
	struct endpoint endpoint;
	const char *refused = endpoint_parse(peer, &endpoint);
	struct lookup *lookup;
	int fd = -1, err;

	if (refused) {
		snprintf(reason, size, "%s", refused);
		errno = EINVAL;
		return -1;
	}
	lookup = lookup_make(&endpoint, reason, size);
	if (!lookup)
		return -1;
	errno = 0;
	for (const struct addrinfo *at = lookup->addresses; at && fd < 0 && errno != EINTR;
	     at = at->ai_next)
		fd = connect_address(at);
	err = errno;
	lookup_free(lookup);
	if (fd < 0)
		snprintf(reason, size, "%s", strerror(err));
	errno = err;
	return fd;
}
