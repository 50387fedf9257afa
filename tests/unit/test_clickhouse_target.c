/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../user/outputs/clickhouse_schema.h"

static struct clickhouse_target parse(const char *text)
{
	struct clickhouse_target target;
	const char *reason = clickhouse_target_parse(text, &target);

	if (reason)
		fail_msg("%s: %s", text, reason);
	return target;
}

static void all_parts_are_found(void **state)
{
	struct clickhouse_target target = parse("clickhouse://me@[::1]:9000/net.seen?spool=/a%20b"
						"&spool_max=2M&ca=/c.pem");

	(void)state;
	assert_string_equal(target.user, "me");
	assert_string_equal(target.endpoint.host, "::1");
	assert_string_equal(target.endpoint.port, "9000");
	assert_string_equal(target.database, "net");
	assert_string_equal(target.table, "seen");
	assert_string_equal(target.windows_table, "seen_windows");
	assert_string_equal(target.spool, "/a b");
	assert_string_equal(target.authority, "/c.pem");
	assert_int_equal(target.spool_max_bytes, 2u << 20);
	assert_false(target.is_secure);
}

static void what_is_left_out_has_its_default(void **state)
{
	struct clickhouse_target plain = parse("clickhouse://db.example/net");
	struct clickhouse_target secure = parse("clickhouse+https://db.example/net");

	(void)state;
	assert_string_equal(plain.endpoint.port, "8123");
	assert_string_equal(plain.table, "flows");
	assert_string_equal(plain.windows_table, "windows");
	assert_string_equal(plain.user, "");
	assert_int_equal(plain.spool_max_bytes, CLICKHOUSE_SPOOL_MAX);
	assert_non_null(strstr(plain.spool, "/db.example_8123_net.flows"));
	assert_true(secure.is_secure);
	assert_string_equal(secure.endpoint.port, "8443");
}

static void what_is_no_target_is_refused(void **state)
{
	static const char *const wrong[] = {
		"clickhouse://", "clickhouse://host", "clickhouse:///net", "clickhouse://host/",
		"clickhouse://host:0/net", "clickhouse://host:x/net", "clickhouse://::1/net",
		"clickhouse://host/net.", "clickhouse://host/net.a.b", "clickhouse://host/net;drop",
		"clickhouse://host/net?spol=/a", "clickhouse://host/net?spool=",
		"clickhouse://host/net?spool_max=12", "clickhouse://host/net?spool_max=x",
		"clickhouse://host/net?spool_max=99999999999T", "clickhouse://host/1net'",
		"clickhouse://a%zz@host/net", "clickhouse://a%00@host/net", "clickhouse://h/123",
		"http://host/net",
	};
	struct clickhouse_target target;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (!clickhouse_target_parse(wrong[i], &target))
			fail_msg("%s was taken", wrong[i]);
	}
}

/* Nothing of it is left in the memory that the process list shows. */
static void password_is_taken_out(void **state)
{
	char text[] = "clickhouse://me:s3c%40ret@host/net?spool=/x";
	size_t size = sizeof(text);
	char *password = clickhouse_target_hide_password(text);

	(void)state;
	assert_string_equal(password, "s3c@ret");
	assert_string_equal(text, "clickhouse://me@host/net?spool=/x");
	assert_null(memmem(text, size, "s3c", 3));
	for (size_t i = strlen(text); i < size; i++)
		assert_int_equal(text[i], 0);
	free(password);
}

static void password_may_hold_anything(void **state)
{
	char at[] = "clickhouse://me:p@ss:w@host:1/net", none[] = "clickhouse://me@host:1/net";
	char file[] = "flows:a:b@c", empty[] = "clickhouse+https://:@host/net";
	char *password = clickhouse_target_hide_password(at);

	(void)state;
	assert_string_equal(password, "p@ss:w");
	assert_string_equal(at, "clickhouse://me@host:1/net");
	free(password);
	assert_null(clickhouse_target_hide_password(none));
	assert_null(clickhouse_target_hide_password(file));
	password = clickhouse_target_hide_password(empty);
	assert_string_equal(password, "");
	assert_string_equal(empty, "clickhouse+https://@host/net");
	free(password);
}

/* What system.columns tells of a table that is as it should be. */
static void tell(struct text *told, enum clickhouse_table table, const char *without)
{
	const struct clickhouse_columns *columns = clickhouse_columns(table);

	text_string(told, "own\tString\n");
	for (size_t i = columns->count; i--;) {
		if (without && !strcmp(columns->columns[i].name, without))
			continue;
		text_string(told, columns->columns[i].name);
		text_string(told, "\t");
		for (const char *c = columns->columns[i].type; *c; c++) {
			if (*c == '\'')
				text_string(told, "\\");
			text_bytes(told, c, 1);
		}
		text_string(told, "\n");
	}
}

