/* SPDX-License-Identifier: BSD-2-Clause */
#include "output_name.h"

#include <string.h>
#include <unistd.h>

#define ENCODER_ADDRESS(name) &name##_encoder,
const struct encoder *const encoders[] = { ENCODERS(ENCODER_ADDRESS) NULL };

#define ENCODER_WORD(name) " " #name
#define FORMAT_WORDS       ENCODERS(ENCODER_WORD)

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

const char *output_name_parse(const char *name, size_t window_count, struct output_name *parsed)
{
	const char *colon = strchr(name, ':');

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
		       FORMAT_WORDS;
	if (!*parsed->target)
		return "a file has a name";
	if (parsed->encoder->is_replaced && window_count > 1)
		return "*.json holds one window: give one -w, or name it *.ndjson";
	return NULL;
}
