/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Work that may wait longer for others, such as a name server, than a user waits for weir.
 */
#ifndef WEIR_PATIENCE_H
#define WEIR_PATIENCE_H

#include <stdint.h>

#define PATIENCE_SAY_MS 1000
#define PATIENCE_MAX_MS 10000

typedef void patience_fn(void *job);

/*
 * Does work(job) in a thread of its own and waits for its end: 0. After PATIENCE_SAY_MS says
 * (unless -q) that it waits, and for what. -ETIMEDOUT after PATIENCE_MAX_MS, -EINTR once the
 * user asks to stop: the thread then goes on with the job alone, and releases it at the end.
 */
int patience_run(patience_fn *work, patience_fn *release, void *job, const char *waiting_for);

/* What to tell the user of -ETIMEDOUT and -EINTR: static text. */
const char *patience_reason(int err);

#endif
