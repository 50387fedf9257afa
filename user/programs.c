/* SPDX-License-Identifier: BSD-2-Clause */
#include "programs.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "weir.skel.h"

struct programs {
	struct weir_bpf *skeleton;
};

int hash_seed_make(struct hash_seed *seed)
{
	if (getrandom(seed, sizeof(*seed), 0) != (ssize_t)sizeof(*seed))
		return -EIO;
	return 0;
}

static struct bpf_program *program_of(struct weir_bpf *skeleton, enum program_kind kind)
{
	struct bpf_program *const programs[PROGRAM_KIND_COUNT] = {
		[PROGRAM_XDP] = skeleton->progs.count_xdp,
		[PROGRAM_XDP_FRAGS] = skeleton->progs.count_xdp_frags,
		[PROGRAM_TC_INGRESS] = skeleton->progs.count_tc_ingress,
		[PROGRAM_TC_EGRESS] = skeleton->progs.count_tc_egress,
	};

	return programs[kind];
}

static void settings_fill(struct count_settings *settings, const struct programs_request *request)
{
	settings->geometry = *banks_geometry(request->banks);
	settings->seed = *request->seed;
	settings->link_number = (__u8)request->link_number;
	settings->claim_sections = request->realtime;
}

static int skeleton_load(struct weir_bpf *skeleton, const struct programs_request *request)
{
	int err = bpf_map__reuse_fd(skeleton->maps.banks, banks_outer_fd(request->banks));

	if (err)
		return err;
	settings_fill((struct count_settings *)&skeleton->rodata->settings, request);
	for (int kind = 0; kind < PROGRAM_KIND_COUNT; kind++)
		bpf_program__set_autoload(program_of(skeleton, kind), request->wanted[kind]);
	return weir_bpf__load(skeleton);
}

int programs_load(const struct programs_request *request, struct programs **result)
{
	struct programs *programs = calloc(1, sizeof(*programs));
	int err = -ENOMEM;

	*result = NULL;
	if (!programs)
		return -ENOMEM;
	programs->skeleton = weir_bpf__open();
	if (programs->skeleton)
		err = skeleton_load(programs->skeleton, request);
	else
		err = -errno;
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
	weir_bpf__destroy(programs->skeleton);
	free(programs);
}

int programs_fd(const struct programs *programs, enum program_kind kind)
{
	return bpf_program__fd(program_of(programs->skeleton, kind));
}
