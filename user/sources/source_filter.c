/* SPDX-License-Identifier: BSD-2-Clause */
#include "source_filter.h"

#include <errno.h>
#include <pcap/dlt.h>
#include <string.h>

#include "../report.h"

/* One link type of libpcap for each of ours; those that share one differ in nothing here. */
static const int link_types[SOURCE_FILTER_LINKS] = {
	[LINK_ETHERNET] = DLT_EN10MB, [LINK_COOKED] = DLT_LINUX_SLL,
	[LINK_COOKED2] = DLT_LINUX_SLL2, [LINK_RAW] = DLT_RAW,
	[LINK_IPV4] = DLT_IPV4, [LINK_IPV6] = DLT_IPV6,
	[LINK_NULL] = DLT_NULL, [LINK_LOOP] = DLT_LOOP,
};

static void report_rejected(const char *expression, const struct filter_error *error)
{
	report_error("filter: %s", error->text);
	if (error->column < 0)
		return;
	report_error("  %s", expression);
	report_error("  %*s^", error->column, "");
}

static int compile_for(struct source_filter *filter, int link, bool is_live,
		       struct filter_error *error)
{
	struct filter_link of = { .type = link_types[link], .is_live = is_live };

	return filter_compile(filter->expression, &of, &filter->by_link[link], error);
}

int source_filter_open(struct source_filter *filter, const char *expression, bool is_live)
{
	struct filter_error error, ignored;
	int err;

	*filter = (struct source_filter){ .expression = expression };
	err = compile_for(filter, LINK_ETHERNET, is_live, &error);
	for (int link = LINK_ETHERNET + 1; link < SOURCE_FILTER_LINKS && err && !is_live; link++) {
		if (!compile_for(filter, link, is_live, &ignored))
			err = 0;
	}
	if (err)
		report_rejected(expression, &error);
	return err;
}

void source_filter_close(struct source_filter *filter)
{
	for (int link = 0; link < SOURCE_FILTER_LINKS; link++)
		filter_close(filter->by_link[link]);
}

int source_filter_match(void *context, const struct capture_packet *packet)
{
	struct source_filter *filter = context;
	struct filter_error error;

	if (!filter->by_link[packet->link]) {
		int err = compile_for(filter, packet->link, false, &error);

		if (err) {
			report_rejected(filter->expression, &error);
			return err;
		}
	}
	return filter_matches(filter->by_link[packet->link], packet->data, packet->caplen,
			      packet->len);
}
