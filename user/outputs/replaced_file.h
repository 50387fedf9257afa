/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file that holds one document, replaced atomically.
 */
#ifndef WEIR_REPLACED_FILE_H
#define WEIR_REPLACED_FILE_H

#include "carrier.h"

extern const struct carrier_kind replaced_file_kind;

#endif
