/* SPDX-License-Identifier: BSD-2-Clause */
#include "packet_clock.h"

void packet_clock_init(struct packet_clock *clock, uint64_t pane_ns, uint64_t duration_ns)
{
	*clock = (struct packet_clock){ .pane_ns = pane_ns, .duration_ns = duration_ns };
}

static void pane_open(struct packet_clock *clock, uint64_t time_ns)
{
	clock->index = time_ns / clock->pane_ns;
	clock->begin_ns = clock->index * clock->pane_ns;
	clock->end_ns = clock->begin_ns + clock->pane_ns;
	clock->is_open = true;
}

void packet_clock_open(struct packet_clock *clock, uint64_t time_ns)
{
	pane_open(clock, time_ns);
	clock->newest_ns = time_ns;
	clock->is_dated = true;
}

void packet_clock_open_undated(struct packet_clock *clock)
{
	if (!clock->is_open)
		pane_open(clock, clock->newest_ns);
}

static void clock_start(struct packet_clock *clock, uint64_t time_ns)
{
	clock->is_started = true;
	clock->deadline_ns = UINT64_MAX;
	if (clock->duration_ns && clock->duration_ns < UINT64_MAX - time_ns)
		clock->deadline_ns = time_ns + clock->duration_ns;
}

enum packet_timing packet_clock_place(struct packet_clock *clock, uint64_t time_ns)
{
	if (!clock->is_started)
		clock_start(clock, time_ns);
	if (!clock->is_open || !clock->is_dated)
		packet_clock_open(clock, time_ns);
	if (time_ns < clock->begin_ns)
		return PACKET_LATE;
	if (time_ns >= clock->end_ns && time_ns - clock->newest_ns > PACKET_CLOCK_JUMP_NS)
		return PACKET_AHEAD;
	if (time_ns >= clock->deadline_ns)
		return PACKET_PAST_END;
	if (time_ns >= clock->end_ns)
		return PACKET_NEXT_PANE;
	if (time_ns > clock->newest_ns)
		clock->newest_ns = time_ns;
	return PACKET_IN_PANE;
}

enum packet_jump packet_clock_decide(const struct packet_clock *clock, uint64_t ahead_ns,
				     uint64_t time_ns)
{
	if (time_ns < clock->begin_ns)
		return JUMP_UNDECIDED;
	return time_ns < ahead_ns - ahead_ns % clock->pane_ns ? JUMP_WAS_LATE : JUMP_WAS_GAP;
}
