/* SPDX-License-Identifier: BSD-2-Clause */
#include "draw_account.h"

#include <stdio.h>

#include "format.h"
#include "screen.h"

/* Where the table is so full that a burst may not fit. */
#define TABLE_WARNING 0.8

/* What should have been counted to a flow: all that reached the interface and passed the filter. */
static uint64_t wanted_packets(const struct snapshot *snapshot)
{
	const struct tally *outcome = snapshot->counts.outcome;

	return outcome[PACKET_FLOW].packets + outcome[PACKET_MALFORMED].packets +
	       outcome[PACKET_UNATTRIBUTED].packets + snapshot->dropped_packets;
}

static void put_part(struct pen *pen, bool is_bad, const char *text)
{
	pen_styled(pen, STYLE_DIM, "  ");
	pen_styled(pen, is_bad ? STYLE_WARNING : STYLE_NORMAL, text);
}

static void put_count(struct pen *pen, const char *name, uint64_t count)
{
	char number[FORMAT_MAX], text[2 * FORMAT_MAX];

	snprintf(text, sizeof(text), "%s %s", name, format_number((double)count, number));
	put_part(pen, count != 0, text);
}

static void put_table(struct pen *pen, double use)
{
	char text[FORMAT_MAX];

	if (use < 0)
		return;
	if (use > 0 && use < 0.01)
		snprintf(text, sizeof(text), "table <1 %%");
	else
		snprintf(text, sizeof(text), "table %.0f %%", 100 * use);
	put_part(pen, use > TABLE_WARNING, text);
}

void screen_draw_account(const struct screen *screen, struct canvas *canvas, int y)
{
	const struct snapshot *snapshot = screen->snapshot;
	const struct tally *outcome = snapshot->counts.outcome;
	uint64_t wanted = wanted_packets(snapshot), counted = outcome[PACKET_FLOW].packets;
	struct pen pen = pen_at(canvas, 0, y);
	char share[FORMAT_MAX], count[FORMAT_MAX], text[3 * FORMAT_MAX];

	if (wanted)
		snprintf(text, sizeof(text), "%s%s of %s packets",
			 canvas->width < 72 ? "" : "counted ",
			 format_share(counted, wanted, share), format_count(wanted, count));
	else
		snprintf(text, sizeof(text), "no packets yet");
	pen_styled(&pen, counted == wanted ? STYLE_GOOD : STYLE_WARNING, text);
	/* What is wrong first: the right end may not fit. */
	if (outcome[PACKET_UNATTRIBUTED].packets)
		put_count(&pen, "unattributed", outcome[PACKET_UNATTRIBUTED].packets);
	if (outcome[PACKET_MALFORMED].packets)
		put_count(&pen, "malformed", outcome[PACKET_MALFORMED].packets);
	put_count(&pen, screen->is_live ? "dropped" : "late",
		  screen->is_live ? snapshot->dropped_packets : snapshot->late_packets);
	put_table(&pen, snapshot->facts.table_use);
	snprintf(text, sizeof(text), "pane %s", format_latency(snapshot->cost_ns, share));
	put_part(&pen, false, text);
	if (outcome[PACKET_FILTERED].packets) {
		snprintf(text, sizeof(text), "filtered %s",
			 format_number((double)outcome[PACKET_FILTERED].packets, share));
		put_part(&pen, false, text);
	}
}

/* Who stands before weir: that comes first, since it makes all other numbers less than they are. */
static bool ahead_warning(const struct screen *screen, char text[MESSAGE_MAX])
{
	const struct pane_facts *facts = &screen->snapshot->facts;

	if (facts->ahead_count == 1)
		snprintf(text, MESSAGE_MAX, "hides packets: %s", facts->ahead);
	else if (facts->ahead_count)
		snprintf(text, MESSAGE_MAX, "hide packets: %s and %zu more", facts->ahead,
			 facts->ahead_count - 1);
	return text[0];
}

/* In the last 40 s, what the counts tell. */
static bool window_warning(const struct screen *screen, char text[MESSAGE_MAX])
{
	const struct window_result *window = &screen->snapshot->whole[COVER_LONG];
	unsigned int slots = screen->options->slots * 4;
	char number[FORMAT_MAX];

	if (window->counts.outcome[PACKET_UNATTRIBUTED].packets)
		snprintf(text, MESSAGE_MAX, "table full: packets belong to no row; try --slots %u",
			 slots);
	else if (window->health.dropped_packets)
		snprintf(text, MESSAGE_MAX, "%s packets dropped before counting; try: ethtool -S",
			 format_number((double)window->health.dropped_packets, number));
	else if (screen->snapshot->facts.table_use > TABLE_WARNING)
		snprintf(text, MESSAGE_MAX, "table nearly full; try --slots %u or a shorter -p",
			 slots);
	return text[0];
}

const char *screen_warning(const struct screen *screen, char text[MESSAGE_MAX])
{
	const struct snapshot *snapshot = screen->snapshot;
	char number[FORMAT_MAX];

	text[0] = '\0';
	if (ahead_warning(screen, text) || window_warning(screen, text))
		return text;
	if (snapshot->skipped_packets)
		snprintf(text, MESSAGE_MAX, "%s packets in no row: too many flows to show in time",
			 format_number((double)snapshot->skipped_packets, number));
	else if (snapshot->lacked_memory)
		snprintf(text, MESSAGE_MAX, "rows lack packets that there was no memory for");
	else if (snapshot->evicted_flows)
		snprintf(text, MESSAGE_MAX, "%s rows left the memory; try a larger --max-flows",
			 format_number((double)snapshot->evicted_flows, number));
	else if (snapshot->rows_omitted)
		snprintf(text, MESSAGE_MAX, "%s rows more than fit; try another view: g",
			 format_number((double)snapshot->rows_omitted, number));
	return text;
}
