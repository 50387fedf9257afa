/* SPDX-License-Identifier: BSD-2-Clause */
#include "ahead.h"

#include <linux/if_ether.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "chain.h"

static void add(struct ahead *ahead, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct ahead *ahead, const char *format, ...)
{
	char text[AHEAD_TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (ahead_has(ahead, text))
		return;
	if (ahead->count < AHEAD_MAX)
		memcpy(ahead->text[ahead->count++], text, sizeof(text));
	else
		ahead->omitted++;
}

static void add_program(struct ahead *ahead, const struct ahead_interface *interface,
			uint32_t prog_id, const char *prog_name, const char *point_name)
{
	const char *open = prog_name[0] ? " (" : "", *close = prog_name[0] ? ")" : "";

	add(ahead, "prog %u%s%s%s at %s of %s", prog_id, open, prog_name, close, point_name,
	    interface->name);
}

static void add_filter(struct ahead *ahead, const struct ahead_interface *interface,
		       const struct chain_entry *entry, const char *point_name)
{
	if (entry->prog_id)
		add_program(ahead, interface, entry->prog_id, entry->name, point_name);
	else
		add(ahead, "filter pref %u %s at %s of %s", entry->priority, entry->kind,
		    point_name, interface->name);
}

/* Programs at XDP run before TC: native ones before the packet is one for TC at all. */
static void add_xdp(struct ahead *ahead, const struct ahead_interface *interface)
{
	char prog_name[CHAIN_NAME_MAX], point_name[16];

	if (interface->xdp_mode == NETDEV_XDP_NONE || !interface->xdp_prog_id)
		return;
	chain_program_name(interface->xdp_prog_id, prog_name);
	if (chain_name_is_weirs(prog_name))
		return;
	snprintf(point_name, sizeof(point_name), "xdp-%s",
		 netdev_xdp_mode_name(interface->xdp_mode));
	add_program(ahead, interface, interface->xdp_prog_id, prog_name, point_name);
}

static bool is_own(const struct chain_entry *entry, const struct attachment *own)
{
	if (!attach_point_is_clsact(own->point))
		return entry->prog_id == own->prog_id;
	return entry->handle == own->handle && entry->priority == own->priority;
}

/*
 * Where weir's own is not there yet: it will stand first at TCX, and at clsact where the first
 * priority is free or programs have it.
 */
static bool will_be_first(const struct chain_entry *entry, enum attach_point point)
{
	if (!attach_point_is_clsact(point) || entry->priority > 1)
		return true;
	return strcmp(entry->kind, "bpf") == 0 && entry->protocol == ETH_P_ALL;
}

static int add_chain(struct ahead *ahead, const struct ahead_interface *interface,
		     enum attach_point point, const struct attachment *own)
{
	struct chain chain;
	int err = chain_read(&chain, point, interface->ifindex);

	for (size_t i = 0; !err && i < chain.count; i++) {
		const struct chain_entry *entry = &chain.entries[i];

		if (own && (own->prog_id ? is_own(entry, own) : will_be_first(entry, point)))
			break;
		if (!entry->is_weirs)
			add_filter(ahead, interface, entry, attach_point_name(point));
	}
	return err;
}

int ahead_add(struct ahead *ahead, const struct ahead_interface *interface,
	      const struct attachment *own)
{
	bool is_in = own->point == ATTACH_TCX_INGRESS || own->point == ATTACH_CLSACT_INGRESS;
	int err = 0;

	if (is_in)
		add_xdp(ahead, interface);
	if (attach_point_is_clsact(own->point))
		err = add_chain(ahead, interface, is_in ? ATTACH_TCX_INGRESS : ATTACH_TCX_EGRESS,
				NULL);
	if (!err && own->point >= ATTACH_TCX_INGRESS && own->point <= ATTACH_CLSACT_EGRESS)
		err = add_chain(ahead, interface, own->point, own);
	return err;
}

bool ahead_has(const struct ahead *ahead, const char *text)
{
	for (size_t i = 0; i < ahead->count; i++) {
		if (strcmp(ahead->text[i], text) == 0)
			return true;
	}
	return false;
}
