/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file that grows by whole documents, and standard output.
 */
#ifndef WEIR_LINE_FILE_H
#define WEIR_LINE_FILE_H

#include "carrier.h"

extern const struct carrier_kind line_file_kind;
extern const struct carrier_kind standard_output_kind;

#endif
