/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs on the hooks of one end of a veth pair, and what they have counted. Included after
 * cmocka.h.
 */
#ifndef WEIR_TESTS_ATTACH_SCENE_H
#define WEIR_TESTS_ATTACH_SCENE_H

#include <errno.h>

#include "kernel_scene.h"
#include "packet_cases.h"
#include "privilege.h"
#include "veth.h"
#include "../user/attach/attach.h"

#define FRAMES     500
#define PANES_MAX  100

struct place {
	struct scene scene;
	int ifindex;
	int near, far;   /* sockets that send */
};

static inline int place_enter(void **state)
{
	static struct place place;

	*state = NULL;
	if (geteuid() != 0)
		return 0;
	veth_create();
	scene_open(&place.scene, (struct scene_options){ 0 });
	place.ifindex = (int)if_nametoindex(NEAR);
	assert_int_equal(programs_add_link(place.scene.programs, (unsigned int)place.ifindex,
					   SCENE_LINK), 0);
	place.near = frame_socket(NEAR);
	place.far = frame_socket(FAR);
	*state = &place;
	return 0;
}

static inline int place_leave(void **state)
{
	struct place *place = *state;

	if (!place)
		return 0;
	close(place->near);
	close(place->far);
	scene_close(&place->scene);
	if (if_nametoindex(NEAR))
		veth_remove();
	return 0;
}

static inline enum program_kind kind_at(enum attach_point point)
{
	if (point == ATTACH_XDP_NATIVE || point == ATTACH_XDP_GENERIC)
		return PROGRAM_XDP;
	if (point == ATTACH_TCX_EGRESS || point == ATTACH_CLSACT_EGRESS)
		return PROGRAM_TC_EGRESS;
	return PROGRAM_TC_INGRESS;
}

static inline int attach(struct place *place, struct attachment *attachment,
			 enum attach_point point)
{
	return attachment_open(attachment, point, place->ifindex,
			       programs_fd(place->scene.programs, kind_at(point)));
}

/* Kernels before 6.6 have no TCX. */
static inline bool is_missing(enum attach_point point, int err)
{
	return err == -EINVAL && (point == ATTACH_TCX_INGRESS || point == ATTACH_TCX_EGRESS);
}

static inline void send_frames(struct place *place, enum attach_point point,
			       const struct frame *f, int count)
{
	bool out = kind_at(point) == PROGRAM_TC_EGRESS;

	for (int i = 0; i < count; i++)
		frame_send(out ? place->near : place->far, f->bytes, f->len);
}

/* What has been counted once so many packets are there; receiving takes its time. */
static inline struct drained wait_for(struct place *place, uint64_t packets)
{
	struct drained all = { 0 };

	for (int pane = 0; pane < PANES_MAX && all.outcome[PACKET_FLOW].packets < packets; pane++) {
		struct drained d = scene_drain_kernel(&place->scene);

		for (size_t i = 0; i < d.count; i++)
			drained_add(&all, &d.records[i]);
		drained_free(&d);
	}
	return all;
}

static inline void expect_counted(struct place *place, enum attach_point point,
				  const struct frame *f, const struct expectation *is)
{
	struct flow_key key = expected_key(is);
	struct drained d;

	key_set_link(&key, SCENE_LINK);
	key.flags |= kind_at(point) == PROGRAM_TC_EGRESS ? FLOW_OUT : 0;
	send_frames(place, point, f, FRAMES);
	d = wait_for(place, FRAMES);
	for (size_t i = 0; i < d.count; i++) {
		assert_true(slot_has_key(&d.records[i], &key));
		assert_int_equal(d.records[i].min_len, f->len);
		assert_int_equal(d.records[i].max_len, f->len);
	}
	assert_int_equal(d.outcome[PACKET_FLOW].packets, FRAMES);
	assert_int_equal(d.outcome[PACKET_FLOW].bytes, FRAMES * f->len);
	drained_free(&d);
}

#define in_place(test) cmocka_unit_test_setup_teardown(test, place_enter, place_leave)

#endif
