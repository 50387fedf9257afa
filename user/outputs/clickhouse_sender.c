/* SPDX-License-Identifier: BSD-2-Clause */
#include "clickhouse_sender.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "../base/clock.h"
#include "../base/thread.h"
#include "clickhouse.h"
#include "clickhouse_http.h"
#include "clickhouse_schema.h"

#define PAUSE_FIRST_MS 100
#define PAUSE_MAX_MS   30000
#define MS_NS          1000000u

struct clickhouse_sender {
	struct clickhouse_sender_config config;
	struct clickhouse_http *http;
	struct text insert[CLICKHOUSE_TABLE_COUNT];
	struct text block;
	struct clickhouse_reply reply;
	bool is_connected;   /* the tables have been looked at, and nothing failed since */
	unsigned int failures; /* one after another */
	unsigned int seed;
	pthread_t thread;
	bool has_thread;

	pthread_mutex_t mutex; /* of all below */
	pthread_cond_t changed;
	bool is_stopped;
	bool has_more;
	bool has_tried;
	bool is_failing;       /* which has been told: */
	char failure[CLICKHOUSE_WRONG_MAX];
	struct carrier_news news;
};

/* Told when it begins, and when it is another. */
static void tell_failure(struct clickhouse_sender *sender, const char *why)
{
	char line[CLICKHOUSE_WRONG_MAX + 32];

	pthread_mutex_lock(&sender->mutex);
	sender->has_tried = true;
	if (!sender->is_failing || strcmp(sender->failure, why)) {
		snprintf(sender->failure, sizeof(sender->failure), "%s", why);
		snprintf(line, sizeof(line), "%s; windows wait in its spool", why);
		carrier_news_add(&sender->news, line, 0);
	}
	sender->is_failing = true;
	pthread_mutex_unlock(&sender->mutex);
}

static void tell_success(struct clickhouse_sender *sender)
{
	sender->failures = 0;
	pthread_mutex_lock(&sender->mutex);
	sender->has_tried = true;
	if (sender->is_failing)
		carrier_news_add(&sender->news, "it takes windows again", 0);
	sender->is_failing = false;
	pthread_mutex_unlock(&sender->mutex);
}

static void tell_damage(struct clickhouse_sender *sender)
{
	pthread_mutex_lock(&sender->mutex);
	carrier_news_add(&sender->news, "a window in its spool is damaged, and left out", 1);
	pthread_mutex_unlock(&sender->mutex);
}

static bool is_stopped(struct clickhouse_sender *sender)
{
	bool stopped;

	pthread_mutex_lock(&sender->mutex);
	stopped = sender->is_stopped;
	pthread_mutex_unlock(&sender->mutex);
	return stopped;
}

static void deadline_in(struct timespec *until, int milliseconds)
{
	uint64_t until_ns = clock_monotonic_ns() + (uint64_t)milliseconds * MS_NS;

	until->tv_sec = (time_t)(until_ns / 1000000000u);
	until->tv_nsec = (long)(until_ns % 1000000000u);
}

/* Longer after each failure, and never the same for many agents whose server comes back. */
static void back_off(struct clickhouse_sender *sender)
{
	unsigned int doublings = sender->failures++;
	int most = doublings < 9 ? PAUSE_FIRST_MS << doublings : PAUSE_MAX_MS;
	struct timespec until;

	most = most < PAUSE_MAX_MS ? most : PAUSE_MAX_MS;
	deadline_in(&until, most / 2 + rand_r(&sender->seed) % (most / 2));
	pthread_mutex_lock(&sender->mutex);
	while (!sender->is_stopped &&
	       pthread_cond_timedwait(&sender->changed, &sender->mutex, &until) != ETIMEDOUT)
		continue;
	pthread_mutex_unlock(&sender->mutex);
}

static void wait_for_more(struct clickhouse_sender *sender)
{
	pthread_mutex_lock(&sender->mutex);
	while (!sender->is_stopped && !sender->has_more)
		pthread_cond_wait(&sender->changed, &sender->mutex);
	sender->has_more = false;
	pthread_mutex_unlock(&sender->mutex);
}

/* False where that failed, and has been told. */
static bool connect_server(struct clickhouse_sender *sender)
{
	char wrong[CLICKHOUSE_WRONG_MAX];
	int err = clickhouse_schema_prepare(sender->http, sender->config.target, wrong);

	if (err) {
		if (err != -ECANCELED)
			tell_failure(sender, wrong);
		return false;
	}
	tell_success(sender);
	sender->is_connected = true;
	return true;
}

/* Reads the block under that head. */
static int read_block(struct clickhouse_sender *sender, const struct spool_entry *entry,
		      uint64_t from, const struct clickhouse_head *head)
{
	char *out;

	sender->block.length = 0;
	sender->block.err = 0;
	out = text_reserve(&sender->block, head->length);
	if (!out)
		return -ENOMEM;
	sender->block.length = head->length;
	return spool_read(entry, from, out, head->length);
}

static int send_block(struct clickhouse_sender *sender, const struct clickhouse_head *head)
{
	int err = clickhouse_http_ask(sender->http, sender->insert[head->table].bytes,
				      &sender->block, &sender->reply);

	if (err == -EIO)
		tell_failure(sender, sender->reply.said);
	return err;
}

