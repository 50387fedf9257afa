/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * As few rights as possible: once all is open that a process needs, it keeps what its part takes
 * (parts.h) and gives up the rest for good, with all its threads and whatever they make.
 */
#ifndef WEIR_RIGHTS_H
#define WEIR_RIGHTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What a process does, each with its list of system calls and bpf commands. */
enum rights_part {
	RIGHTS_REPLAY, /* the agent of a capture that is read */
	RIGHTS_LIVE,   /* the agent that counts in the kernel */
	RIGHTS_PINNED, /* the same, of a run that is pinned: it writes its state and log */
	RIGHTS_CAPTURE, /* the agent that takes packets through libpcap */
	RIGHTS_HELPER, /* what keeps rights for it (helper.h) */
	RIGHTS_PIN_HELPER, /* the same, of a run that is pinned */
	RIGHTS_TOP,    /* the live view, which begins anew and writes where it is told to */
	RIGHTS_WRITER, /* the process of an output in files, or of standard output */
	RIGHTS_SENDER, /* the process of an output that connects */
	RIGHTS_PART_COUNT
};

#define RIGHTS_PATHS_MAX  20
#define RIGHTS_KILLED_MAX 8

struct rights {
	enum rights_part part;
	uint64_t capabilities;          /* kept; bit n is capability n of linux/capability.h */
	/* Of the file system; a path that is not there is left out. Borrowed. */
	const char *read[RIGHTS_PATHS_MAX];  /* and all beneath */
	const char *write[RIGHTS_PATHS_MAX]; /* the same: read, made, written, renamed, removed */
	size_t read_count, write_count;
	pid_t killed[RIGHTS_KILLED_MAX]; /* processes that it may have to end */
	size_t killed_count;
	/* It is left out: for who sees what processes have open, which it hides; who writes anywhere. */
	bool has_no_landlock;
};

/* What is in force, or could be on this kernel. */
struct rights_force {
	uint64_t capabilities;   /* left */
	int landlock_abi;        /* its version; 0: it is not in force: landlock_err says why */
	int landlock_err;        /* -ECANCELED: it was left out */
	int seccomp_err;         /* 0: it is in force */
	int thread_err;          /* capabilities and Landlock are not in force in some thread */
	bool is_sanitized;       /* built with a sanitizer, which needs more: nothing is in force */
};

/*
 * For all threads of the process, once. What the kernel lacks is no failure: the rest is in force
 * all the same, and force says it.
 */
void rights_confine(const struct rights *rights, struct rights_force *force);

/* What this kernel has, without anything put in force. capabilities are those of now. */
void rights_survey(struct rights_force *force);

/* "no capabilities; Landlock 7; seccomp", or what is missing. Returns text. */
const char *rights_text(const struct rights_force *force, char *text, size_t size);

#endif
