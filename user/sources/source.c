/* SPDX-License-Identifier: BSD-2-Clause */
#include "source.h"

#include <errno.h>
#include <arpa/inet.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "../system/machine.h"
#include "../system/netdev.h"
#include "../system/netdev_list.h"
#include "../kernel/programs.h"
#include "../base/report.h"
#include "../base/seed.h"
#include "../base/stop.h"
#include "live.h"
#include "pcap_live.h"
#include "progress.h"
#include "replay.h"

#define STOP_LOOK_MS 50

struct source {
	struct source_config config;
	char default_interface[IF_NAMESIZE];
	struct netdev_listed *all;   /* what INTERFACES_ANY stands for */
	const char *names[FLOW_LINKS_MAX];
	size_t name_count;
	const char *attached[LIVE_ATTACHED_MAX];
	size_t attached_count;
	struct filter *live_filter;  /* NULL: none, or not that kind of source */
	struct packet_filter *packet_filter;
	struct live *live;           /* one of these three is open */
	struct pcap_live *capture;
	struct replay *replay;
	struct progress progress;    /* of the replay */
	bool has_told_unsupported;
	struct pane_clock clock;     /* of the capture */
	int last;                    /* what the next call returns; SOURCE_PANE: go on */
};

/* libpcap's words, and a caret where the place is known. -EINVAL is the user's fault. */
static int report_filter(const char *expression, const struct filter_error *error, int err)
{
	report_error("filter: %s", error->text);
	if (err != -EINVAL || error->column < 0)
		return err;
	report_error("  %s", expression);
	report_error("  %*s^", error->column, "");
	return err;
}

/* An interface under two of its names would be counted twice. */
static int names_check(const struct source *source)
{
	for (size_t i = 1; i < source->name_count; i++) {
		unsigned int ifindex = if_nametoindex(source->names[i]);

		for (size_t before = 0; ifindex && before < i; before++) {
			if (if_nametoindex(source->names[before]) != ifindex)
				continue;
			report_error("interface %s: it is %s, which is named already",
				     source->names[i], source->names[before]);
			return -EINVAL;
		}
	}
	return 0;
}

/* The programs read Ethernet headers only; libpcap knows others. */
static bool is_countable(const struct source *source, const struct netdev_listed *interface)
{
	if (interface->is_ethernet || source->config.options->attach == ATTACH_PCAP)
		return true;
	report_notice("interface %s: left out: its packets have no Ethernet header (-a pcap "
		      "counts them)", interface->name);
	return false;
}

static int names_of_all(struct source *source)
{
	size_t count;
	int err = netdev_list_up(&source->all, &count);

	if (err) {
		report_error("interface any: %s", strerror(-err));
		return err;
	}
	for (size_t i = 0; i < count; i++) {
		if (!is_countable(source, &source->all[i]))
			continue;
		if (source->name_count < FLOW_LINKS_MAX)
			source->names[source->name_count++] = source->all[i].name;
		else
			report_notice("warning: interface %s: left out: at most %d are counted at "
				      "once", source->all[i].name, FLOW_LINKS_MAX);
	}
	if (source->name_count)
		return 0;
	report_error("interface any: no interface is up");
	return -ENODEV;
}

static int name_of_default_route(struct source *source)
{
	const char *name = source->default_interface;

	if (netdev_default_route(source->default_interface)) {
		report_error("find an interface: there is no default route");
		report_error("try: -i NAME, or -i any; ip link lists them");
		return -ENODEV;
	}
	source->names[source->name_count++] = name;
	return 0;
}

static int names_find(struct source *source)
{
	const struct options *options = source->config.options;

	if (!options->interface_count)
		return name_of_default_route(source);
	if (!strcmp(options->interfaces[0], INTERFACES_ANY))
		return names_of_all(source);
	source->name_count = options->interface_count;
	memcpy(source->names, options->interfaces, sizeof(source->names));
	return names_check(source);
}

static int replay_start(struct source *source)
{
	const struct options *options = source->config.options;
	struct replay_config config = { .name = options->file,
					.engine = source->config.engine,
					.group = &options->counted,
					.filter = source->packet_filter,
					.pane_ns = options->pane_ns,
					.duration_ns = options->duration_ns,
					.speed = options->speed,
					.stop = stop_flag() };
	int err = replay_open(&config, &source->replay);

	if (err)
		report_error("read %s: %s", options->file,
			     source->replay ? replay_reason(source->replay, err) : strerror(-err));
	source->names[0] = options->file;
	source->name_count = 1;
	progress_start(&source->progress, source->config.show_progress);
	return err;
}

/* Of the interface, as `ip broadcast` wants it; 0 where it has none. */
static uint32_t netmask_of(const char *interface)
{
	char error[PCAP_ERRBUF_SIZE];
	bpf_u_int32 net, mask;

	return pcap_lookupnet(interface, &net, &mask, error) ? 0 : ntohl(mask);
}

