/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The target of an IPFIX output, of any text: it is refused with a reason, or it has a host and a
 * port, and says the same of the text that these are written as again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../user/outputs/ipfix.h"

#define CHECK(condition)         \
	do {                     \
		if (!(condition)) \
			abort(); \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_again(const struct ipfix_target *target)
{
	const struct endpoint *endpoint = &target->endpoint;
	bool has_colon = strchr(endpoint->host, ':');
	char text[ENDPOINT_HOST_MAX + 128];
	struct ipfix_target again;
	int length = snprintf(text, sizeof(text), IPFIX_SCHEME_TCP "%s%s%s:%s?accounting=%s",
			      has_colon ? "[" : "", endpoint->host, has_colon ? "]" : "",
			      endpoint->port, target->has_accounting ? "yes" : "no");

	CHECK(length > 0 && (size_t)length < sizeof(text));
	if (target->has_domain)
		snprintf(text + length, sizeof(text) - (size_t)length, "&domain=%u",
			 target->domain);
	CHECK(!ipfix_target_parse(text, &again));
	CHECK(!strcmp(again.endpoint.host, endpoint->host));
	CHECK(!strcmp(again.endpoint.port, endpoint->port));
	CHECK(again.has_domain == target->has_domain);
	CHECK(!target->has_domain || again.domain == target->domain);
	CHECK(again.has_accounting == target->has_accounting);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct ipfix_target target;
	const char *reason;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	reason = ipfix_target_parse(text, &target);
	if (reason) {
		CHECK(*reason);
	} else {
		CHECK(*target.endpoint.host);
		CHECK(atoi(target.endpoint.port) > 0 && atoi(target.endpoint.port) < 65536);
		check_again(&target);
	}
	free(text);
	return 0;
}
