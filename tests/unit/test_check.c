/* SPDX-License-Identifier: BSD-2-Clause */
#include "check_scene.h"

/* eth0: native XDP in the driver, nothing in the way. */
static const struct netdev_facts plain_link = {
	.name = "eth0",
	.driver = "ice",
	.ifindex = 2,
	.mtu = 1500,
	.native_mtu = 1500,
	.up = true,
	.running = true,
	.header = NETDEV_HEADER_ETHERNET,
	.native_xdp = NETDEV_YES,
	.tcx = NETDEV_YES,
};

static struct attach_plan plan_of(const struct netdev_facts *facts, enum attach_how how,
				  enum direction direction)
{
	const struct attach_settings settings = { .how = how, .direction = direction };
	struct attach_plan plan;

	attach_plan_make(facts, &new_machine, &settings, &plan);
	return plan;
}

static struct interface_survey judged(const struct netdev_facts *facts, enum attach_how how)
{
	const struct attach_settings settings = { .how = how };
	struct interface_survey interface = { .facts = *facts };

	attach_plan_make(facts, &new_machine, &settings, &interface.plan);
	interface_judge(&interface, &new_machine, &settings);
	return interface;
}

static void auto_is_xdp_in_and_tcx_out_where_nothing_is_in_the_way(void **state)
{
	struct attach_plan plan = plan_of(&plain_link, ATTACH_AUTO, DIRECTION_BOTH);

	(void)state;
	assert_int_equal(plan.in, ATTACH_XDP_NATIVE);
	assert_int_equal(plan.out, ATTACH_TCX_EGRESS);
	assert_string_equal(plan.why, "");
	assert_false(plan.impossible);
}

static void auto_leaves_a_veth_to_tc_and_native_takes_it(void **state)
{
	struct netdev_facts facts = plain_link;

	(void)state;
	strcpy(facts.driver, "veth");
	assert_int_equal(plan_of(&facts, ATTACH_AUTO, DIRECTION_BOTH).in, ATTACH_TCX_INGRESS);
	assert_int_equal(plan_of(&facts, ATTACH_NATIVE, DIRECTION_BOTH).in, ATTACH_XDP_NATIVE);
}

/* A TCX link waits for the kernel; where others have one there, weir is to stand before them. */
static void of_many_interfaces_those_without_tcx_programs_are_left_to_clsact(void **state)
{
	struct attach_settings many = { .how = ATTACH_TC, .is_many = true };
	struct netdev_facts facts = plain_link;
	struct attach_plan plan;

	(void)state;
	attach_plan_make(&facts, &new_machine, &many, &plan);
	assert_int_equal(plan.in, ATTACH_CLSACT_INGRESS);
	assert_int_equal(plan.out, ATTACH_CLSACT_EGRESS);
	facts.tcx_egress = 1;
	attach_plan_make(&facts, &new_machine, &many, &plan);
	assert_int_equal(plan.in, ATTACH_TCX_INGRESS);
	facts.tcx_egress = 0;
	facts.has_ingress_qdisc = true;
	attach_plan_make(&facts, &new_machine, &many, &plan);
	assert_int_equal(plan.out, ATTACH_TCX_EGRESS);
	many.how = ATTACH_AUTO;
	facts.has_ingress_qdisc = false;
	attach_plan_make(&facts, &new_machine, &many, &plan);
	assert_int_equal(plan.in, ATTACH_XDP_NATIVE);
	assert_int_equal(plan.out, ATTACH_CLSACT_EGRESS);
}

static void native_is_impossible_where_something_is_in_the_way(void **state)
{
	struct netdev_facts held = plain_link, large = plain_link, without = plain_link;

	(void)state;
	held.xdp_mode = NETDEV_XDP_NATIVE;
	large.native_mtu_max = 1499;
	without.native_xdp = NETDEV_NO;
	assert_true(plan_of(&held, ATTACH_NATIVE, DIRECTION_BOTH).impossible);
	assert_true(plan_of(&large, ATTACH_NATIVE, DIRECTION_BOTH).impossible);
	assert_true(plan_of(&without, ATTACH_NATIVE, DIRECTION_BOTH).impossible);
	assert_true(plan_of(&held, ATTACH_GENERIC, DIRECTION_BOTH).impossible);
	assert_false(plan_of(&large, ATTACH_GENERIC, DIRECTION_BOTH).impossible);
}

