/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The source that captures with libpcap.
 */
#ifndef WEIR_SOURCE_PCAP_H
#define WEIR_SOURCE_PCAP_H

#include "source_names.h"
#include "source_settings.h"

struct source;

/* As source_open. The names are of interfaces, and go to the source where it opens. */
int source_pcap_open(const struct source_settings *settings, struct source_names *names,
		     struct source **source);

#endif
