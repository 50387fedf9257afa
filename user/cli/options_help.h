/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What --help and --version print.
 */
#ifndef WEIR_OPTIONS_HELP_H
#define WEIR_OPTIONS_HELP_H

/* The text of --help: usage, options and two examples, at most 80 columns wide. */
void options_print_help(void);

/* The text of --version: "weir 1.0.0", then the libraries it runs with. */
void options_print_version(void);

#endif
