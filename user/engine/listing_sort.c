/* SPDX-License-Identifier: BSD-2-Clause */
#include "listing_sort.h"

/*
 * Sorts a listing of millions: what decides is sorted by radix, the rank first, then where ranks
 * are equal word after word of the keys; only short runs of equals are compared.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "listing.h"

#define DIGIT_BITS  8
#define DIGITS      (64 / DIGIT_BITS)
#define DIGIT_COUNT (1u << DIGIT_BITS)
#define SHORT_RUN   48

/* Where a flow stands: the word that decides at this level, and the place of its result. */
struct standing {
	uint64_t word;
	size_t place;
};

struct sorting {
	const struct listing *listing;
	struct standing *spare; /* as many as there are flows */
};

/* Words of which the least is listed first. Level 0 is the rank, then the key, then time. */
static uint64_t level_word(const struct listing *listing, const struct flow_result *flow,
			   unsigned int level)
{
	uint64_t word;

	if (level == 0)
		return ~listed_rank(listing, flow);
	if (level > FLOW_KEY_WORDS)
		return flow->start_ns;
	/* As memcmp has it. */
	memcpy(&word, &flow->key.words[level - 1], sizeof(word));
	return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? __builtin_bswap64(word) : word;
}

static void run_sort_short(const struct listing *listing, struct standing *run, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct standing moved = run[i];
		size_t at = i;

		for (; at > 0; at--) {
			if (flow_compare(listing, &listing->flows[run[at - 1].place],
					 &listing->flows[moved.place]) <= 0)
				break;
			run[at] = run[at - 1];
		}
		run[at] = moved;
	}
}

static unsigned int word_digit(uint64_t word, unsigned int digit)
{
	return word >> (digit * DIGIT_BITS) & (DIGIT_COUNT - 1);
}

/* Moves from one array to the other in order of one digit; starts is where each digit begins. */
static void digit_scatter(const struct standing *from, struct standing *to, size_t count,
			  unsigned int digit, size_t *starts)
{
	for (size_t i = 0; i < count; i++)
		to[starts[word_digit(from[i].word, digit)]++] = from[i];
}

/* Sorts by word, the least significant digit first; digits that are all equal cost nothing. */
static void run_sort_words(struct sorting *sorting, struct standing *run, size_t count)
{
	size_t counts[DIGITS][DIGIT_COUNT] = { 0 };
	struct standing *from = run, *to = sorting->spare, *swap;

	for (size_t i = 0; i < count; i++) {
		for (unsigned int digit = 0; digit < DIGITS; digit++)
			counts[digit][word_digit(run[i].word, digit)]++;
	}
	for (unsigned int digit = 0; digit < DIGITS; digit++) {
		size_t start = 0;

		if (counts[digit][word_digit(run[0].word, digit)] == count)
			continue;
		for (unsigned int value = 0; value < DIGIT_COUNT; value++) {
			size_t size = counts[digit][value];

			counts[digit][value] = start;
			start += size;
		}
		digit_scatter(from, to, count, digit, counts[digit]);
		swap = from;
		from = to;
		to = swap;
	}
	if (from != run)
		memcpy(run, from, count * sizeof(*run));
}

/* Sorts a run of flows that are equal at the levels above. */
static void run_sort(struct sorting *sorting, struct standing *run, size_t count,
		     unsigned int level)
{
	const struct listing *listing = sorting->listing;
	size_t end;

	if (count <= SHORT_RUN) {
		run_sort_short(listing, run, count);
		return;
	}
	for (size_t i = 0; i < count; i++)
		run[i].word = level_word(listing, &listing->flows[run[i].place], level);
	run_sort_words(sorting, run, count);
	for (size_t i = 0; level <= FLOW_KEY_WORDS && i < count; i = end) {
		for (end = i + 1; end < count && run[end].word == run[i].word; end++)
			;
		run_sort(sorting, run + i, end - i, level + 1);
	}
}

/* Moves the flows to where they stand, each once, along the cycles of the permutation. */
static void flows_permute(struct flow_result *flows, struct standing *run, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct flow_result first = flows[i];
		size_t at = i, next;

		if (run[i].place == i)
			continue;
		for (; (next = run[at].place) != i; at = next) {
			flows[at] = flows[next];
			run[at].place = at;
		}
		flows[at] = first;
		run[at].place = at;
	}
}

int listing_sort(struct listing *listing)
{
	struct standing *run = malloc((listing->count * 2 + 1) * sizeof(*run));
	struct sorting sorting = { .listing = listing };

	if (!run)
		return -ENOMEM;
	sorting.spare = run + listing->count;
	for (size_t i = 0; i < listing->count; i++)
		run[i].place = i;
	run_sort(&sorting, run, listing->count, 0);
	flows_permute(listing->flows, run, listing->count);
	free(run);
	return 0;
}
