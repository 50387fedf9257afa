/* SPDX-License-Identifier: BSD-2-Clause */
#include "print_text.h"

#include <errno.h>
#include <stdio.h>

#include "../text/escape.h"
#include "interface_judge.h"

#define ESCAPED_MAX (4 * FINDING_TEXT_MAX + 1)

static void finding_print(const struct finding *finding)
{
	char fact[ESCAPED_MAX], action[ESCAPED_MAX], mend[ESCAPED_MAX];

	printf("  %-5s %-11s %s -> %s", finding_state_name(finding->state), finding->subject,
	       escape_text(finding->fact, fact, sizeof(fact)),
	       escape_text(finding->action, action, sizeof(action)));
	if (finding->mend[0])
		printf("; try: %s", escape_text(finding->mend, mend, sizeof(mend)));
	putchar('\n');
}

static void findings_print(const struct findings *findings)
{
	for (size_t i = 0; i < findings->count; i++)
		finding_print(&findings->list[i]);
}

static void interface_print(const struct interface_survey *interface)
{
	char name[4 * sizeof(interface->facts.name) + 1];

	/* What does not exist has been reported on standard error. */
	if (interface->err)
		return;
	printf("%s%s\n", escape_text(interface->facts.name, name, sizeof(name)),
	       interface->is_default_route ? " (default route)" : "");
	findings_print(&interface->findings);
}

int survey_print_text(const struct survey *survey)
{
	const char *const *blind = survey_blind_spots();

	puts("machine");
	findings_print(&survey->machine.findings);
	for (size_t i = 0; i < survey->interface_count; i++)
		interface_print(&survey->interfaces[i]);
	puts("not seen, or counted elsewhere in another way");
	for (; *blind; blind++)
		printf("  %s\n", *blind);
	errno = EIO;
	return fflush(stdout) || ferror(stdout) ? -errno : 0;
}
