/* SPDX-License-Identifier: BSD-2-Clause */
/* Who else is at a hook: weir goes first where it may, and names what stands before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <bpf/libbpf.h>

#include "attach_scene.h"
#include "../user/attach/ahead.h"
#include "../user/attach/chain.h"

/* A program of somebody else's, which ends the chain at its hook. */
static int stranger_load(enum bpf_prog_type type, const char *name)
{
	const struct bpf_insn pass[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0,
		  .imm = type == BPF_PROG_TYPE_XDP ? XDP_PASS : TC_ACT_OK },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fd = bpf_prog_load(type, name, "Dual BSD/GPL", pass,
			       sizeof(pass) / sizeof(pass[0]), NULL);

	assert_true(fd >= 0);
	return fd;
}

/* Before all others if it says so. Negative errno where the kernel has no TCX. */
static int stranger_attach_tcx(const struct place *place, bool before)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = before ? 1u << 3 : 0);
	int prog_fd = stranger_load(BPF_PROG_TYPE_SCHED_CLS, "stranger");
	int fd = bpf_link_create(prog_fd, place->ifindex, (enum bpf_attach_type)TCX_INGRESS, &opts);

	close(prog_fd);
	return fd;
}

static void stranger_add_filter(const struct place *place, unsigned int priority)
{
	struct bpf_tc_hook hook;
	struct bpf_tc_opts opts;

	/* libbpf refuses padding that is not zero: what an initializer leaves open. */
	memset(&hook, 0, sizeof(hook));
	memset(&opts, 0, sizeof(opts));
	hook.sz = sizeof(hook);
	hook.ifindex = place->ifindex;
	hook.attach_point = BPF_TC_INGRESS;
	opts.sz = sizeof(opts);
	opts.priority = priority;
	opts.prog_fd = stranger_load(BPF_PROG_TYPE_SCHED_CLS, "stranger");
	assert_int_equal(bpf_tc_attach(&hook, &opts), 0);
	close(opts.prog_fd);
}

static struct ahead ahead_of(const struct place *place, const struct attachment *own)
{
	const struct ahead_interface interface = { .ifindex = (unsigned int)place->ifindex,
						   .name = NEAR };
	struct ahead ahead = { 0 };

	assert_int_equal(ahead_add(&ahead, &interface, own), 0);
	return ahead;
}

static void expect_one_ahead(const struct ahead *ahead, const char *begin, const char *end)
{
	const char *text = ahead->text[0];

	assert_int_equal(ahead->count, 1);
	assert_memory_equal(text, begin, strlen(begin));
	assert_string_equal(text + strlen(text) - strlen(end), end);
}

static void expect_all_counted(struct place *place, enum attach_point point)
{
	const struct layer layers[FRAME_LAYERS] = { ETHERNET, IPV4, UDP, PAYLOAD(100) };
	const struct expectation is = { IP4(IPPROTO_UDP), PORTS };
	struct frame f;

	frame_build(&f, layers);
	expect_counted(place, point, &f, &is);
}

static void a_program_that_ends_the_chain_of_tcx_comes_after_weir(void **state)
{
	struct place *place = *state;
	struct attachment attachment;
	struct ahead ahead;
	int stranger;

	need_root();
	stranger = stranger_attach_tcx(place, true);
	if (stranger < 0)
		return;
	assert_int_equal(attach(place, &attachment, ATTACH_TCX_INGRESS), 0);
	expect_all_counted(place, ATTACH_TCX_INGRESS);
	ahead = ahead_of(place, &attachment);
	assert_int_equal(ahead.count, 0);
	attachment_close(&attachment);
	close(stranger);
}

static void who_goes_before_weir_later_is_named(void **state)
{
	struct place *place = *state;
	struct attachment attachment;
	struct ahead ahead;
	int stranger, another;

	need_root();
	stranger = stranger_attach_tcx(place, false);
	if (stranger < 0)
		return;
	assert_int_equal(attach(place, &attachment, ATTACH_TCX_INGRESS), 0);
	another = stranger_attach_tcx(place, true);
	ahead = ahead_of(place, &attachment);
	expect_one_ahead(&ahead, "prog ", " (stranger) at tcx-ingress of near");
	close(another);
	ahead = ahead_of(place, &attachment);
	assert_int_equal(ahead.count, 0);
	attachment_close(&attachment);
	close(stranger);
}

static void weirs_are_not_in_each_others_way(void **state)
{
	struct place *place = *state;
	struct attachment first, second;
	struct ahead ahead;
	int other_weir;

	need_root();
	other_weir = stranger_load(BPF_PROG_TYPE_SCHED_CLS, "count_tc_other");
	for (int point = ATTACH_TCX_INGRESS; point <= ATTACH_CLSACT_EGRESS; point++) {
		if (is_missing(point, attach(place, &first, point)))
			continue;
		assert_int_equal(attachment_open(&second, point, place->ifindex, other_weir), 0);
		ahead = ahead_of(place, &first);
		assert_int_equal(ahead.count, 0);
		ahead = ahead_of(place, &second);
		assert_int_equal(ahead.count, 0);
		attachment_close(&second);
		attachment_close(&first);
	}
	close(other_weir);
}

static void a_change_of_the_chain_has_another_revision(void **state)
{
	struct place *place = *state;
	uint64_t before, after;
	int stranger;

	need_root();
	stranger = stranger_attach_tcx(place, false);
	if (stranger < 0)
		return;
	assert_int_equal(chain_revision(ATTACH_TCX_INGRESS, (unsigned int)place->ifindex,
					&before), 0);
	close(stranger_attach_tcx(place, false));
	assert_int_equal(chain_revision(ATTACH_TCX_INGRESS, (unsigned int)place->ifindex,
					&after), 0);
	assert_int_not_equal(before, after);
	close(stranger);
}

