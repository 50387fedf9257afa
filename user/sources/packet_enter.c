/* SPDX-License-Identifier: BSD-2-Clause */
#include "packet_enter.h"

int enter_ethertype(struct cursor *c, __be16 ethertype, struct packet *p)
{
	return parse_ethertype(c, ethertype, p);
}
