/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files that are whole or not there: written beside their name and renamed. A process that is
 * killed loses nothing that it has written, so none of them is flushed to the disk: what the
 * machine forgets when it falls, the banks, is in none of them.
 */
#ifndef WEIR_PIN_FILE_H
#define WEIR_PIN_FILE_H

#include <stddef.h>

struct pin_part {
	const void *bytes;
	size_t length;
};

/* Replaces path by these parts, over a file in directory. 0 or negative errno. */
int pin_file_replace(const char *directory, const char *path, const struct pin_part *parts,
		     size_t count);

/* All of the bytes to fd, or a negative errno. */
int pin_file_write(int fd, const void *bytes, size_t length);

/* Where what is read begins: as records want it. */
#define PIN_FILE_ALIGN 64

/* 0 and all of it, to be freed; or negative errno. */
int pin_file_read(const char *path, char **bytes, size_t *length);

#endif
