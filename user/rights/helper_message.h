/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages of the two processes: a head, the bytes, a descriptor with the head where there is one.
 */
#ifndef WEIR_HELPER_MESSAGE_H
#define WEIR_HELPER_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

struct helper_head {
	uint32_t number;  /* of the question */
	int32_t err;      /* of the answer */
	uint32_t length;  /* of the bytes that follow */
	uint32_t room;    /* for those of the answer */
};

/* fd: -1 for none; borrowed. 0, or -EOWNERDEAD where the other side is gone. */
int helper_send(int socket_fd, const struct helper_head *head, const void *bytes, int fd);

/* *fd: -1 where none came; the caller's. 0, or -EOWNERDEAD. */
int helper_receive(int socket_fd, struct helper_head *head, int *fd);
int helper_receive_bytes(int socket_fd, void *bytes, size_t length);

#endif
