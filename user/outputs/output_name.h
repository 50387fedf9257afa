/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the user calls an output: [FORMAT:]TARGET.
 */
#ifndef WEIR_OUTPUT_NAME_H
#define WEIR_OUTPUT_NAME_H

#include "carrier.h"
#include "encoder.h"

struct output_name {
	const struct encoder *encoder;
	const struct carrier_kind *kind;
	const char *target;      /* a file or an address, in the words of the user */
	bool is_standard_output;
	bool is_summed;          /* what of windows comes there is added up: they may not overlap */
};

/*
 * A scheme means its own format; else the format is that of the word before a colon, else that of
 * the target's end; standard output is a table where it is a terminal, else NDJSON. NULL; or why
 * it is no output, or cannot be one of window_count windows: static text. No file is looked at.
 */
const char *output_name_parse(const char *name, size_t window_count, struct output_name *parsed);

/* Those of ENCODERS, NULL at the end. */
extern const struct encoder *const encoders[];

#endif
