/* SPDX-License-Identifier: BSD-2-Clause */
#include "ipfix_session.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../base/clock.h"

#define PATH_MTU_DEFAULT  1500
#define PATH_MTU_LEAST    1280  /* a template and a record fit */
#define PATH_MTU_MOST     9000
#define UDP_HEADERS       48    /* IPv6 and UDP */
#define CONNECT_MS        1000
#define BACK_OFF_FIRST_NS 500000000ull
#define BACK_OFF_MOST_NS  (30 * 1000000000ull)

void ipfix_session_drop(struct carrier *carrier)
{
	if (carrier->fd >= 0)
		close(carrier->fd);
	carrier->fd = -1;
}

static int connect_wait(struct carrier *carrier)
{
	struct pollfd polled[] = {
		{ .fd = carrier->config.hangup_fd, .events = carrier->config.hangup_events },
		{ .fd = carrier->fd, .events = POLLOUT },
	};
	socklen_t size = sizeof(int);
	int err = 0, count = poll(polled, 2, CONNECT_MS);

	if (count < 0)
		return -errno;
	if (polled[0].revents)
		return -ECANCELED;
	if (!count)
		return -ETIMEDOUT;
	if (getsockopt(carrier->fd, SOL_SOCKET, SO_ERROR, &err, &size))
		return -errno;
	return -err;
}

static int connect_address(struct carrier *carrier, const struct addrinfo *address)
{
	int type = address->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, err = 0;

	carrier->fd = socket(address->ai_family, type, address->ai_protocol);
	if (carrier->fd < 0)
		return -errno;
	if (connect(carrier->fd, address->ai_addr, address->ai_addrlen))
		err = errno == EINPROGRESS ? connect_wait(carrier) : -errno;
	if (err)
		ipfix_session_drop(carrier);
	return err;
}

/* A transport session of its own: its sequence begins anew, and it knows no template. */
static int session_connect(struct carrier *carrier)
{
	struct ipfix *ipfix = carrier->state;
	int err = -EHOSTUNREACH;

	for (const struct addrinfo *at = ipfix->addresses; at && err && err != -ECANCELED;
	     at = at->ai_next)
		err = connect_address(carrier, at);
	if (err)
		return err;
	ipfix->sequence = 0;
	ipfix->templates_due = true;
	ipfix->back_off_ns = 0;
	return 0;
}

int ipfix_session_try(struct carrier *carrier)
{
	struct ipfix *ipfix = carrier->state;
	uint64_t now_ns = clock_monotonic_ns();
	int err;

	if (now_ns < ipfix->retry_ns)
		return -ENOTCONN;
	err = session_connect(carrier);
	if (err) {
		ipfix->back_off_ns = ipfix->back_off_ns ? ipfix->back_off_ns * 2 : BACK_OFF_FIRST_NS;
		if (ipfix->back_off_ns > BACK_OFF_MOST_NS)
			ipfix->back_off_ns = BACK_OFF_MOST_NS;
		ipfix->retry_ns = clock_monotonic_ns() + ipfix->back_off_ns;
		if (!ipfix->was_away)
			carrier_news_add(&carrier->news, "its collector is away: windows are left "
					 "out until it is back", 0);
		ipfix->was_away = true;
	} else if (ipfix->was_away) {
		carrier_news_add(&carrier->news, "its collector is back", 0);
		ipfix->was_away = false;
	}
	return err;
}

int ipfix_session_resolve(struct ipfix *ipfix, const struct endpoint *endpoint, const char **reason)
{
	const struct addrinfo hints = { .ai_socktype = ipfix->is_tcp ? SOCK_STREAM : SOCK_DGRAM };

	if (!getaddrinfo(endpoint->host, endpoint->port, &hints, &ipfix->addresses))
		return 0;
	*reason = "its host is not known";
	return -EHOSTUNREACH;
}

size_t ipfix_session_payload(int fd)
{
	socklen_t size = sizeof(int);
	int mtu = 0;

	if (getsockopt(fd, IPPROTO_IP, IP_MTU, &mtu, &size) &&
	    getsockopt(fd, IPPROTO_IPV6, IPV6_MTU, &mtu, &size))
		mtu = PATH_MTU_DEFAULT;
	if (mtu < PATH_MTU_LEAST)
		mtu = PATH_MTU_LEAST;
	return (size_t)(mtu < PATH_MTU_MOST ? mtu : PATH_MTU_MOST) - UDP_HEADERS;
}

bool ipfix_session_is_closed(int fd)
{
	char byte;
	ssize_t count = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

	return count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR);
}

void ipfix_session_take_refusal(struct carrier *carrier)
{
	struct ipfix *ipfix = carrier->state;
	socklen_t size = sizeof(int);
	int err = 0;

	if (getsockopt(carrier->fd, SOL_SOCKET, SO_ERROR, &err, &size) || !err)
		return;
	carrier_news_add(&carrier->news, ipfix->was_away ? NULL :
			 "nothing listens at its collector's port: windows are lost", ipfix->is_taken);
	ipfix->was_away = true;
	ipfix->templates_due = true;
}
