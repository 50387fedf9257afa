/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the bytes of an output go: a file that grows, a file that is replaced, standard output.
 * A document is begun, written in pieces, and committed or cancelled.
 */
#ifndef WEIR_CARRIER_H
#define WEIR_CARRIER_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "journal.h"

struct carrier;
struct served_page;

/* What is to be told the user beside failures: lines, and windows that were lost on the way. */
struct carrier_news {
	char lines[512];
	uint64_t lost;
};

/* Each returns 0 or negative errno. */
struct carrier_kind {
	/* *reason: static text where errno's would not say it; -EINVAL is wrong usage. */
	int (*open)(struct carrier *carrier, const char **reason);
	int (*begin)(struct carrier *carrier);
	int (*write)(struct carrier *carrier, const char *bytes, size_t length);
	int (*commit)(struct carrier *carrier);  /* all of the document is written */
	void (*cancel)(struct carrier *carrier); /* after a failure of begin, write or commit */
	int (*reopen)(struct carrier *carrier);  /* by its name: what had it may be renamed */
	int (*close)(struct carrier *carrier);   /* also half-opened */
	bool is_shared; /* the descriptor is not weir's alone: standard output */
	bool has_file;  /* its name is that of a file */
	bool connects;  /* to other hosts */
	/* One that it writes in besides; NULL: there is none. */
	const char *(*directory)(const struct carrier *carrier);
	bool keeps;     /* what is committed is not lost, also where its end does not take it */
	enum journal_rule rule; /* how it is known what has been written, after a crash */
};

/* What a carrier is to carry. Strings are borrowed and must outlive it. */
struct carrier_config {
	const char *name;
	const char *head;       /* stands once at the beginning of what is new; NULL: nothing */
	const char *line_start; /* how each line begins, by which a half one is told; NULL */
	int hangup_fd;          /* waiting ends with -ECANCELED once it reports hangup_events; -1 */
	short hangup_events;
	const struct carrier_kind *apart; /* what a process of its own runs; NULL: there is none */
	const char *secret;     /* a password; NULL */
	struct journal *journal; /* of who keeps JOURNAL_OF_FILE; NULL: none */
	struct served_page *page; /* that it is to fill; NULL */
	bool waits;             /* of a replay: for room, and at its end until all is taken */
};

struct carrier {
	const struct carrier_kind *kind;
	struct carrier_config config;
	int fd;                 /* what the bytes go to; -1: nothing */
	uint64_t written_bytes; /* of the document at hand */

	/* replaced file: its directory, its name in there, and the file being written */
	int directory_fd;
	char *base_name;
	char temporary_name[NAME_MAX + 1];

	/* growing file: where the document at hand began, whether the last line is unfinished */
	bool is_regular;
	off_t document_start;
	bool torn;
	bool created;           /* by this opening */
	bool head_due;

	pid_t pid;              /* of the process that writes, where it has one of its own */

	void *state;            /* the kind's */
	struct carrier_news news; /* not told yet */
};

/* 0 and *carrier; or negative errno, *reason as carrier_kind.open has it, and nothing is left. */
int carrier_open(const struct carrier_kind *kind, const struct carrier_config *config,
		 struct carrier **carrier, const char **reason);

/* Accepts NULL. 0, or negative errno where the last bytes could not be written. */
int carrier_close(struct carrier *carrier);

/*
 * For kinds: writes all of bytes to fd, waiting where a pipe is full, and adds what was written
 * to written_bytes, also after a failure.
 */
int carrier_write_bytes(struct carrier *carrier, const char *bytes, size_t length);

/* The same, and what closing had to tell. */
int carrier_close_telling(struct carrier *carrier, struct carrier_news *news);

/* Takes what there is to tell. */
void carrier_take_news(struct carrier *carrier, struct carrier_news *news);

/* Adds to what is to be told: a line, or NULL, and windows lost. A line too many is left out. */
void carrier_news_add(struct carrier_news *news, const char *line, uint64_t lost);

/* For kinds: 0 after so long, -ECANCELED where waiting is over before. */
int carrier_pause(const struct carrier *carrier, int milliseconds);

#endif
