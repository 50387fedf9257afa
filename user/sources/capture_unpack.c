/* SPDX-License-Identifier: BSD-2-Clause */
#include "capture_unpack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
/* zlib's input is const only when asked for. */
#define ZLIB_CONST
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#define GZIP_ONLY        (16 + MAX_WBITS)
#define GZIP_FIRST_BYTE  0x1f
#define WINDOW_LOG_MAX   27

struct unpack_kind {
	int (*open)(struct unpacker *unpacker);
	void (*close)(struct unpacker *unpacker);
	ssize_t (*run)(struct unpacker *unpacker, void *into, size_t size);
	const char *cut;
};

static ssize_t damaged(struct unpacker *unpacker, const char *damage)
{
	unpacker->damage = damage;
	return -EBADMSG;
}

static int gzip_open(struct unpacker *unpacker)
{
	z_stream *inflater = calloc(1, sizeof(*inflater));

	if (!inflater || inflateInit2(inflater, GZIP_ONLY) != Z_OK) {
		free(inflater);
		return -ENOMEM;
	}
	unpacker->state = inflater;
	return 0;
}

static void gzip_close(struct unpacker *unpacker)
{
	if (unpacker->state)
		inflateEnd(unpacker->state);
	free(unpacker->state);
}

/* What follows the last member and is no member is padding (RFC 1952, 2.2). */
static int gzip_next_member(struct unpacker *unpacker)
{
	if (unpacker->next[0] != GZIP_FIRST_BYTE || inflateReset(unpacker->state) != Z_OK)
		return -ENODATA;
	unpacker->is_between = false;
	return 0;
}

/* One call of inflate; as unpacker_run. */
static ssize_t gzip_inflate(struct unpacker *unpacker, void *into, size_t size)
{
	z_stream *inflater = unpacker->state;
	int status;

	inflater->next_in = unpacker->next;
	inflater->avail_in = (uInt)unpacker->left;
	inflater->next_out = into;
	inflater->avail_out = (uInt)size;
	status = inflate(inflater, Z_NO_FLUSH);
	unpacker->next = inflater->next_in;
	unpacker->left = inflater->avail_in;
	unpacker->is_between = status == Z_STREAM_END;
	if (inflater->avail_out < size || status == Z_STREAM_END || status == Z_OK ||
	    status == Z_BUF_ERROR)
		return (ssize_t)(size - inflater->avail_out);
	return status == Z_MEM_ERROR ? -ENOMEM : damaged(unpacker, "gzip data is damaged");
}

static ssize_t gzip_run(struct unpacker *unpacker, void *into, size_t size)
{
	ssize_t length = 0;

	do {
		if (unpacker->is_between && unpacker->left)
			length = gzip_next_member(unpacker);
		if (length < 0 || unpacker->is_between)
			return length;
		length = gzip_inflate(unpacker, into, size);
	} while (!length && unpacker->left);
	return length;
}

static int zstd_open(struct unpacker *unpacker)
{
	unpacker->state = ZSTD_createDStream();
	if (!unpacker->state ||
	    ZSTD_isError(ZSTD_DCtx_setParameter(unpacker->state, ZSTD_d_windowLogMax,
						WINDOW_LOG_MAX)))
		return -ENOMEM;
	return 0;
}

static void zstd_close(struct unpacker *unpacker)
{
	ZSTD_freeDStream(unpacker->state);
}

static ssize_t zstd_failed(struct unpacker *unpacker, size_t status)
{
	switch (ZSTD_getErrorCode(status)) {
	case ZSTD_error_memory_allocation:
		return -ENOMEM;
	case ZSTD_error_frameParameter_windowTooLarge:
		return damaged(unpacker, "zstd data takes a window of more than 128 MiB");
	default:
		return damaged(unpacker, "zstd data is damaged");
	}
}

/* One that has no input may still have output, so it is asked before more is read. */
static ssize_t zstd_run(struct unpacker *unpacker, void *into, size_t size)
{
	ZSTD_outBuffer out = { into, size, 0 };

	do {
		ZSTD_inBuffer in = { unpacker->next, unpacker->left, 0 };
		size_t status = ZSTD_decompressStream(unpacker->state, &out, &in);

		if (ZSTD_isError(status))
			return zstd_failed(unpacker, status);
		unpacker->next += in.pos;
		unpacker->left -= in.pos;
		if (in.pos || out.pos)
			unpacker->is_between = status == 0;
	} while (!out.pos && unpacker->left);
	return (ssize_t)out.pos;
}

static const struct unpack_kind gzip_kind = {
	gzip_open, gzip_close, gzip_run, "gzip data is cut short",
};

static const struct unpack_kind zstd_kind = {
	zstd_open, zstd_close, zstd_run, "zstd data is cut short",
};

const struct unpack_kind *unpack_kind_of(const uint8_t magic[UNPACK_MAGIC_BYTES])
{
	uint32_t number = magic[0] | magic[1] << 8 | magic[2] << 16 | (uint32_t)magic[3] << 24;

	if (magic[0] == GZIP_FIRST_BYTE && magic[1] == 0x8b)
		return &gzip_kind;
	if (number == ZSTD_MAGICNUMBER ||
	    (number & ZSTD_MAGIC_SKIPPABLE_MASK) == ZSTD_MAGIC_SKIPPABLE_START)
		return &zstd_kind;
	return NULL;
}

int unpacker_open(struct unpacker *unpacker, const struct unpack_kind *kind)
{
	*unpacker = (struct unpacker){ .kind = kind };
	return kind->open(unpacker);
}

void unpacker_close(struct unpacker *unpacker)
{
	if (unpacker->kind)
		unpacker->kind->close(unpacker);
	*unpacker = (struct unpacker){ 0 };
}

ssize_t unpacker_run(struct unpacker *unpacker, void *into, size_t size)
{
	return unpacker->kind->run(unpacker, into, size);
}

const char *unpacker_cut(const struct unpacker *unpacker)
{
	return unpacker->kind->cut;
}
