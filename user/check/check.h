/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The verb check: what weir would attach where, what is in the way and the command that mends
 * it. It changes nothing.
 *
 * With --json one document on standard output, null where something could not be learnt:
 *
 *   schema       "weir-check/1"
 *   ok           weir can run as asked: what the exit status says
 *   machine      ok, kernel, realtime, bpf, load_error (text or null), jit, capabilities and
 *                capabilities_missing (lists), unprivileged_bpf_disabled, cpus, slots,
 *                banks_bytes, memory_bytes (of the control group where memory_is_limited),
 *                memory_is_limited, findings
 *   interfaces   a list: name, ok, error (text or null); the rest only where error is null:
 *                default_route, ifindex, driver, up, running, ethernet, mtu,
 *                xdp: mode ("none", "native", "generic", "hw"), program_id, program_name,
 *                     native, frags, native_mtu, native_mtu_max
 *                offloads: rx_vlan, gro, gro_hw, lro, tso, gso
 *                tc: tcx, tcx_ingress, tcx_egress (programs there), clsact, ingress_qdisc
 *                attach: in, out (as "source.attach" of a result has them; null: nothing), why
 *                ahead: a list of texts, who would stand before weir at its hooks
 *                leftovers: number of filters that a killed weir left
 *                findings
 *   blind_spots  a list of texts: what no attach mode sees
 *
 * A finding: subject, state ("ok", "note", "fail"), fact, action (what weir does about it),
 * try (a command that mends it, or null).
 */
#ifndef WEIR_CHECK_H
#define WEIR_CHECK_H

#include "../cli/options.h"

/*
 * Checks options->interfaces; where none is named, every interface that is up but loopback.
 * EXIT_DONE where weir can run as asked (notes do not count), on all interfaces named or on one
 * of those found; else EXIT_FAILED.
 */
int check_run(const struct options *options);

#endif
