/* SPDX-License-Identifier: BSD-2-Clause */
#include "shared_result.h"

#include <stdatomic.h>
#include <stdlib.h>

struct shared_context {
	_Atomic size_t holders;
	struct document_context context;
	struct group_by group;
	const char *names[];  /* of sources, attached, links; then come their bytes */
};

/* What has to be copied: lists of strings, and single ones as lists of one. */
struct strings {
	const char *const *list;
	size_t count;
};

enum { STRINGS_NAMES, STRINGS_ATTACH, STRINGS_LINKS, STRINGS_SINGLE, STRINGS_COUNT };
enum { SINGLE_HOST, SINGLE_KIND, SINGLE_DIRECTION, SINGLE_FILTER, SINGLE_COUNT };

static void strings_of(const struct document_context *context, const char *single[SINGLE_COUNT],
		       struct strings strings[STRINGS_COUNT])
{
	single[SINGLE_HOST] = context->host;
	single[SINGLE_KIND] = context->source_kind;
	single[SINGLE_DIRECTION] = context->direction;
	single[SINGLE_FILTER] = context->filter;
	strings[STRINGS_NAMES] = (struct strings){ context->source_names,
						   context->source_name_count };
	strings[STRINGS_ATTACH] = (struct strings){ context->attach, context->attach_count };
	strings[STRINGS_LINKS] = (struct strings){ context->link_names,
						   context->link_names ? FLOW_LINKS_MAX : 0 };
	strings[STRINGS_SINGLE] = (struct strings){ single, SINGLE_COUNT };
}

static size_t string_bytes(const char *string)
{
	return string ? strlen(string) + 1 : 0;
}

static size_t strings_bytes(const struct strings *strings, size_t *count)
{
	size_t bytes = 0;

	for (size_t i = 0; i < strings->count; i++)
		bytes += string_bytes(strings->list[i]);
	*count += strings->count;
	return bytes;
}

/* Where names and bytes of a copy go on. */
struct filling {
	const char **name;
	char *bytes;
};

static const char *const *strings_copy(const struct strings *strings, struct filling *to)
{
	const char **list = to->name;

	for (size_t i = 0; i < strings->count; i++) {
		size_t length = string_bytes(strings->list[i]);

		*to->name++ = length ? memcpy(to->bytes, strings->list[i], length) : NULL;
		to->bytes += length;
	}
	return strings->count ? list : NULL;
}

static struct shared_context *shared_context_create(const struct document_context *context)
{
	const char *single[SINGLE_COUNT];
	const char *const *copied;
	struct strings strings[STRINGS_COUNT];
	struct shared_context *shared;
	struct filling to;
	size_t count = 0, bytes = 0;

	strings_of(context, single, strings);
	for (size_t i = 0; i < STRINGS_COUNT; i++)
		bytes += strings_bytes(&strings[i], &count);
	shared = calloc(1, sizeof(*shared) + count * sizeof(shared->names[0]) + bytes);
	if (!shared)
		return NULL;
	to = (struct filling){ shared->names, (char *)(shared->names + count) };
	shared->holders = 1;
	shared->group = *context->group;
	shared->context = *context;
	shared->context.group = &shared->group;
	shared->context.source_names = strings_copy(&strings[STRINGS_NAMES], &to);
	shared->context.attach = strings_copy(&strings[STRINGS_ATTACH], &to);
	shared->context.link_names = strings_copy(&strings[STRINGS_LINKS], &to);
	copied = strings_copy(&strings[STRINGS_SINGLE], &to);
	shared->context.host = copied[SINGLE_HOST];
	shared->context.source_kind = copied[SINGLE_KIND];
	shared->context.direction = copied[SINGLE_DIRECTION];
	shared->context.filter = copied[SINGLE_FILTER];
	return shared;
}

static bool string_equals(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static bool strings_equal(const struct strings *a, const struct strings *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		if (!string_equals(a->list[i], b->list[i]))
			return false;
	}
	return true;
}

/* The group-by of a run is fixed. */
static bool shared_context_says(const struct shared_context *shared,
				const struct document_context *context)
{
	const char *single[2][SINGLE_COUNT];
	struct strings strings[2][STRINGS_COUNT];

	strings_of(&shared->context, single[0], strings[0]);
	strings_of(context, single[1], strings[1]);
	for (size_t i = 0; i < STRINGS_COUNT; i++) {
		if (!strings_equal(&strings[0][i], &strings[1][i]))
			return false;
	}
	return true;
}

void shared_context_release(struct shared_context *strings)
{
	if (strings && atomic_fetch_sub(&strings->holders, 1) == 1)
		free(strings);
}

