/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the kernel tells unasked of interfaces that come, change and go (rtnetlink(7)).
 */
#ifndef WEIR_LINK_EVENTS_H
#define WEIR_LINK_EVENTS_H

#include <stdbool.h>

struct link_events;

struct link_event {
	unsigned int ifindex;
	const char *name;   /* until the callback returns */
	bool is_up;
	bool is_deleted;    /* it went, also to another namespace; else it came or changed */
};

/* Whether an event is one that somebody waits for. */
typedef bool link_event_fn(void *context, const struct link_event *event);

/* Of the current network namespace, from now on. NULL: the kernel does not tell. */
struct link_events *link_events_open(void);
void link_events_close(struct link_events *events);

/* Readable when there are events; -1 of NULL. */
int link_events_fd(const struct link_events *events);

/*
 * Takes all that are waiting; true where one of them is waited for, or some were lost for want of
 * room, so that nothing can be ruled out.
 */
bool link_events_take(struct link_events *events, link_event_fn *is_awaited, void *context);

#endif
