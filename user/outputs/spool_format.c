/* SPDX-License-Identifier: BSD-2-Clause */
#include "spool_format.h"

#include <endian.h>
#include <errno.h>
#include <unistd.h>
#include <zlib.h>

uint32_t spool_checksum(uint32_t checksum, const void *bytes, size_t length)
{
	return (uint32_t)crc32_z(checksum, bytes, length);
}

uint32_t spool_head_checksum(const struct spool_entry_head *head)
{
	struct spool_entry_head whole = *head;

	whole.done = 0;
	whole.head_checksum = 0;
	return htole32(spool_checksum(0, &whole, sizeof(whole)));
}

int spool_write_at(int fd, const void *bytes, size_t length, uint64_t position)
{
	const char *from = bytes;

	while (length) {
		ssize_t count = pwrite(fd, from, length, (off_t)position);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return errno == EDQUOT ? -ENOSPC : -errno;
		from += count;
		length -= (size_t)count;
		position += (uint64_t)count;
	}
	return 0;
}