static void native_is_tried_on_a_driver_nobody_knows(void **state)
{
	struct netdev_facts facts = plain_link;

	(void)state;
	facts.native_xdp = NETDEV_UNKNOWN;
	assert_int_equal(plan_of(&facts, ATTACH_NATIVE, DIRECTION_IN).in, ATTACH_XDP_NATIVE);
}

static void a_direction_not_asked_for_has_no_hook(void **state)
{
	struct attach_plan in = plan_of(&plain_link, ATTACH_AUTO, DIRECTION_IN);
	struct attach_plan out = plan_of(&plain_link, ATTACH_PCAP, DIRECTION_OUT);

	(void)state;
	assert_int_equal(in.in, ATTACH_XDP_NATIVE);
	assert_int_equal(in.out, ATTACH_NOTHING);
	assert_int_equal(out.in, ATTACH_NOTHING);
	assert_int_equal(out.out, ATTACH_CAPTURE);
}

static void a_held_xdp_hook_is_nothing_to_what_goes_out(void **state)
{
	struct netdev_facts facts = plain_link;

	(void)state;
	facts.xdp_mode = NETDEV_XDP_NATIVE;
	assert_false(plan_of(&facts, ATTACH_NATIVE, DIRECTION_OUT).impossible);
}

static void an_older_kernel_has_clsact(void **state)
{
	struct netdev_facts facts = plain_link;

	(void)state;
	facts.tcx = NETDEV_NO;
	assert_int_equal(plan_of(&facts, ATTACH_TC, DIRECTION_BOTH).in, ATTACH_CLSACT_INGRESS);
	assert_int_equal(plan_of(&facts, ATTACH_AUTO, DIRECTION_BOTH).out, ATTACH_CLSACT_EGRESS);
	assert_int_equal(plan_of(&plain_link, ATTACH_CLSACT, DIRECTION_BOTH).out,
			 ATTACH_CLSACT_EGRESS);
}

static void without_privileges_tcx_is_told_by_the_kernels_age(void **state)
{
	const struct machine_facts old = { .kernel_major = 6, .kernel_minor = 5 };
	struct netdev_facts facts = plain_link;

	(void)state;
	facts.tcx = NETDEV_UNKNOWN;
	assert_true(attach_plan_has_tcx(&facts, &new_machine));
	assert_false(attach_plan_has_tcx(&facts, &old));
}

static void the_ingress_qdisc_keeps_clsact_out_unless_it_is_not_needed(void **state)
{
	struct netdev_facts facts = plain_link;
	struct interface_survey interface;

	(void)state;
	facts.has_ingress_qdisc = true;
	assert_false(plan_of(&facts, ATTACH_AUTO, DIRECTION_BOTH).impossible);
	facts.tcx = NETDEV_NO;
	assert_true(plan_of(&facts, ATTACH_AUTO, DIRECTION_BOTH).impossible);
	assert_false(plan_of(&facts, ATTACH_AUTO, DIRECTION_IN).impossible);
	interface = judged(&facts, ATTACH_AUTO);
	expect_finding(&interface.findings, "TC", FINDING_FAIL, "tc qdisc del dev eth0 ingress");
}

static void an_interface_without_ethernet_is_left_to_libpcap(void **state)
{
	struct netdev_facts facts = plain_link;
	struct interface_survey interface;

	(void)state;
	facts.header = NETDEV_HEADER_OTHER;
	interface = judged(&facts, ATTACH_AUTO);
	assert_true(findings_are_good(&interface.findings));
	assert_int_equal(interface.plan.in, ATTACH_CAPTURE);
	assert_int_equal(interface.plan.out, ATTACH_CAPTURE);
	expect_finding(&interface.findings, "link", FINDING_NOTE, "");
	assert_false(plan_of(&facts, ATTACH_PCAP, DIRECTION_BOTH).impossible);
}

