/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "replay.h"

/* 8 MB: half of it merges more records, twice as much misses the cache more often. */
#define REPLAY_SLOTS      (1u << 17)
#define BATCHES_PER_STEP  512
#define NS_PER_MS         1000000ull

_Static_assert(CAPTURE_NAMES_MAX == FLOW_LINKS_MAX, "a link number is a place of a name");

struct replay {
	struct replay_config config;
	struct capture *capture;
	struct packet_table *table;
	struct capture_packet packets[PACKET_BATCH];
	struct packet_place places[PACKET_BATCH];
	size_t packet_count;      /* of the batch */
	size_t packet_next;
	uint64_t packet_total;
	/* The open pane: index and begin count only once a packet with a time came. */
	bool open, dated;
	struct pane pane;
	uint64_t now_ns;          /* newest instant of the open pane */
	uint64_t previous_ns;     /* time of the packet before */
	uint64_t deadline_ns;     /* where -t ends */
	bool started;             /* a packet with a time came */
	int ended;                /* 1: at the end; negative errno: failed */
	/* Pacing: packet time paced_ns is clock time clock_ns. */
	uint64_t paced_ns, clock_ns, due_ns;
	uint64_t last_end_ns;
};

/*
 * The seed is fixed, so that the same capture takes the same course. Who aims at one bucket
 * gains nothing: records pushed out of it are merged by the engine, as those of new flows are.
 */
static struct hash_seed replay_seed(void)
{
	struct hash_seed seed;
	uint64_t state = 0x243f6a8885a308d3u; /* the digits of pi */

	for (size_t i = 0; i < sizeof(seed.word) / sizeof(*seed.word); i++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		seed.word[i] = (state ^ state >> 29) | 1;
	}
	return seed;
}

int replay_open(const struct replay_config *config, struct replay **replay)
{
	struct packet_table_config table = {
		.engine = config->engine,
		.group = config->group,
		.filter = config->filter,
		.seed = replay_seed(),
		.slots = REPLAY_SLOTS,
	};
	struct replay *opened = calloc(1, sizeof(*opened));

	*replay = opened;
	if (!opened)
		return -ENOMEM;
	opened->config = *config;
	opened->table = packet_table_create(&table);
	if (!opened->table)
		return -ENOMEM;
	return capture_open(config->name, &opened->capture);
}

void replay_close(struct replay *replay)
{
	if (!replay)
		return;
	capture_close(replay->capture);
	packet_table_destroy(replay->table);
	free(replay);
}

static void pane_open(struct replay *replay, uint64_t time_ns)
{
	uint64_t pane_ns = replay->config.pane_ns;

	replay->pane.index = time_ns / pane_ns;
	replay->pane.begin_ns = replay->pane.index * pane_ns;
	replay->pane.end_ns = replay->pane.begin_ns + pane_ns;
	replay->now_ns = time_ns;
	replay->open = true;
}

static void replay_start(struct replay *replay, uint64_t time_ns)
{
	uint64_t duration_ns = replay->config.duration_ns;

	replay->started = true;
	replay->previous_ns = time_ns;
	replay->deadline_ns = UINT64_MAX;
	if (duration_ns && duration_ns < UINT64_MAX - time_ns)
		replay->deadline_ns = time_ns + duration_ns;
}

static inline struct packet_place packet_place_at(const struct capture_packet *packet,
						  uint64_t since_begin_ns)
{
	uint64_t ms = since_begin_ns / NS_PER_MS;

	return (struct packet_place){
		.now_ms = ms < UINT16_MAX ? (uint16_t)ms : UINT16_MAX,
		.key_flags = (uint8_t)(packet->interface << FLOW_LINK_SHIFT |
				       (packet->direction == CAPTURE_OUT) * FLOW_OUT),
		.is_told = packet->direction != CAPTURE_UNTOLD,
	};
}

enum placing { PLACED, PLACED_LATE, NEXT_PANE, PAST_DEADLINE };

/* Where a packet goes that is not plainly of the open pane. */
static enum placing replay_place_odd(struct replay *replay, const struct capture_packet *packet)
{
	uint64_t time_ns = packet->time_ns;
	bool late;

	if (packet->timeless) {
		if (!replay->open)
			pane_open(replay, 0);
		return PLACED;
	}
	if (!replay->started)
		replay_start(replay, time_ns);
	if (!replay->open || !replay->dated) {
		pane_open(replay, time_ns);
		replay->dated = true;
	}
	late = time_ns < replay->pane.begin_ns ||
	       (time_ns > replay->previous_ns && time_ns - replay->previous_ns > REPLAY_JUMP_NS);
	if (!late && time_ns >= replay->deadline_ns)
		return PAST_DEADLINE;
	if (!late && time_ns >= replay->pane.end_ns)
		return NEXT_PANE;
	replay->previous_ns = time_ns;
	if (!late && time_ns > replay->now_ns)
		replay->now_ns = time_ns;
	return late ? PLACED_LATE : PLACED;
}

/*
 * Places packets from first on as long as each is plainly of the open pane, as nearly every one
 * is: not before the newest one, no jump, no deadline. Returns the first that is not.
 */
