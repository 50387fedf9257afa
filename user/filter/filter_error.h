/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Why an expression was refused.
 */
#ifndef WEIR_FILTER_ERROR_H
#define WEIR_FILTER_ERROR_H

#define FILTER_ERROR_TEXT_MAX 384

/* column: where in the expression, from 0; -1 where that cannot be told. */
struct filter_error {
	char text[FILTER_ERROR_TEXT_MAX];
	int column;
};

/* Sets the text, cut where it is too long, without a column. */
void filter_error_set(struct filter_error *error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
