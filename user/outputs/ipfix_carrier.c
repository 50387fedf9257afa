/* SPDX-License-Identifier: BSD-2-Clause */
/* Units on their way to a collector: messages by UDP or TCP. */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "../base/clock.h"
#include "ipfix.h"

#define HEADER_BYTES      16
#define SET_BYTES         4
#define MESSAGE_MAX       65535
#define TCP_MESSAGE       16384
#define PATH_MTU_DEFAULT  1500
#define PATH_MTU_LEAST    1280  /* a template and a record fit */
#define PATH_MTU_MOST     9000
#define UDP_HEADERS       48    /* IPv6 and UDP */
#define TEMPLATES_MAX     8192
#define TEMPLATES_EVERY   4096  /* messages; */
#define TEMPLATES_AGE_NS  (60 * 1000000000ull)
#define BURST_MESSAGES    20    /* of UDP, then a pause: collectors have small buffers */
#define BURST_PAUSE_MS    2
#define CONNECT_MS        1000
#define BACK_OFF_FIRST_NS 500000000ull
#define BACK_OFF_MOST_NS  (30 * 1000000000ull)

struct ipfix {
	bool is_tcp;
	struct addrinfo *addresses;
	uint32_t sequence;               /* records sent in this session (RFC 7011, 3.1) */
	size_t message_max;

	uint8_t message[MESSAGE_MAX];
	size_t length;
	size_t set_at;                   /* of the set being filled; 0: none */
	uint16_t set;
	uint32_t records;                /* in the message */

	uint8_t units[TEMPLATES_MAX];    /* templates, as they came with the document at hand */
	size_t units_length;
	bool templates_due;
	uint64_t templates_ns;
	uint32_t since_templates;        /* messages */
	uint32_t burst;

	uint8_t partial[sizeof(struct ipfix_unit) + UINT16_MAX];
	size_t partial_length;

	uint64_t retry_ns;
	uint64_t back_off_ns;
	bool was_away;                   /* which has been told */
	bool is_taken;                   /* the window before was committed, and counted so */
};

static void put_16(uint8_t *out, size_t value)
{
	uint16_t big = htons((uint16_t)value);

	memcpy(out, &big, sizeof(big));
}

static void put_32(uint8_t *out, uint32_t value)
{
	uint32_t big = htonl(value);

	memcpy(out, &big, sizeof(big));
}

static void message_begin(struct ipfix *ipfix)
{
	ipfix->length = HEADER_BYTES;
	ipfix->set_at = 0;
	ipfix->set = 0;
	ipfix->records = 0;
}

static void drop_connection(struct carrier *carrier)
{
	if (carrier->fd >= 0)
		close(carrier->fd);
	carrier->fd = -1;
}

/* What a datagram sent before came to is told with the next one: then that is sent again. */
static int send_datagram(struct carrier *carrier)
{
	struct ipfix *ipfix = carrier->state;
	int refused = 0;

	for (;;) {
		ssize_t count = send(carrier->fd, ipfix->message, ipfix->length,
				     MSG_NOSIGNAL | MSG_DONTWAIT);
		int err = count < 0 ? errno : 0;

		if (!err)
			return refused;
		if (err == EAGAIN || err == ENOBUFS) {
			err = -carrier_pause(carrier, 1);
			if (err)
				return -err;
		} else if (err == ECONNREFUSED && !refused) {
			refused = -ECONNREFUSED;
		} else if (err != EINTR) {
			return -err;
		}
	}
}

static int message_send(struct carrier *carrier)
{
	struct ipfix *ipfix = carrier->state;
	int err;

	if (ipfix->length == HEADER_BYTES)
		return 0;
	put_16(ipfix->message, IPFIX_VERSION);
	put_16(ipfix->message + 2, ipfix->length);
	put_32(ipfix->message + 4, (uint32_t)time(NULL));
	put_32(ipfix->message + 8, ipfix->sequence);
	put_32(ipfix->message + 12, IPFIX_OBSERVATION_DOMAIN);
	if (ipfix->is_tcp)
		err = carrier_write_bytes(carrier, (const char *)ipfix->message, ipfix->length);
	else
		err = send_datagram(carrier);
	ipfix->sequence += ipfix->records;
	ipfix->since_templates++;
	message_begin(ipfix);
	if (!err && !ipfix->is_tcp && ++ipfix->burst >= BURST_MESSAGES) {
		ipfix->burst = 0;
		err = carrier_pause(carrier, BURST_PAUSE_MS);
	}
	return err;
}

