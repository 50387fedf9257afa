/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a crash of an earlier run may have left at the end of a file of lines.
 */
#ifndef WEIR_LINE_MEND_H
#define WEIR_LINE_MEND_H

#include "carrier.h"

enum line_mend { LINES_WHOLE, LINES_TORN };

/*
 * Cuts a half line of weir's own off the file at fd, which is open for writing and has the
 * configured name. LINES_TORN where an unfinished line of somebody else stands at the end, else
 * LINES_WHOLE (also where the file may not be read). -EINVAL and *reason where the file has
 * another head than configured; another negative errno.
 */
int line_mend(int fd, const struct carrier_config *config, const char **reason);

/*
 * Once after a crash: cuts off the file what the journal does not have, which is the beginning of a
 * document that is written again; also where the file has another name by now, in its directory.
 */
void line_restore(int fd, const struct carrier_config *config);

#endif
