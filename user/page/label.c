/* SPDX-License-Identifier: BSD-2-Clause */
/* What the keys of a dimension are called. */
#include "dimension.h"
#include "markup.h"

#include "../outputs/flow_field.h"

#define LABEL_MAX 160

/* A key as a row, for who tells fields of rows. */
struct label_row {
	struct flow_result row;
	struct window_result result;
	struct flow_view view;
};

static void label_row_init(struct label_row *label, const struct document_context *context,
			   const struct flow_key *key)
{
	*label = (struct label_row){ .row.key = *key };
	label->view = (struct flow_view){ context, &label->result, &label->row };
}

static char *put_service_name(char *out, const struct flow_key *key)
{
	char name[PROTOCOL_NAME_MAX] = "";

	if (!(key->flags & FLOW_IP)) {
		ethertype_name(ntohs(key->src_port), name, sizeof(name));
	} else {
		if (key->dst_port)
			out = put_uint(out, ntohs(key->dst_port));
		if (key->dst_port && key->ip_proto)
			*out++ = '/';
		if (key->ip_proto)
			ip_proto_name(key->ip_proto, name, sizeof(name));
		else if (!key->dst_port)
			return PUT_LITERAL(out, "no service");
	}
	return put_bytes(out, name, strlen(name));
}

static void label_host(struct text *text, const struct label_row *label, bool by_dst)
{
	char bytes[LABEL_MAX], *end = bytes;
	struct flow_result row = label->row;
	struct flow_view view = label->view;

	view.flow = &row;
	if (!(row.key.flags & FLOW_IP)) {
		end = put_service_name(end, &row.key);
	} else if (by_dst) {
		memcpy(row.key.dst, row.key.src, sizeof(row.key.dst));
		end = put_dst(end, &view);
	} else {
		end = put_src(end, &view);
	}
	text_bytes(text, bytes, (size_t)(end - bytes));
}

static void label_conversation(struct text *text, const struct label_row *label)
{
	const struct flow_key *key = &label->row.key;
	char bytes[2 * LABEL_MAX], *end = bytes;

	if (key->flags & FLOW_IP) {
		end = put_src(end, &label->view);
		end = PUT_LITERAL(end, " \u2192 ");
		end = put_dst(end, &label->view);
		end = PUT_LITERAL(end, " \u00b7 ");
	}
	end = put_service_name(end, key);
	text_bytes(text, bytes, (size_t)(end - bytes));
}

static void label_service(struct text *text, const struct flow_key *key)
{
	char bytes[LABEL_MAX];
	char *end = put_service_name(bytes, key);

	text_bytes(text, bytes, (size_t)(end - bytes));
}

static void label_process(struct text *text, const struct document_context *context,
			  const struct flow_key *key)
{
	const char *name = owner_process(context->owner_names, key);

	if (!owner_pid(key)) {
		text_string(text, "no process known");
		return;
	}
	text_uint(text, owner_pid(key));
	text_string(text, "/");
	markup_text(text, *name ? name : "?");
}

static void label_container(struct text *text, const struct document_context *context,
			    const struct flow_key *key)
{
	const char *name = owner_container(context->owner_names, key);

	markup_text(text, name ? name : "no container known");
}

static void label_tunnel(struct text *text, const struct label_row *label)
{
	char bytes[LABEL_MAX], *end;

	if (!label->row.key.tunnel) {
		text_string(text, "no tunnel");
		return;
	}
	end = put_tunnel(bytes, &label->view);
	*end++ = ' ';
	end = put_tunnel_id(end, &label->view);
	text_bytes(text, bytes, (size_t)(end - bytes));
}

static void label_interface(struct text *text, const struct document_context *context,
			    const struct flow_key *key)
{
	const char *name = context->link_names ? context->link_names[flow_key_link(key)] : NULL;

	markup_text(text, name && *name ? name : "no interface known");
}

/* The fields of the key that are known, each with its name. */
static void label_group(struct text *text, const struct flow_view *view)
{
#define FIELD_NAME(id, name, ...) #name,
#define FIELD_ID(id, name, ...)   FIELD_##id,
	static const char *const names[] = { GROUP_FIELDS(FIELD_NAME) };
	static const enum flow_field fields[] = { GROUP_FIELDS(FIELD_ID) };
	bool is_first = true;

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		struct flow_field_value value;
		char shown[256];
		size_t length;

		flow_field_tell(fields[i], view, &value);
		length = value.length < sizeof(shown) ? value.length : sizeof(shown) - 1;
		if (!length)
			continue;
		memcpy(shown, value.text, length);
		shown[length] = '\0';
		markup_format(text, "%s%s\u00a0", is_first ? "" : ", ", names[i]);
		markup_text(text, shown);
		is_first = false;
	}
	if (is_first)
		text_string(text, "all else");
}

void dimension_label(struct text *text, enum dimension dimension,
		     const struct document_context *context, const struct flow_key *key)
{
	struct label_row label;

	label_row_init(&label, context, key);
	switch (dimension) {
	case DIMENSION_CONVERSATION:
		label_conversation(text, &label);
		break;
	case DIMENSION_SERVICE:
		label_service(text, key);
		break;
	case DIMENSION_SENDER:
	case DIMENSION_RECEIVER:
		label_host(text, &label, dimension == DIMENSION_RECEIVER);
		break;
	case DIMENSION_PROCESS:
		label_process(text, context, key);
		break;
	case DIMENSION_CONTAINER:
		label_container(text, context, key);
		break;
	case DIMENSION_TUNNEL:
		label_tunnel(text, &label);
		break;
	case DIMENSION_INTERFACE:
		label_interface(text, context, key);
		break;
	default:
		label_group(text, &label.view);
	}
}
