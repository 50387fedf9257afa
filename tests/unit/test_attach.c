/* SPDX-License-Identifier: BSD-2-Clause */
/* Attaching: at each point frames are counted as they cross it, and nothing is left behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <bpf/libbpf.h>
#include <sys/wait.h>

#include "attach_scene.h"
#include "../user/attach/clsact.h"

/* Frames of these layers are counted at every point as they are. */
static void expect_counted_everywhere(struct place *place, const struct layer *layers,
				      const struct expectation *is)
{
	struct frame f;

	frame_build(&f, layers);
	for (int point = ATTACH_HOOK_FIRST; point <= ATTACH_HOOK_LAST; point++) {
		struct attachment attachment;
		int err = attach(place, &attachment, (enum attach_point)point);

		if (is_missing((enum attach_point)point, err))
			continue;
		assert_int_equal(err, 0);
		expect_counted(place, (enum attach_point)point, &f, is);
		attachment_close(&attachment);
	}
}

static void every_point_counts_each_frame(void **state)
{
	const struct layer layers[FRAME_LAYERS] = { ETHERNET, IPV4, TCP(SYN_ACK), PAYLOAD(100) };
	const struct expectation is = { IP4(IPPROTO_TCP), PORTS };

	need_root();
	expect_counted_everywhere(*state, layers, &is);
}

/* The kernel takes the first tag out of the frame before TC ingress; it counts all the same. */
static void a_tag_is_counted_wherever_the_kernel_keeps_it(void **state)
{
	const struct layer layers[FRAME_LAYERS] = { ETHERNET, VLAN(0x2007), IPV6, UDP,
						    PAYLOAD(100) };
	const struct expectation is = { IP6(IPPROTO_UDP), PORTS, .vlan = ID(7) };

	need_root();
	expect_counted_everywhere(*state, layers, &is);
}

static void tags_keep_their_order_wherever_the_kernel_keeps_them(void **state)
{
	const struct layer layers[FRAME_LAYERS] = { ETHERNET, TAG(ETH_P_8021AD, 300), VLAN(4),
						    VLAN(5), IPV4, UDP, PAYLOAD(100) };
	const struct expectation is = { IP4(IPPROTO_UDP), PORTS, .vlan = ID(300),
					.inner_vlan = ID(4) };

	need_root();
	expect_counted_everywhere(*state, layers, &is);
}

static void vlan_0_beside_the_frame_is_a_tag(void **state)
{
	const struct layer layers[FRAME_LAYERS] = { ETHERNET, VLAN(0), IPV4, UDP, PAYLOAD(100) };
	const struct expectation is = { IP4(IPPROTO_UDP), PORTS, .vlan = ID(0) };

	need_root();
	expect_counted_everywhere(*state, layers, &is);
}

static void what_is_detached_counts_no_more(void **state)
{
	const struct layer layers[FRAME_LAYERS] = { ETHERNET, IPV4, UDP, PAYLOAD(100) };
	const struct expectation is = { IP4(IPPROTO_UDP), PORTS };
	struct place *place = *state;
	struct drained d;
	struct frame f;

	need_root();
	expect_counted_everywhere(place, layers, &is);
	frame_build(&f, layers);
	send_frames(place, ATTACH_XDP_NATIVE, &f, FRAMES);
	send_frames(place, ATTACH_TCX_EGRESS, &f, FRAMES);
	for (int i = 0; i < 3; i++) {
		d = scene_drain_kernel(&place->scene);
		assert_int_equal(d.count, 0);
		drained_free(&d);
	}
}

static void a_hook_of_xdp_takes_one_program(void **state)
{
	struct attachment first, second;

	need_root();
	for (int point = ATTACH_XDP_NATIVE; point <= ATTACH_XDP_GENERIC; point++) {
		assert_int_equal(attach(*state, &first, (enum attach_point)point), 0);
		assert_int_equal(attach(*state, &second, (enum attach_point)point), -EBUSY);
		attachment_close(&first);
	}
	assert_int_equal(attach(*state, &first, ATTACH_XDP_NATIVE), 0);
	attachment_close(&first);
}

static void no_interface_is_an_error(void **state)
{
	struct place *place = *state;
	struct attachment attachment;

	need_root();
	place->ifindex = 0x7ffffff0;
	for (int point = ATTACH_HOOK_FIRST; point <= ATTACH_HOOK_LAST; point++)
		assert_true(attach(place, &attachment, (enum attach_point)point) < 0);
}

static void an_interface_that_has_gone_can_be_detached_from(void **state)
{
	struct attachment attachments[ATTACH_POINT_COUNT];
	int err[ATTACH_POINT_COUNT];

	need_root();
	for (int point = ATTACH_XDP_GENERIC; point <= ATTACH_HOOK_LAST; point++)
		err[point] = attach(*state, &attachments[point], (enum attach_point)point);
	veth_remove();
	for (int point = ATTACH_XDP_GENERIC; point <= ATTACH_HOOK_LAST; point++) {
		if (!err[point])
			attachment_close(&attachments[point]);
	}
}

/* No qdisc and no filter is there. */
static void expect_no_clsact(void)
{
	run_command("! tc qdisc show dev " NEAR " | grep -q clsact");
}

static void expect_filters(int ingress, int egress)
{
	char command[256];

	snprintf(command, sizeof(command),
		 "test $(tc filter show dev %s ingress | grep -c count_tc) = %d && "
		 "test $(tc filter show dev %s egress | grep -c count_tc) = %d",
		 NEAR, ingress, NEAR, egress);
	run_command(command);
}

