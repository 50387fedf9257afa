/* SPDX-License-Identifier: BSD-2-Clause */
#include "output_name.h"

#include <string.h>
#include <unistd.h>

#include "clickhouse_carrier.h"
#include "clickhouse_target.h"
#include "ipfix.h"
#include "line_file.h"
#include "replaced_file.h"

#define ENCODER_ADDRESS(name) &name##_encoder,
const struct encoder *const encoders[] = { ENCODERS(ENCODER_ADDRESS) NULL };

#define ENCODER_WORD(name) " " #name
#define FORMAT_WORDS       ENCODERS(ENCODER_WORD)

/* What is no file. The target is looked at, but not reached for. */
struct scheme {
	const char *start;
	const struct encoder *encoder;
	const struct carrier_kind *kind;
	const char *(*refused)(const char *target);
};

static const char *clickhouse_refused(const char *target)
{
	struct clickhouse_target parsed;

	return clickhouse_target_parse(target, &parsed);
}

static const char *ipfix_refused(const char *target)
{
	struct ipfix_target parsed;

	return ipfix_target_parse(target, &parsed);
}

static const struct scheme schemes[] = {
	{ CLICKHOUSE_SCHEME, &clickhouse_encoder, &clickhouse_kind, clickhouse_refused },
	{ CLICKHOUSE_SCHEME_SECURE, &clickhouse_encoder, &clickhouse_kind, clickhouse_refused },
	{ IPFIX_SCHEME_UDP, &ipfix_encoder, &ipfix_udp_kind, ipfix_refused },
	{ IPFIX_SCHEME_TCP, &ipfix_encoder, &ipfix_tcp_kind, ipfix_refused },
};

static const struct scheme *scheme_of(const char *name)
{
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		if (!strncmp(name, schemes[i].start, strlen(schemes[i].start)))
			return &schemes[i];
	}
	return NULL;
}

static bool has_suffix(const char *name, const char *suffix)
{
	size_t name_length = strlen(name);
	size_t length = strlen(suffix);

	return name_length > length && !strcmp(name + name_length - length, suffix);
}

static const struct encoder *encoder_of_word(const char *word, size_t length)
{
	for (size_t i = 0; encoders[i]; i++) {
		if (strlen(encoders[i]->name) == length &&
		    !strncmp(encoders[i]->name, word, length))
			return encoders[i];
	}
	return NULL;
}

static const struct encoder *encoder_of_suffix(const char *target)
{
	for (size_t i = 0; encoders[i]; i++) {
		if (encoders[i]->suffix && has_suffix(target, encoders[i]->suffix))
			return encoders[i];
	}
	return NULL;
}

static const struct encoder *encoder_of_standard_output(void)
{
	return isatty(STDOUT_FILENO) ? &text_encoder : &ndjson_encoder;
}

static const struct carrier_kind *kind_of(const struct output_name *name)
{
	if (name->is_standard_output)
		return &standard_output_kind;
	return name->encoder->is_replaced ? &replaced_file_kind : &line_file_kind;
}

const char *output_name_parse(const char *name, size_t window_count, struct output_name *parsed)
{
	const char *colon = strchr(name, ':');
	const struct scheme *scheme = scheme_of(name);

	if (scheme) {
		*parsed = (struct output_name){ .encoder = scheme->encoder, .kind = scheme->kind,
						.target = name, .is_summed = true };
		if (scheme->encoder == &ipfix_encoder && window_count > 1)
			return "its records do not tell windows apart: give one -w";
		return scheme->refused(name);
	}
	*parsed = (struct output_name){ .target = name };
	if (colon)
		parsed->encoder = encoder_of_word(name, (size_t)(colon - name));
	if (parsed->encoder)
		parsed->target = colon + 1;
	parsed->is_standard_output = !strcmp(parsed->target, "-");
	if (!parsed->encoder)
		parsed->encoder = parsed->is_standard_output ? encoder_of_standard_output() :
				  encoder_of_suffix(name);
	if (!parsed->encoder)
		return "an output is named *.json, *.ndjson or -, or after its format:"
		       FORMAT_WORDS ", clickhouse://HOST/DATABASE or ipfix://HOST";
	if (!*parsed->target)
		return "a file has a name";
	if (parsed->encoder->is_replaced && !parsed->encoder->tells_run && window_count > 1)
		return "*.json holds one window: give one -w, or name it *.ndjson";
	parsed->kind = kind_of(parsed);
	return NULL;
}
