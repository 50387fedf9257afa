/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where in an expression libpcap's message points.
 */
#ifndef WEIR_DIAGNOSE_H
#define WEIR_DIAGNOSE_H

struct pcap;
int filter_error_find_column(struct pcap *pcap, const char *expression, const char *message);

#endif
