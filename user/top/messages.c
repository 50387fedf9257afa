/* SPDX-License-Identifier: BSD-2-Clause */
#include "messages.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KEPT_MAX 16384

struct messages {
	int before;          /* standard error as it was */
	int fd;              /* what is written there now */
	size_t length;
	char kept[KEPT_MAX]; /* the newest of it */
};

static int redirect(struct messages *messages)
{
	int ends[2];

	/* Nobody who writes there is ever made to wait. */
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK))
		return -1;
	messages->before = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	if (messages->before < 0 || dup2(ends[1], STDERR_FILENO) < 0) {
		close(ends[0]);
		close(ends[1]);
		return -1;
	}
	close(ends[1]);
	messages->fd = ends[0];
	return 0;
}

struct messages *messages_open(void)
{
	struct messages *messages;

	if (!isatty(STDERR_FILENO))
		return NULL;
	messages = calloc(1, sizeof(*messages));
	if (messages && redirect(messages)) {
		free(messages);
		messages = NULL;
	}
	return messages;
}

int messages_fd(const struct messages *messages)
{
	return messages ? messages->fd : -1;
}

static void drop_oldest(struct messages *messages, size_t room)
{
	size_t drop = messages->length + room > KEPT_MAX ? messages->length + room - KEPT_MAX : 0;
	const char *end;

	if (!drop)
		return;
	end = memchr(messages->kept + drop, '\n', messages->length - drop);
	drop = end ? (size_t)(end + 1 - messages->kept) : messages->length;
	messages->length -= drop;
	memmove(messages->kept, messages->kept + drop, messages->length);
}

static bool messages_read(struct messages *messages)
{
	char bytes[1024];
	bool is_new = false;
	ssize_t count;

	while ((count = read(messages->fd, bytes, sizeof(bytes))) > 0) {
		drop_oldest(messages, (size_t)count);
		memcpy(messages->kept + messages->length, bytes, (size_t)count);
		messages->length += (size_t)count;
		is_new = true;
	}
	return is_new;
}

void messages_close(struct messages *messages)
{
	size_t done = 0;

	if (!messages)
		return;
	messages_read(messages);
	dup2(messages->before, STDERR_FILENO);
	while (done < messages->length) {
		ssize_t count = write(STDERR_FILENO, messages->kept + done,
				      messages->length - done);

		if (count <= 0)
			break;
		done += (size_t)count;
	}
	close(messages->before);
	close(messages->fd);
	free(messages);
}

bool messages_take(struct messages *messages, char *line, size_t size)
{
	static const char prefix[] = "weir: ";
	const char *start, *end, *newline;

	if (!messages || !messages_read(messages) || !messages->length)
		return false;
	end = messages->kept + messages->length;
	if (end[-1] == '\n')
		end--;
	newline = memrchr(messages->kept, '\n', (size_t)(end - messages->kept));
	start = newline ? newline + 1 : messages->kept;
	if ((size_t)(end - start) > strlen(prefix) && !memcmp(start, prefix, strlen(prefix)))
		start += strlen(prefix);
	if ((size_t)(end - start) >= size)
		end = start + size - 1;
	memcpy(line, start, (size_t)(end - start));
	line[end - start] = '\0';
	return true;
}
