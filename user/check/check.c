/* SPDX-License-Identifier: BSD-2-Clause */
#include "check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../attach/clsact.h"
#include "../base/report.h"
#include "../system/netdev_route.h"
#include "../text/escape.h"
#include "interface_judge.h"
#include "machine_judge.h"
#include "print_json.h"
#include "print_text.h"

static void interface_add(struct survey *survey, const char *name, const struct options *options)
{
	struct interface_survey *interface = &survey->interfaces[survey->interface_count++];
	const struct attach_settings settings = { .how = options->attach,
						  .direction = options->direction };
	char route[IF_NAMESIZE];

	snprintf(interface->name, sizeof(interface->name), "%s", name);
	interface->err = netdev_query(name, &interface->facts);
	if (interface->err)
		return;
	interface->is_default_route = netdev_default_route(route) == 0 &&
				      strcmp(route, interface->facts.name) == 0;
	attach_plan_make(&interface->facts, &survey->machine.facts, &settings, &interface->plan);
	attach_plan_find_ahead(&interface->plan, &interface->facts, &interface->ahead);
	interface->leftovers = clsact_leftovers(interface->facts.ifindex);
}

/* Another one that the same packets pass; NULL: none. */
static const struct netdev_facts *find_under(const struct survey *survey,
					     const struct interface_survey *interface)
{
	for (size_t i = 0; i < survey->interface_count; i++) {
		const struct netdev_facts *other = &survey->interfaces[i].facts;

		if (netdev_stands_to(&interface->facts, other))
			return other;
	}
	return NULL;
}

static void interfaces_judge(struct survey *survey, const struct options *options)
{
	const struct attach_settings settings = { .how = options->attach,
						  .direction = options->direction };

	for (size_t i = 0; i < survey->interface_count; i++) {
		struct interface_survey *interface = &survey->interfaces[i];

		if (interface->err)
			continue;
		interface->under = find_under(survey, interface);
		interface_judge(interface, &survey->machine.facts, &settings);
	}
}

static bool is_worth_showing(const struct interface_survey *interface)
{
	return !interface->err && interface->facts.up &&
	       strcmp(interface->facts.driver, "loopback") != 0;
}

/* Every interface that is up but loopback. */
static int interfaces_find(struct survey *survey, const struct options *options)
{
	struct if_nameindex *all = if_nameindex();
	size_t count = 0;

	if (!all)
		return -errno;
	while (all[count].if_index)
		count++;
	survey->interfaces = calloc(count + 1, sizeof(*survey->interfaces));
	for (size_t i = 0; survey->interfaces && i < count; i++) {
		interface_add(survey, all[i].if_name, options);
		if (!is_worth_showing(&survey->interfaces[survey->interface_count - 1]))
			memset(&survey->interfaces[--survey->interface_count], 0,
			       sizeof(*survey->interfaces));
	}
	if_freenameindex(all);
	return survey->interfaces ? 0 : -ENOMEM;
}

static int interfaces_named(struct survey *survey, const struct options *options)
{
	survey->named = true;
	survey->interfaces = calloc(options->interface_count, sizeof(*survey->interfaces));
	if (!survey->interfaces)
		return -ENOMEM;
	for (size_t i = 0; i < options->interface_count; i++)
		interface_add(survey, options->interfaces[i], options);
	return 0;
}

static bool is_good(const struct interface_survey *interface)
{
	return !interface->err && findings_are_good(&interface->findings);
}

static bool survey_is_good(const struct survey *survey)
{
	size_t good = 0;

	for (size_t i = 0; i < survey->interface_count; i++)
		good += is_good(&survey->interfaces[i]);
	if (!findings_are_good(&survey->machine.findings))
		return false;
	return survey->named ? good == survey->interface_count : good > 0;
}

/* As live runs take them. */
static uint32_t check_slots(const struct machine_survey *machine, const struct options *options)
{
	const struct bank_shape shape = { .cpus = machine->facts.cpus, .links = machine->links };
	uint32_t most = machine_slots_default(machine->facts.memory_bytes, &shape);

	return options->slots_given || options->slots < most ? options->slots : most;
}

static int survey_make(struct survey *survey, const struct options *options)
{
	int err;

	survey->machine.links = options->interface_count ? (uint32_t)options->interface_count : 1;
	survey->machine.slots = check_slots(&survey->machine, options);
	pin_look(options->pin_directory, &survey->machine.pinned);
	rights_survey(&survey->machine.confinement);
	machine_judge(&survey->machine, options->attach, options->slots_given);
	err = options->interface_count ? interfaces_named(survey, options) :
					 interfaces_find(survey, options);
	if (!err)
		interfaces_judge(survey, options);
	survey->ok = !err && survey_is_good(survey);
	return err;
}

static void complain(const struct survey *survey)
{
	for (size_t i = 0; i < survey->interface_count; i++) {
		const struct interface_survey *interface = &survey->interfaces[i];
		bool missing = interface->err == -ENODEV;

		if (interface->err)
			report_error("check %s: %s", interface->name,
				     missing ? "no such interface (try: ip -br link)" :
					       strerror(-interface->err));
	}
	if (!survey->interface_count)
		report_error("check: no interface is up (try: ip -br link)");
}

int check_run(const struct options *options)
{
	struct survey survey = { 0 };
	int err = machine_query(&survey.machine.facts);

	if (err) {
		machine_report_unread(&survey.machine.facts, err);
		return EXIT_FAILED;
	}
	err = survey_make(&survey, options);
	if (err) {
		report_error("check: %s", strerror(-err));
	} else {
		complain(&survey);
		err = options->json ? survey_print_json(&survey) : survey_print_text(&survey);
		if (err)
			report_error("check: standard output: %s", strerror(-err));
	}
	free(survey.interfaces);
	return !err && survey.ok ? EXIT_DONE : EXIT_FAILED;
}
