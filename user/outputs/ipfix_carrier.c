/* SPDX-License-Identifier: BSD-2-Clause */
/* Units on their way to a collector: messages by UDP or TCP. */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "../base/clock.h"
#include "ipfix_session.h"

#define HEADER_BYTES      16
#define SET_BYTES         4
#define TCP_MESSAGE       16384
#define TEMPLATES_EVERY   1024  /* messages; by UDP a collector may have begun since */
#define TEMPLATES_AGE_NS  1000000000ull
#define BURST_MESSAGES    20    /* of UDP, then a pause: collectors have small buffers */
#define BURST_PAUSE_MS    2

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
	put_32(ipfix->message + 12, ipfix->domain);
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
	if (unit->set == IPFIX_SET_ACCOUNT)
		put_32(ipfix->message + ipfix->length, ipfix->domain);
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

static int keep_template(struct ipfix *ipfix, const struct ipfix_unit *unit, const uint8_t *bytes)
{
	size_t whole = sizeof(*unit) + unit->length;

	if (ipfix->units_length + whole > sizeof(ipfix->units))
		return -EMSGSIZE;
	memcpy(ipfix->units + ipfix->units_length, unit, sizeof(*unit));
	memcpy(ipfix->units + ipfix->units_length + sizeof(*unit), bytes, unit->length);
	ipfix->units_length += whole;
	return 0;
}

/* The domain stays what it was at first: what it is made of may change, as interfaces come. */
static void take_domain(struct ipfix *ipfix, const uint8_t *bytes)
{
	if (!ipfix->has_domain)
		memcpy(&ipfix->domain, bytes, sizeof(ipfix->domain));
	ipfix->has_domain = true;
}

static bool is_left_out(const struct ipfix *ipfix, const struct ipfix_unit *unit)
{
	return !ipfix->target.has_accounting &&
	       (unit->set == IPFIX_SET_OPTIONS || unit->set == IPFIX_SET_ACCOUNT);
}

static int take_unit(struct carrier *carrier, const struct ipfix_unit *unit, const uint8_t *bytes)
{
	struct ipfix *ipfix = carrier->state;
	int err = 0;

	if (is_left_out(ipfix, unit))
		return 0;
	if (unit->set == IPFIX_SET_DOMAIN)
		take_domain(ipfix, bytes);
	else if (unit->set < IPFIX_SET_FIRST)
		err = keep_template(ipfix, unit, bytes);
	else if (templates_are_due(ipfix))
		err = send_templates(carrier);
	if (err || unit->set < IPFIX_SET_FIRST)
		return err;
	return append(carrier, unit, bytes);
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

static int ipfix_open(struct carrier *carrier, bool is_tcp, const char **reason)
{
	struct ipfix *ipfix = calloc(1, sizeof(*ipfix));
	int err;

	if (!ipfix)
		return -ENOMEM;
	carrier->state = ipfix;
	ipfix->is_tcp = is_tcp;
	*reason = ipfix_target_parse(carrier->config.name, &ipfix->target);
	if (*reason)
		return -EINVAL;
	ipfix->has_domain = ipfix->target.has_domain;
	ipfix->domain = ipfix->target.domain;
	err = ipfix_session_resolve(ipfix, &ipfix->target.endpoint, reason);
	if (err)
		return err;
	err = ipfix_session_try(carrier);
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

static int ipfix_begin(struct carrier *carrier)
{
	struct ipfix *ipfix = carrier->state;
	int err = 0;

	if (ipfix->is_tcp && carrier->fd >= 0 && ipfix_session_is_closed(carrier->fd))
		ipfix_session_drop(carrier);
	if (carrier->fd < 0)
		err = ipfix_session_try(carrier);
	if (err)
		return err;
	if (!ipfix->is_tcp)
		ipfix_session_take_refusal(carrier);
	ipfix->is_taken = false;
	ipfix->message_max = ipfix->is_tcp ? TCP_MESSAGE : ipfix_session_payload(carrier->fd);
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
		ipfix_session_drop(carrier);
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

	ipfix_session_drop(carrier);
	if (ipfix && ipfix->addresses)
		freeaddrinfo(ipfix->addresses);
	free(ipfix);
	carrier->state = NULL;
	return 0;
}

#define IPFIX_KIND(opening)                                                             \
	{ .open = opening, .begin = ipfix_begin, .write = ipfix_write,                  \
	  .commit = ipfix_commit, .cancel = ipfix_cancel, .reopen = ipfix_reopen,       \
	  .close = ipfix_close, .connects = true }

const struct carrier_kind ipfix_udp_kind = IPFIX_KIND(udp_open);
const struct carrier_kind ipfix_tcp_kind = IPFIX_KIND(tcp_open);
