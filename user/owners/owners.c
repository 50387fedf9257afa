/* SPDX-License-Identifier: BSD-2-Clause */
#include "owners.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/report.h"
#include "../engine/conversation.h"
#include "../engine/slot_key.h"
#include "container.h"
#include "owners_private.h"

/* RFC 9293: of a segment that a socket which is no more leaves to the kernel to send. */
#define TCP_RST      0x04
#define TCP_FIN_SYN_PSH 0x0b

#define SWEEP_PANES 64

/* An answer may be so much older than what it is told by: two ticks of the coarsest clock. */
#define ANSWER_MS    20

/* Looks at all sockets take such a part of the time at most, and are at least this far apart. */
#define SEEK_PART     20
#define SEEK_LEAST_NS 500000000ull

/* Sockets that were there before: who has them open, once. */
static void look_at_sockets(struct owners *owners)
{
	const struct socket_list *list = owners_list(owners);

	owners->pane = 1;
	owners->may_seek = true;
	for (size_t i = 0; i < list->count; i++) {
		if (list->sockets[i].inode)
			owners_want(owners, list->sockets[i].cookie, &list->sockets[i].ends);
	}
	owners_seek(owners);
	owners_end_pane(owners);
}

static void hooks_open(struct owners *owners, bool only_hooked)
{
	int err = owners->root_fd < 0 ? owners->root_fd :
					owner_hooks_open(owners->root_fd, &owners->hooks);

	if (!err || only_hooked)
		return;
	report_notice("processes: watch who makes sockets: %s", strerror(-err));
	report_notice("processes: found by a look at /proc once a pane: those of connections "
		      "shorter than that are missed");
}

int owners_open(bool only_hooked, struct owners **result)
{
	struct owners *owners = calloc(1, sizeof(*owners));
	int err = owners ? 0 : -ENOMEM;

	*result = owners;
	if (!err) {
		owners->root_fd = control_groups_open();
		owners->names = owner_names_create();
		err = owners->names ? 0 : -ENOMEM;
	}
	if (!err)
		err = known_table_init(&owners->sockets, sizeof(struct known_socket));
	if (!err)
		err = known_table_init(&owners->flows, sizeof(struct known_flow));
	if (!err)
		hooks_open(owners, only_hooked);
	if (!err && (owners->hooks || !only_hooked)) {
		look_at_sockets(owners);
		return 0;
	}
	if (err)
		report_error("processes: %s", strerror(-err));
	owners_close(owners);
	*result = NULL;
	return err;
}

void owners_close(struct owners *owners)
{
	if (!owners)
		return;
	owner_hooks_close(owners->hooks);
	if (owners->root_fd >= 0)
		close(owners->root_fd);
	known_table_fini(&owners->sockets);
	known_table_fini(&owners->flows);
	for (size_t i = 0; i < GROUPS_KEPT; i++)
		free(owners->groups[i].name);
	socket_list_fini(&owners->list);
	owner_names_destroy(owners->names);
	free(owners->pending);
	free(owners);
}

const struct owner_names *owners_names(const struct owners *owners)
{
	return owners->names;
}

/* The ends of what is received where this is sent, or of what was received. */
static struct flow_key ends_of(const struct flow_slot *slot)
{
	struct flow_key key = flow_slot_key(slot);

	key.flags &= FLOW_OUT | FLOW_IP | FLOW_IPV6;
	if (key.flags & FLOW_OUT)
		conversation_reverse(&key);
	key.flags = 0;
	key.vlan = key.inner_vlan = 0;
	return key;
}

/* The same as a socket has them. */
static struct socket_ends socket_ends_of(const struct flow_key *received)
{
	struct socket_ends ends = { .src_port = received->dst_port,
				    .dst_port = received->src_port,
				    .ip_proto = received->ip_proto };

	memcpy(ends.src, received->dst, sizeof(ends.src));
	memcpy(ends.dst, received->src, sizeof(ends.dst));
	return ends;
}

/* What the kernel sends for a connection that is over comes from no socket of a process. */
static bool is_of_kernel(const struct flow_slot *slot)
{
	return slot->ip_proto == IPPROTO_TCP && slot->tcp_flags & TCP_RST &&
	       !(slot->tcp_flags & TCP_FIN_SYN_PSH);
}

static void flow_begin_pane(struct known_flow *flow, uint32_t pane)
{
	if (flow->pane == pane)
		return;
	flow->is_recent = flow->pane + 1 == pane;
	flow->pane = pane;
	flow->is_heard = flow->is_sent = flow->is_mixed = flow->has_before = false;
}

/* Two sockets of one process, as far as is known: a server that one port calls again and again. */
static bool is_same_owner(struct owners *owners, uint64_t cookie, uint64_t other)
{
	/* Each may move the other: one after the other. */
	const struct known_socket *socket = owners_socket(owners, cookie);
	uint64_t owner = socket && socket->state == OWNER_TOLD ? socket->owner : 0;

	socket = owners_socket(owners, other);
	return owner && socket && socket->state == OWNER_TOLD && socket->owner == owner;
}

