/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of owners in keys, names of containers, and what is remembered of sockets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../../user/engine/engine_read.h"
#include "../../user/engine/slot_key.h"
#include "../../user/owners/container.h"
#include "../../user/owners/known_table.h"
#include "../../user/owners/owner_names.h"

static struct flow_key key_with(uint64_t owner)
{
	struct flow_key key = { .inner_vlan = 0xe123 };

	flow_key_set_owner(&key, owner);
	assert_int_equal(key.inner_vlan, 0xe123);
	return key;
}

/* All that a key has bits for, so that one field does not run into another. */
static void an_owner_comes_back_out_of_the_key(void **state)
{
	struct owner_names *names = owner_names_create();
	char name[16], container[16];

	(void)state;
	for (uint32_t i = 1; i < 8192; i += 13) {
		struct flow_key key;

		snprintf(name, sizeof(name), "n%u", i);
		snprintf(container, sizeof(container), "c%u", i * 7);
		key = key_with(owner_make(names, 4194303 - i, name, container));
		assert_int_equal(owner_pid(&key), 4194303 - i);
		assert_string_equal(owner_process(names, &key), name);
		assert_string_equal(owner_container(names, &key), container);
		assert_true(flow_key_owner(&key) == owner_make(names, 4194303 - i, name, container));
	}
	owner_names_destroy(names);
}

static void past_8191_names_a_process_is_told_by_its_pid(void **state)
{
	struct owner_names *names = owner_names_create();
	struct flow_key last, past, first;
	uint64_t owner = 0, of_first = owner_make(names, 1, "0", NULL);
	char name[16];

	(void)state;
	for (int i = 1; i < 8191; i++) {
		snprintf(name, sizeof(name), "%d", i);
		owner = owner_make(names, 5, name, NULL);
	}
	last = key_with(owner);
	past = key_with(owner_make(names, 6, "one more", NULL));
	first = key_with(of_first);
	assert_string_equal(owner_process(names, &last), "8190");
	assert_string_equal(owner_process(names, &past), "");
	assert_int_equal(owner_pid(&past), 6);
	assert_string_equal(owner_process(names, &first), "0");
	assert_null(owner_container(names, &past));
	owner_names_destroy(names);
}

static void expect_container(const char *path, const char *wanted)
{
	char name[CONTAINER_NAME_MAX] = "";

	assert_int_equal(container_of_path(path, name), *wanted != 0);
	assert_string_equal(name, wanted);
}

#define NUMBER "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void a_path_tells_the_container(void **state)
{
	(void)state;
	expect_container("/system.slice/docker-" NUMBER ".scope", "0123456789ab");
	expect_container("/docker/" NUMBER, "0123456789ab");
	expect_container("/machine.slice/libpod-" NUMBER ".scope/container", "0123456789ab");
	expect_container("/kubepods.slice/kubepods-pod1_2.slice/cri-containerd-" NUMBER ".scope",
			 "0123456789ab");
	expect_container("/kubepods/burstable/pod12-34/" NUMBER, "0123456789ab");
	expect_container("/lxc.payload.web/system.slice/nginx.service", "web");
	expect_container("/machine.slice/machine-db.scope/x", "db");
	expect_container("/system.slice/nginx.service", "nginx.service");
	expect_container("/user.slice/user-0.slice/user@0.service/app.slice/a.service/b", "a.service");
	expect_container("/user.slice/user-0.slice/session-3.scope", "session-3.scope");
	expect_container("/system.slice", "");
	expect_container("/", "");
	expect_container("", "");
}

static void known_sockets_are_found_until_they_are_forgotten(void **state)
{
	struct known_table table;

	(void)state;
	assert_int_equal(known_table_init(&table, sizeof(struct known_socket)), 0);
	for (uint64_t cookie = 1; cookie <= 5000; cookie++) {
		struct known_socket *socket = known_socket_of(&table, cookie);

		socket->owner = 3 * cookie;
		socket->pane = cookie % 2 ? 7 : 8;
	}
	assert_int_equal(known_socket_of(&table, 4999)->owner, 3 * 4999);
	known_table_sweep(&table, 8);
	assert_int_equal(table.count, 2500);
	assert_int_equal(known_socket_of(&table, 5000)->owner, 3 * 5000);
	assert_int_equal(known_socket_of(&table, 4999)->owner, 0);
	known_table_fini(&table);
}

