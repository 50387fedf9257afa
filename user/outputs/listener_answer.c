/* SPDX-License-Identifier: BSD-2-Clause */
/* What is said to whom. */
#include <string.h>
#include <sys/socket.h>

#include "../base/clock.h"
#include "listener_private.h"

#define TYPE_TEXT "text/plain; charset=utf-8"
#define TYPE_HTML "text/html; charset=utf-8"
#define SECOND_NS 1000000000u

/* Nothing is fetched, run or framed. */
#define POLICY "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

static const char index_page[] =
	"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>weir</title></head>\n"
	"<body><h1>weir</h1>\n<ul>\n"
	"<li><a href=\"/metrics\">/metrics</a>: for Prometheus</li>\n"
	"<li><a href=\"/flows.json\">/flows.json</a>: the newest document</li>\n"
	"<li><a href=\"/healthz\">/healthz</a>: whether counting goes on</li>\n"
	"</ul></body></html>\n";

/* Where the report is going to be: it looks again by itself. */
static const char early_page[] =
	"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>weir</title>\n"
	"<meta name=\"color-scheme\" content=\"light dark\">\n"
	"<meta http-equiv=\"refresh\" content=\"1\"></head>\n"
	"<body><h1>weir</h1>\n<p>No window is over yet: the report comes by itself.</p>"
	"</body></html>\n";

/* An answer that is made up here, or of what is held. */
struct answer {
	unsigned int status;
	const char *type;
	const char *text;            /* static; NULL: that of the rendering */
	struct rendering *rendering; /* NULL: none */
};

static bool is_report(const struct served_page *page)
{
	return page->encoder == &html_served_encoder;
}

/* A report has its own style and script, and renews itself. */
static const char *policy_of(const struct answer *answer)
{
	return answer->rendering && is_report(answer->rendering->page) ? html_served_policy() :
									  POLICY;
}

static void add_headers(struct MHD_Response *response, const struct answer *answer)
{
	MHD_add_response_header(response, "Content-Type", answer->type);
	MHD_add_response_header(response, "Cache-Control", "no-store");
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	MHD_add_response_header(response, "Cross-Origin-Resource-Policy", "same-origin");
	MHD_add_response_header(response, "Content-Security-Policy", policy_of(answer));
	if (answer->status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, "Allow", "GET, HEAD");
	if (answer->status == MHD_HTTP_SERVICE_UNAVAILABLE)
		MHD_add_response_header(response, "Retry-After", "1");
}

/* The place holds the rendering for as long as its bytes are being sent. */
static enum MHD_Result queue(struct MHD_Connection *connection, const struct answer *answer)
{
	struct connection_place *place = listener_place(connection);
	const char *bytes = answer->text;
	struct MHD_Response *response = NULL;
	enum MHD_Result done;
	size_t length;

	if (answer->rendering && !bytes)
		bytes = answer->rendering->text.bytes;
	length = answer->text ? strlen(bytes) : answer->rendering->text.length;
	if (place)
		response = MHD_create_response_from_buffer(length, (void *)(uintptr_t)bytes,
							   MHD_RESPMEM_PERSISTENT);
	if (!response) {
		served_release(answer->rendering);
		return MHD_NO;
	}
	add_headers(response, answer);
	listener_answering(place, answer->rendering);
	done = MHD_queue_response(connection, answer->status, response);
	MHD_destroy_response(response);
	return done;
}

static enum MHD_Result say(struct MHD_Connection *connection, unsigned int status,
			   const char *text)
{
	const struct answer answer = { .status = status, .type = TYPE_TEXT, .text = text };

	return queue(connection, &answer);
}

static enum MHD_Result answer_page(struct MHD_Connection *connection, struct served_page *page)
{
	struct answer answer = { .status = MHD_HTTP_OK, .type = page->type,
				 .rendering = served_take(page) };

	if (!answer.rendering) {
		answer.status = MHD_HTTP_SERVICE_UNAVAILABLE;
		answer.type = is_report(page) ? TYPE_HTML : TYPE_TEXT;
		answer.text = is_report(page) ? early_page : "no window yet\n";
		return queue(connection, &answer);
	}
	if (answer.rendering->is_too_long) {
		answer.status = MHD_HTTP_SERVICE_UNAVAILABLE;
		answer.type = TYPE_TEXT;
		answer.text = "over 64 MiB: ask weir for fewer flows (-n, -g)\n";
	}
	return queue(connection, &answer);
}
_Static_assert(SERVED_BYTES_MAX == 64u << 20, "the text above says so");

static enum MHD_Result answer_health(struct MHD_Connection *connection,
				     const struct listener *listener)
{
	uint64_t silent_ns = clock_monotonic_ns() - atomic_load(&listener->beat_ns);

	if (listener->config.silence_ns && silent_ns > listener->config.silence_ns)
		return say(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "counting is held up\n");
	return say(connection, MHD_HTTP_OK, "ok\n");
}

/* Of several pages at a path, the kinds of the metrics, the one that is asked for. */
static struct served_page *find_page(struct listener *listener, const char *path,
				     const char *accept)
{
	struct served_page *found = NULL, *pages;
	size_t count;

	pages = listener_pages(listener, &count);
	for (size_t i = 0; i < count; i++) {
		struct served_page *page = &pages[i];

		if (strcmp(page->path, path))
			continue;
		if (!found || (page->encoder == &openmetrics_encoder &&
			       accept_is_openmetrics(accept)))
			found = page;
	}
	return found;
}

/* There is one Host, and it is this one. */
static bool is_meant(struct MHD_Connection *connection, const struct listener *listener)
{
	struct connection_place *place = listener_place(connection);
	const char *host = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Host");
	struct sockaddr_storage local;
	socklen_t length = sizeof(local);

	if (!place || getsockname(place->fd, (struct sockaddr *)&local, &length))
		return false;
	return host_is_own(host, &listener->names, (const struct sockaddr *)&local);
}

enum MHD_Result listener_answer(void *context, struct MHD_Connection *connection,
				const char *url, const char *method, const char *version,
				const char *upload, size_t *upload_size, void **request)
{
	static const struct answer index = { MHD_HTTP_OK, TYPE_HTML, index_page, NULL };
	struct listener *listener = context;
	struct served_page *page;

	(void)version;
	(void)upload;
	(void)upload_size;
	(void)request;
	if (strcmp(method, "GET") && strcmp(method, "HEAD"))
		return say(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD\n");
	if (!is_meant(connection, listener))
		return say(connection, MHD_HTTP_MISDIRECTED_REQUEST,
			   "this server has another name: weir --host NAME adds one\n");
	page = find_page(listener, url,
			 MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Accept"));
	if (page)
		return answer_page(connection, page);
	if (!strcmp(url, "/healthz"))
		return answer_health(connection, listener);
	if (!strcmp(url, "/"))
		return queue(connection, &index);
	return say(connection, MHD_HTTP_NOT_FOUND, "no such page\n");
}
