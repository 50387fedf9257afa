/* SPDX-License-Identifier: BSD-2-Clause */
#include "pcap_live.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/report.h"
#include "pcap_handle.h"

#define PACKETS_PER_READ 8192
#define NS_PER_SECOND    1000000000
#define NS_PER_MS        1000000
#define LOOK_PERIOD_NS   200000000u

/* Both directions of an interface lie side by side. */
static int interface_open(struct pcap_live *live, size_t interface)
{
	size_t number = interface * (live->config.in + live->config.out);
	int err = 0;

	if (live->config.in)
		err = pcap_handle_open(live, number++, interface, false);
	if (live->config.out && !err)
		err = pcap_handle_open(live, number, interface, true);
	return err;
}

static int live_open_handles(struct pcap_live *live)
{
	int err = 0;

	live->handle_count = live->config.interface_count * (live->config.in + live->config.out);
	for (size_t i = 0; i < live->config.interface_count && !err; i++)
		err = interface_open(live, i);
	return err;
}

void pcap_live_close(struct pcap_live *live)
{
	if (!live)
		return;
	for (size_t i = 0; i < live->handle_count; i++)
		pcap_handle_close(&live->handles[i]);
	packet_table_destroy(live->table);
	free(live);
}

/* Milliseconds since the pane began, by the packet's time stamp, which is of the wall clock. */
static uint16_t packet_ms(const struct pcap_live *live, const struct timeval *stamp)
{
	int64_t ns = (int64_t)stamp->tv_sec * NS_PER_SECOND + stamp->tv_usec * 1000;

	ns -= live->begin.offset_ns + (int64_t)live->begin.now_ns;
	if (ns < 0)
		return 0;
	return slot_time_of_ms(ns / NS_PER_MS);
}

/* The bytes live as long as this call: one packet at a time. */
static void handle_packet(u_char *context, const struct pcap_pkthdr *header, const u_char *bytes)
{
	const struct handle *handle = (const struct handle *)context;
	struct capture_packet packet = {
		.data = bytes,
		.caplen = header->caplen,
		.len = header->len,
		.link = handle->link,
	};
	struct packet_place place = {
		.now_ms = packet_ms(handle->live, &header->ts),
		.link = handle->link_number,
		.is_out = handle->is_out,
	};
	int err = packet_table_count(handle->live->table, &packet, &place, 1);

	if (err && !handle->live->err)
		handle->live->err = err;
}

static const char *live_counting_reason(const struct pcap_live *live)
{
	if (live->config.filter && *packet_filter_reason(live->config.filter))
		return packet_filter_reason(live->config.filter);
	return strerror(-live->err);
}

static size_t handle_interface(const struct handle *handle)
{
	return handle->link_number;
}

static void interface_let_go(struct pcap_live *live, size_t interface)
{
	live->interfaces[interface].is_lost = true;
	for (size_t i = 0; i < live->handle_count; i++) {
		if (handle_interface(&live->handles[i]) != interface)
			continue;
		live->handles[i].lost = true;
		live->ready[i].fd = -1; /* poll passes over it */
	}
}

/* Tells once why an interface is lost, and lets both its directions go. */
static void interface_lose(struct pcap_live *live, const struct handle *handle, const char *why)
{
	struct interface *interface = &live->interfaces[handle_interface(handle)];

	report_error("interface %s: %s", live->config.interfaces[handle_interface(handle)], why);
	interface->is_cut = true;
	interface->refused_ifindex = handle->ifindex;
	interface_let_go(live, handle_interface(handle));
}

static int handle_read(struct handle *handle)
{
	struct pcap_live *live = handle->live;
	int count = pcap_dispatch(handle->pcap, PACKETS_PER_READ, handle_packet, (u_char *)handle);

	if (count < 0)
		interface_lose(live, handle, pcap_geterr(handle->pcap));
	if (live->err)
		snprintf(live->reason, sizeof(live->reason), "%s", live_counting_reason(live));
	return live->err;
}

int pcap_live_read(struct pcap_live *live, int timeout_ms)
{
	int count = poll(live->ready, live->handle_count, timeout_ms);
	int err = 0;

	for (size_t i = 0; i < live->handle_count && count > 0 && !err; i++)
		if (live->ready[i].revents && !live->handles[i].lost)
			err = handle_read(&live->handles[i]);
	return err;
}

/* Packets that found no room in the ring since the last time; the counter may wrap. */
static uint32_t handle_dropped(struct handle *handle)
{
	uint32_t before = handle->dropped;
	struct pcap_stat stat;

	if (!handle->pcap || pcap_stats(handle->pcap, &stat))
		return 0;
	handle->dropped = stat.ps_drop;
	if (!handle->is_out)
		handle->dropped += stat.ps_ifdrop;
	return handle->dropped - before;
}

static struct tally tally_rise(uint64_t *packets, uint64_t *bytes, uint64_t packets_now,
			       uint64_t bytes_now)
{
	struct tally rise = { packets_now - *packets, bytes_now - *bytes };

	*packets = packets_now;
	*bytes = bytes_now;
	return rise;
}

/* Only the kernel's word that it is not there is final; else it is asked again. */
static void interface_ask(struct pcap_live *live, const struct handle *handle)
{
	size_t interface = handle_interface(handle);
	struct netdev_counters *counted = &live->interfaces[interface].counted;
	struct link_counts *counts = &live->told[interface].counts;
	struct netdev_state state;
	int err = netdev_state_query(handle->ifindex, &state);

	if (err == -ENODEV)
		interface_lose(live, handle, "it has gone");
	if (err)
		return;
	counts->rx = tally_rise(&counted->rx_packets, &counted->rx_bytes,
				state.counters.rx_packets, state.counters.rx_bytes);
	counts->tx = tally_rise(&counted->tx_packets, &counted->tx_bytes,
				state.counters.tx_packets, state.counters.tx_bytes);
}

