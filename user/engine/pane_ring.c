/* SPDX-License-Identifier: BSD-2-Clause */
#include "pane_ring.h"

#include <errno.h>
#include <stdlib.h>

#define CAPACITY_MIN 16u

static int pane_ring_grow(struct pane_ring *ring, uint64_t count)
{
	struct pane_ring grown = *ring;

	grown.capacity = ring->capacity ? ring->capacity : CAPACITY_MIN;
	while (grown.capacity < count && grown.capacity < 1u << 31)
		grown.capacity *= 2;
	if (grown.capacity < count)
		return -ENOMEM;
	grown.times = calloc(grown.capacity, sizeof(*grown.times));
	if (!grown.times)
		return -ENOMEM;
	for (uint32_t age = 1; age <= ring->capacity; age++)
		grown.times[(ring->next - age) & (grown.capacity - 1)] =
			*pane_times_of(ring, ring->next - age);
	free(ring->times);
	*ring = grown;
	return 0;
}

int pane_ring_add(struct pane_ring *ring, const struct pane_times *times, uint64_t held)
{
	const struct pane_times *before;

	if (held >= ring->capacity && pane_ring_grow(ring, held + 1))
		return -ENOMEM;
	before = pane_times_of(ring, ring->next - 1);
	ring->are_unequal &= held != 0;
	ring->are_disordered &= held != 0;
	ring->are_unequal |= held && before->seconds != times->seconds;
	ring->are_disordered |= held && before->end_ns > times->begin_ns;
	ring->times[ring->next++ & (ring->capacity - 1)] = *times;
	return 0;
}

void pane_ring_fini(struct pane_ring *ring)
{
	free(ring->times);
	*ring = (struct pane_ring){ 0 };
}