/* Those of the document's blocks that were not taken yet. 0, or what failed first. */
static int send_document(struct clickhouse_sender *sender, struct spool_entry *entry)
{
	uint64_t from = 0;
	uint32_t number = 0;
	int err = 0;

	while (!err && from < entry->length) {
		char bytes[CLICKHOUSE_HEAD_BYTES];
		struct clickhouse_head head;

		err = spool_read(entry, from, bytes, sizeof(bytes));
		if (!err && !clickhouse_head_parse(bytes, &head))
			err = -EBADMSG;
		if (err)
			break;
		from += sizeof(bytes);
		if (number++ >= entry->done) {
			err = read_block(sender, entry, from, &head);
			if (!err)
				err = send_block(sender, &head);
			if (!err)
				spool_note_done(sender->config.spool, entry, number);
		}
		from += head.length;
	}
	return err;
}

static void finish_document(struct clickhouse_sender *sender, struct spool_entry *entry)
{
	spool_note_done(sender->config.spool, entry, UINT32_MAX);
	spool_remove_first(sender->config.spool);
}

/* False where there is nothing to send. */
static bool send_first(struct clickhouse_sender *sender)
{
	struct spool_entry entry;
	int err;

	if (!spool_first(sender->config.spool, &entry))
		return false;
	err = spool_verify(&entry);
	if (!err)
		err = send_document(sender, &entry);
	if (err == -EBADMSG)
		tell_damage(sender);
	if (!err || err == -EBADMSG) {
		finish_document(sender, &entry);
		return true;
	}
	if (err != -EIO && err != -ECANCELED)
		tell_failure(sender, strerror(-err));
	/* Whatever it was, the tables may be others when it is over. */
	sender->is_connected = false;
	back_off(sender);
	return true;
}

static void *sender_work(void *context)
{
	struct clickhouse_sender *sender = context;

	while (!is_stopped(sender)) {
		if (!sender->is_connected && !connect_server(sender))
			back_off(sender);
		else if (!send_first(sender))
			wait_for_more(sender);
	}
	return NULL;
}

static int sender_init(struct clickhouse_sender *sender)
{
	const struct clickhouse_target *target = sender->config.target;
	pthread_condattr_t attributes;
	int err = 0;

	pthread_mutex_init(&sender->mutex, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&sender->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	if (getrandom(&sender->seed, sizeof(sender->seed), 0) < 0)
		sender->seed = (unsigned int)clock_monotonic_ns();
	for (int table = 0; table < CLICKHOUSE_TABLE_COUNT; table++) {
		clickhouse_schema_insert(&sender->insert[table], target,
					 (enum clickhouse_table)table);
		text_bytes(&sender->insert[table], "", 1);
		if (sender->insert[table].err)
			err = sender->insert[table].err;
	}
	sender->http = clickhouse_http_open(target, sender->config.password);
	return err || sender->http ? err : -ENOMEM;
}

int clickhouse_sender_start(const struct clickhouse_sender_config *config,
			    struct clickhouse_sender **result)
{
	struct clickhouse_sender *sender = calloc(1, sizeof(*sender));
	int err;

	*result = NULL;
	if (!sender)
		return -ENOMEM;
	sender->config = *config;
	err = sender_init(sender);
	if (!err)
		err = thread_start(&sender->thread, sender_work, sender);
	sender->has_thread = !err;
	if (err)
		clickhouse_sender_stop(sender);
	else
		*result = sender;
	return err;
}

void clickhouse_sender_stop(struct clickhouse_sender *sender)
{
	if (!sender)
		return;
	pthread_mutex_lock(&sender->mutex);
	sender->is_stopped = true;
	pthread_cond_broadcast(&sender->changed);
	pthread_mutex_unlock(&sender->mutex);
	if (sender->http)
		clickhouse_http_stop(sender->http);
	if (sender->has_thread)
		pthread_join(sender->thread, NULL);
	clickhouse_http_close(sender->http);
	for (int table = 0; table < CLICKHOUSE_TABLE_COUNT; table++)
		text_fini(&sender->insert[table]);
	text_fini(&sender->block);
	text_fini(&sender->reply.body);
	pthread_cond_destroy(&sender->changed);
	pthread_mutex_destroy(&sender->mutex);
	free(sender);
}

void clickhouse_sender_wake(struct clickhouse_sender *sender)
{
	pthread_mutex_lock(&sender->mutex);
	sender->has_more = true;
	pthread_cond_broadcast(&sender->changed);
	pthread_mutex_unlock(&sender->mutex);
}

bool clickhouse_sender_has_tried(struct clickhouse_sender *sender)
{
	bool has_tried;

	pthread_mutex_lock(&sender->mutex);
	has_tried = sender->has_tried;
	pthread_mutex_unlock(&sender->mutex);
	return has_tried;
}

void clickhouse_sender_news(struct clickhouse_sender *sender, struct carrier_news *news)
{
	pthread_mutex_lock(&sender->mutex);
	carrier_news_add(news, sender->news.lines, sender->news.lost);
	memset(&sender->news, 0, sizeof(sender->news));
	pthread_mutex_unlock(&sender->mutex);
}
