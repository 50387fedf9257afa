/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A result that several outputs hold: one copy of what the engine hands out, and of all that may
 * change between two windows. Never written to again.
 */
#ifndef WEIR_SHARED_RESULT_H
#define WEIR_SHARED_RESULT_H

#include "encoder.h"

/* A context with strings of its own, the same for all results until something in it changes. */
struct shared_context;

/* A state: no output has to have written it. */
#define DOCUMENT_NONE UINT64_MAX

struct shared_result {
	struct window_result result;
	struct document_context context;
	struct shared_context *strings;  /* what the context points to */
	struct window_spec spec;
	uint64_t number;                 /* in the order of being made */
	uint64_t document;               /* as outputs number what they are to write */
	size_t bytes;                    /* of memory */
	size_t holders;                  /* counted by who hands it out */
	bool is_state;                   /* the window is not over; set by who hands it out */
};

/*
 * A copy that no holder is counted for. *strings is that of the result before (NULL at first):
 * it is used again where it still says the same, else replaced. NULL when memory is all that
 * failed.
 */
struct shared_result *shared_result_create(const struct document_context *context,
					   const struct window_result *result,
					   struct shared_context **strings);

/* The bytes that shared_result_create will take for this result. */
size_t shared_result_bytes(const struct window_result *result);

/* Once nobody holds it. Accepts NULL. */
void shared_result_destroy(struct shared_result *shared);

/* Lets go of the maker's own hold. Accepts NULL. */
void shared_context_release(struct shared_context *strings);

#endif
