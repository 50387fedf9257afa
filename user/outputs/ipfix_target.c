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

const char *ipfix_target_parse(const char *text, struct endpoint *endpoint)
{
	const char *peer = after_scheme(text);
	char whole[ENDPOINT_HOST_MAX + 16];
	const char *bracket;
	bool has_port;

	if (!peer || !*peer)
		return "a host is missing: ipfix://HOST[:PORT]";
	if (strlen(peer) > ENDPOINT_HOST_MAX)
		return "the host is too long for a name";
	if (strpbrk(peer, "/?@"))
		return "after ipfix:// comes HOST[:PORT] and nothing else";
	bracket = strchr(peer, ']');
	has_port = strchr(bracket ? bracket : peer, ':');
	snprintf(whole, sizeof(whole), "%s%s", peer, has_port ? "" : ":" PORT_PLAIN);
	return endpoint_parse(whole, endpoint);
}
