/* SPDX-License-Identifier: BSD-2-Clause */
#include "endpoint.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <string.h>

/* The end of the host in text, NULL where it has none; *host: where it begins. */
static const char *host_find(const char *text, const char **host)
{
	if (*text == '[') {
		*host = text + 1;
		return strchr(text, ']');
	}
	*host = text;
	return text + strcspn(text, ":");
}

/* A zone is a name of an interface or its number, and the system's to judge. */
static bool is_ipv6(const char *host)
{
	size_t length = strcspn(host, "%");
	char address[INET6_ADDRSTRLEN];
	struct in6_addr binary;

	if (length >= sizeof(address) || (host[length] && !host[length + 1]))
		return false;
	memcpy(address, host, length);
	address[length] = '\0';
	return inet_pton(AF_INET6, address, &binary) == 1;
}

/* What is of digits and dots alone is meant as an address, which inet_aton would complete. */
static bool is_name_or_ipv4(const char *host)
{
	struct in_addr binary;

	if (host[strspn(host, "0123456789.")] == '\0')
		return inet_pton(AF_INET, host, &binary) == 1;
	for (const char *c = host; *c; c++) {
		if ((unsigned char)*c <= ' ' || strchr("[]/@?#\\%\177", *c))
			return false;
	}
	return host[0] != '.' && host[0] != '-';
}

/* Digits that are a number from 1 to 65535, leading zeros left out. */
static bool port_parse(const char *text, char port[6])
{
	size_t length;
	unsigned int number = 0;

	while (text[0] == '0' && text[1])
		text++;
	length = strspn(text, "0123456789");
	if (!length || length > 5 || text[length])
		return false;
	for (size_t i = 0; i < length; i++)
		number = number * 10 + (unsigned int)(text[i] - '0');
	memcpy(port, text, length + 1);
	return number >= 1 && number <= 65535;
}

const char *endpoint_parse(const char *text, struct endpoint *endpoint)
{
	const char *host, *end = host_find(text, &host), *rest;
	bool is_bracketed = host != text;
	size_t length = end ? (size_t)(end - host) : 0;

	if (!is_bracketed && strchr(text, ':') != strrchr(text, ':'))
		return "an IPv6 address stands in brackets: [HOST]:PORT";
	if (!length)
		return "a host is missing: HOST:PORT";
	if (length >= sizeof(endpoint->host))
		return "the host is too long for a name";
	memcpy(endpoint->host, host, length);
	endpoint->host[length] = '\0';
	rest = end + is_bracketed;
	if (is_bracketed ? !is_ipv6(endpoint->host) : !is_name_or_ipv4(endpoint->host))
		return is_bracketed ? "what is in brackets is no IPv6 address" :
				      "the host is neither a name nor an address";
	if (*rest != ':')
		return "a port is missing: HOST:PORT";
	return port_parse(rest + 1, endpoint->port) ? NULL :
						      "the port is not a number from 1 to 65535";
}
