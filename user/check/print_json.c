/* SPDX-License-Identifier: BSD-2-Clause */
#include "print_json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../outputs/json.h"
#include "../outputs/json_string.h"
#include "interface_judge.h"

#define SCHEMA "weir-check/1"

/* A document in the making, indented by depth. */
struct writer {
	struct text text;
	unsigned depth;
	bool is_first; /* in its object or list */
};

/* key is NULL in a list. */
static void writer_next(struct writer *writer, const char *key)
{
	if (writer->depth)
		text_string(&writer->text, writer->is_first ? "\n" : ",\n");
	for (unsigned i = 0; i < writer->depth; i++)
		text_string(&writer->text, "  ");
	writer->is_first = false;
	if (!key)
		return;
	json_string(&writer->text, key);
	text_string(&writer->text, ": ");
}

static void writer_open(struct writer *writer, const char *key, const char *bracket)
{
	writer_next(writer, key);
	text_string(&writer->text, bracket);
	writer->depth++;
	writer->is_first = true;
}

static void writer_close(struct writer *writer, const char *bracket)
{
	writer->depth--;
	text_string(&writer->text, writer->is_first ? "" : "\n");
	for (unsigned i = 0; !writer->is_first && i < writer->depth; i++)
		text_string(&writer->text, "  ");
	text_string(&writer->text, bracket);
	writer->is_first = false;
}

/* NULL and empty strings are null: not known. */
static void put_string(struct writer *writer, const char *key, const char *value)
{
	writer_next(writer, key);
	if (value && value[0])
		json_string(&writer->text, value);
	else
		text_string(&writer->text, "null");
}

static void put_number(struct writer *writer, const char *key, uint64_t value)
{
	writer_next(writer, key);
	text_uint(&writer->text, value);
}

static void put_number_unless(struct writer *writer, const char *key, uint64_t value, bool unknown)
{
	if (unknown)
		put_string(writer, key, NULL);
	else
		put_number(writer, key, value);
}

static void put_bool(struct writer *writer, const char *key, bool value)
{
	writer_next(writer, key);
	text_string(&writer->text, value ? "true" : "false");
}

static void put_answer(struct writer *writer, const char *key, enum netdev_answer answer)
{
	if (answer == NETDEV_UNKNOWN)
		put_string(writer, key, NULL);
	else
		put_bool(writer, key, answer == NETDEV_YES);
}

static void put_findings(struct writer *writer, const struct findings *findings)
{
	writer_open(writer, "findings", "[");
	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->list[i];

		writer_open(writer, NULL, "{");
		put_string(writer, "subject", finding->subject);
		put_string(writer, "state", finding_state_name(finding->state));
		put_string(writer, "fact", finding->fact);
		put_string(writer, "action", finding->action);
		put_string(writer, "try", finding->mend);
		writer_close(writer, "}");
	}
	writer_close(writer, "]");
}

static void put_capabilities(struct writer *writer, const char *key, uint64_t capabilities)
{
	writer_open(writer, key, "[");
	for (unsigned number = 0; number < 64; number++) {
		char name[32];

		if (!(capabilities & MACHINE_CAP(number)))
			continue;
		machine_capabilities_text(MACHINE_CAP(number), name, sizeof(name));
		if (name[0])
			put_string(writer, NULL, name);
	}
	writer_close(writer, "]");
}

static void put_machine(struct writer *writer, const struct machine_survey *machine)
{
	const struct machine_facts *facts = &machine->facts;

	writer_open(writer, "machine", "{");
	put_bool(writer, "ok", findings_are_good(&machine->findings));
	put_string(writer, "kernel", facts->kernel);
	put_bool(writer, "realtime", facts->realtime);
	put_bool(writer, "bpf", facts->has_bpf);
	put_string(writer, "load_error", facts->load_error ? strerror(-facts->load_error) : NULL);
	if (facts->jit == MACHINE_JIT_UNKNOWN)
		put_string(writer, "jit", NULL);
	else
		put_bool(writer, "jit", facts->jit == MACHINE_JIT_ON);
	put_capabilities(writer, "capabilities", facts->capabilities);
	put_capabilities(writer, "capabilities_missing",
			 machine_capabilities_missing(facts, MACHINE_CAPS_NEEDED));
	put_number_unless(writer, "unprivileged_bpf_disabled",
			  (uint64_t)facts->unprivileged_bpf_disabled,
			  facts->unprivileged_bpf_disabled < 0);
	put_number(writer, "cpus", facts->cpus);
	put_number(writer, "slots", machine->slots);
	put_number(writer, "banks_bytes", machine->banks_bytes);
	put_number(writer, "memory_bytes", facts->memory_bytes);
	put_bool(writer, "memory_is_limited", facts->memory_is_limited);
	put_findings(writer, &machine->findings);
	writer_close(writer, "}");
}