/*
 * The first that was sent in the pane takes the place of what was before, unless that is another's,
 * whose last packets may still have come in this pane.
 */
static void flow_begin_cookies(struct known_flow *flow, uint64_t cookie)
{
	bool is_new = flow->cookie[0] != cookie && flow->cookie[1] != cookie;

	flow->is_sent = true;
	if (is_new && flow->is_recent && flow->cookie[0]) {
		flow->is_mixed |= flow->cookie[1] != 0;
		flow->has_before = true;
		return;
	}
	flow->cookie[0] = flow->cookie[1] = 0;
}

static void flow_add_times(struct known_flow *flow, int i, const struct flow_slot *slot)
{
	MERGE_LEAST(flow->first_ms[i], slot->first_ms);
	MERGE_MOST(flow->last_ms[i], slot->last_ms);
}

static void flow_add_cookie(struct owners *owners, struct known_flow *flow,
			    const struct flow_slot *slot, uint64_t cookie)
{
	if (cookie == COOKIE_MIXED) {
		flow->is_mixed = flow->is_sent = true;
		return;
	}
	if (!flow->is_sent)
		flow_begin_cookies(flow, cookie);
	for (int i = 0; i < 2; i++) {
		if (!flow->cookie[i]) {
			flow->cookie[i] = cookie;
			flow->first_ms[i] = slot->first_ms;
			flow->last_ms[i] = slot->last_ms;
		}
		if (flow->cookie[i] == cookie) {
			flow_add_times(flow, i, slot);
			return;
		}
	}
	flow_add_times(flow, 1, slot);
	flow->is_mixed |= !is_same_owner(owners, flow->cookie[1], cookie);
}

int owners_learn(void *context, const struct flow_slot *const *records, size_t count)
{
	struct owners *owners = context;

	for (size_t i = 0; i < count; i++) {
		const struct flow_slot *slot = records[i];
		uint64_t cookie = ((const struct flow_record *)slot)->extra.cookie;
		bool is_out = slot->flags & FLOW_OUT;
		struct flow_key ends;
		struct known_flow *flow;

		if (!(slot->flags & FLOW_IP) || !slot->ip_proto ||
		    (is_out && (!cookie || is_of_kernel(slot))))
			continue;
		ends = ends_of(slot);
		flow = known_flow_of(&owners->flows, &ends);
		if (!flow)
			continue;
		flow_begin_pane(flow, owners->pane);
		flow->is_heard |= !is_out;
		if (is_out)
			flow_add_cookie(owners, flow, slot, cookie);
	}
	return 0;
}

/* A socket that was closed before the pane receives nothing any more. */
static bool is_over(const struct owners *owners, uint64_t cookie)
{
	struct socket_owner told;

	return owner_hooks_find(owners->hooks, cookie, &told) && told.released_ns &&
	       told.released_ns < owners->begin_ns;
}

/* Nothing was sent in this pane: who received is who did before, or who is listed there. */
static void flow_find_cookie(struct owners *owners, struct known_flow *flow,
			     const struct socket_ends *ends)
{
	const struct listed_socket *found;

	if (flow->cookie[0] && !flow->cookie[1] && !is_over(owners, flow->cookie[0]))
		return;
	flow->cookie[0] = flow->cookie[1] = 0;
	if (!owners->may_seek)
		return;
	if ((ends->ip_proto != IPPROTO_TCP && ends->ip_proto != IPPROTO_UDP) || !ends->src_port ||
	    flow->retry > owners->pane)
		return;
	flow->retry = owners->pane + (1u << flow->tries);
	flow->tries += flow->tries < 6;
	found = socket_list_find(owners_list(owners), ends);
	if (found)
		flow->cookie[0] = found->cookie;
}

static void flow_settle(void *context, void *entry)
{
	struct owners *owners = context;
	struct known_flow *flow = entry;
	const struct socket_ends ends = socket_ends_of(&flow->ends);

	if (!flow->is_sent)
		flow_find_cookie(owners, flow, &ends);
	for (int i = 0; i < 2; i++) {
		if (flow->cookie[i])
			owners_want(owners, flow->cookie[i], &ends);
	}
}

void owners_settle(struct owners *owners, const struct pane *pane)
{
	uint64_t from_ns = clock_monotonic_ns(), spent_ns;

	owners->begin_ns = pane->begin_ns;
	owners->may_seek = from_ns >= owners->seek_ns;
	known_table_walk(&owners->flows, owners->pane, flow_settle, owners);
	owners_seek(owners);
	spent_ns = clock_monotonic_ns() - from_ns;
	if (owners->may_seek)
		owners->seek_ns = from_ns + (spent_ns * SEEK_PART > SEEK_LEAST_NS ?
						     spent_ns * SEEK_PART : SEEK_LEAST_NS);
}

/*
 * A port that nothing tells the end of: after one socket was closed, or where another one was bound
 * to the port, packets may be another's.
 */
