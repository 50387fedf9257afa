/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

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

int capture_connect(const char *peer, char *reason, size_t size)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG };
	struct addrinfo *addresses = NULL;
	struct endpoint endpoint;
	const char *refused = endpoint_parse(peer, &endpoint);
	int fd = -1, err;

	if (refused) {
		snprintf(reason, size, "%s", refused);
		errno = EINVAL;
		return -1;
	}
	err = getaddrinfo(endpoint.host, endpoint.port, &hints, &addresses);
	if (err) {
		snprintf(reason, size, "%s", gai_strerror(err));
		errno = EHOSTUNREACH;
		return -1;
	}
	errno = 0;
	for (struct addrinfo *at = addresses; at && fd < 0 && errno != EINTR; at = at->ai_next)
		fd = connect_address(at);
	err = errno;
	freeaddrinfo(addresses);
	if (fd < 0)
		snprintf(reason, size, "%s", strerror(err));
	errno = err;
	return fd;
}