static int append(struct carrier *carrier, const struct ipfix_unit *unit, const uint8_t *bytes)
{
	struct ipfix *ipfix = carrier->state;
	int err = 0;

	if (ipfix->length + SET_BYTES + unit->length > ipfix->message_max)
		err = message_send(carrier);
	if (err)
		return err;
	if (ipfix->set != unit->set) {
		ipfix->set = unit->set;
		ipfix->set_at = ipfix->length;
		put_16(ipfix->message + ipfix->set_at, unit->set);
		ipfix->length += SET_BYTES;
	}
	memcpy(ipfix->message + ipfix->length, bytes, unit->length);
	ipfix->length += unit->length;
	ipfix->records += unit->set >= IPFIX_SET_FIRST;
	put_16(ipfix->message + ipfix->set_at + 2, ipfix->length - ipfix->set_at);
	return 0;
}

static int send_templates(struct carrier *carrier)
{
	struct ipfix *ipfix = carrier->state;
	struct ipfix_unit unit;
	int err = message_send(carrier);

	for (size_t at = 0; at < ipfix->units_length && !err; at += sizeof(unit) + unit.length) {
		memcpy(&unit, ipfix->units + at, sizeof(unit));
		err = append(carrier, &unit, ipfix->units + at + sizeof(unit));
	}
	if (!err)
		err = message_send(carrier);
	ipfix->templates_due = false;
	ipfix->since_templates = 0;
	ipfix->templates_ns = clock_monotonic_ns();
	return err;
}

static bool templates_are_due(const struct ipfix *ipfix)
{
	if (ipfix->length > HEADER_BYTES)
		return false;
	if (ipfix->templates_due)
		return true;
	return !ipfix->is_tcp && (ipfix->since_templates >= TEMPLATES_EVERY ||
				  clock_monotonic_ns() - ipfix->templates_ns > TEMPLATES_AGE_NS);
}

static int take_unit(struct carrier *carrier, const struct ipfix_unit *unit, const uint8_t *bytes)
{
	struct ipfix *ipfix = carrier->state;
	size_t whole = sizeof(*unit) + unit->length;
	int err = 0;

	if (unit->set < IPFIX_SET_FIRST) {
		if (ipfix->units_length + whole > sizeof(ipfix->units))
			return -EMSGSIZE;
		memcpy(ipfix->units + ipfix->units_length, unit, sizeof(*unit));
		memcpy(ipfix->units + ipfix->units_length + sizeof(*unit), bytes, unit->length);
		ipfix->units_length += whole;
		return 0;
	}
	if (templates_are_due(ipfix))
		err = send_templates(carrier);
	return err ? err : append(carrier, unit, bytes);
}

/* How many bytes of units are whole and were taken, or negative errno. */
static ssize_t take_units(struct carrier *carrier, const uint8_t *bytes, size_t length)
{
	struct ipfix_unit unit;
	size_t at = 0;

	while (length - at >= sizeof(unit)) {
		int err;

		memcpy(&unit, bytes + at, sizeof(unit));
		if (length - at - sizeof(unit) < unit.length)
			break;
		err = take_unit(carrier, &unit, bytes + at + sizeof(unit));
		if (err)
			return err;
		at += sizeof(unit) + unit.length;
	}
	return (ssize_t)at;
}

/* Units come in pieces: a rest waits for what follows. */
static int ipfix_write(struct carrier *carrier, const char *bytes, size_t length)
{
	struct ipfix *ipfix = carrier->state;

	while (length) {
		size_t room = sizeof(ipfix->partial) - ipfix->partial_length;
		size_t part = length < room ? length : room;
		ssize_t taken;

		memcpy(ipfix->partial + ipfix->partial_length, bytes, part);
		ipfix->partial_length += part;
		taken = take_units(carrier, ipfix->partial, ipfix->partial_length);
		if (taken < 0)
			return (int)taken;
		ipfix->partial_length -= (size_t)taken;
		memmove(ipfix->partial, ipfix->partial + taken, ipfix->partial_length);
		bytes += part;
		length -= part;
	}
	return 0;
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
		drop_connection(carrier);
	return err;
}

