/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pages: what an encoder made of the newest window, held in memory for whoever asks. An output
 * writes each (outputs.h), the listener hands it out (listener.h).
 */
#ifndef WEIR_SERVED_H
#define WEIR_SERVED_H

#include <pthread.h>

#include "output_name.h"

/* Of one page; what is longer is not held. */
#define SERVED_BYTES_MAX (64u << 20)

/* One document. Never written to again once it is published. */
struct rendering {
	struct served_page *page;
	struct text text;
	size_t holders;               /* guarded by the page's mutex */
	bool is_too_long;             /* over SERVED_BYTES_MAX: there is no text */
};

struct served_page {
	const char *path;             /* "/metrics" */
	const char *type;             /* of its content, for the header of HTTP */
	const struct encoder *encoder;
	pthread_mutex_t mutex;
	struct rendering *newest;     /* NULL: no window yet */
};

/* The page as an output. NULL, as output_name_parse. */
const char *served_name(struct served_page *page, struct output_name *name);

/* The newest rendering with a holder more, NULL where there is none. From any thread. */
struct rendering *served_take(struct served_page *page);

/* Takes a holder away. Accepts NULL. From any thread. */
void served_release(struct rendering *rendering);

/* Whether a newer one has taken its place. */
bool served_is_old(struct rendering *rendering);

/* The carrier of a page, carrier_config.page. */
extern const struct carrier_kind served_kind;

#endif
