/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time in a replay is the packets' own: which pane of the grid since 1970 a packet is of, or
 * whether it is late. A gap, however long, is a gap; but a stamp far in the future may be damage,
 * and one such packet must not make all that follow it late.
 */
#ifndef WEIR_PACKET_CLOCK_H
#define WEIR_PACKET_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* A packet this far ahead of the newest one needs a second one that says so too. */
#define PACKET_CLOCK_JUMP_NS 3600000000000ull

struct packet_clock {
	uint64_t pane_ns;
	uint64_t duration_ns;   /* after the first packet; 0: no end */
	uint64_t deadline_ns;   /* the instant at which it is over */
	uint64_t index;         /* of the open pane */
	uint64_t begin_ns;
	uint64_t end_ns;
	uint64_t newest_ns;     /* of the packets in order */
	bool is_started;        /* a packet with a time came */
	bool is_open;
	bool is_dated;          /* the open pane is where a packet's time put it */
};

enum packet_timing {
	PACKET_IN_PANE,
	PACKET_LATE,      /* older than the open pane, to which it counts */
	PACKET_NEXT_PANE, /* the open pane is over */
	PACKET_AHEAD,     /* by a jump: undecided, see packet_clock_confirms */
	PACKET_PAST_END,  /* of the duration */
};

void packet_clock_init(struct packet_clock *clock, uint64_t pane_ns, uint64_t duration_ns);

/* Opens the pane in which an instant lies that no packet in order is newer than. */
void packet_clock_open(struct packet_clock *clock, uint64_t time_ns);

/* Opens a pane, where none is open, for packets without a time; a later packet may date it. */
void packet_clock_open_undated(struct packet_clock *clock);

/* When a packet comes. It opens a pane where none is open, and dates one that is not dated. */
enum packet_timing packet_clock_place(struct packet_clock *clock, uint64_t time_ns);

/* What the packet at time_ns says of the one at ahead_ns, which came before it and is ahead. */
enum packet_jump {
	JUMP_UNDECIDED, /* nothing: it is late in any case */
	JUMP_WAS_GAP,
	JUMP_WAS_LATE,  /* time falls back before the pane that the jump would have opened */
};

enum packet_jump packet_clock_decide(const struct packet_clock *clock, uint64_t ahead_ns,
				     uint64_t time_ns);

/* Where in the open pane packets count that have no place of their own in it. */
static inline uint64_t packet_clock_since_begin_ns(const struct packet_clock *clock)
{
	return clock->is_dated ? clock->newest_ns - clock->begin_ns : 0;
}

#endif