/* A transport session of its own: its sequence begins anew, and it knows no template. */
static int ipfix_connect(struct carrier *carrier)
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

static int ipfix_try(struct carrier *carrier)
{
	struct ipfix *ipfix = carrier->state;
	uint64_t now_ns = clock_monotonic_ns();
	int err;

	if (now_ns < ipfix->retry_ns)
		return -ENOTCONN;
	err = ipfix_connect(carrier);
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

static int resolve(struct ipfix *ipfix, const struct endpoint *endpoint, const char **reason)
{
	const struct addrinfo hints = { .ai_socktype = ipfix->is_tcp ? SOCK_STREAM : SOCK_DGRAM };

	if (!getaddrinfo(endpoint->host, endpoint->port, &hints, &ipfix->addresses))
		return 0;
	*reason = "its host is not known";
	return -EHOSTUNREACH;
}

static int ipfix_open(struct carrier *carrier, bool is_tcp, const char **reason)
{
	struct ipfix *ipfix = calloc(1, sizeof(*ipfix));
	struct endpoint endpoint;
	int err;

	if (!ipfix)
		return -ENOMEM;
	carrier->state = ipfix;
	ipfix->is_tcp = is_tcp;
	*reason = ipfix_target_parse(carrier->config.name, &endpoint);
	if (*reason)
		return -EINVAL;
	err = resolve(ipfix, &endpoint, reason);
	if (err)
		return err;
	err = ipfix_try(carrier);
	return is_tcp ? 0 : err;
}

static int udp_open(struct carrier *carrier, const char **reason)
{
	return ipfix_open(carrier, false, reason);
}

static int tcp_open(struct carrier *carrier, const char **reason)
{
	return ipfix_open(carrier, true, reason);
}

/* What the kernel knows of the path by now. */
static size_t path_payload(int fd)
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

/* A collector that has gone has closed its end; it has nothing to say else. */
static bool is_closed(int fd)
{
	char byte;
	ssize_t count = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

	return count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR);
}

/* A host that nothing listens on has said so (ICMP) since the window before. */
static void take_refusal(struct carrier *carrier)
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

static int ipfix_begin(struct carrier *carrier)
{
	struct ipfix *ipfix = carrier->state;
	int err = 0;

	if (ipfix->is_tcp && carrier->fd >= 0 && is_closed(carrier->fd))
		drop_connection(carrier);
	if (carrier->fd < 0)
		err = ipfix_try(carrier);
	if (err)
		return err;
	if (!ipfix->is_tcp)
		take_refusal(carrier);
	ipfix->is_taken = false;
	ipfix->message_max = ipfix->is_tcp ? TCP_MESSAGE : path_payload(carrier->fd);
	ipfix->units_length = 0;
	ipfix->partial_length = 0;
	message_begin(ipfix);
	return 0;
}

static int ipfix_commit(struct carrier *carrier)
{
	struct ipfix *ipfix = carrier->state;
	int err = message_send(carrier);

	ipfix->is_taken = !err;
	return err;
}

/* Half a message in a stream cannot be taken back: the next window has a new connection. */
static void ipfix_cancel(struct carrier *carrier)
{
	struct ipfix *ipfix = carrier->state;

	message_begin(ipfix);
	if (ipfix->is_tcp)
		drop_connection(carrier);
	else
		ipfix->templates_due = true;
}

static int ipfix_reopen(struct carrier *carrier)
{
	(void)carrier;
	return 0;
}

static int ipfix_close(struct carrier *carrier)
{
	struct ipfix *ipfix = carrier->state;

	drop_connection(carrier);
	if (ipfix && ipfix->addresses)
		freeaddrinfo(ipfix->addresses);
	free(ipfix);
	carrier->state = NULL;
	return 0;
}

#define IPFIX_KIND(opening)                                                             \
	{ .open = opening, .begin = ipfix_begin, .write = ipfix_write,                  \
	  .commit = ipfix_commit, .cancel = ipfix_cancel, .reopen = ipfix_reopen,       \
	  .close = ipfix_close }

const struct carrier_kind ipfix_udp_kind = IPFIX_KIND(udp_open);
const struct carrier_kind ipfix_tcp_kind = IPFIX_KIND(tcp_open);
