/* SPDX-License-Identifier: BSD-2-Clause */
#include "source.h"

#include <errno.h>
#include <stdlib.h>

#include "../base/report.h"
#include "../system/machine.h"
#include "source_kind.h"
#include "source_live.h"
#include "source_log.h"
#include "source_pcap.h"
#include "source_replay.h"

static int report_privileges(void)
{
	struct machine_facts machine;
	char missing[128] = "";

	if (!machine_query(&machine))
		machine_capabilities_text(
			machine_capabilities_missing(&machine, MACHINE_CAPS_NEEDED), missing,
			sizeof(missing));
	report_error("load the programs: operation not permitted: it takes %s",
		     missing[0] ? missing : "CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON");
	report_error("try: sudo, or give the process these capabilities");
	return -EPERM;
}

static int report_no_bpf(int err)
{
	if (err == -EPERM)
		return report_privileges();
	report_error("load the programs: this kernel has no BPF");
	report_error("try: -a pcap");
	return err;
}

static int report_no_pin(void)
{
	report_error("pin: libpcap counts in the agent, and ends with it");
	return -EOPNOTSUPP;
}

static bool may_capture(void)
{
	struct machine_facts machine;

	return !machine_query(&machine) &&
	       !machine_capabilities_missing(&machine, MACHINE_CAPS_PCAP);
}

/* Programs, or what stands in for them where they cannot be loaded or cannot count. */
static int interfaces_open(const struct source_settings *settings, struct source_names *names,
			   struct source **result)
{
	int err;

	if (settings->attach.how == ATTACH_PCAP && settings->pin)
		return report_no_pin();
	if (settings->attach.how == ATTACH_PCAP)
		return source_pcap_open(settings, names, result);
	err = source_live_open(settings, names, result);
	if (err == -EPROTONOSUPPORT && settings->pin)
		return report_no_pin();
	if (err != -EPERM && err != -ENOSYS && err != -EPROTONOSUPPORT)
		return err;
	if (err != -EPROTONOSUPPORT) {
		if (settings->attach.how != ATTACH_AUTO || settings->pin || !may_capture())
			return report_no_bpf(err);
		report_notice("BPF programs may not be loaded: falling back to libpcap");
	}
	*names = (*result)->names;
	(*result)->names = (struct source_names){ 0 };
	source_close(*result);
	return source_pcap_open(settings, names, result);
}

static int source_start(const struct source_settings *settings, struct source **result)
{
	struct source_names names;
	int err;

	if (settings->log)
		return source_log_open(settings, result);
	if (settings->file)
		return source_replay_open(settings, result);
	err = source_names_find(settings, &names);
	if (!err)
		err = interfaces_open(settings, &names, result);
	source_names_free(&names);
	return err;
}

int source_open(const struct source_settings *settings, struct source **result)
{
	int err;

	*result = NULL;
	err = source_start(settings, result);
	if (err) {
		source_close(*result);
		*result = NULL;
		return err;
	}
	(*result)->facts.is_live = !settings->file;
	(*result)->facts.names = (*result)->names.list;
	(*result)->facts.name_count = (*result)->names.count;
	return 0;
}

int source_close(struct source *source)
{
	int err;

	if (!source)
		return 0;
	err = source->kind->close(source);
	source_names_free(&source->names);
	free(source);
	return err;
}

int source_next_pane(struct source *source, struct pane *pane)
{
	int step = source->last;

	if (step == SOURCE_PANE)
		step = source->kind->next_pane(source, pane);
	/* Else the words were tried before: what is invalid now is not the user's. */
	return step == -EINVAL && !source->is_refused ? -EIO : step;
}

int source_absence(struct source *source, const struct record_taker *taker, struct pane *pane)
{
	return source->kind->absence ? source->kind->absence(source, taker, pane) : SOURCE_END;
}

const struct source_facts *source_facts(const struct source *source)
{
	return &source->facts;
}

const char *const *source_link_names(struct source *source)
{
	return source->kind->link_names ? source->kind->link_names(source) : source->names.list;
}

double source_table_use(const struct source *source)
{
	return source->kind->table_use ? source->kind->table_use(source) : -1.0;
}
