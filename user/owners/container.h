/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The container of a process, by the path of its control group.
 */
#ifndef WEIR_CONTAINER_H
#define WEIR_CONTAINER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONTAINER_NAME_MAX 96

/*
 * The name that a path tells: of Docker, Podman, containerd and CRI-O the first twelve digits of
 * the container's number, as their commands show it; of LXC and machined its name; else the
 * innermost systemd unit, but for slices. False: it tells none.
 */
bool container_of_path(const char *path, char name[CONTAINER_NAME_MAX]);

/* Of a process that is there, by all hierarchies that it is in. */
bool container_of_process(uint32_t pid, char name[CONTAINER_NAME_MAX]);

/* Of a control group by its number; root_fd: the root of the unified hierarchy. */
bool container_of_group(int root_fd, uint64_t number, char name[CONTAINER_NAME_MAX]);

/* Opens the root of the unified hierarchy (cgroups(7)), mounted or not. Negative errno. */
int control_groups_open(void);

#endif
