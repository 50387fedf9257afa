/* SPDX-License-Identifier: BSD-2-Clause */
#include "pcap_handle.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <sys/socket.h>

#include "capture_link.h"

/* Headers that the parser walks fit; a filter may want any byte. */
#define SNAPLEN_HEADERS   512
#define SNAPLEN_FILTER    262144
#define RING_BYTES        (16 << 20)
#define RING_BYTES_MIN    (2 << 20)
#define RINGS_BYTES       (64 << 20) /* of all handles, as far as the least allows */

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

int pcap_handle_open(struct pcap_live *live, size_t number, size_t link_number, bool out)
{
	const char *interface = live->config.interfaces[link_number];
	struct handle *handle = &live->handles[number];
	char why[PCAP_ERRBUF_SIZE] = "";
	int err;

	*handle = (struct handle){ .live = live, .link_number = (uint16_t)link_number,
				   .is_out = out };
	handle->pcap = pcap_create(interface, why);
	if (!handle->pcap)
		return live_fail(live, -ENOMEM, interface, why);
	handle->ifindex = if_nametoindex(interface);
	err = handle_activate(live, handle, interface);
	if (err)
		return err;
	live->ready[number] = (struct pollfd){
		.fd = pcap_get_selectable_fd(handle->pcap),
		.events = POLLIN,
	};
	return 0;
}

void pcap_handle_close(struct handle *handle)
{
	if (handle->pcap)
		pcap_close(handle->pcap);
	handle->pcap = NULL;
}
