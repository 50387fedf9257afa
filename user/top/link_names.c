/* SPDX-License-Identifier: BSD-2-Clause */
#include "link_names.h"

#include <stdio.h>
#include <string.h>

void link_names_init(struct link_names *links, const char *const names[FLOW_LINKS_MAX])
{
	memset(links, 0, sizeof(*links));
	pthread_mutex_init(&links->mutex, NULL);
	for (size_t i = 0; i < FLOW_LINKS_MAX; i++)
		links->list[i] = links->shown[i];
	link_names_tell(links, names);
	link_names_take(links);
}

void link_names_fini(struct link_names *links)
{
	pthread_mutex_destroy(&links->mutex);
}

void link_names_tell(struct link_names *links, const char *const names[FLOW_LINKS_MAX])
{
	pthread_mutex_lock(&links->mutex);
	for (size_t i = 0; i < FLOW_LINKS_MAX; i++) {
		if (!names[i] || !strcmp(links->told[i], names[i]))
			continue;
		snprintf(links->told[i], IF_NAMESIZE, "%s", names[i]);
		links->has_changed = true;
	}
	pthread_mutex_unlock(&links->mutex);
}

bool link_names_take(struct link_names *links)
{
	bool has_changed;

	pthread_mutex_lock(&links->mutex);
	has_changed = links->has_changed;
	links->has_changed = false;
	if (has_changed)
		memcpy(links->shown, links->told, sizeof(links->shown));
	pthread_mutex_unlock(&links->mutex);
	return has_changed;
}
