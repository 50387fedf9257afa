/* SPDX-License-Identifier: BSD-2-Clause */
#include "programs.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../../include/connection.h"
#include "../filter/load.h"
#include "weir.skel.h"

/* A test-run of an XDP program wants an Ethernet header. */
#define CLOCK_FRAME_LEN 14

/* Indexes looked up in the array: those of the links and what may come; at most 1 MiB of it. */
#define LINK_INDEXES_MORE 1024u
#define LINK_INDEXES_MAX  65536u

struct programs {
	struct weir_bpf *skeleton;
	int filter_fd[PROGRAM_KIND_COUNT]; /* -1: no filter in front of that program */
	bool passes_none[PROGRAM_KIND_COUNT];
};

/* What belongs to a kind: the program, what counts the rest, and where a filter finds both. */
struct program_parts {
	struct bpf_program *count;
	struct bpf_program *filtered;
	struct bpf_map *targets;
	enum filter_hook hook;
};

/* The plain programs, those that do more as the settings ask, or those that look into tunnels. */
static struct program_parts parts_of(const struct weir_bpf *s, enum program_kind kind)
{
	const struct program_parts parts[PROGRAM_KIND_COUNT] = {
		[PROGRAM_XDP] = { s->progs.count_xdp, s->progs.filtered_xdp, s->maps.xdp_targets,
				  FILTER_XDP },
		[PROGRAM_XDP_FRAGS] = { s->progs.count_xdp_frags, s->progs.filtered_xdp_frags,
					s->maps.xdp_frags_targets, FILTER_XDP_FRAGS },
		[PROGRAM_TC_INGRESS] = { s->progs.count_tc_ingress, s->progs.filtered_tc_ingress,
					 s->maps.tc_ingress_targets, FILTER_TC },
		[PROGRAM_TC_EGRESS] = { s->progs.count_tc_egress, s->progs.filtered_tc_egress,
					s->maps.tc_egress_targets, FILTER_TC },
		[PROGRAM_IP_INGRESS] = { s->progs.count_ip_ingress, s->progs.filtered_ip_ingress,
					 s->maps.ip_ingress_targets, FILTER_TC_IP },
		[PROGRAM_IP_EGRESS] = { s->progs.count_ip_egress, s->progs.filtered_ip_egress,
					s->maps.ip_egress_targets, FILTER_TC_IP },
	};
	struct bpf_program *const more[PROGRAM_KIND_COUNT] = {
		[PROGRAM_XDP] = s->progs.count_xdp_more,
		[PROGRAM_XDP_FRAGS] = s->progs.count_xdp_frags_more,
		[PROGRAM_TC_INGRESS] = s->progs.count_tc_ingress_more,
		[PROGRAM_TC_EGRESS] = s->progs.count_tc_egress_more,
		[PROGRAM_IP_INGRESS] = s->progs.count_ip_ingress,
		[PROGRAM_IP_EGRESS] = s->progs.count_ip_egress,
	};
	struct bpf_program *const tunnels[PROGRAM_KIND_COUNT] = {
		[PROGRAM_XDP] = s->progs.count_xdp_tunnels,
		[PROGRAM_XDP_FRAGS] = s->progs.count_xdp_frags_tunnels,
		[PROGRAM_TC_INGRESS] = s->progs.count_tc_ingress_tunnels,
		[PROGRAM_TC_EGRESS] = s->progs.count_tc_egress_tunnels,
		[PROGRAM_IP_INGRESS] = s->progs.count_ip_ingress_tunnels,
		[PROGRAM_IP_EGRESS] = s->progs.count_ip_egress_tunnels,
	};
	struct bpf_program *const tcp[PROGRAM_KIND_COUNT] = {
		[PROGRAM_XDP] = s->progs.count_xdp_tcp,
		[PROGRAM_XDP_FRAGS] = s->progs.count_xdp_frags_tcp,
		[PROGRAM_TC_INGRESS] = s->progs.count_tc_ingress_tcp,
		[PROGRAM_TC_EGRESS] = s->progs.count_tc_egress_tcp,
		[PROGRAM_IP_INGRESS] = s->progs.count_ip_ingress_tcp,
		[PROGRAM_IP_EGRESS] = s->progs.count_ip_egress_tcp,
	};
	struct program_parts chosen = parts[kind];

	if (s->rodata->settings.has_tunnels)
		chosen.count = tunnels[kind];
	else if (s->rodata->settings.has_tcp)
		chosen.count = tcp[kind];
	else if (s->rodata->settings.has_links || s->rodata->settings.has_extra ||
		 s->rodata->settings.has_fragments)
		chosen.count = more[kind];
	return chosen;
}

/* Length of a kernel tick: the resolution of the coarse clocks (kernel/time/posix-timers.c). */
static uint32_t tick_scaled(void)
{
	struct timespec tick = { 0, 4000000 };

	clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
	return (uint32_t)(((uint64_t)tick.tv_nsec << TICK_SHIFT) / 1000000);
}

