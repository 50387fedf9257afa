/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "../../user/top/link_names.h"

static void a_new_name_shows_once_it_is_taken_over(void **state)
{
	static const char *const before[FLOW_LINKS_MAX] = { "eth0", "eth1" };
	static const char *const after[FLOW_LINKS_MAX] = { "uplink", "eth1", "eth2" };
	struct link_names *links = malloc(sizeof(*links));

	(void)state;
	assert_non_null(links);
	link_names_init(links, before);
	assert_string_equal(links->list[0], "eth0");
	assert_string_equal(links->list[2], "");
	link_names_tell(links, after);
	assert_string_equal(links->list[0], "eth0");
	assert_true(link_names_take(links));
	assert_string_equal(links->list[0], "uplink");
	assert_string_equal(links->list[1], "eth1");
	assert_string_equal(links->list[2], "eth2");
	link_names_tell(links, after);
	assert_false(link_names_take(links));
	link_names_fini(links);
	free(links);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_name_shows_once_it_is_taken_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
