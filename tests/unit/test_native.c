/* SPDX-License-Identifier: BSD-2-Clause */
/* Where auto takes native XDP, and the reason where it does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../user/attach/native.h"

/* A driver with native XDP, nothing in its way. */
static struct netdev_facts plain_facts(void)
{
	return (struct netdev_facts){
		.name = "eth0",
		.driver = "ice",
		.ifindex = 2,
		.mtu = 1500,
		.native_mtu = 1500,
		.up = true,
		.running = true,
		.header = NETDEV_HEADER_ETHERNET,
		.native_xdp = NETDEV_YES,
	};
}

static void expect_tc(const struct netdev_facts *facts, const char *expected)
{
	char why[NETDEV_WHY_MAX] = "";

	assert_false(native_is_right(facts, why, sizeof(why)));
	assert_string_equal(why, expected);
}

static void a_free_hook_of_a_native_driver_is_taken(void **state)
{
	struct netdev_facts facts = plain_facts();
	char why[NETDEV_WHY_MAX] = "";

	(void)state;
	assert_true(native_is_right(&facts, why, sizeof(why)));
}

static void a_driver_without_native_xdp_gets_tc(void **state)
{
	struct netdev_facts facts = plain_facts();

	(void)state;
	facts.native_xdp = NETDEV_NO;
	expect_tc(&facts, "ice has no native XDP");
}

static void an_unknown_driver_gets_tc(void **state)
{
	struct netdev_facts facts = plain_facts();

	(void)state;
	facts.native_xdp = NETDEV_UNKNOWN;
	facts.driver[0] = '\0';
	expect_tc(&facts, "its driver is not known to have native XDP");
}

static void a_held_hook_names_its_holder(void **state)
{
	struct netdev_facts facts = plain_facts();

	(void)state;
	facts.xdp_mode = NETDEV_XDP_GENERIC;
	facts.xdp_prog_id = 12;
	expect_tc(&facts, "the XDP hook is held by program 12");
	strcpy(facts.xdp_prog_name, "xdp_foo");
	expect_tc(&facts, "the XDP hook is held by program 12 (xdp_foo)");
}

static void a_program_in_the_device_leaves_the_native_hook_free(void **state)
{
	struct netdev_facts facts = plain_facts();
	char why[NETDEV_WHY_MAX] = "";

	(void)state;
	facts.xdp_mode = NETDEV_XDP_HW;
	facts.xdp_prog_id = 12;
	assert_true(native_is_right(&facts, why, sizeof(why)));
}

static void a_veth_keeps_its_segmentation_offload(void **state)
{
	struct netdev_facts facts = plain_facts();

	(void)state;
	strcpy(facts.driver, "veth");
	expect_tc(&facts, "native XDP would take away segmentation offload of its peer");
}

static void merging_by_the_device_is_not_taken_away(void **state)
{
	struct netdev_facts facts = plain_facts();

	(void)state;
	facts.gro_hw = true;
	expect_tc(&facts, "native XDP would take away receive offload of the device (rx-gro-hw)");
	facts.lro = true;
	expect_tc(&facts, "native XDP would take away LRO");
}

static void a_tap_gets_tc(void **state)
{
	struct netdev_facts facts = plain_facts();

	(void)state;
	strcpy(facts.driver, "tun");
	expect_tc(&facts, "a tap hands merged packets to XDP as one");
}

static void an_mtu_past_the_limit_gets_tc_unless_frags_are_taken(void **state)
{
	struct netdev_facts facts = plain_facts();
	char why[NETDEV_WHY_MAX] = "";

	(void)state;
	facts.native_mtu_max = 3506;
	facts.native_mtu = 9000;
	facts.xdp_frags = NETDEV_UNKNOWN;
	expect_tc(&facts, "native XDP takes an MTU of 3506 at most, not 9000");
	assert_true(native_refuses_mtu(&facts));
	facts.xdp_frags = NETDEV_YES;
	assert_true(native_is_right(&facts, why, sizeof(why)));
	assert_true(native_needs_frags(&facts));
	assert_false(native_refuses_mtu(&facts));
}

static void the_limit_itself_needs_no_frags(void **state)
{
	struct netdev_facts facts = plain_facts();

	(void)state;
	facts.native_mtu_max = 3506;
	facts.native_mtu = 3506;
	assert_false(native_needs_frags(&facts));
	facts.native_mtu = 3507;
	assert_true(native_needs_frags(&facts));
}

static void a_limit_that_only_the_driver_knows_is_no_obstacle(void **state)
{
	struct netdev_facts facts = plain_facts();

	(void)state;
	facts.native_mtu = 9000;
	assert_false(native_needs_frags(&facts));
	assert_false(native_refuses_mtu(&facts));
}

static void a_reason_that_is_cut_stays_a_string(void **state)
{
	struct netdev_facts facts = plain_facts();
	char why[8];

	(void)state;
	facts.native_xdp = NETDEV_NO;
	memset(why, 'x', sizeof(why));
	assert_false(native_is_right(&facts, why, sizeof(why)));
	assert_string_equal(why, "ice has");
}

static void tags_are_left_in_the_packet_by_what_moves_them(void **state)
{
	struct netdev_facts facts = plain_facts();
	char mend[NETDEV_WHY_MAX] = "";

	(void)state;
	assert_false(xdp_tags_mend(&facts, mend, sizeof(mend)));
	facts.rx_vlan_strip = true;
	assert_true(xdp_tags_mend(&facts, mend, sizeof(mend)));
	assert_string_equal(mend, "ethtool -K eth0 rxvlan off");
	facts.rx_vlan_strip = false;
	strcpy(facts.driver, "veth");
	assert_true(xdp_tags_mend(&facts, mend, sizeof(mend)));
	assert_string_equal(mend, "ethtool -K PEER txvlan off, at its other end");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tags_are_left_in_the_packet_by_what_moves_them),
		cmocka_unit_test(a_free_hook_of_a_native_driver_is_taken),
		cmocka_unit_test(a_driver_without_native_xdp_gets_tc),
		cmocka_unit_test(an_unknown_driver_gets_tc),
		cmocka_unit_test(a_held_hook_names_its_holder),
		cmocka_unit_test(a_program_in_the_device_leaves_the_native_hook_free),
		cmocka_unit_test(a_veth_keeps_its_segmentation_offload),
		cmocka_unit_test(merging_by_the_device_is_not_taken_away),
		cmocka_unit_test(a_tap_gets_tc),
		cmocka_unit_test(an_mtu_past_the_limit_gets_tc_unless_frags_are_taken),
		cmocka_unit_test(the_limit_itself_needs_no_frags),
		cmocka_unit_test(a_limit_that_only_the_driver_knows_is_no_obstacle),
		cmocka_unit_test(a_reason_that_is_cut_stays_a_string),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