static int packet_filter_start(struct source *source)
{
	const char *expression = source->config.options->filter;
	struct packet_filter_config config = { .expression = expression,
					       .is_live = !source->config.options->file };
	struct filter_error error;
	int err = 0;

	if (config.is_live)
		config.netmask = netmask_of(source->names[0]);
	if (expression)
		err = packet_filter_open(&config, &source->packet_filter, &error);
	return err ? report_filter(expression, &error, err) : 0;
}

static int live_filter_start(struct source *source)
{
	const char *expression = source->config.options->filter;
	struct filter_link link = { .type = DLT_EN10MB, .is_live = true,
				    .netmask = netmask_of(source->names[0]) };
	struct filter_error error;
	int err = 0;

	if (expression)
		err = filter_compile(expression, &link, &source->live_filter, &error);
	return err ? report_filter(expression, &error, err) : 0;
}

static struct pane_clock_config clock_config_of(const struct options *options)
{
	return (struct pane_clock_config){ .pane_ns = options->pane_ns,
					   .duration_ns = options->duration_ns,
					   .is_aligned = options->align == ALIGN_CLOCK };
}

static int capture_start(struct source *source)
{
	const struct options *options = source->config.options;
	struct pcap_live_config config = { .interfaces = source->names,
					   .interface_count = source->name_count,
					   .in = options->direction != DIRECTION_OUT,
					   .out = options->direction != DIRECTION_IN,
					   .engine = source->config.engine,
					   .group = &options->counted,
					   .slots = options->slots };
	char reason[PCAP_LIVE_REASON_SIZE] = "";
	struct pane_clock_config clock;
	struct pane_moment begin;
	int err = packet_filter_start(source);

	if (err)
		return err;
	config.filter = source->packet_filter;
	err = hash_seed_make(&config.seed);
	if (!err)
		err = pcap_live_open(&config, &source->capture, reason);
	if (err) {
		report_error("capture: %s", reason[0] ? reason : strerror(-err));
		return err;
	}
	clock = clock_config_of(options);
	begin = pcap_live_begin(source->capture);
	pane_clock_open(&source->clock, &clock);
	pane_clock_start(&source->clock, &begin);
	source->attached[source->attached_count++] = "pcap";
	report_notice("capturing with libpcap: packets the kernel merged count as one");
	return 0;
}

static int report_privileges(void)
{
	struct machine_facts machine;
	char missing[128] = "";

	if (!machine_query(&machine))
		machine_capabilities_text(
			machine_capabilities_missing(&machine, MACHINE_CAPS_NEEDED), missing,
			sizeof(missing));
	report_error("load the programs: operation not permitted: it takes %s",
		     missing[0] ? missing : "CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON");
	report_error("try: sudo, or give the process these capabilities");
	return -EPERM;
}

static int report_no_bpf(int err)
{
	if (err == -EPERM)
		return report_privileges();
	report_error("load the programs: this kernel has no BPF");
	report_error("try: -a pcap");
	return err;
}

static bool may_capture(void)
{
	struct machine_facts machine;

	return !machine_query(&machine) &&
	       !machine_capabilities_missing(&machine, MACHINE_CAPS_PCAP);
}

static int live_start(struct source *source)
{
	const struct options *options = source->config.options;
	struct live_config config = { .settings = { options->attach, options->direction },
				      .group = &options->counted,
				      .slots = options->slots,
				      .slots_given = options->slots_given,
				      .clock = clock_config_of(options),
				      .interfaces = source->names,
				      .interface_count = source->name_count,
				      .engine = source->config.engine };
	int err;

	config.filter = source->live_filter;
	err = live_open(&config, &source->live);
	/* What the kernel finds invalid is not the user's words: those were read before. */
	if (err == -EINVAL)
		return -EIO;
	if (!err)
		source->attached_count = live_attached(source->live, source->attached);
	if (err == -EPROTONOSUPPORT)
		return capture_start(source);
	if (err != -EPERM && err != -ENOSYS)
		return err;
	if (options->attach != ATTACH_AUTO || !may_capture())
		return report_no_bpf(err);
	report_notice("BPF programs may not be loaded: falling back to libpcap");
	return capture_start(source);
}

static int source_start(struct source *source)
{
	const struct options *options = source->config.options;
	int err;

	if (options->file) {
		err = packet_filter_start(source);
		return err ? err : replay_start(source);
	}
	err = names_find(source);
	if (!err && options->attach == ATTACH_PCAP)
		return capture_start(source);
	if (!err)
		err = live_filter_start(source);
	return err ? err : live_start(source);
}

int source_open(const struct source_config *config, struct source **result)
{
	struct source *source = calloc(1, sizeof(*source));
	int err;

	*result = NULL;
	if (!source) {
		report_error("start: %s", strerror(ENOMEM));
		return -ENOMEM;
	}
	source->config = *config;
	source->last = SOURCE_PANE;
	err = source_start(source);
	if (err) {
		source_close(source);
		return err;
	}
	*result = source;
	return 0;
}

