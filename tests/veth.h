/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A network namespace of the test's own, with a pair of interfaces that are silent but for what
 * the test sends. Included after cmocka.h.
 */
#ifndef WEIR_TESTS_VETH_H
#define WEIR_TESTS_VETH_H

#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define NEAR "near"
#define FAR  "far"

static inline void run_command(const char *command)
{
	if (system(command))
		fail_msg("%s", command);
}

/* Leaves the namespace that the test was started in; the new one goes with the process. */
static inline void veth_setup(void)
{
	const char *path = getenv("PATH");
	char extended[4096];

	snprintf(extended, sizeof(extended), "%s:/usr/sbin:/sbin", path ? path : "");
	assert_int_equal(setenv("PATH", extended, 1), 0);
	assert_int_equal(unshare(CLONE_NEWNET), 0);
}

static inline void veth_create(void)
{
	run_command("ip link add " NEAR " type veth peer name " FAR);
	run_command("ip link set " NEAR " addrgenmode none up");
	run_command("ip link set " FAR " addrgenmode none up");
}

static inline void veth_remove(void)
{
	run_command("ip link del " NEAR);
}

/* A socket that sends whole frames through the interface. */
static inline int frame_socket(const char *name)
{
	struct sockaddr_ll address = { .sll_family = AF_PACKET };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	address.sll_ifindex = (int)if_nametoindex(name);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static inline void frame_send(int fd, const void *bytes, size_t len)
{
	assert_int_equal(send(fd, bytes, len, 0), len);
}

#endif
