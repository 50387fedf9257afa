/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The layout of a bank: what kernel and agent share through mapped memory.
 *
 * A bank is one mmapable ARRAY whose elements are sections. Each CPU owns sections_per_cpu
 * neighbouring elements and no other CPU writes them; the hash of a flow says in which of them
 * it lives. A table is split into sections because kernels before 6.7 refuse array elements
 * of more than 4 MiB (KMALLOC_MAX_SIZE). A section:
 *
 *     struct section_header | tallies | occupancy bitmap | slots | spill area
 */
#ifndef WEIR_BANK_H
#define WEIR_BANK_H

#include "flow.h"
#include "outcome.h"

#define SECTION_SLOTS_MAX   32768u
#define SECTION_SPILL_MIN   4096u
#define BANK_SLOTS_MIN      64u
#define BANK_SLOTS_MAX      (1u << 24)

/* Slots searched for a flow before one is evicted. */
#define PROBE_WINDOW        16u

/* Sizes of packets, in buckets of 128 bytes; the last one is open. */
#define SIZE_BUCKET_SHIFT   7
#define SIZE_BUCKETS        16u

/*
 * Of one section. size_histogram counts every packet seen but those in contended, on its own
 * path, so that it must equal the sum of the outcomes: the agent checks that it does.
 */
struct section_header {
	__u64 sequence;       /* in a bank's first section: of its pane; 0: clean. By the agent */
	__u64 begin_ticks;    /* jiffies when the pane began; written by the agent */
	__u32 spill_used;
	__u32 claimed;        /* PREEMPT_RT only: a program is in this section */
	__u64 begin_ns;       /* in a bank's first section: the same instant, CLOCK_MONOTONIC; */
	__s64 wall_offset_ns; /* added to it: since 1970. Both by the agent */
	__u64 fragments_lost; /* first ones forgotten too early; several may add: atomically */
	__u64 spare[2];
	__u64 size_histogram[SIZE_BUCKETS];
};

/*
 * What became of a section's packets of one link and direction. PACKET_FLOW is not kept here: it
 * is the sum of the section's slots and spilled records.
 */
#define LINK_TALLY_REASONS_MAX 16

struct link_tally {
	struct tally filtered;
	struct tally malformed;
	struct tally unattributed;
	struct tally contended; /* PREEMPT_RT only: atomically added, counts as unattributed */
	__u64 malformed_reason[LINK_TALLY_REASONS_MAX];
};

/* The place of a link's tally of one direction. */
static inline __u32 link_tally_index(__u32 link, bool is_out)
{
	return 2 * link + is_out;
}

/* Where things lie in a section, and how a flow finds its section. Offsets in bytes. */
struct bank_geometry {
	__u32 slots;             /* per section, a power of two */
	__u32 spill_slots;       /* per section, a power of two */
	__u32 sections_per_cpu;  /* a power of two */
	__u32 links;             /* a power of two */
	__u32 tallies_offset;
	__u32 bitmap_offset;
	__u32 slots_offset;
	__u32 spill_offset;
	__u32 record_size;       /* of a slot or spilled record: struct flow_slot or flow_record */
	__u32 section_size;      /* a multiple of 4096 */
	__u32 cpus;              /* highest possible CPU id + 1 */
};

/* What a geometry is made of. */
struct bank_shape {
	__u32 slots_per_cpu; /* a power of two from BANK_SLOTS_MIN up */
	__u32 cpus;
	__u32 links;         /* told apart, 1 to FLOW_LINKS_MAX */
	bool has_extra;      /* records have their second line */
	bool has_owners;     /* a slot may be spilled for its socket's sake: twice the room */
};

/* Where things lie in a section of its own: of slots_per_cpu slots. */
static inline void bank_geometry_lay_out(struct bank_geometry *g, const struct bank_shape *shape)
{
	__u32 slots = shape->slots_per_cpu;

	g->slots = slots;
	g->spill_slots = slots / 2 > SECTION_SPILL_MIN ? slots / 2 : SECTION_SPILL_MIN;
	if (shape->has_owners)
		g->spill_slots *= 2;
	g->links = 1;
	while (g->links < shape->links)
		g->links *= 2;
	g->record_size = shape->has_extra ? sizeof(struct flow_record) : sizeof(struct flow_slot);
	g->tallies_offset = sizeof(struct section_header);
	g->bitmap_offset = g->tallies_offset + 2 * g->links * (__u32)sizeof(struct link_tally);
	g->slots_offset = (g->bitmap_offset + slots / 8 + 63) & ~63u;
	g->spill_offset = g->slots_offset + slots * g->record_size;
	g->section_size = g->spill_offset + g->spill_slots * g->record_size;
	g->section_size = (g->section_size + 4095) & ~4095u;
}

/* Sections of records of two lines have half as many of them: see the top. */
static inline struct bank_geometry bank_geometry_make(const struct bank_shape *shape)
{
	struct bank_geometry g = { .cpus = shape->cpus };
	struct bank_shape of_section = *shape;
	__u32 slots_max = shape->has_extra ? SECTION_SLOTS_MAX / 2 : SECTION_SLOTS_MAX;

	if (of_section.slots_per_cpu > slots_max)
		of_section.slots_per_cpu = slots_max;
	bank_geometry_lay_out(&g, &of_section);
	g.sections_per_cpu = shape->slots_per_cpu / g.slots;
	return g;
}

static inline __u32 bank_sections(const struct bank_geometry *g)
{
	return g->cpus * g->sections_per_cpu;
}

static inline __u64 bank_size_bytes(const struct bank_geometry *g)
{
	return (__u64)bank_sections(g) * g->section_size;
}

_Static_assert(sizeof(struct section_header) % 64 == 0 && sizeof(struct link_tally) % 64 == 0,
	       "tallies and bitmap begin on a cache line");
_Static_assert(MALFORMED_REASON_COUNT <= LINK_TALLY_REASONS_MAX, "each reason has its place");
_Static_assert(offsetof(struct section_header, size_histogram) % 64 == 0, "aligned histogram");

#endif
