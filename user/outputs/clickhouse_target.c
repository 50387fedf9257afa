/* SPDX-License-Identifier: BSD-2-Clause */
#include "clickhouse_target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spool.h"

#define PORT_PLAIN  "8123"
#define PORT_SECURE "8443"

/* What follows the scheme, or NULL. */
static const char *after_scheme(const char *text, bool *is_secure)
{
	*is_secure = !strncmp(text, CLICKHOUSE_SCHEME_SECURE, strlen(CLICKHOUSE_SCHEME_SECURE));
	if (*is_secure)
		return text + strlen(CLICKHOUSE_SCHEME_SECURE);
	if (!strncmp(text, CLICKHOUSE_SCHEME, strlen(CLICKHOUSE_SCHEME)))
		return text + strlen(CLICKHOUSE_SCHEME);
	return NULL;
}

bool clickhouse_target_is(const char *text)
{
	bool is_secure;

	return after_scheme(text, &is_secure) != NULL;
}

static int hex_digit(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

/* What %41 stands for (RFC 3986, 2.1); false where it is no such text or does not fit. */
static bool decode(const char *text, size_t length, char *out, size_t size)
{
	size_t done = 0;

	for (size_t i = 0; i < length; i++) {
		char byte = text[i];

		if (byte == '%') {
			int high = i + 2 < length ? hex_digit(text[i + 1]) : -1;
			int low = i + 2 < length ? hex_digit(text[i + 2]) : -1;

			if (high < 0 || low < 0)
				return false;
			byte = (char)(high << 4 | low);
			i += 2;
		}
		if (!byte || done + 1 >= size)
			return false;
		out[done++] = byte;
	}
	out[done] = '\0';
	return true;
}

/* The part before the last @ of the authority, which ends at the path. */
static const char *user_end(const char *authority)
{
	size_t length = strcspn(authority, "/?");

	return memrchr(authority, '@', length);
}

char *clickhouse_target_hide_password(char *text)
{
	bool is_secure;
	const char *authority = after_scheme(text, &is_secure);
	const char *end = authority ? user_end(authority) : NULL;
	char *colon, *password;
	size_t length, rest;

	colon = end ? memchr(text + (authority - text), ':', (size_t)(end - authority)) : NULL;
	if (!colon)
		return NULL;
	length = (size_t)(end - colon) - 1;
	password = malloc(length + 1);
	if (password && !decode(colon + 1, length, password, length + 1)) {
		memcpy(password, colon + 1, length);
		password[length] = '\0';
	}
	rest = strlen(end);
	memmove(colon, end, rest);
	explicit_bzero(colon + rest, length + 1);
	return password;
}

/* A name that needs no quotes in a query. */
static bool take_name(char out[CLICKHOUSE_NAME_MAX], const char *text, size_t length)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
				      "0123456789";

	if (!length || length >= CLICKHOUSE_NAME_MAX)
		return false;
	memcpy(out, text, length);
	out[length] = '\0';
	return strspn(out, letters) == length && strcspn(out, "0123456789") != 0;
}

static const char *take_tables(struct clickhouse_target *target, const char *path)
{
	static const char *const wrong = "after HOST comes /DATABASE or /DATABASE.TABLE, names of "
					 "letters, digits and _";
	size_t length = strcspn(path, "?"), dot = strcspn(path, ".?");

	if (!take_name(target->database, path, dot < length ? dot : length))
		return wrong;
	strcpy(target->table, "flows");
	strcpy(target->windows_table, "windows");
	if (dot >= length)
		return NULL;
	if (!take_name(target->table, path + dot + 1, length - dot - 1))
		return wrong;
	snprintf(target->windows_table, sizeof(target->windows_table), "%s_windows",
		 target->table);
	return NULL;
}

/* Digits and k, M, G or T: powers of 1024. */
static bool take_bytes(uint64_t *bytes, const char *text, size_t length)
{
	static const char prefixes[] = "kMGT";
	const char *prefix = length ? memchr(prefixes, text[length - 1], 4) : NULL;
	uint64_t number = 0;

	if (prefix)
		length--;
	if (!length)
		return false;
	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9' ||
		    __builtin_mul_overflow(number, 10u, &number) ||
		    __builtin_add_overflow(number, (uint64_t)(text[i] - '0'), &number))
			return false;
	}
	for (; prefix && prefix >= prefixes; prefix--) {
		if (__builtin_mul_overflow(number, 1024u, &number))
			return false;
	}
	*bytes = number;
	return true;
}

