/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The result document: weir/1 (tools/weir-1.schema.json). Text only, no input or output.
 */
#ifndef WEIR_JSON_H
#define WEIR_JSON_H

#include "encoder.h"

/* How every document on one line begins: tells what another run of weir has written. */
#define JSON_DOCUMENT_START "{\"schema\": \"weir/1\", "

/*
 * Appends the document of one window. pretty: indented over several lines, one for each flow,
 * as a *.json file has it; else one line. Both end in a line feed. 0 or the text's failure; a
 * drain still has to be flushed.
 */
int json_document(struct text *text, const struct encoding *encoding, bool pretty);

/* Appends the member "window" of a document. */
void json_window(struct text *text, const struct encoding *encoding);

#endif
