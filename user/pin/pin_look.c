/* SPDX-License-Identifier: BSD-2-Clause */
#include "pin_look.h"

#include <stdio.h>
#include <string.h>

#include "pin_state.h"

static void names_add(struct pin_sight *sight, const struct pin_state *state)
{
	size_t used = 0;

	for (uint32_t i = 0; i < state->link_count && used < sizeof(sight->names); i++) {
		if (state->links[i].ifindex)
			used += (size_t)snprintf(sight->names + used, sizeof(sight->names) - used,
						 "%s%s", used ? ", " : "", state->links[i].name);
	}
}

void pin_look(const char *directory, struct pin_sight *sight)
{
	uint64_t generations[PIN_GENERATIONS_MAX];
	struct pin_state now, newest;
	struct pin_place place;
	int count;

	memset(sight, 0, sizeof(*sight));
	pin_place_name(directory, &place);
	snprintf(sight->directory, sizeof(sight->directory), "%s", place.pinned);
	count = pin_generations(&place, generations);
	if (count <= 0)
		return;
	sight->is_there = true;
	sight->is_held = pin_place_is_held(directory);
	pin_state_init(&now);
	if (pin_state_read(&place, generations[count - 1], &newest)) {
		sight->is_foreign = true;
		return;
	}
	sight->is_foreign = newest.net_namespace != now.net_namespace;
	names_add(sight, &newest);
	pin_state_fini(&newest);
}
