/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A crash leaves the terminal as it was.
 */
#ifndef WEIR_CRASH_GUARD_H
#define WEIR_CRASH_GUARD_H

/*
 * From here on, a crash restores the terminal by writing these bytes before the process dies
 * of it. NULL: no longer. At most RESTORE_MAX bytes, which are copied.
 */
#define RESTORE_MAX 256
void crash_guard(int fd, const char *restore);

#endif