static bool is_doubtful(struct owners *owners, const struct known_socket *socket,
			const struct flow_slot *slot)
{
	uint64_t last_ns = owners->begin_ns + slot_time_ms(slot->last_ms) * 1000000;
	__be16 port = slot->flags & FLOW_OUT ? slot->src_port : slot->dst_port;
	uint64_t owner = socket->owner;
	const struct known_socket *other;
	struct socket_bind bound;

	/* What is sent has the cookie itself, of each packet. */
	if (slot->ip_proto != IPPROTO_UDP || slot->flags & FLOW_OUT)
		return false;
	if (socket->released_ns && socket->released_ns < last_ns)
		return true;
	if (!owner_hooks_find_bind(owners->hooks, slot->ip_proto, ntohs(port), &bound) ||
	    bound.time_ns < owners->begin_ns || bound.cookie == socket->cookie)
		return false;
	/* From here on the socket may lie elsewhere. */
	other = owners_socket(owners, bound.cookie);
	return !other || other->state != OWNER_TOLD || other->owner != owner;
}

/* 0: nobody, somebody else as well, or not known. */
static uint64_t owner_of_cookie(struct owners *owners, uint64_t cookie,
				const struct flow_slot *slot)
{
	const struct known_socket *socket = owners_socket(owners, cookie);
	uint64_t owner = socket && socket->state == OWNER_TOLD ? socket->owner : 0;

	/* After the question the socket may lie elsewhere. */
	return owner && !is_doubtful(owners, socket, slot) ? owner : 0;
}

/* Whether packets were received while that one sent, or shortly before or after. */
static bool is_about(const struct known_flow *flow, int i, const struct flow_slot *slot)
{
	return slot_time_ms(slot->last_ms) + ANSWER_MS >= slot_time_ms(flow->first_ms[i]) &&
	       slot_time_ms(slot->first_ms) <= slot_time_ms(flow->last_ms[i]) + ANSWER_MS;
}

/*
 * Of two connections one after the other, what was received: the earlier one's where it ended
 * before the later one began; the later one's where it came after the earlier one's time and not
 * before the later one sent, or where a SYN parted it from what went before. A SYN parts only what
 * the same CPU received: else it may be of both.
 */
static uint64_t owner_by_time(const struct known_flow *flow, const struct flow_slot *slot,
			      const uint64_t owner[2])
{
	int later = flow->first_ms[1] > flow->first_ms[0], earlier = !later;
	uint64_t later_ms = slot_time_ms(flow->first_ms[later]);
	bool has_syn = slot->marks & (FLOW_SYN | FLOW_SYN_ACK);

	if (flow->has_before || slot->ip_proto != IPPROTO_TCP)
		return 0;
	if (is_about(flow, earlier, slot))
		return slot_time_ms(slot->last_ms) + ANSWER_MS < later_ms ? owner[earlier] : 0;
	if (!is_about(flow, later, slot))
		return 0;
	return has_syn || slot_time_ms(slot->first_ms) > later_ms ? owner[later] : 0;
}

static uint64_t owner_of_flow(struct owners *owners, const struct flow_slot *slot)
{
	const struct flow_key ends = ends_of(slot);
	const struct known_flow *flow = known_flow_find(&owners->flows, &ends);
	uint64_t owner[2];

	if (!flow || flow->is_mixed || !flow->cookie[0])
		return 0;
	/* A SYN parts records: with one, nothing is in it of the connection before. */
	if (flow->has_before && slot->marks & (FLOW_SYN | FLOW_SYN_ACK))
		return owner_of_cookie(owners, flow->cookie[1], slot);
	owner[0] = owner_of_cookie(owners, flow->cookie[0], slot);
	if (!flow->cookie[1])
		return owner[0];
	owner[1] = owner_of_cookie(owners, flow->cookie[1], slot);
	return owner[0] == owner[1] ? owner[0] : owner_by_time(flow, slot, owner);
}

void owners_give(struct owners *owners, struct flow_record *record)
{
	const struct flow_slot *slot = &record->slot;
	uint64_t cookie = record->extra.cookie;

	record->extra.owner = 0;
	if (!(slot->flags & FLOW_IP) || !slot->ip_proto || cookie == COOKIE_MIXED)
		return;
	if (!(slot->flags & FLOW_OUT) || is_of_kernel(slot))
		record->extra.owner = owner_of_flow(owners, slot);
	if (cookie && !record->extra.owner)
		record->extra.owner = owner_of_cookie(owners, cookie, slot);
}

void owners_end_pane(struct owners *owners)
{
	uint32_t oldest = owners->pane > OWNERS_KEPT_PANES ? owners->pane - OWNERS_KEPT_PANES : 0;

	owners->is_listed = false;
	/* In a flood of flows what is new has its place, what was long ago has not. */
	if (known_table_is_crowded(&owners->flows))
		known_table_sweep(&owners->flows, owners->pane);
	if (known_table_is_crowded(&owners->sockets))
		known_table_sweep(&owners->sockets, owners->pane);
	if (++owners->pane % SWEEP_PANES)
		return;
	known_table_sweep(&owners->flows, oldest);
	known_table_sweep(&owners->sockets, oldest);
}