static void table_as_it_should_be_matches(void **state)
{
	struct clickhouse_target target = parse("clickhouse://host/net");
	struct text told = { 0 };
	char wrong[CLICKHOUSE_WRONG_MAX];

	(void)state;
	tell(&told, CLICKHOUSE_FLOWS, NULL);
	assert_true(clickhouse_schema_matches(&target, CLICKHOUSE_FLOWS, &told, wrong));
	text_fini(&told);
}

static void missing_column_is_named(void **state)
{
	struct clickhouse_target target = parse("clickhouse://host/net");
	struct text told = { 0 };
	char wrong[CLICKHOUSE_WRONG_MAX];

	(void)state;
	tell(&told, CLICKHOUSE_FLOWS, "vlan");
	assert_false(clickhouse_schema_matches(&target, CLICKHOUSE_FLOWS, &told, wrong));
	assert_string_equal(wrong, "table net.flows has no column vlan; try: ALTER TABLE net.flows "
				   "ADD COLUMN vlan Nullable(UInt32)");
	text_string(&told, "vlan\tUInt16\n");
	assert_false(clickhouse_schema_matches(&target, CLICKHOUSE_FLOWS, &told, wrong));
	assert_string_equal(wrong, "column vlan of table net.flows is UInt16, not Nullable(UInt32)");
	text_fini(&told);
}

static void column_of_an_older_table_is_added(void **state)
{
	struct clickhouse_target target = parse("clickhouse://host/net");
	struct text told = { 0 }, statement = { 0 };

	(void)state;
	tell(&told, CLICKHOUSE_FLOWS, "service");
	clickhouse_schema_add(&statement, &target, CLICKHOUSE_FLOWS, &told);
	text_bytes(&statement, "", 1);
	assert_string_equal(statement.bytes, "ALTER TABLE net.flows ADD COLUMN service String");
	text_fini(&told);
	text_fini(&statement);
}

static void column_of_the_identity_is_never_added(void **state)
{
	struct clickhouse_target target = parse("clickhouse://host/net");
	struct text told = { 0 }, statement = { 0 };

	(void)state;
	text_string(&told, "row_number\tUInt32\n");
	clickhouse_schema_add(&statement, &target, CLICKHOUSE_WINDOWS, &told);
	assert_int_equal(statement.length, 0);
	text_fini(&told);
	text_fini(&statement);
}

static void table_is_made_with_each_column_and_the_identity(void **state)
{
	struct clickhouse_target target = parse("clickhouse://host/net.mine");
	const struct clickhouse_columns *columns = clickhouse_columns(CLICKHOUSE_WINDOWS);
	struct text text = { 0 };

	(void)state;
	clickhouse_schema_create(&text, &target, CLICKHOUSE_WINDOWS);
	text_bytes(&text, "", 1);
	assert_non_null(strstr(text.bytes, "CREATE TABLE IF NOT EXISTS net.mine_windows ("));
	for (size_t i = 0; i < columns->count; i++)
		assert_non_null(strstr(text.bytes, columns->columns[i].name));
	assert_non_null(strstr(text.bytes, "ORDER BY (window_start, agent, run, window_of, "
					   "window_number)"));
	text_fini(&text);
}

/* tools/clickhouse/schema.sql is what a weir that may not make tables needs. */
static void schema_of_the_tools_is_that_of_the_program(void **state)
{
	struct clickhouse_target target = parse("clickhouse://host/net");
	FILE *file = fopen("tools/clickhouse/schema.sql", "r");
	static char all[65536];

	(void)state;
	if (!file)
		skip(); /* run from elsewhere */
	all[fread(all, 1, sizeof(all) - 1, file)] = '\0';
	fclose(file);
	for (int table = 0; table < CLICKHOUSE_TABLE_COUNT; table++) {
		struct text text = { 0 };

		clickhouse_schema_create(&text, &target, (enum clickhouse_table)table);
		text_bytes(&text, ";\n", 3);
		assert_non_null(strstr(all, text.bytes));
		text_fini(&text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_parts_are_found),
		cmocka_unit_test(what_is_left_out_has_its_default),
		cmocka_unit_test(what_is_no_target_is_refused),
		cmocka_unit_test(password_is_taken_out),
		cmocka_unit_test(password_may_hold_anything),
		cmocka_unit_test(table_as_it_should_be_matches),
		cmocka_unit_test(missing_column_is_named),
		cmocka_unit_test(column_of_an_older_table_is_added),
		cmocka_unit_test(column_of_the_identity_is_never_added),
		cmocka_unit_test(table_is_made_with_each_column_and_the_identity),
		cmocka_unit_test(schema_of_the_tools_is_that_of_the_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
