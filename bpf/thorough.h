/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Packets whose headers the fast parser did not see through are parsed again, at XDP. The parsers
 * are global functions: the verifier checks each once, by itself.
 */
#ifndef WEIR_THOROUGH_H
#define WEIR_THOROUGH_H

#include "hook.h"

__noinline int parse_thoroughly_xdp(struct xdp_md *ctx, struct packet *p)
{
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	struct cursor c = cursor_over(CURSOR_LINEAR, data, data_end);

	if (!p)
		return 0;
	c.blur = &p->blur;
	return parse_ethernet(&c, p);
}

__noinline int parse_thoroughly_xdp_frags(struct xdp_md *ctx, struct packet *p)
{
	struct cursor c = { .kind = CURSOR_XDP, .context = ctx };

	if (!p)
		return 0;
	c.blur = &p->blur;
	return parse_ethernet(&c, p);
}

#endif
