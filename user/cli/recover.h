/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What agents that were killed had logged: their windows are told to the end, where they were to
 * be told, before the next run begins (user/pin/README.md).
 */
#ifndef WEIR_RECOVER_H
#define WEIR_RECOVER_H

#include "../pin/pin.h"
#include "options.h"

/*
 * Of all earlier generations, oldest first. Passwords of outputs are those of the options. 0, or
 * negative errno that has been reported: then all is still there.
 */
int recover(struct pin *pin, const struct options *options);

#endif
