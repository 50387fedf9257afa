/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "../../user/system/netdev.h"
#include "../../user/system/netdev_driver.h"

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
	assert_int_equal(facts.header, NETDEV_HEADER_ETHERNET);
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
