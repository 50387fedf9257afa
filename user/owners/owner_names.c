/* SPDX-License-Identifier: BSD-2-Clause */
#include "owner_names.h"

#include <stdlib.h>
#include <string.h>

#include "../base/report.h"
#include "../engine/slot_key.h"

/* As many as their bits in a key tell, 0 being none. */
#define NAMES_MAX (FLOW_OWNER_CONTAINER + 1u)
#define NAME_BITS (32 - FLOW_OWNER_PID_BITS + 16 - FLOW_OWNER_NAME_SHIFT)

_Static_assert(1u << NAME_BITS == NAMES_MAX, "as many of processes as of containers");

/* Places of index are numbers of texts, 0 where there is none. */
struct name_list {
	char *text[NAMES_MAX];
	uint16_t index[2 * NAMES_MAX];
	uint32_t count;
};

struct owner_names {
	struct name_list processes, containers;
	bool is_full;
};

struct owner_names *owner_names_create(void)
{
	struct owner_names *names = calloc(1, sizeof(*names));

	if (names)
		names->processes.count = names->containers.count = 1;
	return names;
}

static void list_fini(struct name_list *list)
{
	for (uint32_t i = 0; i < list->count; i++)
		free(list->text[i]);
}

void owner_names_destroy(struct owner_names *names)
{
	if (!names)
		return;
	list_fini(&names->processes);
	list_fini(&names->containers);
	free(names);
}

/* FNV-1a; who makes names collide makes his own program slow to look up, among 8192. */
static uint32_t text_hash(const char *text)
{
	uint32_t hash = 2166136261u;

	for (; *text; text++)
		hash = (hash ^ (uint8_t)*text) * 16777619u;
	return hash;
}

static uint32_t name_number(struct owner_names *names, struct name_list *list, const char *text)
{
	uint32_t at = text_hash(text) % (2 * NAMES_MAX);

	while (list->index[at] && strcmp(list->text[list->index[at]], text))
		at = (at + 1) % (2 * NAMES_MAX);
	if (list->index[at])
		return list->index[at];
	if (list->count < NAMES_MAX)
		list->text[list->count] = strdup(text);
	if (list->count < NAMES_MAX && list->text[list->count]) {
		list->index[at] = (uint16_t)list->count;
		return list->count++;
	}
	if (!names->is_full)
		report_notice("warning: no more than %u names of processes or containers are told",
			      NAMES_MAX - 1);
	names->is_full = true;
	return 0;
}

uint64_t owner_make(struct owner_names *names, uint32_t pid, const char *name,
		    const char *container)
{
	uint32_t of_name = *name ? name_number(names, &names->processes, name) : 0;
	uint32_t low = of_name & ((1u << (32 - FLOW_OWNER_PID_BITS)) - 1);
	struct flow_key key = { .process = pid | low << FLOW_OWNER_PID_BITS };

	if (container)
		key.container = (uint16_t)name_number(names, &names->containers, container);
	key.container |= (uint16_t)(of_name >> (32 - FLOW_OWNER_PID_BITS)
				    << FLOW_OWNER_NAME_SHIFT);
	return flow_key_owner(&key);
}

const char *owner_process(const struct owner_names *names, const struct flow_key *key)
{
	uint32_t number = key->process >> FLOW_OWNER_PID_BITS |
			  (uint32_t)(key->container & FLOW_OWNER_NAME) >> FLOW_OWNER_NAME_SHIFT
				  << (32 - FLOW_OWNER_PID_BITS);

	return names && number ? names->processes.text[number] : "";
}

const char *owner_container(const struct owner_names *names, const struct flow_key *key)
{
	uint32_t number = key->container & FLOW_OWNER_CONTAINER;

	return names && number ? names->containers.text[number] : NULL;
}
