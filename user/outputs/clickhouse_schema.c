/* SPDX-License-Identifier: BSD-2-Clause */
#include "clickhouse_schema.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Everybody reads addresses as text; what is stored is 16 bytes. */
#define ADDRESS_ALIAS(name)                                                                     \
	",\n  " name "_address String ALIAS if(family = 0, '', "                                \
	"if(family = 4, replaceOne(IPv6NumToString(" name "), '::ffff:', ''), "                 \
	"IPv6NumToString(" name ")))"

#define IDENTITY "window_start, agent, run, window_of, window_number"

static const char *table_name(const struct clickhouse_target *target, enum clickhouse_table table)
{
	return table == CLICKHOUSE_FLOWS ? target->table : target->windows_table;
}

static void append(struct text *text, const char *const *parts)
{
	for (; *parts; parts++)
		text_string(text, *parts);
}

void clickhouse_schema_create(struct text *text, const struct clickhouse_target *target,
			      enum clickhouse_table table)
{
	const struct clickhouse_columns *columns = clickhouse_columns(table);
	bool is_flows = table == CLICKHOUSE_FLOWS;

	append(text, (const char *const[]){ "CREATE TABLE IF NOT EXISTS ", target->database, ".",
					    table_name(target, table), " (", NULL });
	for (size_t i = 0; i < columns->count; i++)
		append(text, (const char *const[]){ i ? ",\n  " : "\n  ", columns->columns[i].name,
						    " ", columns->columns[i].type, NULL });
	text_string(text, is_flows ? ADDRESS_ALIAS("src") ADDRESS_ALIAS("dst") : "");
	text_string(text, "\n) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMMDD(window_start)\n"
			  "PRIMARY KEY (window_start, agent) ORDER BY (" IDENTITY);
	text_string(text, is_flows ? ", row_number)" : ")");
}

void clickhouse_schema_insert(struct text *text, const struct clickhouse_target *target,
			      enum clickhouse_table table)
{
	const struct clickhouse_columns *columns = clickhouse_columns(table);

	append(text, (const char *const[]){ "INSERT INTO ", target->database, ".",
					    table_name(target, table), " (", NULL });
	for (size_t i = 0; i < columns->count; i++)
		append(text, (const char *const[]){ i ? ", " : "", columns->columns[i].name, NULL });
	text_string(text, ") FORMAT Native");
}

/* The type of a column in lines of name, tab, type; NULL where it is not among them. */
static const char *told_type(const struct text *told, const char *name, size_t *length)
{
	const char *line = told->bytes, *end = told->bytes + told->length;
	size_t name_length = strlen(name);

	while (line < end) {
		const char *next = memchr(line, '\n', (size_t)(end - line));

		if (!next)
			next = end;
		if ((size_t)(next - line) > name_length && line[name_length] == '\t' &&
		    !memcmp(line, name, name_length)) {
			*length = (size_t)(next - line) - name_length - 1;
			return line + name_length + 1;
		}
		line = next + 1;
	}
	return NULL;
}

