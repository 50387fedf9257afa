/* SPDX-License-Identifier: BSD-2-Clause */
/* Rows on their way to ClickHouse: into the spool, from which a thread sends them. */
#include "clickhouse_carrier.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "../base/clock.h"
#include "clickhouse_sender.h"

#define LOOK_MS      20
#define FIRST_TRY_MS 1500 /* a server that cannot be reached is told at the start */
#define LAST_TRY_MS  600  /* of a live run: an output has a second in all */

struct clickhouse {
	struct clickhouse_target target;
	struct spool *spool;
	struct clickhouse_sender *sender;
	bool was_full;            /* which has been told */
};

static void take_news(struct carrier *carrier)
{
	struct clickhouse *clickhouse = carrier->state;

	if (clickhouse->sender)
		clickhouse_sender_news(clickhouse->sender, &carrier->news);
}

static void wait_first_try(struct carrier *carrier)
{
	struct clickhouse *clickhouse = carrier->state;
	uint64_t begin_ns = clock_monotonic_ns();

	while (!clickhouse_sender_has_tried(clickhouse->sender) &&
	       clock_monotonic_ns() - begin_ns < FIRST_TRY_MS * 1000000ull) {
		if (carrier_pause(carrier, LOOK_MS))
			return;
	}
}

static int clickhouse_start(struct carrier *carrier, const char **reason)
{
	struct clickhouse *clickhouse = carrier->state;
	char owner[CLICKHOUSE_OWNER_MAX];
	const struct spool_config spool = { .directory = clickhouse->target.spool,
					    .target = clickhouse_target_owner(&clickhouse->target, owner),
					    .max_bytes = clickhouse->target.spool_max_bytes };
	struct clickhouse_sender_config sender = { .target = &clickhouse->target,
						   .password = carrier->config.secret };
	int err = spool_open(&spool, &clickhouse->spool, reason);

	if (err)
		return err;
	sender.spool = clickhouse->spool;
	if (!sender.password)
		sender.password = getenv("WEIR_CLICKHOUSE_PASSWORD");
	return clickhouse_sender_start(&sender, &clickhouse->sender);
}

static int clickhouse_open(struct carrier *carrier, const char **reason)
{
	struct clickhouse *clickhouse = calloc(1, sizeof(*clickhouse));
	int err;

	if (!clickhouse)
		return -ENOMEM;
	carrier->state = clickhouse;
	*reason = clickhouse_target_parse(carrier->config.name, &clickhouse->target);
	if (*reason)
		return -EINVAL;
	err = clickhouse_start(carrier, reason);
	if (err)
		return err;
	wait_first_try(carrier);
	take_news(carrier);
	return 0;
}

/*
 * Room in the spool, which is full: in a replay it comes with what the server takes; live, the
 * oldest windows are left out for it. 0 where there may be some now.
 */
static int make_room(struct carrier *carrier)
{
	struct clickhouse *clickhouse = carrier->state;
	uint64_t lost;

	if (carrier->config.waits)
		return spool_state(clickhouse->spool).windows ? carrier_pause(carrier, LOOK_MS) :
								-ENOSPC;
	lost = spool_drop_oldest(clickhouse->spool);
	if (!lost)
		return -ENOSPC;
	carrier_news_add(&carrier->news, clickhouse->was_full ? NULL :
			 "its spool is full: the oldest windows are left out", lost);
	clickhouse->was_full = true;
	return 0;
}

static int clickhouse_begin(struct carrier *carrier)
{
	struct clickhouse *clickhouse = carrier->state;
	int err;

	while ((err = spool_begin(clickhouse->spool)) == -ENOSPC) {
		err = make_room(carrier);
		if (err)
			break;
	}
	return err;
}

static int clickhouse_write(struct carrier *carrier, const char *bytes, size_t length)
{
	struct clickhouse *clickhouse = carrier->state;
	int err;

	while ((err = spool_write(clickhouse->spool, bytes, length)) == -ENOSPC) {
		err = make_room(carrier);
		if (err)
			break;
	}
	return err;
}

static int clickhouse_commit(struct carrier *carrier)
{
	struct clickhouse *clickhouse = carrier->state;
	int err;

	while ((err = spool_commit(clickhouse->spool)) == -ENOSPC) {
		err = make_room(carrier);
		if (err)
			break;
	}
	if (!err)
		clickhouse_sender_wake(clickhouse->sender);
	take_news(carrier);
	return err;
}

static void clickhouse_cancel(struct carrier *carrier)
{
	struct clickhouse *clickhouse = carrier->state;

	spool_cancel(clickhouse->spool);
}

static int clickhouse_reopen(struct carrier *carrier)
{
	(void)carrier;
	return 0;
}

/* A replay is done when all is taken; a live run has a moment. */
static void drain(struct carrier *carrier)
{
	struct clickhouse *clickhouse = carrier->state;
	uint64_t begin_ns = clock_monotonic_ns();

	while (spool_state(clickhouse->spool).windows) {
		if (!carrier->config.waits &&
		    clock_monotonic_ns() - begin_ns > LAST_TRY_MS * 1000000ull)
			return;
		if (carrier_pause(carrier, LOOK_MS))
			return;
	}
}

static void tell_rest(struct carrier *carrier)
{
	struct clickhouse *clickhouse = carrier->state;
	uint64_t windows = spool_state(clickhouse->spool).windows;
	char line[128];

	if (!windows)
		return;
	snprintf(line, sizeof(line), "%llu windows wait in its spool for the next run",
		 (unsigned long long)windows);
	carrier_news_add(&carrier->news, line, 0);
}

static int clickhouse_close(struct carrier *carrier)
{
	struct clickhouse *clickhouse = carrier->state;

	if (!clickhouse)
		return 0;
	if (clickhouse->sender) {
		drain(carrier);
		take_news(carrier);
		tell_rest(carrier);
	}
	clickhouse_sender_stop(clickhouse->sender);
	spool_close(clickhouse->spool);
	free(clickhouse);
	carrier->state = NULL;
	return 0;
}

static const char *clickhouse_directory(const struct carrier *carrier)
{
	const struct clickhouse *clickhouse = carrier->state;

	return clickhouse->target.spool;
}

const struct carrier_kind clickhouse_kind = {
	.rule = JOURNAL_AFTER,
	.open = clickhouse_open,
	.begin = clickhouse_begin,
	.write = clickhouse_write,
	.commit = clickhouse_commit,
	.cancel = clickhouse_cancel,
	.reopen = clickhouse_reopen,
	.close = clickhouse_close,
	.connects = true,
	.directory = clickhouse_directory,
	.keeps = true,
};
