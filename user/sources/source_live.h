/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The source that is programs in the kernel.
 */
#ifndef WEIR_SOURCE_LIVE_H
#define WEIR_SOURCE_LIVE_H

#include "source_names.h"
#include "source_settings.h"

struct source;

/*
 * As source_open. The names are of interfaces, and go to the source where it opens. Also
 * -EPROTONOSUPPORT where libpcap alone can count, and -EPERM and -ENOSYS where programs cannot
 * be loaded, which alone is not reported.
 */
int source_live_open(const struct source_settings *settings, struct source_names *names,
		     struct source **source);

#endif
