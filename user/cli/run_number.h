/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The number of a run, by which who adds up rows of many runs tells them apart.
 */
#ifndef WEIR_RUN_NUMBER_H
#define WEIR_RUN_NUMBER_H

#include <stdint.h>

#include "options.h"

/*
 * Of a capture file: of what it holds (its size, its first and last 64 KiB) and of all that
 * its rows depend on, so that a replay begun again gives the same rows. Else it is random, as
 * where the file cannot be read.
 */
uint64_t run_number_make(const struct options *options);

/*
 * What the records of a live run mean: the same where they may be added to those of another run,
 * whatever its windows and outputs.
 */
uint64_t run_meaning(const struct options *options);

#endif
