/* SPDX-License-Identifier: BSD-2-Clause */
/* Sizes of packets as bars, and the extra measures of a run. */
#include "page_parts.h"
#include "page_table.h"

#define BAR_HEIGHT 100

/* Buckets of 128 bytes, of which the last one is open. */
static void append_size(struct text *text, size_t bucket)
{
	if (bucket + 1 < SIZE_BUCKETS)
		markup_format(text, "%zu\u2013%zu", 128 * bucket, 128 * bucket + 127);
	else
		markup_format(text, "%zu and more", 128 * bucket);
}

static void append_bars(struct text *text, const uint64_t counts[SIZE_BUCKETS], uint64_t most)
{
	text_string(text, "<figure class=bars><svg class=plot viewBox=\"0 0 160 100\" "
			  "preserveAspectRatio=none role=img aria-labelledby=\"sizes-t sizes-d\">"
			  "<title id=sizes-t>Packet sizes</title><desc id=sizes-d>Packets by their "
			  "size; the table below has the counts.</desc>");
	for (size_t i = 0; i < SIZE_BUCKETS; i++) {
		double height = most ? (double)counts[i] * BAR_HEIGHT / (double)most : 0;

		if (counts[i] && height < 0.7)
			height = 0.7;
		markup_format(text, "<path class=bar d=\"M%zu 100v-%.2fh8v%.2fz\"/>", 10 * i + 1,
			      height, height);
	}
	text_string(text, "<path class=line d=\"M0 100H160\"/></svg><svg class=times "
			  "aria-hidden=true>");
	for (size_t i = 0; i < SIZE_BUCKETS; i += 4)
		markup_format(text, "<text class=a x=\"%.2f%%\" y=1.15em>%zu\u00a0B</text>",
			      (double)i * 100 / SIZE_BUCKETS, 128 * i);
	text_string(text, "</svg></figure>");
}

static void append_table(struct text *text, const uint64_t counts[SIZE_BUCKETS], uint64_t all)
{
	page_table_open(text, "Packet sizes");
	text_string(text, "<thead><tr><th scope=col class=name>Bytes of a packet"
			  "<th scope=col>Packets<th scope=col>Share</thead><tbody>");
	for (size_t i = 0; i < SIZE_BUCKETS; i++) {
		if (!counts[i])
			continue;
		text_string(text, "<tr><th scope=row class=name>");
		append_size(text, i);
		page_cell(text, counts[i]);
		text_string(text, "<td>");
		markup_share(text, counts[i], all);
	}
	text_string(text, "</tbody><tfoot><tr class=all><th scope=row class=name>all");
	page_cell(text, all);
	text_string(text, "<td>");
	markup_share(text, all, all);
	text_string(text, "</tfoot>");
	page_table_close(text);
}

void page_sizes(struct text *text, const struct history *history)
{
	const uint64_t *counts = history->counts.size_histogram;
	uint64_t all = 0, most = 0;

	for (size_t i = 0; i < SIZE_BUCKETS; i++) {
		all += counts[i];
		most = counts[i] > most ? counts[i] : most;
	}
	if (!all)
		return;
	text_string(text, "<section data-section=sizes><h2>Packet sizes</h2><p class=note>"
			  "Frames as they crossed the hook, of all outcomes");
	if (history->total.packets)
		markup_format(text, "; in flows from %u to %u bytes, %.1f on average",
			      history->total.min_len, history->total.max_len,
			      (double)history->total.bytes / (double)history->total.packets);
	text_string(text, ".</p>");
	append_bars(text, counts, most);
	append_table(text, counts, all);
	text_string(text, "</section>");
}

/* "zero windows" of zero_windows. */
static void append_words(struct text *text, const char *name)
{
	for (; *name; name++)
		text_bytes(text, *name == '_' ? " " : name, 1);
}

static void append_extra(struct text *text, const char *name, uint64_t value)
{
	text_string(text, "<tr><th scope=row class=name>");
	append_words(text, name);
	page_cell(text, value);
}

void page_extras(struct text *text, const struct history *history)
{
	if (!(history->extra_sets & 1u << EXTRA_TCP))
		return;
	text_string(text, "<section data-section=tcp><h2>TCP's health</h2>"
			  "<p class=note>Segments of all rows, both ways: a zero window asks the "
			  "other side to wait, a reset ends a connection.</p>");
	page_table_open(text, "TCP's health");
	text_string(text, "<thead><tr><th scope=col class=name>Measure<th scope=col>Value</thead>"
			  "<tbody>");
#define APPEND_EXTRA(name, kind, merge, set, before, after) \
	if (EXTRA_IS_TOLD_##kind(EXTRA_TOLD_##kind(&history->extras, name)))              \
		append_extra(text, #name, EXTRA_TOLD_##kind(&history->extras, name));
	EXTRA_MEASURES(APPEND_EXTRA)
	text_string(text, "</tbody>");
	page_table_close(text);
	text_string(text, "</section>");
}