/* Whose packets are whose is not counted here. The device "any" has no counters of its own. */
static void interfaces_tell(struct pcap_live *live, struct pane *pane)
{
	bool is_one_each = true;

	for (size_t i = 0; i < live->handle_count; i++)
		is_one_each &= live->handles[i].lost || live->handles[i].ifindex;
	for (size_t i = 0; i < live->config.interface_count; i++) {
		live->told[i].name = live->config.interfaces[i];
		live->told[i].is_gone = live->interfaces[i].is_lost;
		live->told[i].is_cut = live->interfaces[i].is_cut;
		live->interfaces[i].is_cut = false;
	}
	pane->links = is_one_each ? live->told : NULL;
	pane->link_count = is_one_each ? live->config.interface_count : 0;
}

/*
 * libpcap tells only where it finds the interface gone at the moment that the kernel says so.
 * -ENODEV when none is left.
 */
static int live_check_interfaces(struct pcap_live *live)
{
	size_t lost = 0;

	for (size_t i = 0; i < live->handle_count; i++) {
		const struct handle *handle = &live->handles[i];
		size_t interface = handle_interface(handle);

		if (!handle->lost && handle->ifindex &&
		    (!i || handle_interface(handle - 1) != interface))
			interface_ask(live, handle);
		lost += handle->lost;
	}
	if (lost < live->handle_count || !live->config.once)
		return 0;
	snprintf(live->reason, sizeof(live->reason), "no interface is left");
	return -ENODEV;
}

/* A failure is told, and it stays away until it has gone and come once more. */
static void interface_return(struct pcap_live *live, size_t number, unsigned int ifindex)
{
	struct interface *interface = &live->interfaces[number];
	const char *name = live->config.interfaces[number];

	report_notice("interface %s: it is back", name);
	for (size_t i = 0; i < live->handle_count; i++) {
		if (handle_interface(&live->handles[i]) == number)
			pcap_handle_close(&live->handles[i]);
	}
	interface->refused_ifindex = ifindex;
	if (interface_open(live, number)) {
		report_error("capture: %s", live->reason);
		interface_let_go(live, number);
		interface->refused_ifindex = ifindex;
		return;
	}
	interface->is_lost = false;
	interface->is_cut = true;
	interface->counted = (struct netdev_counters){ 0 };
	interface_ask(live, &live->handles[number * (live->config.in + live->config.out)]);
	memset(&live->told[number], 0, sizeof(live->told[number]));
}

static void interfaces_return(struct pcap_live *live)
{
	uint64_t now_ns = clock_monotonic_ns();
	size_t lost = 0;

	if (live->config.once || now_ns - live->looked_ns < LOOK_PERIOD_NS)
		return;
	live->looked_ns = now_ns;
	for (size_t i = 0; i < live->config.interface_count; i++) {
		struct interface *interface = &live->interfaces[i];
		unsigned int ifindex;

		if (!interface->is_lost)
			continue;
		ifindex = if_nametoindex(live->config.interfaces[i]);
		if (!ifindex)
			interface->refused_ifindex = 0;
		else if (ifindex != interface->refused_ifindex)
			interface_return(live, i, ifindex);
		lost += interface->is_lost;
	}
	if (lost == live->config.interface_count && !live->said_waiting)
		report_notice("no interface is left: waiting for one to return");
	live->said_waiting = lost == live->config.interface_count;
}

int pcap_live_end_pane(struct pcap_live *live, const struct pane_moment *moment,
		       struct pane *pane)
{
	int err = pcap_live_read(live, 0);

	memset(live->told, 0, live->config.interface_count * sizeof(*live->told));
	if (!err)
		err = live_check_interfaces(live);
	memset(pane, 0, sizeof(*pane));
	interfaces_tell(live, pane);
	for (size_t i = 0; i < live->handle_count; i++)
		pane->dropped_packets += handle_dropped(&live->handles[i]);
	packet_table_end_pane(live->table, pane);
	pane->collect_latency_ns = clock_monotonic_ns() - moment->now_ns;
	live->begin = *moment;
	/* What comes from them is of the next pane. */
	if (!err)
		interfaces_return(live);
	return err;
}

int pcap_live_open(const struct pcap_live_config *config, struct pcap_live **live, char *reason)
{
	struct packet_table_config table = {
		.taker = config->taker,
		.group = config->group,
		.filter = config->filter,
		.seed = config->seed,
		.slots = config->slots,
		.links = (uint32_t)config->interface_count,
	};
	struct pcap_live *opened = calloc(1, sizeof(*opened));
	int err = -ENOMEM;

	*live = NULL;
	snprintf(reason, PCAP_LIVE_REASON_SIZE, "%s", strerror(ENOMEM));
	if (!opened)
		return err;
	opened->config = *config;
	opened->table = packet_table_create(&table);
	if (opened->table)
		err = live_open_handles(opened);
	if (err) {
		if (opened->reason[0])
			memcpy(reason, opened->reason, sizeof(opened->reason));
		pcap_live_close(opened);
		return err;
	}
	live_check_interfaces(opened);
	opened->begin = pane_moment_now();
	*live = opened;
	return 0;
}

struct pane_moment pcap_live_begin(const struct pcap_live *live)
{
	return live->begin;
}

const char *pcap_live_reason(const struct pcap_live *live)
{
	return live->reason;
}
