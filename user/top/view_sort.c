/* SPDX-License-Identifier: BSD-2-Clause */
#include "view_sort.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "view.h"

#define DIGIT_BITS 8
#define DIGITS     (1 << DIGIT_BITS)

static unsigned int digit_of(uint64_t rank, unsigned int shift)
{
	return rank >> shift & (DIGITS - 1);
}

/* Where the elements of each digit begin; false where all have the same. */
static bool count_digits(const struct order *order, size_t count, unsigned int shift,
			 size_t place[DIGITS])
{
	size_t sum = 0;

	memset(place, 0, DIGITS * sizeof(*place));
	for (size_t i = 0; i < count; i++)
		place[digit_of(order[i].rank, shift)]++;
	if (place[digit_of(order[0].rank, shift)] == count)
		return false;
	for (size_t i = 0; i < DIGITS; i++) {
		size_t here = place[i];

		place[i] = sum;
		sum += here;
	}
	return true;
}

/* Digit by digit from the last: keeps the order of equal ones. */
static int radix_sort(struct order **order, size_t count)
{
	struct order *from = *order, *to = malloc((count + 1) * sizeof(*to));
	size_t place[DIGITS];

	if (!to)
		return -ENOMEM;
	for (unsigned int shift = 0; count && shift < 64; shift += DIGIT_BITS) {
		struct order *swap = from;

		if (!count_digits(from, count, shift, place))
			continue;
		for (size_t i = 0; i < count; i++)
			to[place[digit_of(from[i].rank, shift)]++] = from[i];
		from = to;
		to = swap;
	}
	*order = from;
	free(to);
	return 0;
}

int view_sort(struct view *view, size_t count)
{
	int err = radix_sort(&view->order, count);

	if (err)
		return err;
	view->order_room = count + 1;
	for (size_t i = 0; view->is_reversed && i < count / 2; i++) {
		struct order swap = view->order[i];

		view->order[i] = view->order[count - 1 - i];
		view->order[count - 1 - i] = swap;
	}
	return 0;
}
