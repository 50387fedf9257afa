/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The log, read again: panes as the source that logged them gave them.
 */
#ifndef WEIR_PIN_LOG_READ_H
#define WEIR_PIN_LOG_READ_H

#include "pin_log.h"

/* A pane out of the log, and the memory that it lies in. */
struct pin_logged {
	struct pin_pane head;
	struct pane pane;
	struct pane_link links[FLOW_LINKS_MAX];
	const char *names[FLOW_LINKS_MAX];   /* of its links */
	const char *ahead[FLOW_LINKS_MAX];
	const char *records;
	char *bytes;
};

/*
 * The sequences of the panes logged by a generation, ascending, to be freed. 0 or negative errno.
 */
int pin_log_list(const struct pin_place *place, uint64_t generation, uint64_t **sequences,
		 size_t *count);

/*
 * Reads one. 0 and *logged, to be freed by pin_logged_fini; -EPROTO where another build has
 * logged it in another way; -EBADMSG where it is damaged; or another negative errno.
 */
int pin_log_read(const struct pin_place *place, uint64_t generation, uint64_t sequence,
		 struct pin_logged *logged);
void pin_logged_fini(struct pin_logged *logged);

/* What the interface of that link had counted when the pane ended. */
struct netdev_counters pin_logged_counted(const struct pin_logged *logged, size_t link);

/* Hands its records to fn, as a bank's are: bank_drain.h. 0 or what fn returned. */
typedef int pin_records_fn(void *context, const struct flow_slot *const *records, size_t count);
int pin_logged_records(const struct pin_logged *logged, pin_records_fn *fn, void *context);

#endif