/* The strings of this context, which gains a holder. NULL when memory failed. */
static struct shared_context *shared_context_hold(const struct document_context *context,
						  struct shared_context **strings)
{
	if (!*strings || !shared_context_says(*strings, context)) {
		struct shared_context *newer = shared_context_create(context);

		if (!newer)
			return NULL;
		shared_context_release(*strings);
		*strings = newer;
	}
	atomic_fetch_add(&(*strings)->holders, 1);
	return *strings;
}

size_t shared_result_bytes(const struct window_result *result)
{
	const struct strings ahead = { result->ahead, result->ahead_count };
	size_t ahead_count = 0;
	size_t ahead_bytes = strings_bytes(&ahead, &ahead_count);

	size_t flows = result->flow_count * (result->reverses ? 2 : 1);

	return sizeof(struct shared_result) + flows * sizeof(*result->flows) +
	       (result->extras ? flows * sizeof(*result->extras) : 0) +
	       result->link_count * sizeof(*result->links) +
	       result->run_count * sizeof(*result->run) +
	       result->output_count * sizeof(*result->outputs) +
	       ahead_count * sizeof(*result->ahead) + ahead_bytes;
}

_Static_assert(_Alignof(struct extra_sum) <= _Alignof(struct flow_result) &&
	       sizeof(struct extra_sum) % _Alignof(struct result_link) == 0 &&
	       sizeof(struct result_link) % _Alignof(struct link_outcomes) == 0 &&
	       sizeof(struct link_outcomes) % _Alignof(struct result_output) == 0,
	       "lists stand one behind the other");

/*
 * Both ways of flows, and behind them their extra measures, which are in the order of the flows
 * then: the engine's places are those of a list that may have been longer. Returns where these
 * are.
 */
static struct extra_sum *flows_copy(struct flow_result *flows, const struct window_result *result)
{
	size_t count = result->flow_count;
	struct extra_sum *extras;

	if (count)
		memcpy(flows, result->flows, count * sizeof(*flows));
	if (count && result->reverses)
		memcpy(flows + count, result->reverses, count * sizeof(*flows));
	count *= result->reverses ? 2 : 1;
	extras = (struct extra_sum *)(flows + count);
	for (size_t i = 0; result->extras && i < count; i++) {
		extras[i] = result->extras[flows[i].extra];
		flows[i].extra = i;
	}
	return extras;
}

/* Flows, interfaces and who stood before weir, into the bytes behind the shared result. */
static void lists_copy(struct shared_result *shared, const struct window_result *result)
{
	const struct strings ahead = { result->ahead, result->ahead_count };
	size_t extra_count = result->extras ? result->flow_count * (result->reverses ? 2 : 1) : 0;
	struct flow_result *flows = (struct flow_result *)(shared + 1);
	struct extra_sum *extras = flows_copy(flows, result);
	struct result_link *links = (struct result_link *)(extras + extra_count);
	struct link_outcomes *run = (struct link_outcomes *)(links + result->link_count);
	struct result_output *outputs = (struct result_output *)(run + result->run_count);
	const char **names = (const char **)(outputs + result->output_count);
	struct filling to = { names, (char *)(names + result->ahead_count) };

	if (result->link_count)
		memcpy(links, result->links, result->link_count * sizeof(*links));
	if (result->run_count)
		memcpy(run, result->run, result->run_count * sizeof(*run));
	if (result->output_count)
		memcpy(outputs, result->outputs, result->output_count * sizeof(*outputs));
	shared->result.run = run;
	shared->result.outputs = outputs;
	shared->result.flows = flows;
	shared->result.reverses = result->reverses ? flows + result->flow_count : NULL;
	shared->result.extras = extra_count ? extras : NULL;
	shared->result.links = result->links ? links : NULL;
	shared->result.ahead = strings_copy(&ahead, &to);
}

struct shared_result *shared_result_create(const struct document_context *context,
					   const struct window_result *result,
					   struct shared_context **strings)
{
	size_t bytes = shared_result_bytes(result);
	struct shared_context *held = shared_context_hold(context, strings);
	struct shared_result *shared = held ? malloc(bytes) : NULL;

	if (!shared) {
		shared_context_release(held);
		return NULL;
	}
	*shared = (struct shared_result){ .result = *result, .context = held->context,
					  .strings = held, .spec = *result->spec,
					  .bytes = bytes };
	shared->context.clock_offset_ns = context->clock_offset_ns;
	shared->result.spec = &shared->spec;
	lists_copy(shared, result);
	return shared;
}

void shared_result_destroy(struct shared_result *shared)
{
	if (!shared)
		return;
	shared_context_release(shared->strings);
	free(shared);
}
