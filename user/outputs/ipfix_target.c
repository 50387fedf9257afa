/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "ipfix.h"

#define PORT_PLAIN "4739" /* IANA's */

static const char *after_scheme(const char *text)
{
	if (!strncmp(text, IPFIX_SCHEME_UDP, strlen(IPFIX_SCHEME_UDP)))
		return text + strlen(IPFIX_SCHEME_UDP);
	if (!strncmp(text, IPFIX_SCHEME_TCP, strlen(IPFIX_SCHEME_TCP)))
		return text + strlen(IPFIX_SCHEME_TCP);
	return NULL;
}

static const char *take_endpoint(struct ipfix_target *target, const char *text, size_t length)
{
	const char *bracket = memchr(text, ']', length), *rest = bracket ? bracket : text;
	bool has_port = memchr(rest, ':', length - (size_t)(rest - text));
	char whole[ENDPOINT_HOST_MAX + 64]; /* brackets and a port of leading zeros fit too */

	if (!length)
		return "a host is missing: ipfix://HOST[:PORT]";
	if (length + sizeof(PORT_PLAIN) >= sizeof(whole))
		return "the host is too long for a name";
	if (memchr(text, '/', length) || memchr(text, '@', length))
		return "after ipfix:// comes HOST[:PORT] and perhaps ?OPTION=VALUE";
	snprintf(whole, sizeof(whole), "%.*s%s", (int)length, text, has_port ? "" : ":" PORT_PLAIN);
	return endpoint_parse(whole, &target->endpoint);
}

static bool option_is(const char *text, size_t length, const char *option)
{
	return length == strlen(option) && !strncmp(text, option, length);
}

/* A number of 32 bits, decimal. */
static bool take_number(uint32_t *number, const char *text, size_t length)
{
	uint64_t value = 0;

	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = value * 10 + (uint64_t)(text[i] - '0');
		if (value > UINT32_MAX)
			return false;
	}
	*number = (uint32_t)value;
	return length > 0;
}

static const char *take_option(struct ipfix_target *target, const char *text, size_t length)
{
	static const char domain[] = "domain=";
	const size_t name_length = sizeof(domain) - 1;

	if (option_is(text, length, "accounting=no") || option_is(text, length, "accounting=yes")) {
		target->has_accounting = option_is(text, length, "accounting=yes");
		return NULL;
	}
	if (length < name_length || strncmp(text, domain, name_length))
		return "its options are domain=NUMBER and accounting=no";
	target->has_domain = true;
	return take_number(&target->domain, text + name_length, length - name_length) ?
	       NULL : "domain= is not a number from 0 to 4294967295";
}

const char *ipfix_target_parse(const char *text, struct ipfix_target *target)
{
	const char *peer = after_scheme(text), *reason;
	size_t length;

	memset(target, 0, sizeof(*target));
	target->has_accounting = true;
	if (!peer)
		return "not ipfix://HOST[:PORT]";
	length = strcspn(peer, "?");
	reason = take_endpoint(target, peer, length);
	for (peer += length; *peer && !reason; peer += length) {
		peer++;
		length = strcspn(peer, "&");
		reason = take_option(target, peer, length);
	}
	return reason;
}
