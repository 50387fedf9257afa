/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "../../user/system/netdev.h"
#include "../../user/system/netdev_rule.h"

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
		.is_ethernet = true,
		.native_xdp = NETDEV_YES,
	};
}

static void expect_tc(const struct netdev_facts *facts, const char *expected)
{
	char why[NETDEV_WHY_MAX] = "";

	assert_false(netdev_should_attach_native(facts, why, sizeof(why)));
	assert_string_equal(why, expected);
}

static void a_free_hook_of_a_native_driver_is_taken(void **state)
{
	struct netdev_facts facts = plain_facts();
	char why[NETDEV_WHY_MAX] = "";

	(void)state;
	assert_true(netdev_should_attach_native(&facts, why, sizeof(why)));
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
	assert_true(netdev_should_attach_native(&facts, why, sizeof(why)));
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
	assert_true(netdev_refuses_mtu(&facts));
	facts.xdp_frags = NETDEV_YES;
	assert_true(netdev_should_attach_native(&facts, why, sizeof(why)));
	assert_true(netdev_needs_frags(&facts));
	assert_false(netdev_refuses_mtu(&facts));
}

static void the_limit_itself_needs_no_frags(void **state)
{
	struct netdev_facts facts = plain_facts();

	(void)state;
	facts.native_mtu_max = 3506;
	facts.native_mtu = 3506;
	assert_false(netdev_needs_frags(&facts));
	facts.native_mtu = 3507;
	assert_true(netdev_needs_frags(&facts));
}

static void a_limit_that_only_the_driver_knows_is_no_obstacle(void **state)
{
	struct netdev_facts facts = plain_facts();

	(void)state;
	facts.native_mtu = 9000;
	assert_false(netdev_needs_frags(&facts));
	assert_false(netdev_refuses_mtu(&facts));
}

static void a_reason_that_is_cut_stays_a_string(void **state)
{
	struct netdev_facts facts = plain_facts();
	char why[8];

	(void)state;
	facts.native_xdp = NETDEV_NO;
	memset(why, 'x', sizeof(why));
	assert_false(netdev_should_attach_native(&facts, why, sizeof(why)));
	assert_string_equal(why, "ice has");
}

static void veth_in_pages_of_4096_takes_3506(void **state)
{
	(void)state;
	assert_int_equal(netdev_driver_mtu_max("veth", 4096), 3506);
	assert_int_equal(netdev_driver_mtu_max("ice", 4096), 0);
}

static void drivers_are_told_apart_without_the_kernels_help(void **state)
{
	(void)state;
	assert_int_equal(netdev_driver_has_native("ixgbe"), NETDEV_YES);
	assert_int_equal(netdev_driver_has_native("loopback"), NETDEV_NO);
	assert_int_equal(netdev_driver_has_native("made_up"), NETDEV_UNKNOWN);
	assert_int_equal(netdev_driver_has_native(""), NETDEV_UNKNOWN);
}

static void losses_in_the_receive_queue_count_once(void **state)
{
	const struct netdev_counters counters = {
		.rx_missed_errors = 5,
		.rx_fifo_errors = 7,
		.rx_over_errors = 7,
		.rx_dropped = 1000,
		.rx_nohandler = 1000,
	};

	(void)state;
	assert_int_equal(netdev_counters_missed(&counters), 12);
}

static void who_the_same_packets_pass_stands_on_the_other(void **state)
{
	const struct netdev_facts bridge = { .ifindex = 3 }, port = { .ifindex = 4, .master = 3 };
	const struct netdev_facts vlan = { .ifindex = 5, .lower = 4 };

	(void)state;
	assert_string_equal(netdev_stands_to(&port, &bridge), "is a port of");
	assert_string_equal(netdev_stands_to(&vlan, &port), "lies on");
	assert_null(netdev_stands_to(&bridge, &port));
	assert_null(netdev_stands_to(&port, &vlan));
	assert_null(netdev_stands_to(&vlan, &bridge));
	assert_null(netdev_stands_to(&bridge, &bridge));
}

/* What keeps it from being asked for is not taken for its absence. */
static void an_interface_that_cannot_be_asked_for_is_not_missing(void **state)
{
	struct netdev_facts facts;
	struct rlimit before, none;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(netdev_query("lo", &facts), -EMFILE);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(netdev_query("lo", &facts), 0);
}

static void loopback_is_found(void **state)
{
	struct netdev_facts facts;

	(void)state;
	assert_int_equal(netdev_query("lo", &facts), 0);
	assert_string_equal(facts.name, "lo");
	assert_string_equal(facts.driver, "loopback");
	assert_int_equal(facts.ifindex, if_nametoindex("lo"));
	assert_true(facts.is_ethernet);
	assert_true(facts.mtu > 0);
	assert_int_equal(facts.native_xdp, NETDEV_NO);
	assert_int_equal(facts.native_mtu, facts.mtu);
}

/* Other packets may cross loopback meanwhile: the counter lies between two readings. */
static void counters_are_those_of_proc(void **state)
{
	struct netdev_state before, after;
	unsigned long long packets;
	char line[512];
	FILE *file;
	int found = 0;

	(void)state;
	assert_int_equal(netdev_state_query(if_nametoindex("lo"), &before), 0);
	file = fopen("/proc/net/dev", "re");
	assert_non_null(file);
	while (!found && fgets(line, sizeof(line), file))
		found = sscanf(line, " lo: %*u %llu", &packets);
	fclose(file);
	assert_int_equal(found, 1);
	assert_int_equal(netdev_state_query(if_nametoindex("lo"), &after), 0);
	assert_in_range(packets, before.counters.rx_packets, after.counters.rx_packets);
	assert_string_equal(before.name, "lo");
	assert_int_equal(before.xdp_mode, NETDEV_XDP_NONE);
}

static void a_missing_interface_is_no_device(void **state)
{
	struct netdev_state state_now;
	struct netdev_facts facts;

	(void)state;
	assert_int_equal(netdev_query("no-such-link", &facts), -ENODEV);
	assert_int_equal(netdev_query("", &facts), -ENODEV);
	assert_int_equal(netdev_query("a-name-longer-than-the-kernel-has", &facts), -ENODEV);
	assert_int_equal(netdev_state_query(0x7ffffff0, &state_now), -ENODEV);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
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
		cmocka_unit_test(veth_in_pages_of_4096_takes_3506),
		cmocka_unit_test(drivers_are_told_apart_without_the_kernels_help),
		cmocka_unit_test(losses_in_the_receive_queue_count_once),
		cmocka_unit_test(who_the_same_packets_pass_stands_on_the_other),
		cmocka_unit_test(an_interface_that_cannot_be_asked_for_is_not_missing),
		cmocka_unit_test(loopback_is_found),
		cmocka_unit_test(counters_are_those_of_proc),
		cmocka_unit_test(a_missing_interface_is_no_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
