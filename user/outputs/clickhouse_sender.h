/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The thread that takes what waits in the spool to the server, each block again until it is
 * acknowledged.
 */
#ifndef WEIR_CLICKHOUSE_SENDER_H
#define WEIR_CLICKHOUSE_SENDER_H

#include "carrier.h"
#include "clickhouse_target.h"
#include "spool.h"

struct clickhouse_sender;

struct clickhouse_sender_config {
	const struct clickhouse_target *target;
	const char *password;  /* NULL: none */
	struct spool *spool;
};

/* All of the config must outlive it. 0 or negative errno. */
int clickhouse_sender_start(const struct clickhouse_sender_config *config,
			    struct clickhouse_sender **sender);

/* Ends it wherever it is: what is not acknowledged stays in the spool. Accepts NULL. */
void clickhouse_sender_stop(struct clickhouse_sender *sender);

/* There is more in the spool. */
void clickhouse_sender_wake(struct clickhouse_sender *sender);

/* Whether it has tried to connect, successfully or not. */
bool clickhouse_sender_has_tried(struct clickhouse_sender *sender);

/* Adds what there is to tell, and forgets it. */
void clickhouse_sender_news(struct clickhouse_sender *sender, struct carrier_news *news);

#endif