static void programs_asked_for_without_ethernet_are_refused_with_the_way_out(void **state)
{
	const enum attach_how asked[] = { ATTACH_NATIVE, ATTACH_GENERIC, ATTACH_TC, ATTACH_CLSACT };
	struct netdev_facts facts = plain_link;

	(void)state;
	facts.header = NETDEV_HEADER_OTHER;
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		struct interface_survey interface = judged(&facts, asked[i]);

		expect_finding(&interface.findings, "link", FINDING_FAIL, "");
		expect_finding(&interface.findings, "attach", FINDING_FAIL,
			       "weir run -i eth0 -a pcap");
	}
}

static void packets_that_begin_with_ip_are_counted_at_tc_alone(void **state)
{
	struct netdev_facts facts = plain_link;
	struct interface_survey interface;

	(void)state;
	facts.header = NETDEV_HEADER_IP;
	facts.native_xdp = NETDEV_YES;
	interface = judged(&facts, ATTACH_AUTO);
	assert_true(findings_are_good(&interface.findings));
	assert_int_equal(interface.plan.in, ATTACH_TCX_INGRESS);
	assert_int_equal(interface.plan.out, ATTACH_TCX_EGRESS);
	expect_finding(&interface.findings, "link", FINDING_OK, "");
	expect_finding(&interface.findings, "attach", FINDING_OK, "");
	assert_int_equal(plan_of(&facts, ATTACH_CLSACT, DIRECTION_BOTH).in, ATTACH_CLSACT_INGRESS);
	assert_true(plan_of(&facts, ATTACH_NATIVE, DIRECTION_BOTH).impossible);
	assert_true(plan_of(&facts, ATTACH_GENERIC, DIRECTION_BOTH).impossible);
}

static struct interface_survey judged_beside(const struct ahead *ahead, unsigned int leftovers)
{
	const struct attach_settings settings = { .how = ATTACH_AUTO };
	struct interface_survey interface = { .facts = plain_link, .ahead = *ahead,
					      .leftovers = leftovers };

	interface_judge(&interface, &new_machine, &settings);
	return interface;
}

static void who_would_stand_before_weir_is_a_note(void **state)
{
	struct ahead ahead = { .text = { "prog 12 at tcx-ingress of eth0" }, .count = 1 };
	struct interface_survey interface = judged_beside(&ahead, 0);

	(void)state;
	expect_finding(&interface.findings, "in front", FINDING_NOTE, "");
	assert_string_equal(finding_of(&interface.findings, "in front")->fact,
			    "prog 12 at tcx-ingress of eth0");
	ahead.omitted = 2;
	interface = judged_beside(&ahead, 0);
	assert_string_equal(finding_of(&interface.findings, "in front")->fact,
			    "prog 12 at tcx-ingress of eth0 and 2 more");
	assert_true(findings_are_good(&interface.findings));
}

static void a_port_and_its_bridge_are_a_note_at_the_port(void **state)
{
	const struct attach_settings settings = { .how = ATTACH_AUTO };
	const struct netdev_facts bridge = { .name = "br0", .ifindex = 9 };
	struct interface_survey port = { .facts = plain_link, .under = &bridge };

	(void)state;
	port.facts.master = 9;
	interface_judge(&port, &new_machine, &settings);
	expect_finding(&port.findings, "stack", FINDING_NOTE, "");
	assert_string_equal(finding_of(&port.findings, "stack")->fact, "eth0 is a port of br0");
}

static void what_a_killed_weir_left_is_a_note(void **state)
{
	const struct ahead nobody = { .count = 0 };
	struct interface_survey interface = judged_beside(&nobody, 2);

	(void)state;
	expect_finding(&interface.findings, "left over", FINDING_NOTE, "");
	assert_string_equal(finding_of(&interface.findings, "left over")->fact,
			    "2 filters of a weir that was killed");
}

