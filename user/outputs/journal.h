/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How far an output is, in a page of a file that the agent and the process that writes share: who
 * comes after a crash of both learns from it which documents are there, and where a file ends that
 * may have the beginning of another.
 */
#ifndef WEIR_JOURNAL_H
#define WEIR_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* When a document counts as written. */
enum journal_rule {
	JOURNAL_AT_MOST_ONCE, /* before it goes out: what cannot be taken back is not sent twice */
	JOURNAL_AFTER,        /* once it is taken: to say it again does no harm */
	JOURNAL_OF_FILE,      /* by who writes: a file is cut to where it ended before */
};

struct journal;

/* Where a file ended when all of these documents were in it. */
struct journal_mark {
	uint64_t next;        /* documents of lower numbers are written */
	uint64_t device, inode;
	uint64_t offset;      /* of the file; device and inode 0: there is none yet */
};

/* Makes it, or opens what is there (is_resumed). 0 or negative errno. */
int journal_open(const char *path, bool is_resumed, enum journal_rule rule,
		 struct journal **journal);

/* All of these accept NULL, which has nothing and keeps nothing. */
void journal_close(struct journal *journal);

/* Whether the document is written. */
bool journal_has(const struct journal *journal, uint64_t document);

/* Around the writing of a document, by the agent; DOCUMENT_NONE is none. */
void journal_begin(struct journal *journal, uint64_t document);
void journal_commit(struct journal *journal, uint64_t document);

/*
 * JOURNAL_OF_FILE, by who writes: a document begins or has been written to the file, which ends
 * there. Of what it begins, journal_begin has told the number.
 */
void journal_file_begin(struct journal *journal, dev_t device, ino_t inode, off_t end);
void journal_file_commit(struct journal *journal, dev_t device, ino_t inode, off_t end);

/* True once, where the journal was there before. */
bool journal_take_resumed(struct journal *journal);

struct journal_mark journal_mark(const struct journal *journal);

#endif
