/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads pcap files, of every form that was written.
 */
#ifndef WEIR_CAPTURE_PCAP_H
#define WEIR_CAPTURE_PCAP_H

#include "capture_format.h"

/* As capture_read, from the first block on; sets what reads the next ones. */
capture_read_fn capture_pcap_begin;

#endif
