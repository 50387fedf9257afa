/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the user asks of attaching.
 */
#ifndef WEIR_ATTACH_SETTINGS_H
#define WEIR_ATTACH_SETTINGS_H

#include <stdbool.h>

#define DIRECTIONS(X)             \
	X(DIRECTION_BOTH, "both") \
	X(DIRECTION_IN,   "in")   \
	X(DIRECTION_OUT,  "out")

#define ATTACH_HOWS(X)               \
	X(ATTACH_AUTO,    "auto")    \
	X(ATTACH_NATIVE,  "native")  \
	X(ATTACH_GENERIC, "generic") \
	X(ATTACH_TC,      "tc")      \
	X(ATTACH_CLSACT,  "clsact")  \
	X(ATTACH_PCAP,    "pcap")

#define SETTING_AS_ENUM(id, word) id,
enum direction { DIRECTIONS(SETTING_AS_ENUM) DIRECTION_COUNT };
enum attach_how { ATTACH_HOWS(SETTING_AS_ENUM) ATTACH_HOW_COUNT };

/* So many interfaces at once are not given a TCX link each: see attach_plan_make. */
#define ATTACH_MANY 64

struct attach_settings {
	enum attach_how how;
	enum direction direction;
	bool is_many; /* interfaces at once */
};

#endif