static void settings_fill(struct count_settings *settings, const struct programs_request *request)
{
	const struct bank_geometry *g = banks_geometry(request->banks);

	settings->geometry = *g;
	settings->seed = *request->seed;
	settings->tick_scaled = tick_scaled();
	settings->has_links = settings->geometry.links > 1;
	settings->has_extra = bank_has_extra(&settings->geometry);
	settings->has_tcp = settings->has_extra && request->has_tcp;
	settings->connection_sets = connection_sets(g->slots * g->sections_per_cpu);
	settings->connection_missed_ticks = (uint32_t)(((uint64_t)CONNECTION_MISSED_MS << TICK_SHIFT) /
						       settings->tick_scaled);
	settings->has_owners = request->has_owners;
	settings->has_ip_bytes = settings->has_extra && request->has_ip_bytes;
	settings->has_tunnels = request->has_tunnels;
	settings->has_fragments = request->has_fragments;
	settings->fragment_seed = fragment_seed_of(request->seed);
	settings->claim_sections = request->realtime;
	if (!request->group || !group_by_reduces(request->group, request->has_tunnels))
		return;
	settings->reduce_keys = true;
	group_masks_make_with_place(request->group, &settings->group);
}

static uint32_t link_indexes(unsigned int highest_ifindex)
{
	if (highest_ifindex > LINK_INDEXES_MAX - LINK_INDEXES_MORE)
		return LINK_INDEXES_MAX;
	return highest_ifindex + LINK_INDEXES_MORE;
}

static bool has_filter(const struct hook_filters *filters)
{
	return filters->ethernet || filters->ip;
}

static const struct filter *filter_for(const struct hook_filters *filters, enum program_kind kind)
{
	bool is_ip = kind == PROGRAM_IP_INGRESS || kind == PROGRAM_IP_EGRESS;

	return is_ip ? filters->ip : filters->ethernet;
}

static void autoload_choose(struct weir_bpf *skeleton, const struct programs_request *request)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, skeleton->obj)
		bpf_program__set_autoload(program, program == skeleton->progs.read_clock);
	for (int kind = 0; kind < PROGRAM_KIND_COUNT; kind++) {
		struct program_parts parts = parts_of(skeleton, kind);

		if (!request->wanted[kind])
			continue;
		bpf_program__set_autoload(parts.count, true);
		if (has_filter(&request->filters))
			bpf_program__set_autoload(parts.filtered, true);
	}
}

static int skeleton_load(struct weir_bpf *skeleton, const struct programs_request *request)
{
	int err = bpf_map__reuse_fd(skeleton->maps.banks, banks_outer_fd(request->banks));

	if (err)
		return err;
	settings_fill((struct count_settings *)&skeleton->rodata->settings, request);
	if (skeleton->rodata->settings.has_links)
		err = bpf_map__set_max_entries(skeleton->maps.links,
					       link_indexes(request->highest_ifindex));
	if (!err && request->has_fragments)
		err = bpf_map__set_max_entries(skeleton->maps.fragments, FRAGMENT_SETS);
	if (err)
		return err;
	if (skeleton->rodata->settings.has_tcp)
		err = bpf_map__set_max_entries(skeleton->maps.connections,
					       skeleton->rodata->settings.connection_sets *
						       CONNECTION_WAYS);
	if (err)
		return err;
	autoload_choose(skeleton, request);
	err = weir_bpf__load(skeleton);
	/* libbpf goes on without what it cannot map (a kernel before 5.5, or a call that failed). */
	return err || skeleton->bss ? err : -EOPNOTSUPP;
}

static int filter_place(struct programs *programs, enum program_kind kind,
			const struct filter *filter, struct filter_error *error)
{
	struct program_parts parts = parts_of(programs->skeleton, kind);
	struct filter_target target = { parts.hook, bpf_map__fd(parts.targets) };
	const __u32 index[FILTER_TARGETS] = { FILTER_TARGET_ACCEPTED, FILTER_TARGET_REJECTED };
	int fds[FILTER_TARGETS] = { bpf_program__fd(parts.count),
				    bpf_program__fd(parts.filtered) };

	programs->passes_none[kind] = !filter;
	if (!filter)
		return 0;
	for (int i = 0; i < FILTER_TARGETS; i++) {
		if (bpf_map_update_elem(target.prog_array_fd, &index[i], &fds[i], BPF_ANY))
			return -errno;
	}
	programs->filter_fd[kind] = filter_load(filter, &target, error);
	return programs->filter_fd[kind] < 0 ? programs->filter_fd[kind] : 0;
}

static int programs_fill(struct programs *programs, const struct programs_request *request,
			 struct filter_error *error)
{
	int err;

	programs->skeleton = weir_bpf__open();
	if (!programs->skeleton)
		return -errno;
	err = skeleton_load(programs->skeleton, request);
	for (int kind = 0; kind < PROGRAM_KIND_COUNT && !err; kind++) {
		if (request->wanted[kind] && has_filter(&request->filters))
			err = filter_place(programs, kind, filter_for(&request->filters, kind),
					   error);
	}
	return err;
}