/* Programs of the same priority come after the one that was added last. */
static void a_filter_that_ends_the_chain_of_clsact_comes_after_weir(void **state)
{
	struct place *place = *state;
	struct attachment attachment;
	struct ahead ahead;

	need_root();
	run_command("tc qdisc add dev " NEAR " clsact");
	stranger_add_filter(place, 1);
	run_command("tc filter add dev " NEAR
		    " ingress pref 5 protocol ip u32 match u32 0 0 flowid 1:1");
	assert_int_equal(attach(place, &attachment, ATTACH_CLSACT_INGRESS), 0);
	expect_all_counted(place, ATTACH_CLSACT_INGRESS);
	ahead = ahead_of(place, &attachment);
	assert_int_equal(ahead.count, 0);
	stranger_add_filter(place, 1);
	ahead = ahead_of(place, &attachment);
	expect_one_ahead(&ahead, "prog ", " (stranger) at clsact-ingress of near");
	attachment_close(&attachment);
}

static void a_filter_of_another_kind_at_the_first_priority_is_named(void **state)
{
	const struct attachment planned = { .point = ATTACH_CLSACT_INGRESS };
	struct place *place = *state;
	struct attachment attachment;
	struct ahead ahead;

	need_root();
	run_command("tc qdisc add dev " NEAR " clsact");
	run_command("tc filter add dev " NEAR " ingress pref 1 protocol ip u32 "
		    "match ip dst 192.0.2.99 flowid 1:1");
	ahead = ahead_of(place, &planned);
	expect_one_ahead(&ahead, "filter pref 1 u32 at clsact-ingress of near", "");
	assert_int_equal(attach(place, &attachment, ATTACH_CLSACT_INGRESS), 0);
	assert_int_equal(attachment.priority, 2);
	expect_all_counted(place, ATTACH_CLSACT_INGRESS);
	ahead = ahead_of(place, &attachment);
	expect_one_ahead(&ahead, "filter pref 1 u32 at clsact-ingress of near", "");
	attachment_close(&attachment);
	run_command("tc filter show dev " NEAR " ingress | grep -q u32");
}

static void programs_at_tcx_come_before_every_filter(void **state)
{
	const struct attachment planned[] = { { .point = ATTACH_CLSACT_INGRESS },
					      { .point = ATTACH_TCX_INGRESS } };
	struct place *place = *state;
	struct ahead ahead;
	int stranger;

	need_root();
	stranger = stranger_attach_tcx(place, false);
	if (stranger < 0)
		return;
	ahead = ahead_of(place, &planned[0]);
	expect_one_ahead(&ahead, "prog ", " (stranger) at tcx-ingress of near");
	ahead = ahead_of(place, &planned[1]);
	assert_int_equal(ahead.count, 0);
	close(stranger);
}

static void a_program_at_xdp_comes_before_tc(void **state)
{
	const struct attachment in = { .point = ATTACH_TCX_INGRESS };
	const struct attachment out = { .point = ATTACH_TCX_EGRESS };
	const struct attachment xdp = { .point = ATTACH_XDP_NATIVE };
	struct ahead_interface interface = { .name = NEAR, .xdp_mode = NETDEV_XDP_NATIVE };
	struct place *place = *state;
	struct bpf_prog_info info = { 0 };
	__u32 len = sizeof(info);
	struct ahead ahead = { 0 };
	int stranger;

	need_root();
	stranger = stranger_load(BPF_PROG_TYPE_XDP, "stranger");
	assert_int_equal(bpf_obj_get_info_by_fd(stranger, &info, &len), 0);
	interface.ifindex = (unsigned int)place->ifindex;
	interface.xdp_prog_id = info.id;
	assert_int_equal(ahead_add(&ahead, &interface, &out), 0);
	assert_int_equal(ahead_add(&ahead, &interface, &xdp), 0);
	assert_int_equal(ahead.count, 0);
	assert_int_equal(ahead_add(&ahead, &interface, &in), 0);
	expect_one_ahead(&ahead, "prog ", " (stranger) at xdp-native of near");
	close(stranger);
}

static void more_than_can_be_named_is_counted(void **state)
{
	const struct attachment planned = { .point = ATTACH_CLSACT_INGRESS };
	int strangers[AHEAD_MAX + 2];
	struct place *place = *state;
	struct ahead ahead;

	need_root();
	for (int i = 0; i < AHEAD_MAX + 2; i++)
		strangers[i] = stranger_attach_tcx(place, false);
	if (strangers[0] < 0)
		return;
	ahead = ahead_of(place, &planned);
	assert_int_equal(ahead.count, AHEAD_MAX);
	assert_int_equal(ahead.omitted, 2);
	for (int i = 0; i < AHEAD_MAX + 2; i++)
		close(strangers[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_place(a_program_that_ends_the_chain_of_tcx_comes_after_weir),
		in_place(who_goes_before_weir_later_is_named),
		in_place(weirs_are_not_in_each_others_way),
		in_place(a_change_of_the_chain_has_another_revision),
		in_place(a_filter_that_ends_the_chain_of_clsact_comes_after_weir),
		in_place(a_filter_of_another_kind_at_the_first_priority_is_named),
		in_place(programs_at_tcx_come_before_every_filter),
		in_place(a_program_at_xdp_comes_before_tc),
		in_place(more_than_can_be_named_is_counted),
	};

	libbpf_set_print(NULL);
	if (geteuid() == 0)
		veth_setup();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
