/* SPDX-License-Identifier: BSD-2-Clause */
#include "pin_log_read.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pin_file.h"
#include "pin_state.h"

#define BATCH 256

static int compare_numbers(const void *one, const void *other)
{
	uint64_t a = *(const uint64_t *)one, b = *(const uint64_t *)other;

	return a < b ? -1 : a > b;
}

static int add_number(uint64_t **numbers, size_t *count, uint64_t number)
{
	uint64_t *grown = reallocarray(*numbers, *count + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	grown[(*count)++] = number;
	*numbers = grown;
	return 0;
}

int pin_log_list(const struct pin_place *place, uint64_t generation, uint64_t **sequences,
		 size_t *count)
{
	DIR *directory = opendir(place->files);
	const struct dirent *entry;
	int err = 0;

	*sequences = NULL;
	*count = 0;
	if (!directory)
		return errno == ENOENT ? 0 : -errno;
	while (!err && (entry = readdir(directory))) {
		unsigned long long of, sequence;

		if (sscanf(entry->d_name, "pane-%llu-%llu", &of, &sequence) == 2 &&
		    of == generation)
			err = add_number(sequences, count, sequence);
	}
	closedir(directory);
	if (*count)
		qsort(*sequences, *count, sizeof(**sequences), compare_numbers);
	return err;
}

static uint64_t lists_bytes(const struct pin_pane *head)
{
	return head->link_outcomes_count * sizeof(struct link_outcomes) +
	       head->link_count * sizeof(struct pin_pane_link) +
	       head->ahead_count * AHEAD_TEXT_MAX;
}

static bool has_right_length(const struct pin_pane *head, size_t length)
{
	bool is_sane = head->link_count <= FLOW_LINKS_MAX && head->ahead_count <= FLOW_LINKS_MAX &&
		       head->link_outcomes_count <= 2 * FLOW_LINKS_MAX &&
		       head->drained_count <= PIN_DRAINED_MAX &&
		       (head->record_size == sizeof(struct flow_slot) ||
			head->record_size == sizeof(struct flow_record)) &&
		       head->record_count <= length / head->record_size;

	return is_sane && sizeof(*head) + head->record_count * head->record_size +
				  lists_bytes(head) == length;
}

static int check(const struct pin_pane *head, const char *bytes, size_t length)
{
	const size_t skipped = offsetof(struct pin_pane, layout);
	uint64_t hash;

	if (memcmp(head->mark, pin_pane_mark, sizeof(head->mark)) || head->layout != pin_layout())
		return -EPROTO;
	if (!has_right_length(head, length))
		return -EBADMSG;
	hash = pin_log_hash(PIN_LOG_HASH_START, bytes + sizeof(*head), length - sizeof(*head));
	hash = pin_log_hash(hash, bytes + skipped, sizeof(*head) - skipped);
	return hash == head->checksum ? 0 : -EBADMSG;
}

static void take_links(struct pin_logged *logged, char *at)
{
	for (size_t i = 0; i < logged->head.link_count; i++, at += sizeof(struct pin_pane_link)) {
		const struct pin_pane_link *kept = (const void *)at;

		logged->names[i] = kept->name;
		logged->links[i] = (struct pane_link){ .name = kept->name,
						       .counts = kept->counts,
						       .differences = kept->differences,
						       .has_seen = kept->has_seen,
						       .is_cut = kept->is_cut,
						       .is_gone = kept->is_gone };
	}
	for (size_t i = 0; i < logged->head.ahead_count; i++, at += AHEAD_TEXT_MAX)
		logged->ahead[i] = at;
}

static void take_pane(struct pin_logged *logged)
{
	const struct pin_pane *head = &logged->head;
	char *lists;

	logged->records = logged->bytes + sizeof(*head);
	lists = logged->bytes + sizeof(*head) + head->record_count * head->record_size;
	take_links(logged, lists + head->link_outcomes_count * sizeof(struct link_outcomes));
	logged->pane = (struct pane){ .index = head->index,
				      .begin_ns = head->begin_ns,
				      .end_ns = head->end_ns,
				      .since_place_ns = head->since_place_ns,
				      .clock_offset_ns = head->clock_offset_ns,
				      .ends_grid = head->ends_grid,
				      .counts = head->counts,
				      .late_packets = head->late_packets,
				      .dropped_packets = head->dropped_packets,
				      .link_outcomes = (const void *)lists,
				      .link_outcomes_count = head->link_outcomes_count,
				      .records = head->record_count,
				      .links = logged->links,
				      .link_count = head->link_count,
				      .ahead = logged->ahead,
				      .ahead_count = head->ahead_count };
}

int pin_log_read(const struct pin_place *place, uint64_t generation, uint64_t sequence,
		 struct pin_logged *logged)
{
	char path[PATH_MAX];
	size_t length;
	int err;

	memset(logged, 0, sizeof(*logged));
	pin_numbered_path(place, "pane", generation, sequence, path);
	err = pin_file_read(path, &logged->bytes, &length);
	if (err)
		return err;
	if (length < sizeof(logged->head))
		err = -EBADMSG;
	else
		memcpy(&logged->head, logged->bytes, sizeof(logged->head));
	if (!err)
		err = check(&logged->head, logged->bytes, length);
	if (err)
		pin_logged_fini(logged);
	else
		take_pane(logged);
	return err;
}

struct netdev_counters pin_logged_counted(const struct pin_logged *logged, size_t link)
{
	const char *lists = logged->records + logged->head.record_count * logged->head.record_size;
	const struct pin_pane_link *links;

	links = (const void *)(lists + logged->head.link_outcomes_count *
				       sizeof(struct link_outcomes));
	return links[link].counted;
}

void pin_logged_fini(struct pin_logged *logged)
{
	free(logged->bytes);
	logged->bytes = NULL;
}

int pin_logged_records(const struct pin_logged *logged, pin_records_fn *fn, void *context)
{
	const struct flow_slot *batch[BATCH];
	uint64_t done = 0;
	int err = 0;

	while (done < logged->head.record_count && !err) {
		size_t used = 0;

		for (; used < BATCH && done < logged->head.record_count; used++, done++)
			batch[used] = (const void *)(logged->records +
						     done * logged->head.record_size);
		err = fn(context, batch, used);
	}
	return err;
}
