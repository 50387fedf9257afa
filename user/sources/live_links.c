/* SPDX-License-Identifier: BSD-2-Clause */
#include "live_links.h"

#include <stdlib.h>
#include <string.h>

#include "../attach/live_return.h"
#include "../attach/live_watch.h"
#include "../base/report.h"
#include "../system/netdev_list.h"

void live_links_detach(struct live *live, struct live_link *link)
{
	int err = live_link_detach(link);

	live->verdict = live->verdict ? live->verdict : err;
}

void live_links_check(struct live *live)
{
	size_t alive = live->links_alive;

	for (size_t i = 0; i < live->link_count; i++) {
		struct live_link *link = &live->links[i];

		if (link->gone || live_link_watch(link))
			continue;
		link->is_cut = link->gone = true;
		live_links_detach(live, link);
		programs_drop_link(live->programs, link->facts.ifindex);
		live->links_alive--;
	}
	if (alive && !live->links_alive && !live->config.once)
		report_notice("no interface is left: waiting for one to return");
}

bool live_links_are_over(const struct live *live)
{
	return live->config.once && !live->links_alive;
}

static bool is_known(const struct live *live, unsigned int ifindex, const char *name)
{
	for (size_t i = 0; i < live->link_count; i++) {
		const struct live_link *link = &live->links[i];

		if (link->gone ? !strcmp(link->given, name) : link->facts.ifindex == ifindex)
			return true;
	}
	for (size_t i = 0; i < live->left_out_count; i++) {
		if (live->left_out[i] == ifindex)
			return true;
	}
	return false;
}

static void leave_out(struct live *live, unsigned int ifindex)
{
	live->left_out[live->left_out_count % FLOW_LINKS_MAX] = ifindex;
	if (live->left_out_count < FLOW_LINKS_MAX)
		live->left_out_count++;
}

/* False where it is not counted, which is said once. */
static bool link_come(struct live *live, const struct netdev_listed *listed)
{
	struct live_shared shared = live_shared_of(live);
	size_t room = banks_geometry(live->banks)->links;

	if (live->link_count == room) {
		report_notice("warning: interface %s: left out: at most %zu are counted in this run",
			      listed->name, room);
		return false;
	}
	if (!live_link_come(&live->links[live->link_count], (unsigned int)live->link_count,
			    listed->name, &shared))
		return false;
	live->link_count++;
	live->links_alive++;
	return true;
}

static void links_come(struct live *live)
{
	struct netdev_listed *list;
	size_t count;

	live->looks_for_new = !live->events;
	if (netdev_list_up(&list, &count)) {
		live->looks_for_new = true;
		return;
	}
	for (size_t i = 0; i < count; i++) {
		if (!is_known(live, list[i].ifindex, list[i].name) && !link_come(live, &list[i]))
			leave_out(live, list[i].ifindex);
	}
	free(list);
}

void live_links_return(struct live *live)
{
	struct live_shared shared = live_shared_of(live);

	if (live_links_are_over(live))
		return;
	for (size_t i = 0; i < live->link_count; i++) {
		if (live->links[i].gone &&
		    live_link_return(live->links, live->link_count, i, &shared))
			live->links_alive++;
	}
	if (live->looks_for_new)
		links_come(live);
}

/* One that is counted goes, one that went comes back; or one that nobody knows is up. */
bool live_links_await(void *context, const struct link_event *event)
{
	struct live *live = context;

	for (size_t i = 0; i < live->link_count; i++) {
		const struct live_link *link = &live->links[i];

		if (link->gone ? !event->is_deleted && !strcmp(link->given, event->name) :
				 event->is_deleted && link->facts.ifindex == event->ifindex)
			return true;
	}
	if (!live->config.is_any || event->is_deleted || !event->is_up ||
	    is_known(live, event->ifindex, event->name))
		return false;
	live->looks_for_new = true;
	return true;
}
