/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * While the screen is drawn, what is written to standard error, by whomever, is kept aside, so
 * that it does not spoil the screen; it is written when the screen is gone.
 */
#ifndef WEIR_MESSAGES_H
#define WEIR_MESSAGES_H

#include <stdbool.h>
#include <stddef.h>

struct messages;

/* NULL where standard error is no terminal, and so spoils nothing, or it cannot be done. */
struct messages *messages_open(void);

/* Standard error is as before; the newest of what was kept aside is written to it. */
void messages_close(struct messages *messages);

/* Readable when something was written; -1 where messages is NULL. */
int messages_fd(const struct messages *messages);

/* The newest line into line, without "weir: "; false where there is none since the last call. */
bool messages_take(struct messages *messages, char *line, size_t size);

#endif
