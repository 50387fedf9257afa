/* SPDX-License-Identifier: BSD-2-Clause */
#include "label.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "../owners/owner_names.h"
#include "../text/address.h"
#include "../text/escape.h"
#include "../text/number.h"
#include "../text/protocols.h"

/* A service whose name is longer would hide the host's. */
#define PORT_SHOWN_MAX 40

/* One end of a flow. */
struct end {
	const __be32 *address;
	__be16 port;
	bool has_address, has_port;
	unsigned char prefix4, prefix6;
};

static bool is_icmp(const struct flow_key *key)
{
	return key->flags & FLOW_IP &&
	       (key->ip_proto == IPPROTO_ICMP || key->ip_proto == IPPROTO_ICMPV6);
}

static bool has_ports(const struct flow_key *key)
{
	if (key->flags & FLOW_NO_PORTS)
		return false;
	switch (key->ip_proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_SCTP:
	case IPPROTO_UDPLITE:
	case IPPROTO_DCCP:
		return true;
	default:
		return key->src_port || key->dst_port;
	}
}

static bool find_name(const struct labeler *labeler, const struct name_query *query, char *text)
{
	if (labeler->only_known)
		return names_known(labeler->names, query, text);
	return names_find(labeler->names, query, text);
}

static bool address_name(const struct labeler *labeler, const struct flow_key *key,
			 const struct end *end, char *text)
{
	struct name_query query = { .is_ipv6 = (key->flags & FLOW_IPV6) != 0 };
	unsigned char prefix = query.is_ipv6 ? end->prefix6 : end->prefix4;

	if (!labeler->names || prefix < (query.is_ipv6 ? 128 : 32))
		return false;
	memcpy(query.address, end->address, sizeof(query.address));
	return find_name(labeler, &query, text);
}

static char *put_address(const struct labeler *labeler, const struct flow_key *key,
			 const struct end *end, char *out)
{
	const uint8_t *bytes = (const uint8_t *)end->address;
	bool is_ipv6 = (key->flags & FLOW_IPV6) != 0, is_bracketed = is_ipv6 && end->has_port;
	unsigned int prefix = is_ipv6 ? end->prefix6 : end->prefix4;

	if (address_name(labeler, key, end, out))
		return out + strlen(out);
	if (is_bracketed)
		*out++ = '[';
	out = is_ipv6 ? put_ipv6(out, bytes) : put_ipv4(out, bytes + 12);
	if (prefix < (is_ipv6 ? 128u : 32u)) {
		*out++ = '/';
		out = put_uint(out, prefix);
	}
	if (is_bracketed)
		*out++ = ']';
	return out;
}

static char *put_port(const struct labeler *labeler, const struct flow_key *key,
		      const struct end *end, char *out)
{
	struct name_query query = { .port = end->port, .ip_proto = key->ip_proto };
	char name[NAME_SHOWN_MAX];
	size_t length;

	if (!labeler->names || !end->port || !find_name(labeler, &query, name))
		return put_uint(out, ntohs(end->port));
	length = strlen(name) < PORT_SHOWN_MAX ? strlen(name) : PORT_SHOWN_MAX;
	return put_bytes(out, name, length);
}

/* Written without printf: a search makes the labels of every flow there is. */
static const char *label_end(const struct labeler *labeler, const struct flow_key *key,
			     struct end end, char *buffer)
{
	char *out = buffer;

	end.has_address &= (key->flags & FLOW_IP) != 0;
	end.has_port &= key->flags & FLOW_IP && !is_icmp(key) && has_ports(key);
	if (end.has_address)
		out = put_address(labeler, key, &end, out);
	else
		*out++ = end.has_port ? '*' : '-';
	if (end.has_port) {
		*out++ = ':';
		out = put_port(labeler, key, &end, out);
	}
	*out = '\0';
	return buffer;
}

const char *label_src(const struct labeler *labeler, const struct flow_key *key,
		      char buffer[LABEL_MAX])
{
	const struct group_by *group = labeler->group;
	const struct end end = { key->src, key->src_port, group->field[GROUP_SRC],
				 group->field[GROUP_SRC_PORT], group->src_prefix4,
				 group->src_prefix6 };

	return label_end(labeler, key, end, buffer);
}

/* A type or code behind its mark. */
static char *put_icmp(char *out, const struct flow_key *key, __be16 port, char mark)
{
	*out++ = mark;
	if (flow_key_tells_port(key, port))
		return put_uint(out, *(const uint8_t *)&port);
	*out++ = '?';
	return out;
}

const char *label_dst(const struct labeler *labeler, const struct flow_key *key,
		      char buffer[LABEL_MAX])
{
	const struct group_by *group = labeler->group;
	const struct end end = { key->dst, key->dst_port, group->field[GROUP_DST],
				 group->field[GROUP_DST_PORT], group->dst_prefix4,
				 group->dst_prefix6 };
	size_t length;

	label_end(labeler, key, end, buffer);
	length = strlen(buffer);
	if (group->field[GROUP_DST] && group->field[GROUP_SRC_PORT] &&
	    group->field[GROUP_DST_PORT] && is_icmp(key) && !flow_key_is_later_fragment(key)) {
		char *out = put_icmp(buffer + length, key, key->src_port, ' ');

		*put_icmp(out, key, key->dst_port, '/') = '\0';
	}
	return buffer;
}

