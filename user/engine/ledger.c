/* SPDX-License-Identifier: BSD-2-Clause */
#include "ledger.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AHEAD_KEPT_MAX 32

/* Since the start of the run, up to the end of a pane. */
struct entry {
	uint64_t end_ns;
	uint64_t cuts;
	size_t link_count;
	struct link_counts sums[];
};

/* How long somebody stood before weir. */
struct presence {
	char text[AHEAD_TEXT_MAX];
	uint64_t since_ns;
	uint64_t until_ns;
};

struct link {
	char name[IF_NAMESIZE];
	unsigned int differences;
	bool has_seen;
	uint64_t until_ns;       /* there in the pane that ended then */
	uint64_t ahead_until_ns; /* likewise, somebody stood before weir */
	uint64_t away_until_ns;  /* likewise, it went or came back */
};

struct ledger {
	struct entry **entries;  /* oldest first; those before first are freed */
	size_t first, count, capacity;
	size_t panes_max;
	struct link *links;      /* by link number, as are the sums */
	size_t link_count;
	struct result_link *told;
	struct presence ahead[AHEAD_KEPT_MAX];
	size_t ahead_count;
	const char *ahead_told[AHEAD_KEPT_MAX];
};

struct ledger *ledger_create(uint64_t panes)
{
	struct ledger *ledger = calloc(1, sizeof(*ledger));

	/* A window begins where a pane ended that is not in it any more. */
	if (ledger)
		ledger->panes_max = panes + 1;
	return ledger;
}

void ledger_destroy(struct ledger *ledger)
{
	if (!ledger)
		return;
	for (size_t i = ledger->first; i < ledger->count; i++)
		free(ledger->entries[i]);
	free(ledger->entries);
	free(ledger->links);
	free(ledger->told);
	free(ledger);
}

static int links_grow(struct ledger *ledger, size_t count)
{
	struct result_link *told;
	struct link *links;

	if (count <= ledger->link_count)
		return 0;
	told = reallocarray(ledger->told, count, sizeof(*told));
	if (told)
		ledger->told = told;
	links = reallocarray(ledger->links, count, sizeof(*links));
	if (links)
		ledger->links = links;
	if (!told || !links)
		return -ENOMEM;
	memset(links + ledger->link_count, 0, (count - ledger->link_count) * sizeof(*links));
	ledger->link_count = count;
	return 0;
}