static void clsact_is_gone_in_whichever_order_its_filters_go(void **state)
{
	struct attachment in, out;

	need_root();
	for (int first_out = 0; first_out < 2; first_out++) {
		assert_int_equal(attach(*state, &in, ATTACH_CLSACT_INGRESS), 0);
		assert_int_equal(attach(*state, &out, ATTACH_CLSACT_EGRESS), 0);
		expect_filters(1, 1);
		attachment_close(first_out ? &out : &in);
		expect_filters(first_out, !first_out);
		attachment_close(first_out ? &in : &out);
		expect_no_clsact();
	}
}

static void weirs_side_by_side_keep_each_others_filters(void **state)
{
	struct attachment attachments[3];

	need_root();
	for (int i = 0; i < 3; i++)
		assert_int_equal(attach(*state, &attachments[i], ATTACH_CLSACT_INGRESS), 0);
	expect_filters(3, 0);
	attachment_close(&attachments[1]);
	expect_filters(2, 0);
	attachment_close(&attachments[0]);
	expect_filters(1, 0);
	attachment_close(&attachments[2]);
	expect_no_clsact();
}

static void attach_and_be_killed(struct place *place)
{
	struct attachment attachment;
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(attach(place, &attachment, ATTACH_CLSACT_INGRESS) ? 1 : 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void what_a_killed_process_left_is_replaced(void **state)
{
	struct attachment attachment;

	need_root();
	attach_and_be_killed(*state);
	expect_filters(1, 0);
	assert_int_equal(attach(*state, &attachment, ATTACH_CLSACT_INGRESS), 0);
	expect_filters(1, 0);
	attachment_close(&attachment);
	expect_no_clsact();
}

static void a_clsact_of_somebody_else_stays_also_after_a_kill(void **state)
{
	struct attachment attachment;

	need_root();
	run_command("tc qdisc add dev " NEAR " clsact");
	attach_and_be_killed(*state);
	assert_int_equal(attach(*state, &attachment, ATTACH_CLSACT_INGRESS), 0);
	expect_filters(1, 0);
	attachment_close(&attachment);
	run_command("tc qdisc show dev " NEAR " | grep -q clsact");
}

static void what_a_killed_process_left_is_cleaned_by_whoever_starts(void **state)
{
	struct place *place = *state;
	unsigned int ifindex;

	need_root();
	ifindex = (unsigned int)place->ifindex;
	attach_and_be_killed(place);
	assert_int_equal(clsact_leftovers(ifindex), 1);
	assert_int_equal(clsact_clean(ifindex), 0);
	assert_int_equal(clsact_leftovers(ifindex), 0);
	expect_no_clsact();
}

static void the_filters_of_who_lives_are_no_leftovers(void **state)
{
	struct attachment attachment;
	struct place *place = *state;

	need_root();
	attach_and_be_killed(place);
	attach_and_be_killed(place);
	assert_int_equal(attach(place, &attachment, ATTACH_CLSACT_EGRESS), 0);
	attach_and_be_killed(place);
	expect_filters(1, 1);
	assert_int_equal(clsact_leftovers((unsigned int)place->ifindex), 1);
	assert_int_equal(clsact_clean((unsigned int)place->ifindex), 0);
	expect_filters(0, 1);
	assert_int_equal(attachment_holds(&attachment), 1);
	assert_int_equal(attachment_close(&attachment), 0);
	expect_no_clsact();
}

static void what_was_taken_off_does_not_hold(void **state)
{
	struct attachment attachment;

	need_root();
	assert_int_equal(attach(*state, &attachment, ATTACH_CLSACT_INGRESS), 0);
	run_command("tc filter del dev " NEAR " ingress");
	assert_int_equal(attachment_holds(&attachment), 0);
	run_command("tc qdisc del dev " NEAR " clsact");
	assert_int_equal(attachment_holds(&attachment), 0);
	assert_int_equal(attachment_close(&attachment), 0);
}

static void every_point_but_nothing_has_a_name(void **state)
{
	(void)state;
	assert_null(attach_point_name(ATTACH_NOTHING));
	for (int point = ATTACH_NOTHING + 1; point < ATTACH_POINT_COUNT; point++)
		assert_non_null(attach_point_name((enum attach_point)point));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_place(every_point_counts_each_frame),
		in_place(a_tag_is_counted_wherever_the_kernel_keeps_it),
		in_place(tags_keep_their_order_wherever_the_kernel_keeps_them),
		in_place(vlan_0_beside_the_frame_is_a_tag),
		in_place(what_is_detached_counts_no_more),
		in_place(a_hook_of_xdp_takes_one_program),
		in_place(no_interface_is_an_error),
		in_place(an_interface_that_has_gone_can_be_detached_from),
		in_place(clsact_is_gone_in_whichever_order_its_filters_go),
		in_place(weirs_side_by_side_keep_each_others_filters),
		in_place(what_a_killed_process_left_is_replaced),
		in_place(a_clsact_of_somebody_else_stays_also_after_a_kill),
		in_place(what_a_killed_process_left_is_cleaned_by_whoever_starts),
		in_place(the_filters_of_who_lives_are_no_leftovers),
		in_place(what_was_taken_off_does_not_hold),
		cmocka_unit_test(every_point_but_nothing_has_a_name),
	};

	libbpf_set_print(NULL);
	if (geteuid() == 0)
		veth_setup();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
