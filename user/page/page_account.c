/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether that is all: outcomes, and in words what is missing or may be. */
#include "page_parts.h"
#include "page_table.h"

#define OUTCOME_TEXT(id, name) [id] = (name),
static const char *const outcome_names[] = { PACKET_OUTCOMES(OUTCOME_TEXT) };
static const char *const reason_names[] = { MALFORMED_REASONS(OUTCOME_TEXT) };

static struct tally seen_of(const struct history *history)
{
	struct tally seen = { 0 };

	for (size_t i = 0; i < PACKET_OUTCOME_COUNT; i++)
		tally_merge(&seen, &history->counts.outcome[i]);
	return seen;
}

static void append_outcomes(struct text *text, const struct history *history)
{
	const struct tally seen = seen_of(history);

	page_table_open(text, "Outcomes");
	text_string(text, "<thead><tr><th scope=col class=name>Outcome<th scope=col>Packets"
			  "<th scope=col>Share<th scope=col>Bytes</thead><tbody>");
	for (size_t i = 0; i < PACKET_OUTCOME_COUNT; i++) {
		const struct tally *tally = &history->counts.outcome[i];

		markup_format(text, "<tr><th scope=row class=name>%s</th>", outcome_names[i]);
		page_cell(text, tally->packets);
		text_string(text, "<td>");
		markup_share(text, tally->packets, seen.packets);
		page_cell(text, tally->bytes);
	}
	text_string(text, "</tbody><tfoot><tr class=all><th scope=row class=name>seen</th>");
	page_cell(text, seen.packets);
	text_string(text, "<td>");
	markup_share(text, seen.packets, seen.packets);
	page_cell(text, seen.bytes);
	text_string(text, "</tfoot>");
	page_table_close(text);
}

static void append_reasons(struct text *text, const struct history *history)
{
	if (!history->counts.outcome[PACKET_MALFORMED].packets)
		return;
	text_string(text, "<h3>Malformed packets</h3>");
	page_table_open(text, "Malformed packets by reason");
	text_string(text, "<thead><tr><th scope=col class=name>Reason<th scope=col>Packets"
			  "</thead><tbody>");
	for (size_t i = 0; i < MALFORMED_REASON_COUNT; i++) {
		if (!history->counts.malformed_reason[i])
			continue;
		markup_format(text, "<tr><th scope=row class=name>%s</th>", reason_names[i]);
		page_cell(text, history->counts.malformed_reason[i]);
	}
	text_string(text, "</tbody>");
	page_table_close(text);
}

void page_account(struct text *text, const struct history *history)
{
	text_string(text, "<section data-section=account><h2>Accounting</h2><p class=note>Every "
			  "packet seen ended in exactly one outcome: counted to a flow, left out by "
			  "the filter, malformed, or unattributed where the table of flows was full.</p>");
	append_outcomes(text, history);
	append_reasons(text, history);
	text_string(text, "</section>");
}

/* What is wrong where a count is not 0: words before it and behind. */
struct warning {
	uint64_t count;
	const char *words;
};

/* How many were appended. */
static size_t append_counted(struct text *text, const struct warning *warnings, size_t count)
{
	size_t appended = 0;

	for (size_t i = 0; i < count; i++) {
		if (!warnings[i].count)
			continue;
		text_string(text, "<li>");
		markup_count(text, warnings[i].count);
		text_string(text, warnings[i].words);
		appended++;
	}
	return appended;
}

static size_t append_ahead(struct text *text, const struct window_result *newest)
{
	for (size_t i = 0; i < newest->ahead_count; i++) {
		text_string(text, "<li>Another program stands before weir and may hide packets "
				  "from it: <bdi>");
		markup_text(text, newest->ahead[i]);
		text_string(text, "</bdi>.");
	}
	return newest->ahead_count;
}

static size_t append_outputs(struct text *text, const struct window_result *newest)
{
	size_t appended = 0;

	for (size_t i = 0; i < newest->output_count; i++) {
		if (!newest->outputs[i].failed)
			continue;
		text_string(text, "<li>The output <bdi>");
		markup_text(text, newest->outputs[i].name);
		text_string(text, "</bdi> has lost ");
		markup_count(text, newest->outputs[i].failed);
		text_string(text, " windows.");
		appended++;
	}
	return appended;
}

static size_t append_losses(struct text *text, const struct history *history)
{
	const struct outcome_counts *counts = &history->counts;
	const struct warning warnings[] = {
		{ counts->outcome[PACKET_UNATTRIBUTED].packets,
		  " packets were counted to no flow (unattributed): the table was full. More slots "
		  "(--slots) or a shorter pane (-p) would hold them." },
		{ history->dropped_packets,
		  " packets were dropped before weir could count them, as far as the kernel tells." },
		{ counts->outcome[PACKET_MALFORMED].packets,
		  " packets were malformed: their headers are cut or lie about their length." },
		{ history->late_packets, " packets were late: they are counted in the step that was "
					 "open when they came." },
		{ history_missing(history).packets,
		  " packets of the run are in no picture here: this report was too slow for their "
		  "windows." },
		{ history->evicted_flows, " flows left the agent's memory (--max-flows): their "
					  "packets are in other." },
		{ history->total.packets - history->listed.packets - history->evicted.packets,
		  " packets of rows that were not listed (-n) are in other." },
	};

	return append_counted(text, warnings, sizeof(warnings) / sizeof(warnings[0]));
}

void page_warnings(struct text *text, const struct history *history)
{
	const struct window_result *newest = &history->newest->result;
	size_t count;

	text_string(text, "<ul class=warnings>");
	count = append_losses(text, history);
	count += append_ahead(text, newest);
	count += append_outputs(text, newest);
	if (!count)
		text_string(text, "<li class=fine>Nothing is known to be missing: every packet seen "
				  "was counted to a flow or filtered out.");
	text_string(text, "</ul>");
}
