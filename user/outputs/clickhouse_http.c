/* SPDX-License-Identifier: BSD-2-Clause */
#include "clickhouse_http.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONNECT_TIMEOUT_S 5L
#define SILENCE_S         60L            /* no byte either way for so long: it is given up */
#define REPLY_BYTES_MAX   (1u << 20)
#define WAIT_MS           1000
#define HEADER_MAX        512

struct clickhouse_http {
	CURLM *multi;
	CURL *easy;
	struct curl_slist *headers;
	char *settings;
	char base[ENDPOINT_HOST_MAX + 32];
	char error[CURL_ERROR_SIZE];
	_Atomic bool is_stopped;
};

static size_t take_body(char *bytes, size_t size, size_t count, void *context)
{
	struct text *body = context;
	size_t length = size * count;

	if (body->length + length <= REPLY_BYTES_MAX)
		text_bytes(body, bytes, length);
	return length;
}

static bool add_header(struct clickhouse_http *http, const char *name, const char *value)
{
	char line[HEADER_MAX];
	int length = snprintf(line, sizeof(line), "%s: %s", name, value);
	struct curl_slist *more = NULL;

	/* A line end in a password would be a header of its own. */
	if (length > 0 && (size_t)length < sizeof(line) && !strpbrk(line, "\r\n"))
		more = curl_slist_append(http->headers, line);
	explicit_bzero(line, sizeof(line));
	if (more)
		http->headers = more;
	return more != NULL;
}

/* Not by what the address says: that is logged on its way, and by the server. */
static bool add_headers(struct clickhouse_http *http, const struct clickhouse_target *target,
			const char *password)
{
	bool is_added = true;

	http->headers = curl_slist_append(NULL, "Expect:");
	if (*target->user || password)
		is_added = add_header(http, "X-ClickHouse-User",
				      *target->user ? target->user : "default");
	if (is_added && password)
		is_added = add_header(http, "X-ClickHouse-Key", password);
	return is_added && http->headers;
}

static void set_up(struct clickhouse_http *http, const struct clickhouse_target *target)
{
	CURL *easy = http->easy;

	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, http->headers);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "weir/" WEIR_VERSION);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, http->error);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT_S);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, SILENCE_S);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, 512L << 10);
	if (*target->authority)
		curl_easy_setopt(easy, CURLOPT_CAINFO, target->authority);
}

struct clickhouse_http *clickhouse_http_open(const struct clickhouse_target *target,
					     const char *password)
{
	struct clickhouse_http *http = calloc(1, sizeof(*http));
	bool is_ipv6 = strchr(target->endpoint.host, ':') != NULL;

	if (!http || curl_global_init(CURL_GLOBAL_DEFAULT)) {
		free(http);
		return NULL;
	}
	snprintf(http->base, sizeof(http->base), "%s://%s%s%s:%s/",
		 target->is_secure ? "https" : "http", is_ipv6 ? "[" : "", target->endpoint.host,
		 is_ipv6 ? "]" : "", target->endpoint.port);
	http->multi = curl_multi_init();
	http->easy = curl_easy_init();
	if (!http->multi || !http->easy || !add_headers(http, target, password)) {
		clickhouse_http_close(http);
		return NULL;
	}
	set_up(http, target);
	return http;
}

void clickhouse_http_close(struct clickhouse_http *http)
{
	if (!http)
		return;
	curl_easy_cleanup(http->easy);
	if (http->multi)
		curl_multi_cleanup(http->multi);
	curl_slist_free_all(http->headers);
	free(http->settings);
	free(http);
	curl_global_cleanup();
}

void clickhouse_http_stop(struct clickhouse_http *http)
{
	atomic_store(&http->is_stopped, true);
	curl_multi_wakeup(http->multi);
}

void clickhouse_http_settings(struct clickhouse_http *http, const char *settings)
{
	free(http->settings);
	http->settings = settings ? strdup(settings) : NULL;
}

/* NULL where memory fails. */
static char *address_make(struct clickhouse_http *http, const char *query)
{
	char *escaped = query ? curl_easy_escape(http->easy, query, 0) : NULL, *address = NULL;

	if (query && !escaped)
		return NULL;
	if (asprintf(&address, "%s?query=%s%s", http->base, escaped ? escaped : "",
		     http->settings ? http->settings : "") < 0)
		address = NULL;
	curl_free(escaped);
	return address;
}

/* CURLE_OK, or why there is no answer; -1 once it is stopped. */
static int transfer(struct clickhouse_http *http)
{
	int running = 1, left, result = -1;
	CURLMsg *message;

	http->error[0] = '\0';
	curl_multi_add_handle(http->multi, http->easy);
	while (running && !atomic_load(&http->is_stopped)) {
		if (curl_multi_perform(http->multi, &running) ||
		    (running && curl_multi_poll(http->multi, NULL, 0, WAIT_MS, NULL)))
			break;
	}
	message = running ? NULL : curl_multi_info_read(http->multi, &left);
	if (message)
		result = (int)message->data.result;
	curl_multi_remove_handle(http->multi, http->easy);
	return result;
}

/* The first line of what the server says, control characters left out. */
static void say_body(struct clickhouse_reply *reply, long status)
{
	const char *body = reply->body.length ? reply->body.bytes : "";
	size_t length = reply->body.length, out;

	out = (size_t)snprintf(reply->said, sizeof(reply->said), "HTTP %ld: ", status);
	for (size_t i = 0; i < length && body[i] != '\n' && out + 1 < sizeof(reply->said); i++) {
		if ((unsigned char)body[i] >= ' ' && body[i] != '\177')
			reply->said[out++] = body[i];
	}
	reply->said[out] = '\0';
}

static unsigned int code_of(struct text *body)
{
	static const char mark[] = "Code: ";
	const char *at = body->length ? memmem(body->bytes, body->length, mark, 6) : NULL;

	text_bytes(body, "", 1);
	return at && !body->err ? (unsigned int)strtoul(at + 6, NULL, 10) : 0;
}

static int judge(struct clickhouse_http *http, int result, struct clickhouse_reply *reply)
{
	long status = 0;

	if (result < 0) {
		snprintf(reply->said, sizeof(reply->said), "stopped");
		return -ECANCELED;
	}
	if (result != CURLE_OK) {
		snprintf(reply->said, sizeof(reply->said), "%s",
			 *http->error ? http->error : curl_easy_strerror((CURLcode)result));
		return -EIO;
	}
	curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status == 200 && !(reply->body.length > 6 && !strncmp(reply->body.bytes, "Code: ", 6)))
		return reply->body.err ? -EIO : 0;
	say_body(reply, status);
	reply->code = code_of(&reply->body);
	return -EIO;
}

int clickhouse_http_ask(struct clickhouse_http *http, const char *query, const struct text *rows,
			struct clickhouse_reply *reply)
{
	char *address = address_make(http, rows ? query : NULL);
	const char *body = rows ? rows->bytes : query;
	size_t length = rows ? rows->length : strlen(query);

	reply->body.length = 0;
	reply->body.err = 0;
	reply->code = 0;
	snprintf(reply->said, sizeof(reply->said), "%s", strerror(ENOMEM));
	if (!address)
		return -EIO;
	curl_easy_setopt(http->easy, CURLOPT_URL, address);
	curl_easy_setopt(http->easy, CURLOPT_POSTFIELDS, body);
	curl_easy_setopt(http->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)length);
	curl_easy_setopt(http->easy, CURLOPT_WRITEDATA, &reply->body);
	free(address);
	return judge(http, transfer(http), reply);
}
