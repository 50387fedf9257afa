/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The source that is the log of an agent which was killed: its panes once more.
 */
#ifndef WEIR_SOURCE_LOG_H
#define WEIR_SOURCE_LOG_H

#include "source_settings.h"

struct source;

/* As source_open. */
int source_log_open(const struct source_settings *settings, struct source **source);

#endif