static size_t replay_place_plain(struct replay *replay, size_t first)
{
	const struct capture_packet *packets = replay->packets;
	uint64_t now_ns = replay->now_ns, previous_ns = replay->previous_ns;
	uint64_t begin_ns = replay->pane.begin_ns, end_ns = replay->pane.end_ns;
	size_t i = first, count = replay->packet_count;

	if (end_ns > replay->deadline_ns)
		end_ns = replay->deadline_ns;
	for (; i < count; i++) {
		uint64_t time_ns = packets[i].time_ns;

		if (time_ns < now_ns || time_ns >= end_ns || packets[i].timeless ||
		    time_ns - previous_ns >= REPLAY_JUMP_NS)
			break;
		now_ns = previous_ns = time_ns;
		replay->places[i] = packet_place_at(&packets[i], time_ns - begin_ns);
	}
	replay->now_ns = now_ns;
	replay->previous_ns = previous_ns;
	return i;
}

/* Places packets of the batch from first on; returns the first that is not of the open pane. */
static size_t replay_place(struct replay *replay, size_t first, enum placing *last)
{
	*last = PLACED;
	for (size_t i = first;; i++) {
		const struct capture_packet *packet;

		if (replay->dated)
			i = replay_place_plain(replay, i);
		if (i == replay->packet_count)
			return i;
		packet = &replay->packets[i];
		*last = replay_place_odd(replay, packet);
		if (*last == NEXT_PANE || *last == PAST_DEADLINE)
			return i;
		replay->pane.late_packets += *last == PLACED_LATE;
		replay->places[i] = packet_place_at(packet, replay->now_ns - replay->pane.begin_ns);
	}
}

/* A gap of an hour is not waited for, nor is a clock set back. */
static void replay_set_due(struct replay *replay)
{
	const struct pane *pane = &replay->pane;
	bool jump = pane->begin_ns < replay->last_end_ns ||
		    pane->begin_ns - replay->last_end_ns > REPLAY_JUMP_NS;

	if (replay->config.speed <= 0)
		return;
	if (!replay->clock_ns || jump) {
		replay->clock_ns = replay->due_ns ? replay->due_ns : clock_monotonic_ns();
		replay->paced_ns = pane->begin_ns;
	}
	replay->last_end_ns = pane->end_ns;
	replay->due_ns = replay->clock_ns + (uint64_t)((double)(pane->end_ns - replay->paced_ns) /
						       replay->config.speed);
}

/* REPLAY_PANE and the open pane, or negative errno. */
static int replay_end_pane(struct replay *replay, struct pane *pane)
{
	uint64_t begin_ns = clock_monotonic_ns();
	int err = packet_table_end_pane(replay->table, &replay->pane);

	replay->pane.collect_latency_ns = clock_monotonic_ns() - begin_ns;
	replay_set_due(replay);
	*pane = replay->pane;
	memset(&replay->pane, 0, sizeof(replay->pane));
	replay->open = replay->dated = false;
	replay->now_ns = 0;
	return err ? err : REPLAY_PANE;
}

/* Counts what is left of the batch up to the end of the pane. A replay_step, or REPLAY_MORE. */
static int replay_count(struct replay *replay, struct pane *pane)
{
	size_t first = replay->packet_next;
	enum placing last;
	int err;

	replay->packet_next = replay_place(replay, first, &last);
	replay->packet_total += replay->packet_next - first;
	err = packet_table_count(replay->table, &replay->packets[first], &replay->places[first],
				 replay->packet_next - first);
	if (err || last == PAST_DEADLINE) {
		replay->ended = err ? err : 1;
		replay->packet_count = replay->packet_next = 0;
		return REPLAY_MORE;
	}
	return last == NEXT_PANE ? replay_end_pane(replay, pane) : REPLAY_MORE;
}

static void replay_read(struct replay *replay)
{
	int count = capture_next(replay->capture, replay->packets, PACKET_BATCH);

	replay->packet_next = 0;
	replay->packet_count = count > 0 ? (size_t)count : 0;
	if (count == 0)
		replay->ended = 1;
	else if (count < 0 && count != -EAGAIN)
		replay->ended = count;
}

static bool replay_should_stop(const struct replay *replay)
{
	return replay->config.stop && *replay->config.stop;
}

int replay_step(struct replay *replay, struct pane *pane)
{
	if (replay_should_stop(replay) && !replay->ended)
		replay->ended = 1;
	for (size_t i = 0; i < BATCHES_PER_STEP && !replay->ended; i++) {
		int step;

		if (replay->packet_next == replay->packet_count)
			replay_read(replay);
		if (replay->packet_count == 0)
			break;
		step = replay_count(replay, pane);
		if (step != REPLAY_MORE)
			return step;
	}
	if (!replay->ended)
		return REPLAY_MORE;
	if (replay->open)
		return replay_end_pane(replay, pane);
	return replay->ended > 0 ? REPLAY_END : replay->ended;
}

uint64_t replay_due_ns(const struct replay *replay)
{
	return replay->due_ns;
}

const char *const *replay_link_names(const struct replay *replay)
{
	return capture_interface_names(replay->capture);
}

const char *replay_reason(const struct replay *replay, int err)
{
	const char *reason = replay->capture ? capture_reason(replay->capture) : "";

	if (!*reason && replay->config.filter)
		reason = packet_filter_reason(replay->config.filter);
	return *reason ? reason : strerror(-err);
}

struct replay_progress replay_progress(const struct replay *replay)
{
	struct replay_progress progress = { .packets = replay->packet_total };

	if (replay->capture)
		capture_progress(replay->capture, &progress.bytes, &progress.size);
	return progress;
}
