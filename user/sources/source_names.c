/* SPDX-License-Identifier: BSD-2-Clause */
#include "source_names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../base/report.h"
#include "../system/netdev.h"
#include "../system/netdev_route.h"
#include "source.h"

/* An interface under two of its names would be counted twice. */
static int names_check(const struct source_names *names)
{
	for (size_t i = 1; i < names->count; i++) {
		unsigned int ifindex = if_nametoindex(names->list[i]);

		for (size_t before = 0; ifindex && before < i; before++) {
			if (if_nametoindex(names->list[before]) != ifindex)
				continue;
			report_error("interface %s: it is %s, which is named already",
				     names->list[i], names->list[before]);
			return -EINVAL;
		}
	}
	return 0;
}

/* The programs read Ethernet and IP headers only; libpcap knows others. */
static bool is_countable(const struct source_settings *settings,
			 const struct netdev_listed *interface)
{
	if (interface->header != NETDEV_HEADER_OTHER || settings->attach.how == ATTACH_PCAP)
		return true;
	report_notice("interface %s: left out: its packets begin with neither Ethernet "
		      "nor IP (-a pcap counts them)", interface->name);
	return false;
}

static int names_of_all(const struct source_settings *settings, struct source_names *names)
{
	size_t count;
	int err = netdev_list_up(&names->all, &count);

	if (err) {
		report_error("interface any: %s", strerror(-err));
		return err;
	}
	for (size_t i = 0; i < count; i++) {
		if (!is_countable(settings, &names->all[i]))
			continue;
		if (names->count < FLOW_LINKS_MAX)
			names->list[names->count++] = names->all[i].name;
		else
			report_notice("warning: interface %s: left out: at most %d are counted at "
				      "once", names->all[i].name, FLOW_LINKS_MAX);
	}
	if (names->count)
		return 0;
	report_error("interface any: no interface is up");
	return -ENODEV;
}

static int name_of_default_route(struct source_names *names)
{
	names->default_route = calloc(1, IF_NAMESIZE);
	if (!names->default_route) {
		report_error("find an interface: %s", strerror(ENOMEM));
		return -ENOMEM;
	}
	if (netdev_default_route(names->default_route)) {
		report_error("find an interface: there is no default route");
		report_error("try: -i NAME, or -i any; ip link lists them");
		return -ENODEV;
	}
	names->list[names->count++] = names->default_route;
	return 0;
}

int source_names_find(const struct source_settings *settings, struct source_names *names)
{
	*names = (struct source_names){ 0 };
	if (settings->is_any)
		return names_of_all(settings, names);
	if (!settings->interface_count)
		return name_of_default_route(names);
	names->count = settings->interface_count;
	memcpy(names->list, settings->interfaces, names->count * sizeof(*names->list));
	return names_check(names);
}

void source_names_free(struct source_names *names)
{
	free(names->default_route);
	free(names->all);
	*names = (struct source_names){ 0 };
}
