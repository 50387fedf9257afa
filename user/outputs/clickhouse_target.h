/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where rows go: clickhouse://[USER[:PASSWORD]@]HOST[:PORT]/DATABASE[.TABLE][?OPTION=VALUE&...]
 */
#ifndef WEIR_CLICKHOUSE_TARGET_H
#define WEIR_CLICKHOUSE_TARGET_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "../text/endpoint.h"

#define CLICKHOUSE_SCHEME        "clickhouse://"
#define CLICKHOUSE_SCHEME_SECURE "clickhouse+https://"
#define CLICKHOUSE_NAME_MAX      64
#define CLICKHOUSE_SPOOL_MAX     (1ull << 30) /* unless spool_max says otherwise */

struct clickhouse_target {
	bool is_secure;
	struct endpoint endpoint;
	char user[CLICKHOUSE_NAME_MAX];        /* empty: the server's default */
	char database[CLICKHOUSE_NAME_MAX];
	char table[CLICKHOUSE_NAME_MAX];       /* of flows */
	char windows_table[CLICKHOUSE_NAME_MAX + 8];
	char spool[PATH_MAX];
	char authority[PATH_MAX];              /* a file of certificates to trust; or empty */
	uint64_t spool_max_bytes;
};

bool clickhouse_target_is(const char *text);

/* NULL, or what is wrong: static text, and *target is undefined. */
const char *clickhouse_target_parse(const char *text, struct clickhouse_target *target);

/* HOST:PORT/DATABASE.TABLE, which tells whose a spool is. Returns out. */
#define CLICKHOUSE_OWNER_MAX 512
const char *clickhouse_target_owner(const struct clickhouse_target *target,
				    char out[CLICKHOUSE_OWNER_MAX]);

/*
 * Takes the password out of the text, which is made shorter and wiped behind its end, so that
 * nothing that shows it (messages, the process list) shows that. In memory of the caller; NULL
 * where there is none, or memory fails: then *text is wiped of it all the same.
 */
char *clickhouse_target_hide_password(char *text);

#endif
