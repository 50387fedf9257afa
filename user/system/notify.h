/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a service manager is told of a run: the datagrams of sd_notify(3), which need no library.
 */
#ifndef WEIR_NOTIFY_H
#define WEIR_NOTIFY_H

#include <stdint.h>

struct notify;

/* NULL where nobody asks (NOTIFY_SOCKET is not set), or the socket cannot be made. */
struct notify *notify_open(void);

/*
 * Everything is attached. Where a watchdog is asked for (WATCHDOG_USEC), it hears from a thread
 * twice in its time from now on, unless notify_progress was not called for longer than that time
 * and silence_ns: then counting hangs. silence_ns 0: progress is not asked for.
 */
void notify_ready(struct notify *notify, uint64_t silence_ns);

/* The run goes on. */
void notify_progress(struct notify *notify);

/* The end has begun: it has its own time (TimeoutStopSec). */
void notify_stopping(struct notify *notify);

/* All functions accept NULL. */
void notify_close(struct notify *notify);

#endif