static void nothing_in_the_way_is_all_ok(void **state)
{
	struct interface_survey interface = judged(&plain_link, ATTACH_AUTO);

	(void)state;
	for (size_t i = 0; i < interface.findings.count; i++)
		assert_int_equal(interface.findings.list[i].state, FINDING_OK);
	assert_int_equal(interface.findings.count, 7);
}

static void an_interface_that_is_down_is_a_note(void **state)
{
	struct netdev_facts facts = plain_link;
	struct interface_survey interface;

	(void)state;
	facts.up = facts.running = false;
	interface = judged(&facts, ATTACH_AUTO);
	expect_finding(&interface.findings, "link", FINDING_NOTE, "ip link set dev eth0 up");
	assert_true(findings_are_good(&interface.findings));
}

static void tags_beside_the_packet_are_a_note_for_xdp_only(void **state)
{
	struct netdev_facts facts = plain_link;
	struct interface_survey xdp, tc;

	(void)state;
	facts.rx_vlan_strip = true;
	xdp = judged(&facts, ATTACH_AUTO);
	tc = judged(&facts, ATTACH_TC);
	expect_finding(&xdp.findings, "VLAN tags", FINDING_NOTE, "ethtool -K eth0 rxvlan off");
	expect_finding(&tc.findings, "VLAN tags", FINDING_OK, "");
	facts.xdp_rx_vlan = true;
	xdp = judged(&facts, ATTACH_AUTO);
	expect_finding(&xdp.findings, "VLAN tags", FINDING_OK, "");
	xdp = judged(&facts, ATTACH_GENERIC);
	expect_finding(&xdp.findings, "VLAN tags", FINDING_NOTE, "ethtool -K eth0 rxvlan off");
}

/* Its own feature changes nothing there. */
static void of_a_veth_the_other_end_leaves_tags_in_the_packet(void **state)
{
	struct netdev_facts facts = plain_link;
	struct interface_survey xdp;

	(void)state;
	facts.rx_vlan_strip = true;
	strcpy(facts.driver, "veth");
	xdp = judged(&facts, ATTACH_NATIVE);
	expect_finding(&xdp.findings, "VLAN tags", FINDING_NOTE,
		       "ethtool -K PEER txvlan off, at its other end");
}

static void lro_has_its_command(void **state)
{
	struct netdev_facts facts = plain_link;
	struct interface_survey interface;

	(void)state;
	facts.lro = true;
	interface = judged(&facts, ATTACH_AUTO);
	assert_int_equal(interface.plan.in, ATTACH_TCX_INGRESS);
	expect_finding(&interface.findings, "merging", FINDING_NOTE, "ethtool -K eth0 lro off");
}

static void a_held_hook_has_the_command_of_its_mode(void **state)
{
	struct netdev_facts facts = plain_link;
	struct interface_survey interface;

	(void)state;
	facts.xdp_mode = NETDEV_XDP_GENERIC;
	facts.xdp_prog_id = 7;
	interface = judged(&facts, ATTACH_AUTO);
	expect_finding(&interface.findings, "XDP hook", FINDING_NOTE,
		       "ip link set dev eth0 xdpgeneric off");
	assert_true(findings_are_good(&interface.findings));
	interface = judged(&facts, ATTACH_NATIVE);
	expect_finding(&interface.findings, "attach", FINDING_FAIL, "weir run -i eth0 -a auto");
}

static void an_mtu_that_native_xdp_refuses_has_its_command(void **state)
{
	struct netdev_facts facts = plain_link;
	struct interface_survey interface;

	(void)state;
	facts.mtu = facts.native_mtu = 9000;
	facts.native_mtu_max = 3506;
	interface = judged(&facts, ATTACH_AUTO);
	expect_finding(&interface.findings, "MTU", FINDING_NOTE, "ip link set dev eth0 mtu 3506");
	facts.xdp_frags = NETDEV_YES;
	interface = judged(&facts, ATTACH_AUTO);
	expect_finding(&interface.findings, "MTU", FINDING_OK, "");
	assert_int_equal(interface.plan.in, ATTACH_XDP_NATIVE);
}

