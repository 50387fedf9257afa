/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads pcapng files.
 */
#ifndef WEIR_CAPTURE_PCAPNG_H
#define WEIR_CAPTURE_PCAPNG_H

#include "capture_format.h"

/* As capture_read, from the first block on; sets what reads the next ones. */
capture_read_fn capture_pcapng_begin;

#endif
