/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "packet_clock.h"
#include "replay.h"

/* 8 MB: half of it merges more records, twice as much misses the cache more often. */
#define REPLAY_SLOTS      (1u << 17)
#define BATCHES_PER_STEP  512
#define NS_PER_MS         1000000ull

_Static_assert(CAPTURE_NAMES_MAX == FLOW_LINKS_MAX, "a link number is a place of a name");

/* A packet ahead by a jump, whose bytes are kept until a later one decides what it was. */
struct ahead {
	bool is_held;
	struct capture_packet packet;
	uint8_t *bytes;
	size_t capacity;
};

struct replay {
	struct replay_config config;
	struct capture *capture;
	struct packet_table *table;
	struct capture_packet packets[PACKET_BATCH];
	struct packet_place places[PACKET_BATCH];
	size_t packet_count;      /* of the batch */
	size_t packet_next;
	uint64_t packet_total;
	bool is_filter_tried;
	struct packet_clock clock;
	struct ahead ahead;
	struct pane pane;         /* the open one, as far as it is known */
	int ended;                /* 1: at the end; negative errno: failed */
	/* Pacing: packet time paced_ns is clock time clock_ns. */
	uint64_t paced_ns, clock_ns, due_ns;
	uint64_t last_end_ns;
};

/*
 * The seed is fixed, so that the same capture takes the same course. Who aims at one bucket
 * gains nothing: records pushed out of it are merged by their taker, as those of new flows are.
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
		.taker = config->taker,
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
	packet_clock_init(&opened->clock, config->pane_ns, config->duration_ns);
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
	free(replay->ahead.bytes);
	free(replay);
}

static inline struct packet_place packet_place_at(const struct capture_packet *packet,
						  uint64_t since_begin_ns)
{
	uint64_t ms = since_begin_ns / NS_PER_MS;

	return (struct packet_place){
		.now_ms = slot_time_of_ms(ms),
		.link = packet->interface,
		.is_out = packet->direction == CAPTURE_OUT,
		.is_told = packet->direction != CAPTURE_UNTOLD,
	};
}

/* Why placing packets came to an end. */
enum placing { BATCH_PLACED, AT_NEXT_PANE, AT_JUMP, AT_DECISION, AT_DEADLINE };

/* Places a packet that is not plainly of the open pane, or tells why it has no place in it. */
static enum placing replay_place_odd(struct replay *replay, struct packet_place *place,
				     const struct capture_packet *packet)
{
	static const enum placing outside[] = { [PACKET_NEXT_PANE] = AT_NEXT_PANE,
						[PACKET_AHEAD] = AT_JUMP,
						[PACKET_PAST_END] = AT_DEADLINE };
	struct packet_clock *clock = &replay->clock;
	enum packet_timing timing = PACKET_LATE;
	uint64_t since_ns;

	if (packet->timeless) {
		packet_clock_open_undated(clock);
	} else if (replay->ahead.is_held &&
		   packet_clock_decide(clock, replay->ahead.packet.time_ns, packet->time_ns)) {
		return AT_DECISION;
	} else {
		timing = packet_clock_place(clock, packet->time_ns);
		replay->pane.late_packets += timing == PACKET_LATE;
	}
	if (timing > PACKET_LATE)
		return outside[timing];
	since_ns = timing == PACKET_IN_PANE ? packet->time_ns - clock->begin_ns
					    : packet_clock_since_begin_ns(clock);
	*place = packet_place_at(packet, since_ns);
	return BATCH_PLACED;
}

/*
 * Places packets from first on as long as each is plainly of the open pane, as nearly every one
 * is: not before the newest one, nor past the deadline. Returns the first that is not.
 */
