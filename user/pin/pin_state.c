/* SPDX-License-Identifier: BSD-2-Clause */
#include "pin_state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../text/stable_hash.h"
#include "pin_file.h"

/* Raised where what is kept means something else though no size has changed. */
#define LAYOUT_VERSION 1
#define STATE_KIND     "state"

/* As it is in the file: links and words follow. */
struct state_head {
	char mark[8];
	uint64_t checksum; /* of all behind it */
	struct pin_state state;
};

static const char state_mark[8] = "weirpin1";

uint64_t pin_layout(void)
{
	const uint64_t parts[] = { LAYOUT_VERSION, sizeof(struct flow_slot),
				   sizeof(struct flow_record), sizeof(struct section_header),
				   sizeof(struct link_tally), sizeof(struct bank_geometry),
				   sizeof(struct pin_pane), sizeof(struct pin_pane_link),
				   sizeof(struct pin_state), PACKET_OUTCOME_COUNT,
				   MALFORMED_REASON_COUNT, SIZE_BUCKETS };

	return stable_hash(STABLE_HASH_START, parts, sizeof(parts));
}

static void read_boot(char boot[PIN_BOOT_MAX])
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t count = fd < 0 ? -1 : read(fd, boot, PIN_BOOT_MAX - 1);

	boot[count > 0 ? count : 0] = '\0';
	boot[strcspn(boot, "\n")] = '\0';
	if (fd >= 0)
		close(fd);
}

void pin_state_init(struct pin_state *state)
{
	struct stat status;

	memset(state, 0, sizeof(*state));
	state->layout = pin_layout();
	read_boot(state->boot);
	if (!stat("/proc/self/ns/net", &status))
		state->net_namespace = status.st_ino;
}

void pin_state_fini(struct pin_state *state)
{
	free(state->links);
	free(state->words);
	state->links = NULL;
	state->words = NULL;
}

int pin_state_write(const struct pin_place *place, const struct pin_state *state)
{
	struct state_head head = { .state = *state };
	size_t links_bytes = state->link_count * sizeof(*state->links);
	const struct pin_part parts[] = { { &head, sizeof(head) },
					  { state->links, links_bytes },
					  { state->words, state->words_bytes } };
	const size_t skipped = offsetof(struct state_head, state);
	uint64_t checksum;
	char path[PATH_MAX];

	memcpy(head.mark, state_mark, sizeof(head.mark));
	head.state.links = NULL;
	head.state.words = NULL;
	checksum = stable_hash(STABLE_HASH_START, &head.state, sizeof(head) - skipped);
	checksum = stable_hash(checksum, state->links, links_bytes);
	head.checksum = stable_hash(checksum, state->words, state->words_bytes);
	pin_file_path(place, STATE_KIND, state->generation, path);
	return pin_file_replace(place->files, path, parts, 3);
}

static int take_lists(struct pin_state *state, const char *bytes, size_t length)
{
	size_t links_bytes = (size_t)state->link_count * sizeof(*state->links);

	state->links = NULL;
	state->words = NULL;
	if (state->link_count > FLOW_LINKS_MAX || length != links_bytes + state->words_bytes)
		return -EBADMSG;
	state->links = malloc(links_bytes + 1);
	state->words = malloc((size_t)state->words_bytes + 1);
	if (!state->links || !state->words)
		return -ENOMEM;
	memcpy(state->links, bytes, links_bytes);
	memcpy(state->words, bytes + links_bytes, state->words_bytes);
	state->words[state->words_bytes] = '\0';
	return 0;
}

static int state_parse(const char *bytes, size_t length, struct pin_state *state)
{
	const size_t skipped = offsetof(struct state_head, state);
	struct state_head head;
	int err;

	if (length < sizeof(head))
		return -EBADMSG;
	memcpy(&head, bytes, sizeof(head));
	if (memcmp(head.mark, state_mark, sizeof(head.mark)) || head.state.layout != pin_layout())
		return -EPROTO;
	if (head.checksum != stable_hash(STABLE_HASH_START, bytes + skipped, length - skipped))
		return -EBADMSG;
	*state = head.state;
	err = take_lists(state, bytes + sizeof(head), length - sizeof(head));
	if (err)
		pin_state_fini(state);
	return err;
}

int pin_state_read(const struct pin_place *place, uint64_t generation, struct pin_state *state)
{
	char path[PATH_MAX];
	size_t length;
	char *bytes;
	int err;

	memset(state, 0, sizeof(*state));
	pin_file_path(place, STATE_KIND, generation, path);
	err = pin_file_read(path, &bytes, &length);
	if (err)
		return err;
	err = state_parse(bytes, length, state);
	free(bytes);
	return err;
}
