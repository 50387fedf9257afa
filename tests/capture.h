/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Takes what a test writes to a standard descriptor. Included after cmocka.h.
 */
#ifndef WEIR_TESTS_CAPTURE_H
#define WEIR_TESTS_CAPTURE_H

#include <stdio.h>
#include <unistd.h>

struct capture {
	int fd;    /* that is redirected */
	int saved;
	FILE *file;
	char text[65536];
};

static inline void capture_start_fd(struct capture *capture, int fd)
{
	capture->fd = fd;
	capture->file = tmpfile();
	assert_non_null(capture->file);
	capture->saved = dup(fd);
	assert_true(capture->saved >= 0);
	assert_true(dup2(fileno(capture->file), fd) >= 0);
}

static inline void capture_start(struct capture *capture)
{
	capture_start_fd(capture, STDERR_FILENO);
}

/* What was written since the start; the descriptor is as it was before. */
static inline const char *capture_end(struct capture *capture)
{
	ssize_t length = pread(fileno(capture->file), capture->text,
			       sizeof(capture->text) - 1, 0);

	dup2(capture->saved, capture->fd);
	close(capture->saved);
	fclose(capture->file);
	assert_true(length >= 0);
	capture->text[length] = '\0';
	return capture->text;
}

#endif