static size_t replay_place_plain(struct replay *replay, size_t first)
{
	const struct capture_packet *packets = replay->packets;
	uint64_t newest_ns = replay->clock.newest_ns, begin_ns = replay->clock.begin_ns;
	uint64_t end_ns = replay->clock.end_ns;
	size_t i = first, count = replay->packet_count;

	if (end_ns > replay->clock.deadline_ns)
		end_ns = replay->clock.deadline_ns;
	for (; i < count; i++) {
		uint64_t time_ns = packets[i].time_ns;

		if (time_ns < newest_ns || time_ns >= end_ns || packets[i].timeless)
			break;
		newest_ns = time_ns;
		replay->places[i] = packet_place_at(&packets[i], time_ns - begin_ns);
	}
	replay->clock.newest_ns = newest_ns;
	return i;
}

/* Places packets of the batch from first on; returns the first that is not of the open pane. */
static size_t replay_place(struct replay *replay, size_t first, enum placing *why)
{
	for (size_t i = first;; i++) {
		if (replay->clock.is_dated && !replay->ahead.is_held)
			i = replay_place_plain(replay, i);
		*why = BATCH_PLACED;
		if (i < replay->packet_count)
			*why = replay_place_odd(replay, &replay->places[i], &replay->packets[i]);
		if (i == replay->packet_count || *why != BATCH_PLACED)
			return i;
	}
}

/* Counts packets that are placed. 0 or negative errno. */
static int replay_count(struct replay *replay, const struct capture_packet *packets,
			const struct packet_place *places, size_t count)
{
	replay->packet_total += count;
	packet_table_begin_pane(replay->table, replay->clock.index);
	return packet_table_count(replay->table, packets, places, count);
}

