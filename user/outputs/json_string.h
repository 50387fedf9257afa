/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Strings in JSON.
 */
#ifndef WEIR_JSON_STRING_H
#define WEIR_JSON_STRING_H

#include "../text/text.h"

/* Appends a JSON string with its quotes; bytes that are no UTF-8 become U+FFFD (RFC 8259). */
void json_string(struct text *text, const char *string);

/* As json_string, and null where the string is NULL. */
void json_string_or_null(struct text *text, const char *string);

#endif
