/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a result is told: the formats of outputs. Text only, no input or output.
 */
#ifndef WEIR_ENCODER_H
#define WEIR_ENCODER_H

#include "../engine/engine.h"
#include "../engine/group.h"
#include "../text/text.h"

struct owner_names;

/* What every document of a run repeats. Strings are borrowed. */
struct document_context {
	const char *host;
	const char *source_kind;           /* "interface" or "file" */
	const char *const *source_names;
	size_t source_name_count;
	const char *const *attach;         /* live runs: "xdp-native", "tcx-egress", ... */
	size_t attach_count;
	const char *direction;             /* "in", "out", "both"; NULL (null) in a replay */
	const char *filter;                /* NULL (null) where there is none */
	const struct group_by *group;
	const char *const *link_names;     /* by the link number of a flow key; NULL in a replay */
	const struct owner_names *owner_names; /* of the owners in keys; NULL: these have none */
	int64_t clock_offset_ns;           /* engine clock to 1970; may change between windows */
	uint64_t run;                      /* no two runs share it, but replays of the same */
	size_t metric_groups;              /* at most so many have metrics; 0: none are asked for */
};

/* Figures of the transmission model, of one output. */
struct sink_stats {
	uint64_t written;   /* documents */
	uint64_t errors;    /* failed writes, and windows left out because they came too fast */
	uint64_t last_ns;   /* time the last write took */
	uint64_t opened_ns; /* CLOCK_MONOTONIC */
	uint64_t age_ns;    /* from opening to the start of the newest write */
};

/* One window, and all that is known beside it. */
struct encoding {
	const struct document_context *context;
	const struct window_result *result;
	const struct sink_stats *transmission;
};

/*
 * Of a format that tells of all windows so far: what it keeps between them. A window that is not
 * over is added to a copy. create and copy: NULL when memory failed; else 0 or negative errno.
 */
struct encoder_memory {
	void *(*create)(void);
	void (*destroy)(void *memory);
	void *(*copy)(const void *memory);
	int (*take)(void *memory, const struct encoding *encoding);
	int (*render)(struct text *text, const void *memory);
};

struct encoder {
	const char *name;       /* as in FORMAT:TARGET */
	const char *suffix;     /* of file names that mean it; NULL: none */
	const char *about;      /* a few words for --help */
	bool is_replaced;       /* a file of it holds one document, the newest */
	bool tells_state;       /* shows what is at hand: SIGUSR1 writes it */
	bool tells_run;         /* needs the run's counts; gets windows of the first -w only */
	uint32_t extra_sets;    /* 1 << enum extra_set of those that it asks for by itself */
	const char *head;       /* stands once at the beginning; NULL: nothing */
	const char *line_start; /* how each line begins, by which a half one is told; NULL */
	/* Appends the window, ending in a line feed. 0 or the text's failure. */
	int (*encode)(struct text *text, const struct encoding *encoding);
	const struct encoder_memory *memory; /* then each window is taken, in place of encode; NULL */
};

/* A format is an object NAME_encoder in a file of its own, and a line here, in this order. */
#define ENCODERS(X) \
	X(json)     \
	X(ndjson)   \
	X(text)     \
	X(csv)      \
	X(flows)    \
	X(prom)     \
	X(html)

#define ENCODER_DECLARE(name) extern const struct encoder name##_encoder;
ENCODERS(ENCODER_DECLARE)

/* Of targets that are no files (output_name.c). */
extern const struct encoder clickhouse_encoder;
extern const struct encoder ipfix_encoder;

/* Of a report that is served, and what its readers' browsers are to allow it. */
extern const struct encoder html_served_encoder;
const char *html_served_policy(void);

/* Of pages (served.h). */
extern const struct encoder openmetrics_encoder;

#endif
