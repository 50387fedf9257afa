/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The log: a file for each pane that was read from a bank, there before that bank is cleared and
 * until every output has taken the windows that need it. A file is whole or not there.
 */
#ifndef WEIR_PIN_LOG_H
#define WEIR_PIN_LOG_H

#include "../engine/pane.h"
#include "../engine/window_spec.h"
#include "../system/netdev.h"
#include "pin_place.h"

/* Banks that one pane was read from. */
#define PIN_DRAINED_MAX 64

/* Numbers that the -w's count their windows by. */
#define PIN_WINDOWS_MAX 16

/* What all files of a place may take together, and what is left free of their disk. */
#define PIN_LOG_BYTES_MAX  (4ull << 30)
#define PIN_LOG_BYTES_FREE (256ull << 20)

struct pin_bank_name {
	uint64_t generation;
	uint64_t sequence;
};

/* The documents that there were before a pane was added up. */
struct pin_documents {
	uint64_t all;
	uint64_t of_window[PIN_WINDOWS_MAX];
};

/*
 * As it is in the file, at its beginning: records follow, each on a cache line, then three lists.
 */
struct pin_pane {
	char mark[8];
	uint64_t checksum;       /* of all behind it */
	uint64_t layout;
	uint64_t generation;
	uint64_t sequence;       /* of the bank; 0: is_away */
	uint64_t is_away;        /* of the time without an agent before this generation */
	struct pin_documents documents;
	uint64_t drained_count;
	struct pin_bank_name drained[PIN_DRAINED_MAX];

	uint64_t index, begin_ns, end_ns, since_place_ns; /* as in struct pane */
	int64_t clock_offset_ns;
	uint64_t ends_grid;
	struct outcome_counts counts;
	uint64_t late_packets, dropped_packets;

	uint64_t record_size, record_count;
	uint64_t link_outcomes_count, link_count, ahead_count;
} __attribute__((aligned(64)));

struct pin_pane_link {
	char name[IF_NAMESIZE];
	struct link_counts counts;
	struct netdev_counters counted; /* the kernel's, as they were when the pane ended */
	uint32_t differences;
	uint8_t has_seen, is_cut, is_gone, spare;
};

/* Bytes of these are hashed a word at a time. */
_Static_assert(sizeof(struct pin_pane) % 8 == 0 && sizeof(struct pin_pane_link) % 8 == 0,
	       "whole words");

struct pin_log;

struct pin_log_settings {
	const struct pin_place *place;
	uint64_t generation;
	size_t record_size;
	uint64_t longest_ns;     /* of the windows; 0: panes are needed until the run is over */
	uint64_t max_bytes;      /* 0: PIN_LOG_BYTES_MAX */
};

/* NULL without memory. */
struct pin_log *pin_log_open(const struct pin_log_settings *settings);
/* Accepts NULL. What is logged stays. */
void pin_log_close(struct pin_log *log);

/* Begins the file of a pane, over one that was not committed. 0 or negative errno. */
int pin_log_begin(struct pin_log *log);

/* A records_fn: context is the log. Owners, which end with the agent, are left out. */
int pin_log_records(void *context, const struct flow_slot *const *records, size_t count);

/*
 * Commits the pane that was begun: its times, counts, links and what was drained for it. Once
 * this returns 0 the pane is in the log, and the banks may be cleared. Else a negative errno, and
 * nothing of it is there.
 */
struct pin_commit {
	uint64_t sequence;
	bool is_away;
	const struct pin_bank_name *drained;
	size_t drained_count;
	const struct netdev_counters *counted; /* of each link of the pane; NULL: not known */
};
int pin_log_commit(struct pin_log *log, const struct pin_commit *commit,
		   const struct pane *pane);

/* The documents that there are, the pane logged last being added up. */
void pin_log_documents(struct pin_log *log, const struct pin_documents *documents);

/*
 * Removes panes that no window needs any more of which not every output has taken its document:
 * those before done are taken. Also, which is said once, the oldest where the log is full.
 */
void pin_log_trim(struct pin_log *log, uint64_t done);

/* Where a hash begins. */
#define PIN_LOG_HASH_START 0x77656972ull

/* A hash of bytes in whole words, which is fast. */
uint64_t pin_log_hash(uint64_t hash, const void *bytes, size_t length);

extern const char pin_pane_mark[8];

#endif
