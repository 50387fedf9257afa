/* SPDX-License-Identifier: BSD-2-Clause */
#include "helper_message.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* Room for one descriptor beside a message. */
union ancillary {
	struct cmsghdr head;
	char bytes[CMSG_SPACE(sizeof(int))];
};

static int send_bytes(int socket_fd, const void *bytes, size_t length)
{
	const char *from = bytes;

	while (length) {
		ssize_t count = send(socket_fd, from, length, MSG_NOSIGNAL);

		if (count < 0 && errno != EINTR)
			return -EOWNERDEAD;
		from += count > 0 ? count : 0;
		length -= count > 0 ? (size_t)count : 0;
	}
	return 0;
}

static void put_fd(struct msghdr *message, union ancillary *ancillary, int fd)
{
	struct cmsghdr *head;

	memset(ancillary, 0, sizeof(*ancillary));
	message->msg_control = ancillary->bytes;
	message->msg_controllen = sizeof(ancillary->bytes);
	head = CMSG_FIRSTHDR(message);
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(head), &fd, sizeof(fd));
}

int helper_send(int socket_fd, const struct helper_head *head, const void *bytes, int fd)
{
	struct helper_head copy = *head;
	struct iovec vector = { &copy, sizeof(copy) };
	struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1 };
	union ancillary ancillary;
	ssize_t count;

	if (fd >= 0)
		put_fd(&message, &ancillary, fd);
	do
		count = sendmsg(socket_fd, &message, MSG_NOSIGNAL);
	while (count < 0 && errno == EINTR);
	/* So few bytes go at once or not at all. */
	if (count != (ssize_t)sizeof(copy))
		return -EOWNERDEAD;
	return send_bytes(socket_fd, bytes, head->length);
}

static int take_fd(struct msghdr *message)
{
	struct cmsghdr *head = CMSG_FIRSTHDR(message);
	int fd = -1;

	if (head && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS &&
	    head->cmsg_len == CMSG_LEN(sizeof(fd)))
		memcpy(&fd, CMSG_DATA(head), sizeof(fd));
	return fd;
}

int helper_receive(int socket_fd, struct helper_head *head, int *fd)
{
	struct iovec vector = { head, sizeof(*head) };
	union ancillary ancillary = { .bytes = "" };
	struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1,
				  .msg_control = ancillary.bytes,
				  .msg_controllen = sizeof(ancillary.bytes) };
	ssize_t count;

	*fd = -1;
	do
		count = recvmsg(socket_fd, &message, MSG_CMSG_CLOEXEC | MSG_WAITALL);
	while (count < 0 && errno == EINTR);
	if (count != (ssize_t)sizeof(*head))
		return -EOWNERDEAD;
	*fd = take_fd(&message);
	return 0;
}

int helper_receive_bytes(int socket_fd, void *bytes, size_t length)
{
	char *into = bytes;

	while (length) {
		ssize_t count = recv(socket_fd, into, length, 0);

		if (count == 0 || (count < 0 && errno != EINTR))
			return -EOWNERDEAD;
		into += count > 0 ? count : 0;
		length -= count > 0 ? (size_t)count : 0;
	}
	return 0;
}
