/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reader of the classic format.
 */
#ifndef WEIR_CAPTURE_PCAP_H
#define WEIR_CAPTURE_PCAP_H

#include "capture_format.h"

/* Reads the file's header, then packets as capture_next; names itself the capture's reader. */
capture_read_fn capture_pcap_begin;

#endif
