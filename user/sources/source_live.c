/* SPDX-License-Identifier: BSD-2-Clause */
/* The live source whose programs count in the kernel. */
#include "source_live.h"

#include <errno.h>
#include <pcap/dlt.h>
#include <string.h>

#include "../base/report.h"
#include "live.h"
#include "source_kind.h"

struct live_source {
	struct source base;
	struct live *live;
	struct filter *filter;
	const char *attached[LIVE_ATTACHED_MAX];
};

static struct live_source *live_source(struct source *source)
{
	return (struct live_source *)source;
}

static int live_source_pane(struct source *base, struct pane *pane)
{
	struct live_source *source = live_source(base);
	int more = live_next_pane(source->live, pane);

	if (more < 0)
		return more;
	/* One that came back may have other hooks. */
	base->facts.attached_count = live_attached(source->live, source->attached);
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

static int live_source_close(struct source *base)
{
	struct live_source *source = live_source(base);
	int err = live_close(source->live);

	filter_close(source->filter);
	return err;
}

static const struct source_kind live_kind = {
	.next_pane = live_source_pane,
	.link_names = live_source_link_names,
	.table_use = live_source_table_use,
	.close = live_source_close,
};

static int live_source_filter(struct live_source *source)
{
	const char *expression = source->base.settings.filter;
	struct filter_link link = { .type = DLT_EN10MB, .is_live = true,
				    .netmask = source_netmask(source->base.names.list[0]) };
	struct filter_error error;
	int err = 0;

	if (expression)
		err = filter_compile(expression, &link, &source->filter, &error);
	return err ? source_report_filter(expression, &error, err) : 0;
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
				      .filter = source->filter };
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