bool label_shows_src(const struct group_by *group)
{
	return group->field[GROUP_SRC] || group->field[GROUP_SRC_PORT];
}

bool label_shows_dst(const struct group_by *group)
{
	return group->field[GROUP_DST] || group->field[GROUP_DST_PORT];
}

const char *label_proto(const struct labeler *labeler, const struct flow_key *key,
			char buffer[LABEL_MAX])
{
	uint16_t ethertype = ntohs(key->src_port);

	if (!labeler->group->field[GROUP_PROTO])
		return strcpy(buffer, "-");
	if (key->flags & FLOW_IP)
		return ip_proto_name(key->ip_proto, buffer, LABEL_MAX);
	ethertype_name(ethertype, buffer, LABEL_MAX);
	if (!strncmp(buffer, "ethertype-", 10))
		snprintf(buffer, LABEL_MAX, "0x%04x", ethertype);
	return buffer;
}

static size_t put_extra(char *buffer, size_t length, const char *name, const char *value)
{
	int more = snprintf(buffer + length, LABEL_MAX - length, "%s%s%s", length ? " " : "", name,
			    value);

	return length + (more > 0 ? (size_t)more : 0);
}

static size_t put_tag(char *buffer, size_t length, const char *name, uint16_t tag)
{
	char value[8];

	if (!(tag & VLAN_TAG_PRESENT))
		return length;
	snprintf(value, sizeof(value), "%u", tag & VLAN_TAG_ID);
	return put_extra(buffer, length, name, value);
}

const char *label_link(const struct labeler *labeler, const struct flow_key *key,
		       char buffer[LABEL_MAX])
{
	const char *link = NULL;

	if (labeler->link_names && labeler->group->field[GROUP_INTERFACE])
		link = labeler->link_names[flow_key_link(key)];
	return link ? escape_text(link, buffer, LABEL_MAX) : strcpy(buffer, "-");
}

const char *label_service(const struct labeler *labeler, const struct flow_key *key,
			  char buffer[LABEL_MAX])
{
	const struct end end = { .port = key->dst_port };
	char proto[LABEL_MAX], *out = buffer;

	label_proto(labeler, key, proto);
	if (key->flags & FLOW_IP && key->dst_port && !is_icmp(key) &&
	    flow_key_tells_port(key, key->dst_port)) {
		out = put_port(labeler, key, &end, out);
		*out++ = '/';
	}
	snprintf(out, (size_t)(buffer + LABEL_MAX - out), "%s", proto);
	return buffer;
}

const char *label_process(const struct labeler *labeler, const struct flow_key *key,
			  char buffer[LABEL_MAX])
{
	char *out = buffer;

	if (!labeler->group->field[GROUP_PROCESS] || !owner_pid(key))
		return strcpy(buffer, "-");
	out = put_uint(out, owner_pid(key));
	*out++ = '/';
	escape_text(owner_process(labeler->owner_names, key), out, LABEL_MAX / 2);
	return buffer;
}

const char *label_container(const struct labeler *labeler, const struct flow_key *key,
			    char buffer[LABEL_MAX])
{
	const char *name = NULL;

	if (labeler->group->field[GROUP_CONTAINER])
		name = owner_container(labeler->owner_names, key);
	return name ? escape_text(name, buffer, LABEL_MAX) : strcpy(buffer, "-");
}

const char *label_extra(const struct flow_key *key, char buffer[LABEL_MAX])
{
	size_t length = 0;

	buffer[0] = '\0';
	length = put_tag(buffer, length, "vlan ", key->vlan);
	length = put_tag(buffer, length, "in ", key->inner_vlan);
	if (key->flags & FLOW_NO_PORTS && !flow_key_is_later_fragment(key))
		length = put_extra(buffer, length, "", "ports cut off");
	if (flow_key_is_later_fragment(key))
		length = put_extra(buffer, length, "fragment", "");
	if (key->vlan & FLOW_DIRECTION_TOLD)
		put_extra(buffer, length, key->flags & FLOW_OUT ? "outbound" : "inbound", "");
	return buffer;
}

const char *label_tcp_flags(uint8_t tcp_flags, char buffer[LABEL_MAX])
{
	static const char letters[] = "FSRPAUEC";
	char *out = buffer;

	for (int i = 0; letters[i]; i++) {
		if (tcp_flags & 1 << i)
			*out++ = letters[i];
	}
	*out = '\0';
	return buffer;
}

size_t label_tail_length(const char *label)
{
	size_t length = strlen(label);
	size_t tail = length - strcspn(label, " ");
	const char *colon = strrchr(label, ':');

	if (tail)
		return tail;
	/* The colons of a bare IPv6 address are no beginning of a port. */
	if (!colon || (strchr(label, ':') != colon && label[0] != '['))
		return 0;
	return length - (size_t)(colon - label);
}
