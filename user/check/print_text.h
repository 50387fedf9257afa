/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A survey for people, on standard output.
 */
#ifndef WEIR_PRINT_TEXT_H
#define WEIR_PRINT_TEXT_H

#include "survey.h"

/* 0, or a negative errno where it could not be written. */
int survey_print_text(const struct survey *survey);

#endif
