/* SPDX-License-Identifier: BSD-2-Clause */
/* The live source without programs in the kernel: libpcap, and a clock that cuts panes. */
#include "source_pcap.h"

#include <errno.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/report.h"
#include "../base/seed.h"
#include "../base/stop.h"
#include "pcap_live.h"
#include "source_kind.h"

#define STOP_LOOK_MS 50

struct pcap_source {
	struct source base;
	struct pcap_live *pcap;
	struct packet_filter *filter;
	struct pane_clock clock;
};

static struct pcap_source *pcap_source(struct source *source)
{
	return (struct pcap_source *)source;
}

/* Up to the deadline, but not without a look at the stop flag. */
static int read_timeout_ms(uint64_t left_ns)
{
	uint64_t left_ms = (left_ns + 999999) / 1000000;

	return left_ms < STOP_LOOK_MS ? (int)left_ms : STOP_LOOK_MS;
}

/* Reads packets until the pane is over, then once more what the kernel still held. */
static int read_until_over(struct pcap_source *source)
{
	uint64_t deadline_ns = pane_clock_deadline_ns(&source->clock);
	int err = 0;

	while (!err && !*stop_flag() && !pane_clock_was_set(&source->clock)) {
		uint64_t now_ns = clock_monotonic_ns();

		if (now_ns >= deadline_ns)
			return 0;
		err = pcap_live_read(source->pcap, read_timeout_ms(deadline_ns - now_ns));
	}
	return err ? err : pcap_live_read(source->pcap, PCAP_LIVE_SETTLE_MS);
}

static int pcap_source_pane(struct source *base, struct pane *pane)
{
	struct pcap_source *source = pcap_source(base);
	int err = read_until_over(source), end_err;
	struct pane_moment moment = pane_moment_now();

	end_err = pcap_live_end_pane(source->pcap, &moment, pane);
	err = err ? err : end_err;
	pane_clock_turn(&source->clock, &moment, pane);
	if (*stop_flag() || pane_clock_is_over(&source->clock, moment.now_ns))
		base->last = SOURCE_END;
	if (err) {
		report_error("capture: %s", pcap_live_reason(source->pcap));
		base->last = err;
	}
	return SOURCE_PANE;
}

static int pcap_source_close(struct source *base)
{
	struct pcap_source *source = pcap_source(base);

	if (source->pcap) {
		pcap_live_close(source->pcap);
		pane_clock_close(&source->clock);
	}
	packet_filter_close(source->filter);
	return 0;
}

static const struct source_kind pcap_kind = {
	.next_pane = pcap_source_pane,
	.close = pcap_source_close,
};

static int pcap_source_start(struct pcap_source *source)
{
	const struct source_settings *settings = &source->base.settings;
	struct pcap_live_config config = { .interfaces = source->base.names.list,
					   .interface_count = source->base.names.count,
					   .in = settings->attach.direction != DIRECTION_OUT,
					   .out = settings->attach.direction != DIRECTION_IN,
					   .taker = settings->taker,
					   .filter = source->filter,
					   .group = settings->group,
					   .slots = settings->slots,
					   .once = settings->once };
	char reason[PCAP_LIVE_REASON_SIZE] = "";
	struct pane_clock_config clock;
	struct pane_moment begin;
	int err = hash_seed_make(&config.seed);

	if (!err)
		err = pcap_live_open(&config, &source->pcap, reason);
	if (err) {
		report_error("capture: %s", reason[0] ? reason : strerror(-err));
		return err;
	}
	begin = pcap_live_begin(source->pcap);
	clock = source_clock(settings);
	pane_clock_open(&source->clock, &clock);
	pane_clock_start(&source->clock, &begin);
	report_notice("capturing with libpcap: packets the kernel merged count as one");
	return 0;
}

int source_pcap_open(const struct source_settings *settings, struct source_names *names,
		     struct source **result)
{
	static const char *const attached[] = { "pcap" };
	struct pcap_source *source = source_create(&pcap_kind, settings, sizeof(*source));
	int err;

	*result = source ? &source->base : NULL;
	if (!source)
		return -ENOMEM;
	source->base.names = *names;
	*names = (struct source_names){ 0 };
	source->base.facts.attached = attached;
	source->base.facts.attached_count = 1;
	if (settings->taker.owners)
		report_notice("processes: not told of packets that libpcap captures");
	err = source_packet_filter(&source->base, &source->filter);
	return err ? err : pcap_source_start(source);
}