int source_close(struct source *source)
{
	int err;

	if (!source)
		return 0;
	err = live_close(source->live);
	if (source->capture) {
		pcap_live_close(source->capture);
		pane_clock_close(&source->clock);
	}
	if (source->replay) {
		progress_stop(&source->progress);
		replay_close(source->replay);
	}
	filter_close(source->live_filter);
	packet_filter_close(source->packet_filter);
	free(source->all);
	free(source);
	return err;
}

static int live_pane(struct source *source, struct pane *pane)
{
	int more = live_next_pane(source->live, pane);

	if (more < 0)
		return more;
	source->last = more ? SOURCE_PANE : live_verdict(source->live);
	if (source->last == -ENODEV)
		report_error("count packets: no interface is left");
	return SOURCE_PANE;
}

/* An interface of the capture that the filter has no meaning on, others being there. */
static void report_refusal(struct source *source)
{
	struct packet_refusal refusal;

	if (source->packet_filter && packet_filter_take_refusal(source->packet_filter, &refusal))
		report_notice("warning: filter: %s: packets of link type %s count as filtered",
			      refusal.error.text, refusal.link);
}

static void report_replay(struct source *source, int err)
{
	const struct options *options = source->config.options;
	struct packet_refusal refusal;

	if (err == -EINVAL && source->packet_filter &&
	    packet_filter_take_refusal(source->packet_filter, &refusal))
		report_filter(options->filter, &refusal.error, err);
	else
		report_error("read %s: %s", options->file, replay_reason(source->replay, err));
}

/* Told once: what the reader did not ask for is counted, but not by flow. */
static void tell_unsupported(struct source *source)
{
	const char *unsupported = replay_unsupported(source->replay);

	if (!unsupported || source->has_told_unsupported)
		return;
	source->has_told_unsupported = true;
	progress_stop(&source->progress);
	report_notice("warning: read %s: %s is not supported: its packets count as malformed",
		      source->config.options->file, unsupported);
}

static int replay_pane(struct source *source, struct pane *pane)
{
	int step;

	do {
		step = replay_step(source->replay, pane);
		progress_update(&source->progress, source->replay);
		if (step >= 0)
			report_refusal(source);
	} while (step == REPLAY_MORE);
	tell_unsupported(source);
	if (step == REPLAY_PANE) {
		stop_wait_until(replay_due_ns(source->replay));
		return SOURCE_PANE;
	}
	progress_stop(&source->progress);
	if (step < 0)
		report_replay(source, step);
	return step < 0 ? step : SOURCE_END;
}

/* Up to the deadline, but not without a look at the stop flag. */
static int read_timeout_ms(uint64_t left_ns)
{
	uint64_t left_ms = (left_ns + 999999) / 1000000;

	return left_ms < STOP_LOOK_MS ? (int)left_ms : STOP_LOOK_MS;
}

/* Reads packets until the pane is over, then once more what the kernel still held. */
static int capture_until_over(struct source *source)
{
	uint64_t deadline_ns = pane_clock_deadline_ns(&source->clock);
	int err = 0;

	while (!err && !*stop_flag() && !pane_clock_was_set(&source->clock)) {
		uint64_t now_ns = clock_monotonic_ns();

		if (now_ns >= deadline_ns)
			return 0;
		err = pcap_live_read(source->capture, read_timeout_ms(deadline_ns - now_ns));
	}
	return err ? err : pcap_live_read(source->capture, PCAP_LIVE_SETTLE_MS);
}

static int capture_pane(struct source *source, struct pane *pane)
{
	int err = capture_until_over(source), end_err;
	struct pane_moment moment = pane_moment_now();

	end_err = pcap_live_end_pane(source->capture, &moment, pane);
	err = err ? err : end_err;
	pane_clock_turn(&source->clock, &moment, pane);
	if (*stop_flag() || pane_clock_is_over(&source->clock, moment.now_ns))
		source->last = SOURCE_END;
	if (err) {
		report_error("capture: %s", pcap_live_reason(source->capture));
		source->last = err;
	}
	return SOURCE_PANE;
}

int source_next_pane(struct source *source, struct pane *pane)
{
	if (source->last != SOURCE_PANE)
		return source->last;
	if (source->live)
		return live_pane(source, pane);
	if (source->capture)
		return capture_pane(source, pane);
	return replay_pane(source, pane);
}

void source_describe(const struct source *source, struct document_context *context)
{
	bool is_live = source_is_live(source);

	context->source_kind = is_live ? "interface" : "file";
	context->source_names = source->names;
	context->source_name_count = source->name_count;
	context->attach = source->attached;
	context->attach_count = source->attached_count;
	context->direction = is_live ? direction_name(source->config.options->direction) : NULL;
	context->link_names = is_live ? source->names : replay_link_names(source->replay);
}

void source_follow_names(const struct source *source, struct document_context *context)
{
	if (source->live)
		context->link_names = live_link_names(source->live);
}

bool source_is_live(const struct source *source)
{
	return !source->replay;
}

double source_table_use(const struct source *source)
{
	return source->live ? live_table_use(source->live) : -1.0;
}
