/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names of the files in which a replacement is written, and those that killed runs left.
 */
#ifndef WEIR_TEMPORARY_H
#define WEIR_TEMPORARY_H

#include <limits.h>
#include <stdint.h>

/* The name beside base_name for this number: ".BASE.HEX". */
void temporary_name(const char *base_name, uint64_t number, char name[NAME_MAX + 1]);

/* Removes such files of this base_name that nobody holds locked, as far as that is allowed. */
void temporaries_clean(int directory_fd, const char *base_name);

#endif
