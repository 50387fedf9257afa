/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What /proc and the control groups tell of processes, where another process has the rights to
 * look there (rights/helper.h): its end is process_answer.c.
 */
#ifndef WEIR_PROCESS_ASK_H
#define WEIR_PROCESS_ASK_H

#include "container.h"
#include "process_scan.h"

/* As process_scan.h has them. */
int process_ask_scan(struct sought_socket *sought, size_t *count);
void process_ask_name(uint32_t pid, char *name);

/* As container.h has them. */
bool container_ask_process(uint32_t pid, char name[CONTAINER_NAME_MAX]);
bool container_ask_group(int root_fd, uint64_t number, char name[CONTAINER_NAME_MAX]);

#endif
