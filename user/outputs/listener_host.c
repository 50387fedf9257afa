/* SPDX-License-Identifier: BSD-2-Clause */
#include "listener_host.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NAME_ROOM 256
#define OPENMETRICS "application/openmetrics-text"

/* Copies the host without its port, and without the brackets of an address. */
static bool host_cut(const char *host, char name[NAME_ROOM])
{
	bool is_bracketed = *host == '[';
	const char *begin = host + is_bracketed;
	const char *end = is_bracketed ? strchr(begin, ']') : begin + strcspn(begin, ":");
	const char *rest = end ? end + is_bracketed : NULL;

	if (!rest || end == begin || end - begin >= NAME_ROOM)
		return false;
	if (*rest && (*rest != ':' || rest[1 + strspn(rest + 1, "0123456789")]))
		return false;
	memcpy(name, begin, (size_t)(end - begin));
	name[end - begin] = '\0';
	return true;
}

/* As IPv6, that of IPv4 mapped. */
static bool address_read(const char *text, struct in6_addr *address)
{
	struct in_addr short_one;

	if (inet_pton(AF_INET6, text, address) == 1)
		return true;
	if (inet_pton(AF_INET, text, &short_one) != 1)
		return false;
	memset(address, 0, sizeof(*address));
	memset(&address->s6_addr[10], 0xff, 2);
	memcpy(&address->s6_addr[12], &short_one, sizeof(short_one));
	return true;
}

static bool is_local(const struct in6_addr *address, const struct sockaddr *local)
{
	struct in6_addr own = { 0 };

	if (local->sa_family == AF_INET6) {
		own = ((const struct sockaddr_in6 *)(const void *)local)->sin6_addr;
	} else if (local->sa_family == AF_INET) {
		memset(&own.s6_addr[10], 0xff, 2);
		memcpy(&own.s6_addr[12],
		       &((const struct sockaddr_in *)(const void *)local)->sin_addr, 4);
	} else {
		return false;
	}
	return !memcmp(&own, address, sizeof(own));
}

static bool is_name(const char *name, const char *own)
{
	return own && *own && !strcasecmp(name, own);
}

bool host_is_own(const char *host, const struct host_names *names, const struct sockaddr *local)
{
	struct in6_addr address;
	char name[NAME_ROOM];

	if (!host || !host_cut(host, name))
		return false;
	if (address_read(name, &address))
		return is_local(&address, local);
	return is_name(name, "localhost") || is_name(name, names->machine) ||
	       is_name(name, names->given) || is_name(name, names->listened);
}

/* Thousandths, by the rules of quality values: "0", "0.5", "1.000". */
static int quality_read(const char *text)
{
	int quality = *text == '1' ? 1000 : 0, place = 100;

	if (*text != '0' || text[1] != '.')
		return quality;
	for (text += 2; *text >= '0' && *text <= '9' && place; text++, place /= 10)
		quality += (*text - '0') * place;
	return quality;
}

/* How well a kind of content is liked that the entry names; -1: it names another. */
static int entry_quality(char *entry, const char *type)
{
	int quality = 1000;
	char *rest, *part = strtok_r(entry, ";", &rest);

	if (!part)
		return -1;
	part += strspn(part, " \t");
	part[strcspn(part, " \t")] = '\0';
	if (strcasecmp(part, type))
		return -1;
	while ((part = strtok_r(NULL, ";", &rest))) {
		part += strspn(part, " \t");
		if (!strncasecmp(part, "q=", 2))
			quality = quality_read(part + 2);
		if (!strcmp(type, OPENMETRICS) && !strncasecmp(part, "version=", 8) &&
		    strncmp(part + 8, "1.", 2))
			return -1;
	}
	return quality;
}

/* The best that any entry says of that type, 0 where none does. */
static int accept_quality(const char *accept, const char *type)
{
	int best = 0;

	while (*accept) {
		size_t length = strcspn(accept, ",");
		char entry[NAME_ROOM];
		int quality;

		if (length < sizeof(entry)) {
			memcpy(entry, accept, length);
			entry[length] = '\0';
			quality = entry_quality(entry, type);
			best = quality > best ? quality : best;
		}
		accept += length + (accept[length] == ',');
	}
	return best;
}

bool accept_is_openmetrics(const char *accept)
{
	int open = accept ? accept_quality(accept, OPENMETRICS) : 0;

	return open > 0 && open >= accept_quality(accept, "text/plain");
}
