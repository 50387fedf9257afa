/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel programs, one set for all interfaces of a run, loaded with its settings and counting
 * into the banks.
 */
#ifndef WEIR_PROGRAMS_H
#define WEIR_PROGRAMS_H

#include <stdbool.h>

#include "../../include/account.h"
#include "../../include/settings.h"
#include "banks.h"
#include "../engine/group.h"

/* PROGRAM_IP_: at TC of devices whose packets begin with their IP header. */
enum program_kind { PROGRAM_XDP, PROGRAM_XDP_FRAGS, PROGRAM_TC_INGRESS, PROGRAM_TC_EGRESS,
		    PROGRAM_IP_INGRESS, PROGRAM_IP_EGRESS, PROGRAM_KIND_COUNT };

struct filter;
struct filter_error;

/*
 * An expression, compiled for packets by what they begin with. NULL: it has no meaning there, so
 * that none of them passes; or, both being NULL, there is no expression.
 */
struct hook_filters {
	const struct filter *ethernet;
	const struct filter *ip;
};

struct programs_request {
	const struct banks *banks;
	const struct hash_seed *seed;
	const struct group_by *group;   /* NULL: whole keys */
	struct hook_filters filters;
	unsigned int highest_ifindex;   /* of the links; more may come later */
	bool has_owners;                /* banks' records have the socket, */
	bool has_tcp;                   /* and what is told of TCP, */
	bool has_ip_bytes;              /* and the bytes of IP packets */
	bool has_tunnels;               /* and the tunnel: flows are those inside */
	bool has_fragments;             /* later ones have the ports of their first */
	bool realtime;                  /* PREEMPT_RT: sections are claimed */
	bool wanted[PROGRAM_KIND_COUNT];
};

struct programs;

/*
 * Loads the wanted programs. 0 or negative errno, then *programs is NULL and, where it was the
 * filter that was refused, error->text is not empty.
 */
int programs_load(const struct programs_request *request, struct programs **programs,
		  struct filter_error *error);
void programs_unload(struct programs *programs);

/*
 * Tells the number of the link that has this interface index, before its first packet: below
 * the links of the banks' geometry. Where these are one, it is 0 and need not be told. 0 or
 * negative errno.
 */
int programs_add_link(const struct programs *programs, unsigned int ifindex,
		      unsigned int number);

/* Gives the place of an interface that has gone to those that come. */
void programs_drop_link(const struct programs *programs, unsigned int ifindex);

/*
 * The kernel's time in ticks, as the programs see it: what a bank's begin is counted from.
 * 0 and *ticks, or negative errno.
 */
int programs_read_ticks(const struct programs *programs, uint64_t *ticks);

/*
 * File descriptor of what is to be attached for a wanted program: the program itself, the filter in
 * front of it, or what counts as filtered all that comes. Owned by programs.
 */
int programs_fd(const struct programs *programs, enum program_kind kind);

/*
 * Pins in a directory of a BPF file system what the programs lose with the process: the arrays by
 * which a filter finds them (the kernel empties one that no user has). 0 or negative errno.
 */
int programs_pin(const struct programs *programs, const char *directory);
void programs_unpin(const char *directory);

/* The settings that they were loaded with; whether a filter stands in front of them. */
const struct count_settings *programs_settings(const struct programs *programs);
bool programs_have_filter(const struct programs *programs);

/* Has an object that is open, and not loaded yet, take its maps from these. 0 or negative errno. */
struct bpf_object;
int programs_lend_maps(const struct programs *programs, struct bpf_object *object);

/*
 * Connections that made room for others though they were heard of (connection.h), since the load.
 */
uint64_t programs_connections_missed(const struct programs *programs);

#endif
