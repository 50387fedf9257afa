/* SPDX-License-Identifier: BSD-2-Clause */
#include "page.h"

#include "page_parts.h"
#include "page_script.h"
#include "page_style.h"

#define POLICY                                                                                  \
	"default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; "              \
	"style-src 'sha256-" PAGE_STYLE_HASH "'; script-src 'sha256-" PAGE_SCRIPT_HASH "'"

const char *page_policy(const struct page_look *look)
{
	return look->renew_ms ? POLICY "; connect-src 'self'" : POLICY;
}

static void append_names(struct text *text, const struct history *history)
{
	const struct shared_result *newest = history->newest;

	if (newest->result.links) {
		for (size_t i = 0; i < newest->result.link_count; i++) {
			text_string(text, i ? ", " : "");
			markup_text(text, newest->result.links[i].name);
		}
		return;
	}
	for (size_t i = 0; i < newest->context.source_name_count; i++) {
		text_string(text, i ? ", " : "");
		markup_text(text, newest->context.source_names[i]);
	}
}

static void append_head(struct text *text, const struct history *history,
			const struct page_look *look)
{
	text_string(text, "<!doctype html>\n<html lang=en");
	if (look->renew_ms)
		markup_format(text, " data-renew=%u", look->renew_ms);
	text_string(text, ">\n<head>\n<meta charset=utf-8>\n"
			  "<meta http-equiv=Content-Security-Policy content=\"");
	text_string(text, page_policy(look));
	text_string(text, "\">\n<meta name=viewport content=\"width=device-width\">\n"
			  "<meta name=color-scheme content=\"light dark\">\n"
			  "<meta name=referrer content=no-referrer>\n"
			  "<meta name=generator content=\"weir " WEIR_VERSION "\">\n"
			  "<link rel=icon href=\"data:,\">\n<title>");
	if (history->newest) {
		append_names(text, history);
		text_string(text, " \u00b7 ");
	}
	text_string(text, "weir</title>\n");
	if (look->renew_ms)
		text_string(text, "<noscript><meta http-equiv=refresh content=10></noscript>\n");
	text_string(text, "<style>");
	text_bytes(text, page_style, sizeof(page_style) - 1);
	text_string(text, "</style>\n</head>\n<body>\n");
}

static void append_fact(struct text *text, const char *name, const char *value)
{
	markup_format(text, " <span class=fact>%s <b><bdi>", name);
	markup_text(text, value);
	text_string(text, "</bdi></b></span>");
}

#define BRAND "<header><p class=brand>weir <span>traffic report</span></p><h1>"

static void append_heading(struct text *text, const struct history *history)
{
	const struct document_context *context = &history->newest->context;
	const struct step *first = &history->steps[0];
	const struct step *last = &history->steps[history->step_count - 1];
	bool has_ms = history->window_ns < 1000000000u;

	text_string(text, BRAND "<bdi>");
	append_names(text, history);
	text_string(text, "</bdi></h1><p class=facts><span class=fact>");
	markup_moment(text, first->start_ns, has_ms);
	text_string(text, " \u2013 ");
	markup_moment(text, last->end_ns, has_ms);
	text_string(text, " UTC</span> <span class=fact>");
	markup_length(text, last->end_ns - first->start_ns);
	text_string(text, " in windows of ");
	markup_length(text, history->window_ns);
	text_string(text, "</span>");
	append_fact(text, "told by", context->host);
	if (context->filter)
		append_fact(text, "filter", context->filter);
	for (size_t i = 0; i < context->attach_count; i++)
		append_fact(text, "attached", context->attach[i]);
	text_string(text, "</p></header>\n");
}

static void tile_begin(struct text *text, const char *name)
{
	markup_format(text, "<div class=tile><dt>%s<dd><b>", name);
}

static void tile_end(struct text *text, const char *about)
{
	markup_format(text, "</b> <span>%s</span></div>", about);
}

/* The answer to a first look. */
static void append_tiles(struct text *text, const struct history *history)
{
	const struct step *steps = history->steps;
	uint64_t span_ns = steps[history->step_count - 1].end_ns - steps[0].start_ns;
	uint64_t flows = 0, seen = 0;

	for (size_t i = 0; i < history->step_count; i++)
		flows = steps[i].flows_max > flows ? steps[i].flows_max : flows;
	for (size_t i = 0; i < PACKET_OUTCOME_COUNT; i++)
		seen += history->counts.outcome[i].packets;
	text_string(text, "<dl class=tiles>");
	tile_begin(text, "In flows");
	markup_bytes(text, history->total.bytes);
	tile_end(text, "all frames");
	tile_begin(text, "Packets");
	markup_short(text, (double)history->total.packets);
	tile_end(text, "in flows");
	tile_begin(text, "Mean");
	markup_rate(text, span_ns ? (double)history->total.bytes * 1e9 / (double)span_ns : 0);
	tile_end(text, "over all");
	tile_begin(text, "Greatest");
	markup_rate(text, history->total.bytes_max);
	tile_end(text, "in a pane");
	tile_begin(text, "Rows");
	markup_short(text, (double)flows);
	tile_end(text, "most of a window");
	tile_begin(text, "Counted");
	markup_share(text, history->total.packets, seen);
	tile_end(text, "of packets seen");
	text_string(text, "</dl>\n");
}

static void append_body(struct text *text, const struct history *history)
{
	append_heading(text, history);
	text_string(text, "<main id=report>\n");
	append_tiles(text, history);
	page_warnings(text, history);
	text_string(text, "<div class=grid>\n");
	page_time(text, history);
	for (unsigned int d = 0; d < DIMENSION_COUNT; d++)
		page_bands(text, history, d);
	page_sizes(text, history);
	page_extras(text, history);
	page_account(text, history);
	text_string(text, "</div>\n</main>\n");
}

static void append_foot(struct text *text)
{
	text_string(text, "<footer><p>Made by weir " WEIR_VERSION ". Bytes are whole frames without "
			  "checksum; times are UTC; rates are bits a second, and kB, MB, GB powers "
			  "of ten.</p></footer>\n<script>");
	text_bytes(text, page_script, sizeof(page_script) - 1);
	text_string(text, "</script>\n</body>\n</html>\n");
}

int page_render(struct text *text, const struct history *history, const struct page_look *look)
{
	append_head(text, history, look);
	if (history->step_count)
		append_body(text, history);
	else
		text_string(text, BRAND "No traffic yet</h1></header>\n<main id=report>"
				  "<p class=empty>No window is over yet.</p></main>\n");
	append_foot(text);
	return text->err;
}