static const char *take_option(struct clickhouse_target *target, const char *text, size_t length)
{
	static const char spool[] = "spool=", most[] = "spool_max=", authority[] = "ca=";
	const size_t spool_length = sizeof(spool) - 1, most_length = sizeof(most) - 1;
	const size_t authority_length = sizeof(authority) - 1;

	if (length > spool_length && !strncmp(text, spool, spool_length))
		return decode(text + spool_length, length - spool_length, target->spool,
			      sizeof(target->spool)) ? NULL : "spool= is not the name of a directory";
	if (length > authority_length && !strncmp(text, authority, authority_length))
		return decode(text + authority_length, length - authority_length,
			      target->authority, sizeof(target->authority)) ?
		       NULL : "ca= is not the name of a file";
	if (length <= most_length || strncmp(text, most, most_length))
		return "its options are spool=DIR, spool_max=BYTES and ca=FILE";
	if (!take_bytes(&target->spool_max_bytes, text + most_length, length - most_length) ||
	    target->spool_max_bytes < SPOOL_BYTES_MIN)
		return "spool_max= is not a number of bytes (64k or more; k, M, G)";
	return NULL;
}
_Static_assert(SPOOL_BYTES_MIN == 65536, "the text above says so");

static const char *take_options(struct clickhouse_target *target, const char *text)
{
	const char *reason = NULL;

	while (*text && !reason) {
		size_t length = strcspn(text, "&");

		reason = take_option(target, text, length);
		text += length + (text[length] == '&');
	}
	return reason;
}

/* What the system gives a service, what it gives root, and what a user has. */
static void choose_spool(struct clickhouse_target *target)
{
	const char *state = getenv("STATE_DIRECTORY"), *user = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");
	char base[PATH_MAX / 2];

	if (state && *state)
		snprintf(base, sizeof(base), "%s/spool", state);
	else if (geteuid() == 0)
		snprintf(base, sizeof(base), "/var/spool/weir");
	else if (user && *user)
		snprintf(base, sizeof(base), "%s/weir/spool", user);
	else
		snprintf(base, sizeof(base), "%s/.local/state/weir/spool", home ? home : ".");
	snprintf(target->spool, sizeof(target->spool), "%s/%s_%s_%s.%s", base,
		 target->endpoint.host, target->endpoint.port, target->database, target->table);
}

static const char *take_endpoint(struct clickhouse_target *target, const char *text, size_t length)
{
	const char *port = target->is_secure ? PORT_SECURE : PORT_PLAIN;
	const char *end = text + length, *bracket = memchr(text, ']', length);
	char whole[ENDPOINT_HOST_MAX + 16];
	bool has_port = memchr(bracket ? bracket : text, ':',
			       (size_t)(end - (bracket ? bracket : text)));

	if (!length)
		return "a host is missing: clickhouse://HOST/DATABASE";
	if (length > ENDPOINT_HOST_MAX)
		return "the host is too long for a name";
	snprintf(whole, sizeof(whole), "%.*s%s%s", (int)length, text, has_port ? "" : ":",
		 has_port ? "" : port);
	return endpoint_parse(whole, &target->endpoint);
}

static const char *take_user(struct clickhouse_target *target, const char *text, size_t length)
{
	if (memchr(text, ':', length))
		length = (size_t)((const char *)memchr(text, ':', length) - text);
	return decode(text, length, target->user, sizeof(target->user)) ?
	       NULL : "the user is no name";
}

const char *clickhouse_target_parse(const char *text, struct clickhouse_target *target)
{
	const char *authority, *path, *at, *reason = NULL;

	memset(target, 0, sizeof(*target));
	target->spool_max_bytes = CLICKHOUSE_SPOOL_MAX;
	authority = after_scheme(text, &target->is_secure);
	if (!authority)
		return "not clickhouse://HOST/DATABASE";
	path = authority + strcspn(authority, "/?");
	if (*path != '/')
		return "a database is missing: clickhouse://HOST/DATABASE";
	at = user_end(authority);
	if (at)
		reason = take_user(target, authority, (size_t)(at - authority));
	authority = at ? at + 1 : authority;
	if (!reason)
		reason = take_endpoint(target, authority, (size_t)(path - authority));
	if (!reason)
		reason = take_tables(target, path + 1);
	if (!reason)
		choose_spool(target);
	if (!reason && path[strcspn(path, "?")])
		reason = take_options(target, path + strcspn(path, "?") + 1);
	return reason;
}

const char *clickhouse_target_owner(const struct clickhouse_target *target,
				    char out[CLICKHOUSE_OWNER_MAX])
{
	snprintf(out, CLICKHOUSE_OWNER_MAX, "%s:%s/%s.%s", target->endpoint.host,
		 target->endpoint.port, target->database, target->table);
	return out;
}
