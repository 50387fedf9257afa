/* SPDX-License-Identifier: BSD-2-Clause */
#include "seed.h"

#include <errno.h>
#include <sys/random.h>

int hash_seed_make(struct hash_seed *seed)
{
	ssize_t got;

	do {
		got = getrandom(seed, sizeof(*seed), 0);
	} while (got < 0 && errno == EINTR);
	if (got != (ssize_t)sizeof(*seed))
		return got < 0 ? -errno : -EIO;
	return 0;
}
