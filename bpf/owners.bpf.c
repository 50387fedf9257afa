/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Whose a socket is: programs at the hooks of a cgroup, run by who makes, binds, connects, sends
 * from or closes one. None of them refuses anything.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "owner.h"

/* The verdict of all of these hooks: go on. */
#define ALLOW 1

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* By the socket's cookie; whose packets were long ago is forgotten first. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, SOCKET_OWNERS_MAX);
	__type(key, __u64);
	__type(value, struct socket_owner);
} owners SEC(".maps");

/* By bind_key. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, SOCKET_BINDS_MAX);
	__type(key, __u32);
	__type(value, struct socket_bind);
} binds SEC(".maps");

static __always_inline void owner_fill(struct socket_owner *owner, __u32 use)
{
	__u64 pid_tgid = bpf_get_current_pid_tgid();

	__builtin_memset(owner, 0, sizeof(*owner));
	owner->pid = (__u32)(pid_tgid >> 32);
	owner->thread = (__u32)pid_tgid;
	owner->use = use;
	owner->cgroup = bpf_get_current_cgroup_id();
	bpf_get_current_comm(owner->name, sizeof(owner->name));
}

/*
 * The first process that uses a socket has it, whoever made it: it was passed on. Where a second one
 * uses it, it is both's.
 */
static __always_inline void note_use(__u64 cookie, __u32 use)
{
	struct socket_owner fresh, *owner = bpf_map_lookup_elem(&owners, &cookie);
	__u32 pid = (__u32)(bpf_get_current_pid_tgid() >> 32);

	if (owner && owner->pid == pid) {
		if (owner->use < use)
			owner->use = use;
		return;
	}
	if (owner && owner->use == use) {
		owner->is_shared = 1;
		return;
	}
	if (owner && owner->use > use)
		return;
	owner_fill(&fresh, use);
	bpf_map_update_elem(&owners, &cookie, &fresh, BPF_ANY);
}

SEC("cgroup/sock_create")
int owner_create(struct bpf_sock *ctx)
{
	note_use(bpf_get_socket_cookie(ctx), SOCKET_MADE);
	return ALLOW;
}

static __always_inline void note_bind(struct bpf_sock *ctx)
{
	__u64 cookie = bpf_get_socket_cookie(ctx);
	__u32 key = bind_key(ctx->protocol, ctx->src_port);
	struct socket_bind bound = { .cookie = cookie, .time_ns = bpf_ktime_get_ns() };

	note_use(cookie, SOCKET_BOUND);
	bpf_map_update_elem(&binds, &key, &bound, BPF_ANY);
}

SEC("cgroup/post_bind4")
int owner_bind4(struct bpf_sock *ctx)
{
	note_bind(ctx);
	return ALLOW;
}

SEC("cgroup/post_bind6")
int owner_bind6(struct bpf_sock *ctx)
{
	note_bind(ctx);
	return ALLOW;
}

SEC("cgroup/connect4")
int owner_connect4(struct bpf_sock_addr *ctx)
{
	note_use(bpf_get_socket_cookie(ctx), SOCKET_USED);
	return ALLOW;
}

SEC("cgroup/connect6")
int owner_connect6(struct bpf_sock_addr *ctx)
{
	note_use(bpf_get_socket_cookie(ctx), SOCKET_USED);
	return ALLOW;
}

SEC("cgroup/sendmsg4")
int owner_sendmsg4(struct bpf_sock_addr *ctx)
{
	note_use(bpf_get_socket_cookie(ctx), SOCKET_USED);
	return ALLOW;
}

SEC("cgroup/sendmsg6")
int owner_sendmsg6(struct bpf_sock_addr *ctx)
{
	note_use(bpf_get_socket_cookie(ctx), SOCKET_USED);
	return ALLOW;
}

/* Who closes an accepted socket, which no hook told of before, is who had it last. */
SEC("cgroup/sock_release")
int owner_release(struct bpf_sock *ctx)
{
	__u64 cookie = bpf_get_socket_cookie(ctx);
	struct socket_owner fresh, *owner = bpf_map_lookup_elem(&owners, &cookie);

	if (owner) {
		owner->released_ns = bpf_ktime_get_ns();
		return ALLOW;
	}
	owner_fill(&fresh, SOCKET_CLOSED);
	fresh.released_ns = bpf_ktime_get_ns();
	bpf_map_update_elem(&owners, &cookie, &fresh, BPF_ANY);
	return ALLOW;
}
