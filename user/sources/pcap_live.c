/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "../base/clock.h"
#include "../base/report.h"
#include "../system/netdev.h"
#include "capture_link.h"
#include "pcap_live.h"

/* Headers that the parser walks fit; a filter may want any byte. */
#define SNAPLEN_HEADERS   512
#define SNAPLEN_FILTER    262144
#define RING_BYTES        (16 << 20)
#define RING_BYTES_MIN    (2 << 20)
#define RINGS_BYTES       (64 << 20) /* of all handles, as far as the least allows */
#define PACKETS_PER_READ  8192
#define HANDLES_MAX       (2 * FLOW_LINKS_MAX)
#define NS_PER_SECOND     1000000000
#define NS_PER_MS         1000000

/* One interface in one direction. */
struct handle {
	struct pcap_live *live;
	pcap_t *pcap;
	uint16_t link_number;
	bool is_out;
	uint8_t link;
	uint32_t dropped;       /* as last told */
	unsigned int ifindex;   /* 0: of no single interface */
	bool lost;              /* nothing more comes from there */
};

/* An interface beside its packets. */
struct interface {
	struct netdev_counters counted; /* told so far */
	bool is_lost;
	bool is_cut;                    /* lost in the open pane */
};

struct pcap_live {
	struct pcap_live_config config;
	struct interface interfaces[FLOW_LINKS_MAX];
	struct pane_link told[FLOW_LINKS_MAX]; /* of the last pane */
	struct packet_table *table;
	struct handle handles[HANDLES_MAX];
	struct pollfd ready[HANDLES_MAX];
	size_t handle_count;
	struct pane_moment begin; /* of the open pane */
	int err;                /* of counting, inside a callback of libpcap */
	char reason[PCAP_LIVE_REASON_SIZE];
};

static int live_fail(struct pcap_live *live, int err, const char *interface, const char *why)
{
	if (snprintf(live->reason, sizeof(live->reason), "%s: %s", interface, why) < 0)
		live->reason[0] = '\0';
	return err;
}

static int errno_of_activation(int status)
{
	switch (status) {
	case PCAP_ERROR_PERM_DENIED:
	case PCAP_ERROR_PROMISC_PERM_DENIED:
		return -EPERM;
	case PCAP_ERROR_NO_SUCH_DEVICE:
		return -ENODEV;
	case PCAP_ERROR_IFACE_NOT_UP:
		return -ENETDOWN;
	default:
		return -EIO;
	}
}

static int ring_bytes(const struct pcap_live *live)
{
	size_t handles = live->config.interface_count * (live->config.in + live->config.out);
	size_t bytes = RINGS_BYTES / handles;

	if (bytes > RING_BYTES)
		return RING_BYTES;
	return bytes > RING_BYTES_MIN ? (int)bytes : RING_BYTES_MIN;
}

/* Settings of a handle before it is activated: they fail only on one that is active. */
static void handle_configure(const struct pcap_live *live, pcap_t *pcap)
{
	pcap_set_snaplen(pcap, live->config.filter ? SNAPLEN_FILTER : SNAPLEN_HEADERS);
	pcap_set_promisc(pcap, 0);
	pcap_set_timeout(pcap, PCAP_LIVE_SETTLE_MS);
	pcap_set_buffer_size(pcap, ring_bytes(live));
}

/*
 * The socket's own filter keeps packets of the other direction out of the ring. It is not set
 * through pcap_setfilter, which runs it in user space too, on the first blocks of the ring,
 * where no packet has a direction and each is rejected (libpcap 1.10.3). What came into the
 * ring before is left out by pcap_setdirection.
 */
static int handle_set_direction(pcap_t *pcap, bool out)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, SKF_AD_OFF + SKF_AD_PKTTYPE),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OUTGOING, !out, out),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = { .len = sizeof(code) / sizeof(*code), .filter = code };

	if (pcap_setdirection(pcap, out ? PCAP_D_OUT : PCAP_D_IN))
		return -1;
	return setsockopt(pcap_fileno(pcap), SOL_SOCKET, SO_ATTACH_FILTER, &program,
			  sizeof(program));
}