static void put_xdp(struct writer *writer, const struct netdev_facts *facts)
{
	writer_open(writer, "xdp", "{");
	put_string(writer, "mode", netdev_xdp_mode_name(facts->xdp_mode));
	put_number_unless(writer, "program_id", facts->xdp_prog_id, !facts->xdp_prog_id);
	put_string(writer, "program_name", facts->xdp_prog_name);
	put_answer(writer, "native", facts->native_xdp);
	put_answer(writer, "frags", facts->xdp_frags);
	put_number(writer, "native_mtu", facts->native_mtu);
	put_number_unless(writer, "native_mtu_max", facts->native_mtu_max,
			  !facts->native_mtu_max);
	writer_close(writer, "}");
}

static void put_offloads(struct writer *writer, const struct netdev_facts *facts)
{
	writer_open(writer, "offloads", "{");
	put_bool(writer, "rx_vlan", facts->rx_vlan_strip);
	put_bool(writer, "gro", facts->gro);
	put_bool(writer, "gro_hw", facts->gro_hw);
	put_bool(writer, "lro", facts->lro);
	put_bool(writer, "tso", facts->tso);
	put_bool(writer, "gso", facts->gso);
	writer_close(writer, "}");
}

static void put_tc(struct writer *writer, const struct netdev_facts *facts)
{
	bool unknown = facts->tcx == NETDEV_UNKNOWN;

	writer_open(writer, "tc", "{");
	put_answer(writer, "tcx", facts->tcx);
	put_number_unless(writer, "tcx_ingress", facts->tcx_ingress, unknown);
	put_number_unless(writer, "tcx_egress", facts->tcx_egress, unknown);
	put_bool(writer, "clsact", facts->has_clsact);
	put_bool(writer, "ingress_qdisc", facts->has_ingress_qdisc);
	writer_close(writer, "}");
}

static void put_plan(struct writer *writer, const struct attach_plan *plan)
{
	writer_open(writer, "attach", "{");
	put_string(writer, "in", attach_point_name(plan->in));
	put_string(writer, "out", attach_point_name(plan->out));
	put_string(writer, "why", plan->why);
	writer_close(writer, "}");
}

static void put_ahead(struct writer *writer, const struct ahead *ahead)
{
	writer_open(writer, "ahead", "[");
	for (size_t i = 0; i < ahead->count; i++)
		put_string(writer, NULL, ahead->text[i]);
	writer_close(writer, "]");
}

static void put_interface(struct writer *writer, const struct interface_survey *interface)
{
	const struct netdev_facts *facts = &interface->facts;

	writer_open(writer, NULL, "{");
	put_string(writer, "name", interface->err ? interface->name : facts->name);
	put_bool(writer, "ok", !interface->err && findings_are_good(&interface->findings));
	put_string(writer, "error", interface->err ? strerror(-interface->err) : NULL);
	if (!interface->err) {
		put_bool(writer, "default_route", interface->is_default_route);
		put_number(writer, "ifindex", facts->ifindex);
		put_string(writer, "driver", facts->driver);
		put_bool(writer, "up", facts->up);
		put_bool(writer, "running", facts->running);
		put_bool(writer, "ethernet", facts->header == NETDEV_HEADER_ETHERNET);
		put_number(writer, "mtu", facts->mtu);
		put_xdp(writer, facts);
		put_offloads(writer, facts);
		put_tc(writer, facts);
		put_plan(writer, &interface->plan);
		put_ahead(writer, &interface->ahead);
		put_number(writer, "leftovers", interface->leftovers);
		put_findings(writer, &interface->findings);
	}
	writer_close(writer, "}");
}

static void put_survey(struct writer *writer, const struct survey *survey)
{
	const char *const *blind = survey_blind_spots();

	writer_open(writer, NULL, "{");
	put_string(writer, "schema", SCHEMA);
	put_bool(writer, "ok", survey->ok);
	put_machine(writer, &survey->machine);
	writer_open(writer, "interfaces", "[");
	for (size_t i = 0; i < survey->interface_count; i++)
		put_interface(writer, &survey->interfaces[i]);
	writer_close(writer, "]");
	writer_open(writer, "blind_spots", "[");
	for (; *blind; blind++)
		put_string(writer, NULL, *blind);
	writer_close(writer, "]");
	writer_close(writer, "}");
	text_string(&writer->text, "\n");
}

int survey_print_json(const struct survey *survey)
{
	struct writer writer = { .is_first = true };
	int err;

	put_survey(&writer, survey);
	err = writer.text.err;
	errno = EIO;
	if (!err && (fwrite(writer.text.bytes, 1, writer.text.length, stdout) <
		     writer.text.length || fflush(stdout)))
		err = -errno;
	text_fini(&writer.text);
	return err;
}
