/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What each kind of source does, and what they share; private to source*.c.
 */
#ifndef WEIR_SOURCE_KIND_H
#define WEIR_SOURCE_KIND_H

#include "../engine/pane.h"
#include "../filter/filter.h"
#include "packet_filter.h"
#include "pane_clock.h"
#include "source_names.h"
#include "source_settings.h"

struct source;

/* The operations of a kind. Of those that may be NULL it is said what then holds. */
struct source_kind {
	/* SOURCE_PANE and a pane, and in source->last what the next call returns; or as that. */
	int (*next_pane)(struct source *source, struct pane *pane);
	const char *const *(*link_names)(struct source *source); /* NULL: as at the start */
	double (*table_use)(const struct source *source);        /* NULL: there is none */
	/* As source_absence; NULL: there is none. */
	int (*absence)(struct source *source, const struct record_taker *taker, struct pane *pane);
	/* Closes what the kind has opened, which may be half of it. As source_close. */
	int (*close)(struct source *source);
};

/* What every source begins with. */
struct source {
	const struct source_kind *kind;
	struct source_settings settings;
	struct source_facts facts;
	struct source_names names;
	int last; /* what the next call returns; SOURCE_PANE: go on */
	bool is_refused; /* the user's filter means nothing on what was read */
};

/* A source of size bytes, which begins with struct source; NULL, reported, without memory. */
void *source_create(const struct source_kind *kind, const struct source_settings *settings,
		    size_t size);

/* libpcap's words, and a caret where the place is known. Returns err. */
int source_report_filter(const char *expression, const struct filter_error *error, int err);

/* The filter for packets in user space; *filter is NULL where none is asked for. Reports. */
int source_packet_filter(const struct source *source, struct packet_filter **filter);

/* The clock of a live source. */
static inline struct pane_clock_config source_clock(const struct source_settings *settings)
{
	return (struct pane_clock_config){ .pane_ns = settings->pane_ns,
					   .duration_ns = settings->duration_ns,
					   .is_aligned = settings->is_aligned };
}

/* Of the interface, as `ip broadcast` wants it; 0 where it has none. */
uint32_t source_netmask(const char *interface);

#endif