static void a_full_table_takes_no_more(void **state)
{
	struct known_table table;

	(void)state;
	assert_int_equal(known_table_init(&table, sizeof(struct known_socket)), 0);
	for (uint64_t cookie = 1; cookie <= OWNERS_KEPT_MAX; cookie++)
		assert_non_null(known_socket_of(&table, cookie));
	assert_null(known_socket_of(&table, OWNERS_KEPT_MAX + 1ull));
	assert_non_null(known_socket_of(&table, 5));
	known_table_fini(&table);
}

static void known_flows_differ_by_each_part_of_their_ends(void **state)
{
	struct known_table table;
	struct flow_key ends = { .ip_proto = 6 };

	(void)state;
	assert_int_equal(known_table_init(&table, sizeof(struct known_flow)), 0);
	for (uint32_t i = 0; i < 4000; i++) {
		ends.src[i % 4] = i;
		assert_null(known_flow_find(&table, &ends));
		known_flow_of(&table, &ends)->cookie[0] = i + 1;
		assert_int_equal(known_flow_find(&table, &ends)->cookie[0], i + 1);
	}
	known_table_fini(&table);
}

struct rows {
	size_t count;
	uint64_t bytes, owners;
};

static int take_rows(void *context, const struct window_result *result)
{
	struct rows *rows = context;

	for (size_t i = 0; i < result->flow_count; i++) {
		rows->count++;
		rows->bytes += result->flows[i].bytes;
		rows->owners += flow_key_owner(&result->flows[i].key) >> 32;
	}
	return 0;
}

static struct rows rows_of(bool is_reduced)
{
	const struct window_spec spec = { WINDOW_TUMBLING, 1000000000, 1000000000, 0 };
	struct rows rows = { 0 };
	struct engine_config config = { .windows = &spec, .window_count = 1, .pane_ns = 1000000000,
					.has_owners = true, .is_reduced = is_reduced,
					.emit = take_rows, .emit_context = &rows };
	const struct pane pane = { .end_ns = 1000000000 };
	struct group_by group;
	const char *reason;
	struct engine *engine;

	assert_int_equal(group_by_parse("process", &group, &reason), 0);
	group_masks_make(&group, &config.row_masks);
	engine = engine_create(&config);
	for (uint32_t i = 0; i < 3000; i++) {
		struct flow_record record = { .slot = { .packets = 1, .bytes = 10,
							.flags = FLOW_IP } };
		const struct flow_slot *slot = &record.slot;
		struct flow_key owner = { .process = i % 1000 };

		record.slot.src[3] = i % 6;
		record.extra.owner = flow_key_owner(&owner);
		assert_int_equal(engine_merge(engine, &slot, 1), 0);
	}
	assert_int_equal(engine_end_pane(engine, &pane), 0);
	assert_int_equal(engine_finish(engine), 0);
	engine_destroy(engine);
	return rows;
}

/* Flow i has owner i % 1000 and address i % 6: 3000 pairs, all of them different. */
static void owners_are_part_of_a_flow(void **state)
{
	struct rows rows = rows_of(false);

	(void)state;
	assert_int_equal(rows.count, 3000);
	assert_int_equal(rows.bytes, 30000);
}

static void rows_of_owners_add_up_to_all(void **state)
{
	struct rows rows = rows_of(true);

	(void)state;
	assert_int_equal(rows.count, 1000);
	assert_int_equal(rows.bytes, 30000);
	assert_int_equal(rows.owners, 999 * 1000 / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_owner_comes_back_out_of_the_key),
		cmocka_unit_test(past_8191_names_a_process_is_told_by_its_pid),
		cmocka_unit_test(a_path_tells_the_container),
		cmocka_unit_test(known_sockets_are_found_until_they_are_forgotten),
		cmocka_unit_test(a_full_table_takes_no_more),
		cmocka_unit_test(known_flows_differ_by_each_part_of_their_ends),
		cmocka_unit_test(owners_are_part_of_a_flow),
		cmocka_unit_test(rows_of_owners_add_up_to_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