int programs_load(const struct programs_request *request, struct programs **result,
		  struct filter_error *error)
{
	struct programs *programs = calloc(1, sizeof(*programs));
	int err;

	*result = NULL;
	error->text[0] = '\0';
	if (!programs)
		return -ENOMEM;
	for (int kind = 0; kind < PROGRAM_KIND_COUNT; kind++)
		programs->filter_fd[kind] = -1;
	err = programs_fill(programs, request, error);
	if (err) {
		programs_unload(programs);
		return err;
	}
	*result = programs;
	return 0;
}

void programs_unload(struct programs *programs)
{
	if (!programs)
		return;
	for (int kind = 0; kind < PROGRAM_KIND_COUNT; kind++) {
		if (programs->filter_fd[kind] >= 0)
			close(programs->filter_fd[kind]);
	}
	weir_bpf__destroy(programs->skeleton);
	free(programs);
}

int programs_add_link(const struct programs *programs, unsigned int ifindex,
		      unsigned int number)
{
	const struct weir_bpf *s = programs->skeleton;
	const struct flow_link link = flow_link_of(number);
	const struct flow_key marks = { .flags = link.flags, .vlan = link.vlan,
					.inner_vlan = link.inner_vlan };
	const struct link_entry entry = { .word4 = marks.words[4], .word5 = marks.words[5],
					  .number = number, .is_known = true };
	const __u32 key = ifindex;
	const struct bpf_map *map = s->maps.links;

	if (!s->rodata->settings.has_links)
		return 0;
	if (ifindex >= bpf_map__max_entries(map))
		map = s->maps.far_links;
	return bpf_map_update_elem(bpf_map__fd(map), &key, &entry, BPF_ANY) ? -errno : 0;
}

void programs_drop_link(const struct programs *programs, unsigned int ifindex)
{
	const struct weir_bpf *s = programs->skeleton;
	const __u32 key = ifindex;

	/* In the array a place is an index's own, and nothing else is attached to it. */
	if (s->rodata->settings.has_links && ifindex >= bpf_map__max_entries(s->maps.links))
		bpf_map_delete_elem(bpf_map__fd(s->maps.far_links), &key);
}

int programs_read_ticks(const struct programs *programs, uint64_t *ticks)
{
	unsigned char frame[CLOCK_FRAME_LEN] = { 0 };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = sizeof(frame));
	int err = bpf_prog_test_run_opts(bpf_program__fd(programs->skeleton->progs.read_clock),
					 &opts);

	*ticks = programs->skeleton->bss->clock_ticks;
	return err;
}

int programs_fd(const struct programs *programs, enum program_kind kind)
{
	struct program_parts parts = parts_of(programs->skeleton, kind);

	if (programs->filter_fd[kind] >= 0)
		return programs->filter_fd[kind];
	return bpf_program__fd(programs->passes_none[kind] ? parts.filtered : parts.count);
}

static void targets_path(char path[PATH_MAX], const char *directory, int kind)
{
	snprintf(path, PATH_MAX, "%s/targets%d", directory, kind);
}

int programs_pin(const struct programs *programs, const char *directory)
{
	char path[PATH_MAX];
	int err = 0;

	for (int kind = 0; kind < PROGRAM_KIND_COUNT && !err; kind++) {
		struct program_parts parts = parts_of(programs->skeleton, kind);

		targets_path(path, directory, kind);
		if (programs->filter_fd[kind] >= 0)
			err = bpf_obj_pin(bpf_map__fd(parts.targets), path);
	}
	return err;
}

void programs_unpin(const char *directory)
{
	char path[PATH_MAX];

	for (int kind = 0; kind < PROGRAM_KIND_COUNT; kind++) {
		targets_path(path, directory, kind);
		unlink(path);
	}
}

uint64_t programs_connections_missed(const struct programs *programs)
{
	return __atomic_load_n(&programs->skeleton->bss->connections_missed, __ATOMIC_RELAXED);
}

const struct count_settings *programs_settings(const struct programs *programs)
{
	return (const struct count_settings *)&programs->skeleton->rodata->settings;
}

bool programs_have_filter(const struct programs *programs)
{
	for (int kind = 0; kind < PROGRAM_KIND_COUNT; kind++) {
		if (programs->filter_fd[kind] >= 0 || programs->passes_none[kind])
			return true;
	}
	return false;
}

/* By its name, which libbpf takes from what it was given: of the banks that is another one. */
static const struct bpf_map *map_named(const struct weir_bpf *skeleton, const char *name)
{
	if (strcmp(name, "banks") == 0)
		return skeleton->maps.banks;
	return bpf_object__find_map_by_name(skeleton->obj, name);
}

int programs_lend_maps(const struct programs *programs, struct bpf_object *object)
{
	struct bpf_map *map;
	int err = 0;

	bpf_object__for_each_map(map, object) {
		const struct bpf_map *own = map_named(programs->skeleton, bpf_map__name(map));

		if (own && !err)
			err = bpf_map__reuse_fd(map, bpf_map__fd(own));
	}
	return err;
}