static int say(char wrong[CLICKHOUSE_WRONG_MAX], const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int say(char wrong[CLICKHOUSE_WRONG_MAX], const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(wrong, CLICKHOUSE_WRONG_MAX, format, arguments);
	va_end(arguments);
	return -EINVAL;
}

/* In lines of tabs, quotes have a backslash before them. */
static bool type_equals(const char *told, size_t length, const char *type)
{
	while (length && *type) {
		if (*told == '\\' && length > 1) {
			told++;
			length--;
		}
		if (*told != *type)
			return false;
		told++;
		length--;
		type++;
	}
	return !length && !*type;
}

bool clickhouse_schema_matches(const struct clickhouse_target *target,
			       enum clickhouse_table table, const struct text *told,
			       char wrong[CLICKHOUSE_WRONG_MAX])
{
	const struct clickhouse_columns *columns = clickhouse_columns(table);
	const char *name = table_name(target, table);

	for (size_t i = 0; i < columns->count; i++) {
		const struct clickhouse_column *column = &columns->columns[i];
		size_t length;
		const char *type = told_type(told, column->name, &length);

		if (!type) {
			say(wrong, "table %s.%s has no column %s; try: ALTER TABLE %s.%s ADD "
			    "COLUMN %s %s", target->database, name, column->name,
			    target->database, name, column->name, column->type);
			return false;
		}
		if (!type_equals(type, length, column->type)) {
			say(wrong, "column %s of table %s.%s is %.*s, not %s", column->name,
			    target->database, name, (int)length, type, column->type);
			return false;
		}
	}
	return true;
}

/* Of those that IDENTITY names. */
static bool is_identity(const char *name)
{
	static const char *const names[] = { "window_start", "agent", "run", "window_of",
					     "window_number", "row_number" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (!strcmp(name, names[i]))
			return true;
	}
	return false;
}

void clickhouse_schema_add(struct text *text, const struct clickhouse_target *target,
			   enum clickhouse_table table, const struct text *told)
{
	const struct clickhouse_columns *columns = clickhouse_columns(table);
	size_t begin = text->length;

	for (size_t i = 0; i < columns->count; i++) {
		const struct clickhouse_column *column = &columns->columns[i];
		size_t length;

		if (told_type(told, column->name, &length))
			continue;
		if (is_identity(column->name)) {
			text->length = begin;
			return;
		}
		if (text->length == begin)
			append(text, (const char *const[]){ "ALTER TABLE ", target->database, ".",
							    table_name(target, table), NULL });
		else
			text_string(text, ",");
		append(text, (const char *const[]){ " ADD COLUMN ", column->name,
						    " ", column->type, NULL });
	}
}

/* Shards are waited for, and what is said to be stored is stored; older servers know less. */
static int settings_ask(struct clickhouse_http *http, struct clickhouse_reply *reply)
{
	static const char query[] = "SELECT count() FROM system.settings WHERE name = "
				    "'async_insert' FORMAT TabSeparated";
	int err;

	clickhouse_http_settings(http, NULL);
	err = clickhouse_http_ask(http, query, NULL, reply);
	if (err)
		return err;
	clickhouse_http_settings(http, reply->body.length && reply->body.bytes[0] == '1' ?
				       "&insert_distributed_sync=1&async_insert=0" :
				       "&insert_distributed_sync=1");
	return 0;
}

/* What system.columns or system.tables, where "name" is the name, tell of the table. */
static int table_ask(struct clickhouse_http *http, const struct clickhouse_target *target,
		     enum clickhouse_table table, const char *what, struct clickhouse_reply *reply)
{
	bool is_engine = !strcmp(what, "engine");
	char query[512];

	snprintf(query, sizeof(query), "SELECT %s FROM system.%s WHERE database = '%s' AND "
		 "%s = '%s' FORMAT TabSeparated", what, is_engine ? "tables" : "columns",
		 target->database, is_engine ? "name" : "table", table_name(target, table));
	return clickhouse_http_ask(http, query, NULL, reply);
}

static int columns_ask(struct clickhouse_http *http, const struct clickhouse_target *target,
		       enum clickhouse_table table, struct clickhouse_reply *reply)
{
	return table_ask(http, target, table, "name, type", reply);
}

/* Who may make the table need not be allowed to make a database that is there. */
static int table_create(struct clickhouse_http *http, const struct clickhouse_target *target,
			enum clickhouse_table table, struct clickhouse_reply *reply)
{
	struct text query = { 0 };
	int err;

	append(&query, (const char *const[]){ "CREATE DATABASE IF NOT EXISTS ", target->database,
					      NULL });
	text_bytes(&query, "", 1);
	err = query.err ? query.err : clickhouse_http_ask(http, query.bytes, NULL, reply);
	query.length = 0;
	if (err == -ECANCELED || query.err)
		goto out;
	clickhouse_schema_create(&query, target, table);
	text_bytes(&query, "", 1);
	err = query.err ? query.err : clickhouse_http_ask(http, query.bytes, NULL, reply);
out:
	text_fini(&query);
	return err;
}

/*
 * Adds the columns that are missing in what reply tells, which then tells anew: another agent may
 * have done it meanwhile, and servers before 19 know no IF NOT EXISTS. A Distributed table is
 * left: what it stands for, on each server, has to be altered first.
 */
static int columns_add(struct clickhouse_http *http, const struct clickhouse_target *target,
		       enum clickhouse_table table, struct clickhouse_reply *reply,
		       char refusal[CLICKHOUSE_SAID_MAX])
{
	struct text query = { 0 };
	int err;

	clickhouse_schema_add(&query, target, table, &reply->body);
	err = query.err;
	if (err || !query.length)
		goto out;
	text_bytes(&query, "", 1);
	err = query.err ? query.err : table_ask(http, target, table, "engine", reply);
	if (err)
		goto out;
	if (reply->body.length && memmem(reply->body.bytes, reply->body.length, "MergeTree", 9)) {
		err = clickhouse_http_ask(http, query.bytes, NULL, reply);
		if (err)
			snprintf(refusal, CLICKHOUSE_SAID_MAX, "%s", reply->said);
	} else {
		snprintf(refusal, CLICKHOUSE_SAID_MAX, "its engine is %.*s: first the tables that "
			 "it stands for", reply->body.length ? (int)reply->body.length - 1 : 0,
			 reply->body.length ? reply->body.bytes : "");
	}
	if (err != -ECANCELED)
		err = columns_ask(http, target, table, reply);
out:
	text_fini(&query);
	return err;
}

static int table_prepare(struct clickhouse_http *http, const struct clickhouse_target *target,
			 enum clickhouse_table table, struct clickhouse_reply *reply,
			 char wrong[CLICKHOUSE_WRONG_MAX])
{
	char refusal[CLICKHOUSE_SAID_MAX] = "";
	int err = columns_ask(http, target, table, reply);

	if (!err && !reply->body.length) {
		err = table_create(http, target, table, reply);
		if (err) {
			say(wrong, "make table %s.%s: %s", target->database,
			    table_name(target, table), reply->said);
			return err;
		}
		err = columns_ask(http, target, table, reply);
	}
	if (!err)
		err = columns_add(http, target, table, reply, refusal);
	if (err) {
		say(wrong, "%s", reply->said);
		return err;
	}
	if (clickhouse_schema_matches(target, table, &reply->body, wrong))
		return 0;
	if (*refusal) {
		size_t length = strlen(wrong);

		snprintf(wrong + length, CLICKHOUSE_WRONG_MAX - length, " (%s)", refusal);
	}
	return -EINVAL;
}

int clickhouse_schema_prepare(struct clickhouse_http *http, const struct clickhouse_target *target,
			      char wrong[CLICKHOUSE_WRONG_MAX])
{
	struct clickhouse_reply reply = { 0 };
	int err = settings_ask(http, &reply);

	if (err)
		say(wrong, "%s", reply.said);
	for (int table = 0; table < CLICKHOUSE_TABLE_COUNT && !err; table++)
		err = table_prepare(http, target, (enum clickhouse_table)table, &reply, wrong);
	text_fini(&reply.body);
	return err;
}
