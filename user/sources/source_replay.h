/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The source that is a capture.
 */
#ifndef WEIR_SOURCE_REPLAY_H
#define WEIR_SOURCE_REPLAY_H

#include "source_settings.h"

struct source;

/* As source_open. */
int source_replay_open(const struct source_settings *settings, struct source **source);

#endif
