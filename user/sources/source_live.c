/* SPDX-License-Identifier: BSD-2-Clause */
/* The live source whose programs count in the kernel. */
#include "source_live.h"

#include <errno.h>
#include <pcap/dlt.h>
#include <string.h>

#include "../base/report.h"
#include "../system/netdev.h"
#include "live.h"
#include "source_kind.h"

struct live_source {
	struct source base;
	struct live *live;
	struct filter *filters[NETDEV_HEADER_OTHER]; /* by what packets begin with */
	const char *attached[LIVE_ATTACHED_MAX];
};

static struct live_source *live_source(struct source *source)
{
	return (struct live_source *)source;
}

/* Interfaces that came are named behind those of the start. */
static void follow_names(struct live_source *source)
{
	const char *const *names = live_link_names(source->live);
	size_t count = live_links_count(source->live);

	for (size_t i = source->base.facts.name_count; i < count; i++)
		source->base.names.list[i] = names[i];
	source->base.facts.name_count = count;
}

static int live_source_pane(struct source *base, struct pane *pane)
{
	struct live_source *source = live_source(base);
	int more = live_next_pane(source->live, pane);

	if (more < 0)
		return more;
	/* One that came back may have other hooks. */
	base->facts.attached_count = live_attached(source->live, source->attached);
	follow_names(source);
	base->last = more ? SOURCE_PANE : live_verdict(source->live);
	if (base->last == -ENODEV)
		report_error("count packets: no interface is left");
	return SOURCE_PANE;
}

static const char *const *live_source_link_names(struct source *source)
{
	return live_link_names(live_source(source)->live);
}

static double live_source_table_use(const struct source *source)
{
	return live_table_use(((const struct live_source *)source)->live);
}

static int live_source_absence(struct source *base, const struct record_taker *taker,
			       struct pane *pane)
{
	int found = live_absence(live_source(base)->live, taker, pane);

	follow_names(live_source(base));
	return found < 0 ? found : found ? SOURCE_PANE : SOURCE_END;
}

static int live_source_close(struct source *base)
{
	struct live_source *source = live_source(base);
	int err = live_close(source->live);

	for (int header = 0; header < NETDEV_HEADER_OTHER; header++)
		filter_close(source->filters[header]);
	return err;
}

static const struct source_kind live_kind = {
	.next_pane = live_source_pane,
	.link_names = live_source_link_names,
	.table_use = live_source_table_use,
	.absence = live_source_absence,
	.close = live_source_close,
};

/* What begin the packets of the interfaces with? One that is not there is told of later. */
static void find_headers(const struct source_names *names, bool found[NETDEV_HEADER_OTHER])
{
	for (size_t i = 0; i < names->count; i++) {
		enum netdev_header header;

		if (netdev_header(names->list[i], &header) || header == NETDEV_HEADER_OTHER)
			header = NETDEV_HEADER_ETHERNET;
		found[header] = true;
	}
}

/* Compiles the expression for each beginning; what has a meaning for one need not for another. */
static int live_source_filter(struct live_source *source)
{
	static const int types[NETDEV_HEADER_OTHER] = { [NETDEV_HEADER_ETHERNET] = DLT_EN10MB,
							[NETDEV_HEADER_IP] = DLT_RAW };
	static const char *const words[NETDEV_HEADER_OTHER] = { "with Ethernet headers",
								"without Ethernet headers" };
	const char *expression = source->base.settings.filter;
	bool found[NETDEV_HEADER_OTHER] = { false }, has_meaning = false;
	struct filter_error errors[NETDEV_HEADER_OTHER];
	int refused = -1;

	if (!expression)
		return 0;
	find_headers(&source->base.names, found);
	for (int header = 0; header < NETDEV_HEADER_OTHER; header++) {
		struct filter_link link = { .type = types[header], .is_live = true,
					    .netmask = source_netmask(source->base.names.list[0]) };
		int err = found[header] ? filter_compile(expression, &link, &source->filters[header],
							 &errors[header]) : 0;

		if (err && err != -EINVAL)
			return source_report_filter(expression, &errors[header], err);
		has_meaning |= found[header] && !err;
		refused = err ? header : refused;
	}
	if (!has_meaning)
		return source_report_filter(expression, &errors[refused], -EINVAL);
	if (refused >= 0)
		report_notice("filter: none pass of interfaces %s: %s", words[refused],
			      errors[refused].text);
	return 0;
}

/* What the kernel finds invalid is not the user's words: those were read before. */
static int live_source_start(struct live_source *source)
{
	const struct source_settings *settings = &source->base.settings;
	struct live_config config = { .settings = settings->attach,
				      .group = settings->group,
				      .slots = settings->slots,
				      .slots_given = settings->slots_given,
				      .clock = source_clock(settings),
				      .interfaces = source->base.names.list,
				      .interface_count = source->base.names.count,
				      .taker = settings->taker,
				      .once = settings->once,
				      .is_any = settings->is_any,
				      .pin = settings->pin,
				      .filters = { source->filters[NETDEV_HEADER_ETHERNET],
						   source->filters[NETDEV_HEADER_IP] } };
	int err = live_open(&config, &source->live);

	if (err == -EINVAL)
		return -EIO;
	if (!err)
		source->base.facts.attached_count =
			live_attached(source->live, source->attached);
	source->base.facts.attached = source->attached;
	return err;
}

int source_live_open(const struct source_settings *settings, struct source_names *names,
		     struct source **result)
{
	struct live_source *source = source_create(&live_kind, settings, sizeof(*source));
	int err;

	*result = source ? &source->base : NULL;
	if (!source)
		return -ENOMEM;
	source->base.names = *names;
	*names = (struct source_names){ 0 };
	err = live_source_filter(source);
	return err ? err : live_source_start(source);
}
