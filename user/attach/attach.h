/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Attaching one program at one hook of one interface. XDP and TCX go by links, which vanish
 * with the process; a clsact filter is removed at detaching, and one that a killed weir left
 * behind is recognised and replaced.
 */
#ifndef WEIR_ATTACH_H
#define WEIR_ATTACH_H

#include "attachment.h"

/*
 * Attaches the program to the interface, at one of the hooks, first in line where the kernel
 * lets it. 0; -EBUSY where the hook is taken; else the kernel's negative errno. After a failure
 * there is nothing to detach.
 */
int attachment_open(struct attachment *attachment, enum attach_point point, int ifindex,
		    int prog_fd);

/*
 * 1 while the program is on its hook. 0 once it has been taken off: by an administrator, or
 * because the interface has gone, be it that another one has its index now. A negative errno
 * where the kernel could not be asked.
 */
int attachment_holds(const struct attachment *attachment);

/*
 * Detaches, also where the interface has gone. Once. 0, or a negative errno where something may
 * have been left behind.
 */
int attachment_close(struct attachment *attachment);

#endif
