/* SPDX-License-Identifier: BSD-2-Clause */
#include "tag_program.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>

#include "tags.skel.h"

/* Of Linux 6.3: the program is for one device, and runs on this machine all the same. */
#ifndef BPF_F_XDP_DEV_BOUND_ONLY
#define BPF_F_XDP_DEV_BOUND_ONLY (1u << 6)
#endif

struct tag_program {
	struct tags_bpf *skeleton;
	struct bpf_program *program;
};

static int tag_program_prepare(struct tag_program *tagged, const struct programs *programs,
			       unsigned int ifindex, bool has_frags)
{
	struct tags_bpf *s = tagged->skeleton;
	struct bpf_program *program = has_frags ? s->progs.count_frags_tagged :
						  s->progs.count_xdp_tagged;
	struct bpf_program *other = has_frags ? s->progs.count_xdp_tagged :
						s->progs.count_frags_tagged;
	int err = programs_lend_maps(programs, s->obj);

	if (err)
		return err;
	*(struct count_settings *)&s->rodata->settings = *programs_settings(programs);
	tagged->program = program;
	bpf_program__set_autoload(other, false);
	bpf_program__set_ifindex(program, ifindex);
	return bpf_program__set_flags(program,
				      bpf_program__flags(program) | BPF_F_XDP_DEV_BOUND_ONLY);
}

int tag_program_load(const struct programs *programs, unsigned int ifindex, bool has_frags,
		     struct tag_program **result)
{
	struct tag_program *tagged = calloc(1, sizeof(*tagged));
	int err;

	*result = NULL;
	if (!tagged)
		return -ENOMEM;
	tagged->skeleton = tags_bpf__open();
	err = tagged->skeleton ? tag_program_prepare(tagged, programs, ifindex, has_frags) : -errno;
	if (!err)
		err = tags_bpf__load(tagged->skeleton);
	if (err) {
		tag_program_unload(tagged);
		return err;
	}
	*result = tagged;
	return 0;
}

int tag_program_fd(const struct tag_program *tagged)
{
	return bpf_program__fd(tagged->program);
}

void tag_program_unload(struct tag_program *tagged)
{
	if (!tagged)
		return;
	tags_bpf__destroy(tagged->skeleton);
	free(tagged);
}

const char *tag_program_lacks(const struct programs *programs)
{
	const struct count_settings *settings = programs_settings(programs);

	if (programs_have_filter(programs))
		return "beside a FILTER";
	if (settings->has_tcp)
		return "beside --tcp";
	if (settings->has_tunnels)
		return "beside --tunnels";
	return NULL;
}
