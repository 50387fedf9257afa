/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One connection to a ClickHouse server: a question at a time, and what it answered.
 */
#ifndef WEIR_CLICKHOUSE_HTTP_H
#define WEIR_CLICKHOUSE_HTTP_H

#include "../text/text.h"
#include "clickhouse_target.h"

struct clickhouse_http;

#define CLICKHOUSE_SAID_MAX 300

struct clickhouse_reply {
	struct text body;   /* of what was asked; bounded */
	unsigned int code;  /* the server's: "Code: N"; 0: it told none */
	char said[CLICKHOUSE_SAID_MAX]; /* why it failed, on one line, in no secret */
};

/* The target must outlive it; password: NULL where there is none. NULL where memory fails. */
struct clickhouse_http *clickhouse_http_open(const struct clickhouse_target *target,
					     const char *password);

/* Accepts NULL. */
void clickhouse_http_close(struct clickhouse_http *http);

/* Once for all, from any thread: whatever is being asked fails, and what will be. */
void clickhouse_http_stop(struct clickhouse_http *http);

/* Adds to each address from now on: "&name=value". NULL takes it away. */
void clickhouse_http_settings(struct clickhouse_http *http, const char *settings);

/*
 * Sends query as the body; or in the address, where rows are given, which are then the body. 0;
 * or -EIO where it failed, and reply->said tells how; -ECANCELED after clickhouse_http_stop.
 */
int clickhouse_http_ask(struct clickhouse_http *http, const char *query, const struct text *rows,
			struct clickhouse_reply *reply);

#endif
