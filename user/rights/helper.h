/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A second process of this program, made before anything is read that others wrote: it keeps the
 * rights that counting on takes now and then, answers a few questions, and does nothing else. It
 * ends with the first.
 */
#ifndef WEIR_HELPER_H
#define WEIR_HELPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rights.h"

/* Bytes of a question, and of an answer. */
#define HELPER_BYTES_MAX (1u << 23)

/* The questions; who answers them is told at the start (agent/agent_rights.c). */
enum helper_question {
	HELPER_RULE,       /* once: which interfaces it may attach to */
	HELPER_ATTACH,
	HELPER_DETACH,
	HELPER_FACTS,      /* of an interface */
	HELPER_PINNED,     /* what is pinned for a link; a link's pin: made, removed */
	HELPER_PIN,
	HELPER_UNPIN,
	HELPER_CHAIN,
	HELPER_REVISION,
	HELPER_PROGRAM,    /* its name */
	HELPER_SCAN,       /* who has sockets open */
	HELPER_PROCESS,    /* its name */
	HELPER_CONTAINER,  /* of a process */
	HELPER_GROUP,      /* the container of a control group */
	HELPER_QUESTION_COUNT
};

/* What goes either way: the caller's memory, and a descriptor, -1 for none. */
struct helper_part {
	void *bytes;
	size_t length;     /* of an answer: its room before, at most that after */
	int fd;            /* of a question: borrowed; of an answer: the receiver's */
};

/* Answers in the helper: 0, or a negative errno that is given to who asked. */
typedef int helper_fn(const struct helper_part *question, struct helper_part *answer);

/*
 * Makes the process. It confines itself to rights at once; until helper_use nobody asks it. Of what
 * is open it holds kept_fd to its end (-1: nothing). 0 or a negative errno. Once in a process.
 */
int helper_start(helper_fn *const answers[HELPER_QUESTION_COUNT], const struct rights *rights,
		 int kept_fd);

/* From here on it is asked: this process has not the rights itself any more. */
void helper_use(void);

/* Whether it is to be asked. */
bool helper_is_used(void);

/* 0, what the other side answered, or -EOWNERDEAD: it is gone. By any thread. */
int helper_ask(enum helper_question number, const struct helper_part *question,
	       struct helper_part *answer);

/* Ends it, and waits for that. */
void helper_stop(void);

#endif