static int handle_refuse(struct pcap_live *live, pcap_t *pcap, const char *interface)
{
	const char *name = pcap_datalink_val_to_name(pcap_datalink(pcap));
	char why[64];

	snprintf(why, sizeof(why), "link type %d (%s) is not supported", pcap_datalink(pcap),
		 name ? name : "without a name");
	return live_fail(live, -EPROTONOSUPPORT, interface, why);
}

static int handle_activate(struct pcap_live *live, struct handle *handle, const char *interface)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	int status;

	handle_configure(live, handle->pcap);
	status = pcap_activate(handle->pcap);
	if (status < 0)
		return live_fail(live, errno_of_activation(status), interface,
				 pcap_statustostr(status));
	handle->link = (uint8_t)capture_link_from_type((uint32_t)pcap_datalink(handle->pcap));
	if (!handle->link)
		return handle_refuse(live, handle->pcap, interface);
	if (live->config.filter && packet_filter_suits_link(live->config.filter, handle->link))
		return live_fail(live, -EINVAL, interface,
				 packet_filter_reason(live->config.filter));
	if (handle_set_direction(handle->pcap, handle->is_out))
		return live_fail(live, -EIO, interface, "the direction cannot be set");
	if (pcap_setnonblock(handle->pcap, 1, why))
		return live_fail(live, -EIO, interface, why);
	return 0;
}

static int handle_open(struct pcap_live *live, size_t link_number, bool out)
{
	const char *interface = live->config.interfaces[link_number];
	struct handle *handle = &live->handles[live->handle_count];
	char why[PCAP_ERRBUF_SIZE] = "";
	int err;

	handle->live = live;
	handle->link_number = (uint16_t)link_number;
	handle->is_out = out;
	handle->pcap = pcap_create(interface, why);
	if (!handle->pcap)
		return live_fail(live, -ENOMEM, interface, why);
	live->handle_count++;
	handle->ifindex = if_nametoindex(interface);
	err = handle_activate(live, handle, interface);
	if (err)
		return err;
	live->ready[handle - live->handles] = (struct pollfd){
		.fd = pcap_get_selectable_fd(handle->pcap),
		.events = POLLIN,
	};
	return 0;
}

static int live_open_handles(struct pcap_live *live)
{
	int err = 0;

	for (size_t i = 0; i < live->config.interface_count && !err; i++) {
		if (live->config.in)
			err = handle_open(live, i, false);
		if (live->config.out && !err)
			err = handle_open(live, i, true);
	}
	return err;
}

void pcap_live_close(struct pcap_live *live)
{
	if (!live)
		return;
	for (size_t i = 0; i < live->handle_count; i++)
		pcap_close(live->handles[i].pcap);
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

/* Tells once why an interface is lost, and lets both its directions go. */
static void interface_lose(struct pcap_live *live, size_t interface, const char *why)
{
	report_error("interface %s: %s", live->config.interfaces[interface], why);
	live->interfaces[interface].is_lost = live->interfaces[interface].is_cut = true;
	for (size_t i = 0; i < live->handle_count; i++) {
		if (handle_interface(&live->handles[i]) != interface)
			continue;
		live->handles[i].lost = true;
		live->ready[i].fd = -1; /* poll passes over it */
	}
}

static int handle_read(struct handle *handle)
{
	struct pcap_live *live = handle->live;
	int count = pcap_dispatch(handle->pcap, PACKETS_PER_READ, handle_packet, (u_char *)handle);

	if (count < 0)
		interface_lose(live, handle_interface(handle), pcap_geterr(handle->pcap));
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

	if (pcap_stats(handle->pcap, &stat))
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
static void interface_ask(struct pcap_live *live, size_t interface, unsigned int ifindex)
{
	struct netdev_counters *counted = &live->interfaces[interface].counted;
	struct link_counts *counts = &live->told[interface].counts;
	struct netdev_state state;
	int err = netdev_state_query(ifindex, &state);

	if (err == -ENODEV)
		interface_lose(live, interface, "it has gone");
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
		is_one_each &= live->handles[i].ifindex != 0;
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

		/* Both directions of an interface lie side by side. */
		if (!handle->lost && handle->ifindex &&
		    (!i || handle_interface(handle - 1) != interface))
			interface_ask(live, interface, handle->ifindex);
		lost += handle->lost;
	}
	if (lost < live->handle_count)
		return 0;
	snprintf(live->reason, sizeof(live->reason), "no interface is left");
	return -ENODEV;
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
