/* SPDX-License-Identifier: BSD-2-Clause */
#include "owner_hooks.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>

#include "owners.skel.h"

#define HOOKS_MAX 16

struct owner_hooks {
	struct owners_bpf *skeleton;
	struct bpf_link *links[HOOKS_MAX];
	size_t count;
};

static int hooks_attach(struct owner_hooks *hooks, int root_fd)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, hooks->skeleton->obj) {
		struct bpf_link *link;

		if (hooks->count == HOOKS_MAX)
			return -E2BIG;
		link = bpf_program__attach_cgroup(program, root_fd);
		if (!link)
			return -errno;
		hooks->links[hooks->count++] = link;
	}
	return 0;
}

int owner_hooks_open(int root_fd, struct owner_hooks **result)
{
	struct owner_hooks *hooks = calloc(1, sizeof(*hooks));
	int err = hooks ? 0 : -ENOMEM;

	*result = NULL;
	if (!err) {
		hooks->skeleton = owners_bpf__open();
		err = hooks->skeleton ? owners_bpf__load(hooks->skeleton) : -errno;
	}
	if (!err)
		err = hooks_attach(hooks, root_fd);
	if (err)
		owner_hooks_close(hooks);
	else
		*result = hooks;
	return err;
}

void owner_hooks_close(struct owner_hooks *hooks)
{
	if (!hooks)
		return;
	for (size_t i = 0; i < hooks->count; i++)
		bpf_link__destroy(hooks->links[i]);
	owners_bpf__destroy(hooks->skeleton);
	free(hooks);
}

bool owner_hooks_find(const struct owner_hooks *hooks, uint64_t cookie,
		      struct socket_owner *owner)
{
	if (!hooks)
		return false;
	return !bpf_map_lookup_elem(bpf_map__fd(hooks->skeleton->maps.owners), &cookie, owner);
}

bool owner_hooks_find_bind(const struct owner_hooks *hooks, uint8_t ip_proto, uint16_t port,
			   struct socket_bind *bound)
{
	const uint32_t key = bind_key(ip_proto, port);

	if (!hooks)
		return false;
	return !bpf_map_lookup_elem(bpf_map__fd(hooks->skeleton->maps.binds), &key, bound);
}
