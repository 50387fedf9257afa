/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/stat.h>
#include <string.h>

#include "capture_connect.h"
#include "capture_format.h"
#include "capture_pcap.h"
#include "capture_pcapng.h"

/* Looks at the first bytes and hands over to the reader of the format. */
static int capture_detect(struct capture *capture, struct capture_packet *packets, size_t max)
{
	static const uint32_t pcap_magics[] = { 0xa1b2c3d4, 0xa1b23c4d, 0xa1b2cd34 };
	int err = capture_want(capture, UNPACK_MAGIC_BYTES, "file header");
	const struct unpack_kind *kind;
	uint32_t magic;

	if (err == 0)
		return capture_fail(capture, -EBADMSG, "it is empty");
	if (err < 0)
		return err;
	kind = unpack_kind_of(capture->stream.pos);
	if (kind && !capture->stream.unpacker.kind) {
		err = capture_stream_unpack(&capture->stream, kind);
		return err ? capture_fail(capture, err, "%s", strerror(-err)) : -EAGAIN;
	}
	magic = load32(capture->stream.pos, false);
	if (magic == 0x0a0d0d0a)
		capture->read = capture_pcapng_begin;
	for (size_t i = 0; i < sizeof(pcap_magics) / sizeof(*pcap_magics); i++)
		if (magic == pcap_magics[i] || magic == bswap_32(pcap_magics[i]))
			capture->read = capture_pcap_begin;
	if (capture->read == capture_detect)
		return capture_fail(capture, -EBADMSG, "it is neither pcap nor pcapng");
	return capture->read(capture, packets, max);
}

static int capture_open_fd(struct capture *capture, const char *name)
{
	int fd;

	if (!strncmp(name, CAPTURE_TCP_SCHEME, strlen(CAPTURE_TCP_SCHEME)))
		fd = capture_connect(name + strlen(CAPTURE_TCP_SCHEME), capture->reason,
				     sizeof(capture->reason));
	else if (!strcmp(name, "-"))
		fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
	else
		fd = open(name, O_RDONLY | O_CLOEXEC);
	return fd;
}

bool capture_is_stream(const char *name)
{
	struct stat status;

	if (!name || strcmp(name, "-"))
		return name && !strncmp(name, "tcp://", 6);
	return !fstat(STDIN_FILENO, &status) && !S_ISREG(status.st_mode);
}

int capture_open(const char *name, struct capture **capture)
{
	struct capture *opened = calloc(1, sizeof(*opened));
	int fd, err;

	*capture = opened;
	if (!opened)
		return -ENOMEM;
	opened->stream.fd = -1;
	opened->read = capture_detect;
	errno = 0;
	fd = capture_open_fd(opened, name);
	if (fd < 0) {
		err = errno ? -errno : -EIO;
		return opened->reason[0] ? (opened->failed = err)
					 : capture_fail(opened, err, "%s", strerror(-err));
	}
	err = capture_stream_open(&opened->stream, fd);
	return err ? capture_fail(opened, err, "%s", strerror(-err)) : 0;
}

void capture_close(struct capture *capture)
{
	if (!capture)
		return;
	capture_stream_close(&capture->stream);
	for (size_t i = 0; i < CAPTURE_NAMES_MAX; i++)
		free(capture->names[i]);
	free(capture->interfaces);
	free(capture);
}

int capture_next(struct capture *capture, struct capture_packet *packets, size_t max)
{
	return capture->failed ? capture->failed : capture->read(capture, packets, max);
}

const char *capture_reason(const struct capture *capture)
{
	return capture->reason;
}

const char *capture_unsupported(const struct capture *capture)
{
	return capture->unsupported[0] ? capture->unsupported : NULL;
}

const char *const *capture_interface_names(const struct capture *capture)
{
	return (const char *const *)capture->names;
}

uint32_t capture_snaplen(const struct capture *capture)
{
	return capture->snaplen ? capture->snaplen : UINT32_MAX;
}

bool capture_has_link(const struct capture *capture, enum capture_link link)
{
	for (size_t i = 0; i < capture->interface_count; i++) {
		if (capture_link_from_type(capture->interfaces[i].link_type) == link)
			return true;
	}
	return capture->form.link == link;
}

void capture_progress(const struct capture *capture, uint64_t *done, uint64_t *size)
{
	*done = capture->stream.read_bytes;
	*size = capture->stream.file_size;
}
