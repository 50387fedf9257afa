/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the two ends of a carrier in a process of its own say to each other, over a socket.
 */
#ifndef WEIR_CARRIER_PROCESS_H
#define WEIR_CARRIER_PROCESS_H

#include "carrier.h"

enum carrier_request { CARRIER_BEGIN, CARRIER_WRITE, CARRIER_COMMIT, CARRIER_CANCEL,
		       CARRIER_REOPEN, CARRIER_CLOSE };

/* CARRIER_WRITE: as many bytes follow. The others are answered, but for BEGIN and CANCEL. */
struct carrier_message {
	uint32_t request;
	uint32_t length;
};

#define CARRIER_WRITE_MAX (256u << 10)

/* The first one comes unasked, once the carrier is opened. */
struct carrier_answer {
	int32_t err;
	const char *reason; /* static text, which is at the same place in both */
	struct carrier_news news;
};

/* In the new process: opens the carrier, serves until fd is closed, and ends the process. */
_Noreturn void carrier_process_run(const struct carrier_kind *kind,
				   const struct carrier_config *config, int fd);

#endif
