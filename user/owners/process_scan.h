/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which processes have sockets open, as /proc shows it.
 */
#ifndef WEIR_PROCESS_SCAN_H
#define WEIR_PROCESS_SCAN_H

#include <stddef.h>
#include <stdint.h>

/* A socket that is sought; all of 0 but the inode before a scan. */
struct sought_socket {
	uint32_t inode;
	uint32_t pid;     /* of the first process found that has it open; 0: none has */
	uint32_t holders; /* processes that have */
};

/*
 * Looks through the files of all processes. sought is put in order of inodes here, each of which
 * remains once: count then says how many. 0, or a negative errno where /proc cannot be read;
 * processes that end meanwhile, or may not be looked into, are left out.
 */
int process_scan(struct sought_socket *sought, size_t *count);

/* The name of a process: empty where it has gone. name has SOCKET_NAME_MAX bytes (owner.h). */
void process_name(uint32_t pid, char *name);

#endif
