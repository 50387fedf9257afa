/* SPDX-License-Identifier: BSD-2-Clause */
#include "source_kind.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

#include "../base/report.h"

void *source_create(const struct source_kind *kind, const struct source_settings *settings,
		    size_t size)
{
	struct source *source = calloc(1, size);

	if (!source) {
		report_error("start: %s", strerror(ENOMEM));
		return NULL;
	}
	source->kind = kind;
	source->settings = *settings;
	source->last = SOURCE_PANE;
	return source;
}

int source_report_filter(const char *expression, const struct filter_error *error, int err)
{
	report_error("filter: %s", error->text);
	if (err != -EINVAL || error->column < 0)
		return err;
	report_error("  %s", expression);
	report_error("  %*s^", error->column, "");
	return err;
}

uint32_t source_netmask(const char *interface)
{
	char error[PCAP_ERRBUF_SIZE];
	bpf_u_int32 net, mask;

	return pcap_lookupnet(interface, &net, &mask, error) ? 0 : ntohl(mask);
}

int source_packet_filter(const struct source *source, struct packet_filter **filter)
{
	const char *expression = source->settings.filter;
	struct packet_filter_config config = { .expression = expression,
					       .is_live = !source->settings.file };
	struct filter_error error;
	int err = 0;

	if (config.is_live)
		config.netmask = source_netmask(source->names.list[0]);
	if (expression)
		err = packet_filter_open(&config, filter, &error);
	return err ? source_report_filter(expression, &error, err) : 0;
}