/* A gap of an hour is not waited for, nor is a clock set back. */
static void replay_set_due(struct replay *replay)
{
	const struct pane *pane = &replay->pane;
	bool jump = pane->begin_ns < replay->last_end_ns ||
		    pane->begin_ns - replay->last_end_ns > PACKET_CLOCK_JUMP_NS;

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

/* REPLAY_PANE and the open pane. */
static int replay_end_pane(struct replay *replay, struct pane *pane)
{
	struct packet_clock *clock = &replay->clock;
	uint64_t begin_ns = clock_monotonic_ns();

	packet_table_end_pane(replay->table, &replay->pane);
	replay->pane.collect_latency_ns = clock_monotonic_ns() - begin_ns;
	replay->pane.index = clock->index;
	replay->pane.begin_ns = clock->begin_ns;
	replay->pane.end_ns = clock->end_ns;
	replay_set_due(replay);
	*pane = replay->pane;
	memset(&replay->pane, 0, sizeof(replay->pane));
	clock->is_open = clock->is_dated = false;
	return REPLAY_PANE;
}

/* Keeps the packet and its bytes, which stand somewhere also where there are none. */
static int ahead_hold(struct ahead *ahead, const struct capture_packet *packet)
{
	if (packet->caplen >= ahead->capacity) {
		uint8_t *larger = realloc(ahead->bytes, packet->caplen + 1);

		if (!larger)
			return -ENOMEM;
		ahead->bytes = larger;
		ahead->capacity = packet->caplen + 1;
	}
	memcpy(ahead->bytes, packet->data, packet->caplen);
	ahead->packet = *packet;
	ahead->packet.data = ahead->bytes;
	ahead->is_held = true;
	return 0;
}

/* Counts the held packet to the open pane. 0 or negative errno. */
static int ahead_count(struct replay *replay)
{
	struct packet_place place = packet_place_at(&replay->ahead.packet,
						    packet_clock_since_begin_ns(&replay->clock));

	replay->ahead.is_held = false;
	return replay_count(replay, &replay->ahead.packet, &place, 1);
}

/*
 * The jump was a gap: where a pane is open it ends, else the held packet opens its own. A
 * replay_step; REPLAY_END where the jump led past the deadline, which the packet is not in.
 */
static int ahead_take_gap(struct replay *replay, struct pane *pane)
{
	int err;

	if (replay->ahead.packet.time_ns >= replay->clock.deadline_ns) {
		replay->ahead.is_held = false;
		return REPLAY_END;
	}
	if (replay->clock.is_open)
		return replay_end_pane(replay, pane);
	packet_clock_open(&replay->clock, replay->ahead.packet.time_ns);
	err = ahead_count(replay);
	return err ? err : REPLAY_MORE;
}

/* The next packet of the batch tells what the held one was. */
static int ahead_decide(struct replay *replay, struct pane *pane)
{
	uint64_t time_ns = replay->packets[replay->packet_next].time_ns;
	uint64_t ahead_ns = replay->ahead.packet.time_ns;
	int err;

	if (packet_clock_decide(&replay->clock, ahead_ns, time_ns) == JUMP_WAS_GAP)
		return ahead_take_gap(replay, pane);
	replay->pane.late_packets++;
	err = ahead_count(replay);
	return err ? err : REPLAY_MORE;
}

/* Goes on from where the packets of the open pane came to an end. */
static int replay_turn(struct replay *replay, enum placing why, struct pane *pane)
{
	switch (why) {
	case AT_NEXT_PANE:
		return replay_end_pane(replay, pane);
	case AT_JUMP:
		return ahead_hold(&replay->ahead, &replay->packets[replay->packet_next++]) ?
			       -ENOMEM : REPLAY_MORE;
	case AT_DECISION:
		return ahead_decide(replay, pane);
	case AT_DEADLINE:
		return REPLAY_END;
	default:
		return REPLAY_MORE;
	}
}

/* Counts what is left of the batch up to the end of the pane. A replay_step. */
static int replay_take(struct replay *replay, struct pane *pane)
{
	size_t first = replay->packet_next;
	enum placing why;
	int err;

	if (replay->ahead.is_held && !replay->clock.is_open)
		return ahead_take_gap(replay, pane);
	replay->packet_next = replay_place(replay, first, &why);
	err = replay_count(replay, &replay->packets[first], &replay->places[first],
			   replay->packet_next - first);
	return err ? err : replay_turn(replay, why, pane);
}

/* Before the first packet is counted, what the capture is tells what the filter means. */
static int replay_try_filter(struct replay *replay)
{
	struct packet_filter *filter = replay->config.filter;

	if (!filter || replay->is_filter_tried)
		return 0;
	replay->is_filter_tried = true;
	packet_filter_set_snaplen(filter, capture_snaplen(replay->capture));
	return packet_filter_suits(filter, replay->capture);
}

static void replay_read(struct replay *replay)
{
	int count = capture_next(replay->capture, replay->packets, PACKET_BATCH);
	int err = count >= 0 ? replay_try_filter(replay) : 0;

	if (err)
		count = err;
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

/* What comes when nothing more is read: panes that are not over, then the end. */
static int replay_finish(struct replay *replay, struct pane *pane)
{
	int step = REPLAY_MORE;

	while (replay->ahead.is_held && step == REPLAY_MORE)
		step = ahead_take_gap(replay, pane);
	if (step == REPLAY_PANE)
		return step;
	if (step < 0 && replay->ended > 0)
		replay->ended = step;
	if (replay->clock.is_open)
		return replay_end_pane(replay, pane);
	return replay->ended > 0 ? REPLAY_END : replay->ended;
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
		step = replay_take(replay, pane);
		if (step == REPLAY_PANE)
			return step;
		if (step != REPLAY_MORE)
			replay->ended = step < 0 ? step : 1;
	}
	return replay->ended ? replay_finish(replay, pane) : REPLAY_MORE;
}

uint64_t replay_due_ns(const struct replay *replay)
{
	return replay->due_ns;
}

const char *const *replay_link_names(const struct replay *replay)
{
	return capture_interface_names(replay->capture);
}

const char *replay_unsupported(const struct replay *replay)
{
	return capture_unsupported(replay->capture);
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
