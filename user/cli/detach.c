/* SPDX-License-Identifier: BSD-2-Clause */
#include "detach.h"

#include <errno.h>
#include <string.h>

#include "../base/report.h"
#include "../kernel/banks.h"
#include "../pin/pin_state.h"

/* Which interfaces; without names all are. */
struct detaching {
	const struct options *options;
	unsigned int indexes[OPTIONS_INTERFACES_MAX];
	size_t left; /* that stay */
};

static bool stays(void *context, unsigned int ifindex, int side)
{
	struct detaching *d = context;

	(void)side;
	for (size_t i = 0; i < d->options->interface_count; i++) {
		if (d->indexes[i] == ifindex)
			return false;
	}
	d->left += d->options->interface_count != 0;
	return d->options->interface_count != 0;
}

static int take_nothing(void *context, const struct flow_slot *const *records, size_t count)
{
	(void)context;
	(void)records;
	(void)count;
	return 0;
}

static uint64_t packets_of(const struct outcome_counts *counts)
{
	uint64_t packets = 0;

	for (int i = 0; i < PACKET_OUTCOME_COUNT; i++)
		packets += counts->outcome[i].packets;
	return packets;
}

/* What was counted and nobody has read, both banks of a generation. */
static uint64_t unread_packets(const struct pin_place *place, uint64_t generation)
{
	struct outcome_counts active = { 0 }, idle = { 0 };
	struct pin_state state;
	char directory[PATH_MAX];
	struct banks *banks;
	bool is_logged;

	if (pin_state_read(place, generation, &state))
		return 0;
	pin_generation_path(place, generation, directory);
	if (!banks_open_pinned(directory, &state.geometry, &banks)) {
		is_logged = !banks_sequence(banks, false) ||
			    banks_sequence(banks, false) > banks_sequence(banks, true);
		banks_read_active(banks, take_nothing, NULL, &active);
		if (!is_logged)
			banks_read(banks, take_nothing, NULL, &idle);
		banks_destroy(banks);
	}
	pin_state_fini(&state);
	return packets_of(&active) + packets_of(&idle);
}

static void remove_all(const struct pin_place *place)
{
	uint64_t generations[PIN_GENERATIONS_MAX], unread = 0;
	int count = pin_generations(place, generations);

	for (int i = 0; i < count; i++) {
		unread += unread_packets(place, generations[i]);
		pin_generation_remove(place, generations[i]);
	}
	if (unread)
		report_notice("%llu packets were counted that no agent has read",
			      (unsigned long long)unread);
}

static int find_interfaces(struct detaching *d)
{
	for (size_t i = 0; i < d->options->interface_count; i++) {
		const char *name = d->options->interfaces[i];
		int err = netdev_index(name, &d->indexes[i]);

		if (err) {
			report_error("detach %s: %s", name, err == -ENODEV ?
				     "no such interface" : strerror(-err));
			return err;
		}
	}
	return 0;
}

int detach_run(const struct options *options)
{
	struct detaching d = { .options = options };
	struct pin_place place;
	size_t removed;
	int err = find_interfaces(&d);

	if (!err)
		err = pin_place_open(options->pin_directory, false, &place);
	if (err == -ENOENT) {
		report_notice("nothing is pinned");
		return EXIT_DONE;
	}
	if (err)
		return EXIT_FAILED;
	removed = pin_links_prune(&place, stays, &d);
	report_notice("detached %zu program%s", removed, removed == 1 ? "" : "s");
	if (!d.left)
		remove_all(&place);
	pin_place_close(&place);
	return EXIT_DONE;
}
