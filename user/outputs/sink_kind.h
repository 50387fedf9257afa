/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the kinds of sinks share. sink.c writes the text of a document; a kind says where to.
 */
#ifndef WEIR_SINK_KIND_H
#define WEIR_SINK_KIND_H

#include <limits.h>
#include <sys/types.h>

#include "json.h"

/* Each returns 0 or negative errno. */
struct sink_kind {
	int (*open)(struct sink *sink, const char **reason);
	int (*begin)(struct sink *sink);  /* before a document: fd takes its text */
	int (*commit)(struct sink *sink); /* all its text is written */
	void (*cancel)(struct sink *sink); /* after a failure of begin, the text or commit */
	int (*close)(struct sink *sink);
	bool pretty;
};

struct sink {
	const struct sink_kind *kind;
	char *name;
	struct sink_stats stats;
	struct text text;
	int fd;                 /* what the text goes to; -1: nothing */
	uint64_t written_bytes; /* of the document at hand */

	/* document file: its directory, its name in there, and the file being written */
	int directory_fd;
	char *base_name;
	char temporary_name[NAME_MAX + 1];

	/* line file: where the document at hand began, whether the last line is unfinished */
	bool is_regular;
	off_t document_start;
	bool torn;
	bool created; /* by this opening */
};

extern const struct sink_kind document_file_kind;
extern const struct sink_kind line_file_kind;
extern const struct sink_kind standard_output_kind;

/*
 * Writes all of bytes, waiting where a pipe is full, and adds what was written to
 * written_bytes, also after a failure.
 */
int sink_write_bytes(struct sink *sink, const char *bytes, size_t length);

#endif
