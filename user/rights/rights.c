/* SPDX-License-Identifier: BSD-2-Clause */
#include "rights.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "calls.h"
#include "capabilities.h"
#include "every_thread.h"
#include "landlock.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define IS_SANITIZED true
#endif
#endif
#ifndef IS_SANITIZED
#define IS_SANITIZED false
#endif

/* A thread that answers late finds it. */
static struct confinement {
	int ruleset_fd;        /* negative: there is none */
	uint64_t capabilities;
} confinement;

/* In each thread, perhaps in the handler of a signal. */
static int confine_thread(void *context)
{
	int err = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? -errno : 0, kept_err;

	(void)context;
	if (!err && confinement.ruleset_fd >= 0)
		err = landlock_enter(confinement.ruleset_fd);
	kept_err = capabilities_keep(confinement.capabilities);
	return err ? err : kept_err;
}

void rights_confine(const struct rights *rights, struct rights_force *force)
{
	*force = (struct rights_force){ .is_sanitized = IS_SANITIZED };
	if (IS_SANITIZED)
		return;
	confinement.capabilities = rights->capabilities;
	confinement.ruleset_fd = rights->has_no_landlock ? -ECANCELED : landlock_make(rights);
	if (confinement.ruleset_fd < 0)
		force->landlock_err = confinement.ruleset_fd;
	else
		force->landlock_abi = landlock_version();
	force->thread_err = every_thread(confine_thread, NULL);
	if (confinement.ruleset_fd >= 0 && force->thread_err != -ETIMEDOUT)
		close(confinement.ruleset_fd);
	force->capabilities = capabilities_permitted();
	/* Of all threads, also of one that did not answer. */
	force->seccomp_err = calls_limit(rights);
}

void rights_survey(struct rights_force *force)
{
	int version = landlock_version();

	*force = (struct rights_force){ .is_sanitized = IS_SANITIZED };
	force->landlock_abi = version > 0 ? version : 0;
	force->landlock_err = version > 0 ? 0 : version;
	force->seccomp_err = calls_survey();
	force->capabilities = capabilities_permitted();
}

const char *rights_text(const struct rights_force *force, char *text, size_t size)
{
	char kept[128], files[64] = "", calls[64] = "";

	if (force->is_sanitized) {
		snprintf(text, size, "all: it is built with a sanitizer, which needs them");
		return text;
	}
	if (force->landlock_err == -ECANCELED)
		snprintf(files, sizeof(files), "all files");
	else if (force->landlock_err)
		snprintf(files, sizeof(files), "no Landlock (%s)", strerror(-force->landlock_err));
	else
		snprintf(files, sizeof(files), "Landlock %d", force->landlock_abi);
	if (force->seccomp_err)
		snprintf(calls, sizeof(calls), "no seccomp (%s)", strerror(-force->seccomp_err));
	else
		snprintf(calls, sizeof(calls), "seccomp");
	snprintf(text, size, "%s; %s; %s%s%s",
		 capabilities_text(force->capabilities, kept, sizeof(kept)), files, calls,
		 force->thread_err ? "; not in all threads: " : "",
		 force->thread_err ? strerror(-force->thread_err) : "");
	return text;
}
