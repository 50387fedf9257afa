/* SPDX-License-Identifier: BSD-2-Clause */
/* The document as formats of outputs: indented in a file of its own, or a line. */
#include "json.h"

static int encode_json(struct text *text, const struct encoding *encoding)
{
	return json_document(text, encoding, true);
}

static int encode_ndjson(struct text *text, const struct encoding *encoding)
{
	return json_document(text, encoding, false);
}

const struct encoder json_encoder = {
	.name = "json",
	.suffix = ".json",
	.about = "the newest document, replaced",
	.is_replaced = true,
	.tells_state = true,
	.encode = encode_json,
};

const struct encoder ndjson_encoder = {
	.name = "ndjson",
	.suffix = ".ndjson",
	.about = "a document a line, appended",
	.line_start = JSON_DOCUMENT_START,
	.encode = encode_ndjson,
};
