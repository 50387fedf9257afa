/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program for one interface at XDP, which sees the VLAN tag that its driver keeps beside a packet
 * (bpf/tags.bpf.c), and counts into the same tables as those for all interfaces.
 */
#ifndef WEIR_TAG_PROGRAM_H
#define WEIR_TAG_PROGRAM_H

#include "programs.h"

/* So many interfaces at most have one: each is loaded by itself. */
#define TAG_PROGRAMS_MAX 8u

struct tag_program;

/*
 * What the settings of the programs ask for that it does not do, as the end of a sentence ("beside
 * --tcp"); NULL: nothing. A filter cannot find it: the kernel keeps programs that are bound to a
 * device out of the arrays by which programs call each other.
 */
const char *tag_program_lacks(const struct programs *programs);

/*
 * Loads it, for a driver that tells of tags (netdev_facts.xdp_rx_vlan). 0 and *program, or negative
 * errno.
 */
int tag_program_load(const struct programs *programs, unsigned int ifindex, bool has_frags,
		     struct tag_program **program);

/* To be attached; then its hook keeps it, and it may be unloaded. */
int tag_program_fd(const struct tag_program *program);
void tag_program_unload(struct tag_program *program);

#endif
