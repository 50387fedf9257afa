/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names from outside. The kernel takes nearly any byte in the name of an interface: a terminal
 * must not act on it, nor a shell that a suggested command is pasted into.
 */
#ifndef WEIR_ESCAPE_H
#define WEIR_ESCAPE_H

#include <stddef.h>

/* Room for any interface's name, quoted: $'' and four characters a byte. */
#define SHELL_WORD_MAX (4 * 16 + 4)

/* What is not printable ASCII becomes \xNN. Cut where size is reached. Returns out. */
const char *escape_text(const char *text, char *out, size_t size);

/* As one word of bash: unchanged where it is harmless, else $'...'. Returns out. */
const char *escape_shell_word(const char *text, char *out, size_t size);

#endif
