/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A survey as JSON, on standard output.
 */
#ifndef WEIR_PRINT_JSON_H
#define WEIR_PRINT_JSON_H

#include "survey.h"

/* 0, or a negative errno where it could not be written. */
int survey_print_json(const struct survey *survey);

#endif
