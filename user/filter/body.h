/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bodies of a translated program: what translate.h tells of them.
 */
#ifndef WEIR_FILTER_BODY_H
#define WEIR_FILTER_BODY_H

#include "translation.h"

/* Emits the program of one body, from its first instruction to before its exits. */
void body_emit(struct translation *t);

#endif
