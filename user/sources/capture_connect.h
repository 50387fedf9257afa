/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef WEIR_CAPTURE_CONNECT_H
#define WEIR_CAPTURE_CONNECT_H

#include <stddef.h>

/*
 * Connects to HOST:PORT or [ADDRESS]:PORT, trying each of its addresses in turn for a few
 * seconds. A socket; or -1 with errno set (-EINTR: a signal came first) and why into reason.
 */
int capture_connect(const char *peer, char *reason, size_t size);

#endif
