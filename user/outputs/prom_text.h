/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines of the metrics' text: format 0.0.4 of Prometheus, or OpenMetrics 1.0, where a counter's
 * family is named without the _total of its samples.
 */
#ifndef WEIR_PROM_TEXT_H
#define WEIR_PROM_TEXT_H

#include "encoder.h"

enum prom_style { PROM_PLAIN, PROM_OPENMETRICS };

/* Name, type, and one line of help without a backslash. */
#define PROM_FAMILIES(X)                                                                       \
	X(PROM_BUILD_INFO, "weir_build_info", "gauge", "Version of weir; always 1.")           \
	X(PROM_PACKETS, "weir_packets_total", "counter", "Packets since the start.")           \
	X(PROM_BYTES, "weir_bytes_total", "counter", "Bytes of frames since the start.")       \
	X(PROM_MALFORMED, "weir_malformed_packets_total", "counter",                           \
	  "Malformed packets since the start.")                                                \
	X(PROM_FLOWS, "weir_flows", "gauge", "Flows in the newest window.")                    \
	X(PROM_TABLE_USED, "weir_table_used_ratio", "gauge",                                   \
	  "Share of slots for flows in use in the newest pane, of the CPU with most.")           \
	X(PROM_PANE_LAG, "weir_pane_lag_seconds", "gauge",                                     \
	  "From the end of a pane to its records merged, the worst of the newest window.")     \
	X(PROM_DROPPED, "weir_interface_dropped_packets_total", "counter",                     \
	  "Packets dropped before they were counted, as far as the kernel tells.")             \
	X(PROM_OUTPUT_WRITTEN, "weir_output_written_total", "counter",                         \
	  "Windows written since the start.")                                                  \
	X(PROM_OUTPUT_FAILED, "weir_output_failed_total", "counter",                           \
	  "Windows lost on the way since the start.")                                          \
	X(PROM_OUTPUT_QUEUED, "weir_output_queued", "gauge",                                   \
	  "Windows that wait, or are being written.")                                          \
	X(PROM_GROUP, "weir_group_bytes_per_second", "gauge",                                  \
	  "Mean over the newest window of a group, of those listed first.")                    \
	X(PROM_OTHER_GROUPS, "weir_other_groups_bytes_per_second", "gauge",                    \
	  "The same of all other groups together.")

#define PROM_AS_ENUM(id, name, type, help) id,
enum prom_family { PROM_FAMILIES(PROM_AS_ENUM) PROM_FAMILY_COUNT };

/* What stands before the samples of a metric. */
void prom_family(struct text *text, enum prom_family family, enum prom_style style);

/* How the samples of a metric begin. */
const char *prom_name(enum prom_family family);

/* A label's value in quotes: printable ASCII, what it may not hold escaped. */
void prom_quoted(struct text *text, const char *value);

/* A value and the end of its line; 17 digits, which tell any double exactly. */
void prom_number(struct text *text, double value);

/*
 * The rates of the window by group, and what is left of the whole: at most metric_groups series
 * and one, whose sum is the window's. Nothing where no groups are asked for, or where a window is
 * no length that bytes could be divided by (sessions).
 */
void prom_groups(struct text *text, const struct encoding *encoding, enum prom_style style);

#endif