static void a_name_made_for_a_shell_is_quoted_in_commands(void **state)
{
	struct netdev_facts facts = plain_link;
	struct interface_survey interface;

	(void)state;
	strcpy(facts.name, "a;reboot'\x1b");
	facts.up = facts.running = false;
	interface = judged(&facts, ATTACH_AUTO);
	expect_finding(&interface.findings, "link", FINDING_NOTE,
		       "ip link set dev $'a;reboot\\'\\x1b' up");
}

static void the_longest_worst_name_fits(void **state)
{
	char word[SHELL_WORD_MAX];

	(void)state;
	escape_shell_word("\x01\x02\x03\x04\x05\x06\x07\x08\x0e\x0f\x10\x11\x12\x13\x14", word,
			  sizeof(word));
	assert_int_equal(strlen(word), 15 * 4 + 3);
	assert_string_equal(word + strlen(word) - 5, "\\x14'");
}

static void what_a_terminal_acts_on_is_escaped(void **state)
{
	char out[32], cut[7];

	(void)state;
	assert_string_equal(escape_text("eth0", out, sizeof(out)), "eth0");
	assert_string_equal(escape_text("\x1b[2J\xc2\x9b", out, sizeof(out)), "\\x1b[2J\\xc2\\x9b");
	assert_string_equal(escape_text("abc\x1b", cut, sizeof(cut)), "abc");
	assert_string_equal(escape_shell_word("", out, sizeof(out)), "$''");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(auto_is_xdp_in_and_tcx_out_where_nothing_is_in_the_way),
		cmocka_unit_test(auto_leaves_a_veth_to_tc_and_native_takes_it),
		cmocka_unit_test(of_many_interfaces_those_without_tcx_programs_are_left_to_clsact),
		cmocka_unit_test(native_is_impossible_where_something_is_in_the_way),
		cmocka_unit_test(native_is_tried_on_a_driver_nobody_knows),
		cmocka_unit_test(a_direction_not_asked_for_has_no_hook),
		cmocka_unit_test(a_held_xdp_hook_is_nothing_to_what_goes_out),
		cmocka_unit_test(an_older_kernel_has_clsact),
		cmocka_unit_test(without_privileges_tcx_is_told_by_the_kernels_age),
		cmocka_unit_test(the_ingress_qdisc_keeps_clsact_out_unless_it_is_not_needed),
		cmocka_unit_test(an_interface_without_ethernet_is_left_to_libpcap),
		cmocka_unit_test(packets_that_begin_with_ip_are_counted_at_tc_alone),
		cmocka_unit_test(programs_asked_for_without_ethernet_are_refused_with_the_way_out),
		cmocka_unit_test(who_would_stand_before_weir_is_a_note),
		cmocka_unit_test(a_port_and_its_bridge_are_a_note_at_the_port),
		cmocka_unit_test(what_a_killed_weir_left_is_a_note),
		cmocka_unit_test(nothing_in_the_way_is_all_ok),
		cmocka_unit_test(an_interface_that_is_down_is_a_note),
		cmocka_unit_test(tags_beside_the_packet_are_a_note_for_xdp_only),
		cmocka_unit_test(of_a_veth_the_other_end_leaves_tags_in_the_packet),
		cmocka_unit_test(lro_has_its_command),
		cmocka_unit_test(a_held_hook_has_the_command_of_its_mode),
		cmocka_unit_test(an_mtu_that_native_xdp_refuses_has_its_command),
		cmocka_unit_test(a_name_made_for_a_shell_is_quoted_in_commands),
		cmocka_unit_test(the_longest_worst_name_fits),
		cmocka_unit_test(what_a_terminal_acts_on_is_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
