/* SPDX-License-Identifier: BSD-2-Clause */
#include "capture_format.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

int capture_fail(struct capture *capture, int err, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(capture->reason, sizeof(capture->reason), format, arguments);
	va_end(arguments);
	capture->failed = err;
	return err;
}

int capture_want(struct capture *capture, size_t size, const char *what)
{
	int err = capture_stream_need(&capture->stream, size);
	size_t left = capture_stream_left(&capture->stream);

	if (!err)
		return 1;
	if (err == -EAGAIN)
		return err;
	if (err == -ENODATA && !left)
		return 0;
	if (err == -ENODATA)
		return capture_fail(capture, -EBADMSG, "%s cut short at byte %llu: %zu of %zu bytes",
				    what,
				    (unsigned long long)capture_stream_offset(&capture->stream),
				    left, size);
	if (err == -EBADMSG)
		return capture_fail(capture, err, "%s", capture->stream.damage);
	return capture_fail(capture, err, "%s", strerror(-err));
}