/* Room for one more entry: that of those let go first. */
static int entries_grow(struct ledger *ledger)
{
	size_t live = ledger->count - ledger->first;
	struct entry **grown;

	if (ledger->count < ledger->capacity)
		return 0;
	if (ledger->first > ledger->capacity / 2) {
		memmove(ledger->entries, ledger->entries + ledger->first,
			live * sizeof(*ledger->entries));
		ledger->first = 0;
		ledger->count = live;
		return 0;
	}
	grown = reallocarray(ledger->entries, 2 * ledger->capacity + 4, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	ledger->entries = grown;
	ledger->capacity = 2 * ledger->capacity + 4;
	return 0;
}

static struct tally tally_since(const struct tally *now, const struct tally *then)
{
	return (struct tally){ now->packets - then->packets, now->bytes - then->bytes };
}

static const struct entry *newest(const struct ledger *ledger)
{
	return ledger->count > ledger->first ? ledger->entries[ledger->count - 1] : NULL;
}

static struct entry *entry_create(const struct ledger *ledger, const struct pane *pane)
{
	size_t size = sizeof(struct entry) + ledger->link_count * sizeof(struct link_counts);
	const struct entry *before = newest(ledger);
	struct entry *entry = calloc(1, size);

	if (!entry)
		return NULL;
	if (before)
		memcpy(entry, before,
		       sizeof(*before) + before->link_count * sizeof(before->sums[0]));
	entry->end_ns = pane->end_ns;
	entry->link_count = ledger->link_count;
	for (size_t i = 0; i < pane->link_count; i++) {
		const struct pane_link *link = &pane->links[i];

		entry->cuts += link->is_cut;
		tally_merge(&entry->sums[i].rx, &link->counts.rx);
		tally_merge(&entry->sums[i].tx, &link->counts.tx);
		tally_merge(&entry->sums[i].seen_in, &link->counts.seen_in);
		tally_merge(&entry->sums[i].seen_out, &link->counts.seen_out);
	}
	return entry;
}

static void links_note(struct ledger *ledger, const struct pane *pane)
{
	for (size_t i = 0; i < pane->link_count; i++) {
		const struct pane_link *told = &pane->links[i];
		struct link *link = &ledger->links[i];

		snprintf(link->name, sizeof(link->name), "%s", told->name);
		link->differences = told->differences;
		if (told->differences & 1u << LINK_DIFFERS_AHEAD)
			link->ahead_until_ns = pane->end_ns;
		if (told->is_cut)
			link->away_until_ns = pane->end_ns;
		link->has_seen = told->has_seen;
		if (!told->is_gone || told->is_cut)
			link->until_ns = pane->end_ns;
	}
}

/* Who stood there in the pane before goes on; of more than can be kept the oldest is dropped. */
static void ahead_note(struct ledger *ledger, const char *text, const struct pane *pane)
{
	struct presence *oldest = ledger->ahead;

	for (size_t i = 0; i < ledger->ahead_count; i++) {
		struct presence *presence = &ledger->ahead[i];

		if (strcmp(presence->text, text) == 0 && presence->until_ns >= pane->begin_ns) {
			presence->until_ns = pane->end_ns;
			return;
		}
		if (presence->until_ns < oldest->until_ns)
			oldest = presence;
	}
	if (ledger->ahead_count < AHEAD_KEPT_MAX)
		oldest = &ledger->ahead[ledger->ahead_count++];
	snprintf(oldest->text, sizeof(oldest->text), "%s", text);
	oldest->since_ns = pane->begin_ns;
	oldest->until_ns = pane->end_ns;
}

int ledger_add(struct ledger *ledger, const struct pane *pane)
{
	struct entry *entry;

	if (!pane->links)
		return 0;
	if (links_grow(ledger, pane->link_count) || entries_grow(ledger))
		return -ENOMEM;
	entry = entry_create(ledger, pane);
	if (!entry)
		return -ENOMEM;
	ledger->entries[ledger->count++] = entry;
	if (ledger->count - ledger->first > ledger->panes_max)
		free(ledger->entries[ledger->first++]);
	links_note(ledger, pane);
	for (size_t i = 0; i < pane->ahead_count; i++)
		ahead_note(ledger, pane->ahead[i], pane);
	return 0;
}

/* The last entry that ended by then; NULL: the window begins with the run. */
static const struct entry *entry_at(const struct ledger *ledger, uint64_t instant_ns)
{
	size_t low = ledger->first, high = ledger->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ledger->entries[middle]->end_ns <= instant_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low > ledger->first ? ledger->entries[low - 1] : NULL;
}

/* Where the counts agree nothing has to be explained. */
static unsigned int differences_possible(const struct link_counts *counts)
{
	bool packets = counts->rx.packets != counts->seen_in.packets ||
		       counts->tx.packets != counts->seen_out.packets;
	bool bytes = counts->rx.bytes != counts->seen_in.bytes ||
		     counts->tx.bytes != counts->seen_out.bytes;

	if (packets)
		return ~0u;
	return bytes ? 1u << LINK_DIFFERS_ETHERNET | 1u << LINK_DIFFERS_VLAN |
		       1u << LINK_DIFFERS_MERGED : 0;
}

static void link_tell(const struct link *link, size_t number, const struct entry *begin,
		      const struct entry *end, struct result_link *told)
{
	static const struct link_counts none;
	const struct link_counts *now = &end->sums[number];
	const struct link_counts *then = begin && number < begin->link_count ?
						 &begin->sums[number] : &none;

	*told = (struct result_link){
		.counts = { .rx = tally_since(&now->rx, &then->rx),
			    .tx = tally_since(&now->tx, &then->tx),
			    .seen_in = tally_since(&now->seen_in, &then->seen_in),
			    .seen_out = tally_since(&now->seen_out, &then->seen_out) },
		.differences = link->differences,
		.has_seen = link->has_seen,
	};
	memcpy(told->name, link->name, sizeof(told->name));
	told->differences &= link->has_seen ? differences_possible(&told->counts) : 0;
}

static void ahead_tell(struct ledger *ledger, struct window_result *result)
{
	result->ahead = ledger->ahead_told;
	result->ahead_count = 0;
	for (size_t i = 0; i < ledger->ahead_count; i++) {
		const struct presence *presence = &ledger->ahead[i];

		if (presence->since_ns < result->end_ns && presence->until_ns > result->start_ns)
			ledger->ahead_told[result->ahead_count++] = presence->text;
	}
}

void ledger_tell(struct ledger *ledger, struct window_result *result)
{
	const struct entry *begin = entry_at(ledger, result->start_ns);
	const struct entry *end = entry_at(ledger, result->end_ns);

	if (!end)
		return;
	result->links = ledger->told;
	result->link_count = 0;
	for (size_t i = 0; i < end->link_count; i++) {
		const struct link *link = &ledger->links[i];
		struct result_link *told = &ledger->told[result->link_count];

		if (link->until_ns <= result->start_ns)
			continue;
		link_tell(link, i, begin, end, told);
		if (link->has_seen && link->ahead_until_ns > result->start_ns)
			told->differences |= 1u << LINK_DIFFERS_AHEAD;
		if (link->has_seen && link->away_until_ns > result->start_ns)
			told->differences |= 1u << LINK_DIFFERS_AWAY;
		result->link_count++;
	}
	result->complete &= end->cuts == (begin ? begin->cuts : 0);
	ahead_tell(ledger, result);
}
