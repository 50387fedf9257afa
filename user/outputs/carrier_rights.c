/* SPDX-License-Identifier: BSD-2-Clause */
#include "carrier_rights.h"

#include <fcntl.h>
#include <libgen.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../rights/capabilities.h"
#include "../rights/rights.h"
#include "../system/machine.h"

/* What names and addresses are looked up by, and what certificates are checked by. */
static const char *const network_paths[] = {
	"/etc", "/usr/lib", "/usr/lib64", "/lib", "/lib64", "/usr/share/ca-certificates",
	"/usr/share/pki", "/usr/share/zoneinfo", "/usr/local/share/ca-certificates", "/run",
	"/var/lib/ca-certificates", "/dev/urandom", "/proc/self",
};

/* A file, what it lies in, and what that lies in: a directory may go and come back. */
struct place {
	char file[PATH_MAX];
	char directory[PATH_MAX];
	char above[PATH_MAX];
};

/* The directory of path, which may be the same memory. */
static void directory_of(const char *path, char *directory)
{
	char copy[PATH_MAX];

	snprintf(copy, sizeof(copy), "%s", path);
	snprintf(directory, PATH_MAX, "%s", dirname(copy));
}

static void place_find(const char *name, struct place *place)
{
	char directory[PATH_MAX];

	if (!realpath(name, place->file))
		place->file[0] = '\0';
	directory_of(place->file[0] ? place->file : name, directory);
	if (!realpath(directory, place->directory))
		place->directory[0] = '\0';
	directory_of(place->directory, place->above);
}

/* A device is that alone; of the root everything would be beneath. */
static void allow_place(struct rights *rights, const struct place *place)
{
	struct stat status;

	if (place->file[0])
		rights->write[rights->write_count++] = place->file;
	if (place->file[0] && !stat(place->file, &status) && !S_ISREG(status.st_mode) &&
	    !S_ISFIFO(status.st_mode))
		return;
	if (place->directory[0])
		rights->write[rights->write_count++] = place->directory;
	if (place->directory[0] && strcmp(place->above, "/") != 0)
		rights->write[rights->write_count++] = place->above;
}

/* Root writes where others are owners, and replaces what is theirs. */
static uint64_t capabilities_for(const struct place *place)
{
	struct stat status;
	bool is_others = place->file[0] && !stat(place->file, &status) &&
			 status.st_uid != geteuid();

	if (!is_others && capabilities_are_needless(place->directory) &&
	    (!place->file[0] || capabilities_are_needless(place->file)))
		return 0;
	return MACHINE_CAP(CAP_DAC_OVERRIDE) | MACHINE_CAP(CAP_FOWNER);
}

static void allow_network(struct rights *rights)
{
	size_t count = sizeof(network_paths) / sizeof(network_paths[0]);

	rights->part = RIGHTS_SENDER;
	memcpy(rights->read, network_paths, sizeof(network_paths));
	rights->read_count = count;
}

void carrier_confine(const struct carrier *carrier)
{
	const struct carrier_kind *kind = carrier->kind;
	const char *directory = kind->directory ? kind->directory(carrier) : NULL;
	struct rights rights = { .part = RIGHTS_WRITER };
	struct rights_force force;
	struct place place;

	if (kind->connects)
		allow_network(&rights);
	if (kind->has_file) {
		place_find(carrier->config.name, &place);
		allow_place(&rights, &place);
		rights.capabilities = capabilities_for(&place);
	}
	if (directory) {
		rights.write[rights.write_count++] = directory;
		if (!capabilities_are_needless(directory))
			rights.capabilities = MACHINE_CAP(CAP_DAC_OVERRIDE);
	}
	/* What is in force is told by the agent, and by weir check. */
	rights_confine(&rights, &force);
}
