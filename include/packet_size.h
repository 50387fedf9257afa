/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a packet brings to a slot beside its key: sizes, and when it came.
 */
#ifndef WEIR_PACKET_SIZE_H
#define WEIR_PACKET_SIZE_H

#include "flow.h"
#include "platform.h"

/* Clock ticks of the kernel (jiffies) as milliseconds: a tick's length in 1/65536 ms. */
#define TICK_SHIFT 16

/*
 * What a packet adds: itself, or where the kernel hands over a merged one, the wire packets it
 * stands for (packets, their bytes in all, the longest and the shortest).
 */
struct packet_size {
	__u32 packets;
	__u32 bytes;
	__u32 max_len;
	__u32 min_len;
};

static __always_inline struct packet_size packet_size_single(__u32 len)
{
	return (struct packet_size){ .packets = 1, .bytes = len, .max_len = len, .min_len = len };
}

static __always_inline __u16 saturate16(__u32 value)
{
	return value < 0xffff ? value : 0xffff;
}

/* Past what any slot's time reaches: so many ticks of whatever length can still be multiplied. */
#define TICKS_MAX (1ll << 40)

/*
 * The time in a slot of the ticks from begin to now. Ticks are what the kernel's coarse clock
 * counts too, but reading that clock costs several times as much.
 */
static __always_inline __u16 slot_time_of_ticks(__u64 begin, __u64 now, __u32 tick_scaled)
{
	__s64 ticks = (__s64)(now - begin);

	if (ticks < 0)
		return 0;
	if (ticks > TICKS_MAX)
		return SLOT_TIME_LAST;
	return slot_time_of_ms((__u64)ticks * tick_scaled >> TICK_SHIFT);
}

#endif
