/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text from outside (names, files, filters) on its way to a terminal or a document.
 */
#ifndef WEIR_UTF8_H
#define WEIR_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Length in bytes of the UTF-8 sequence at text (RFC 3629: no overlong ones, no surrogates), 0
 * where there is none. Never looks beyond an end mark.
 */
size_t utf8_length(const char *text);

/* True where a terminal would act on the character at text: C0, DEL, and C1 as UTF-8. */
bool utf8_is_control(const char *text);

#endif
