/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A survey on standard output, for people or as JSON. 0, or a negative errno where it could
 * not be written.
 */
#ifndef WEIR_CHECK_PRINT_H
#define WEIR_CHECK_PRINT_H

#include "survey.h"

int survey_print_text(const struct survey *survey);
int survey_print_json(const struct survey *survey);

#endif
