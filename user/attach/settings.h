/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the user asks of attaching.
 */
#ifndef WEIR_ATTACH_SETTINGS_H
#define WEIR_ATTACH_SETTINGS_H

enum direction { DIRECTION_BOTH, DIRECTION_IN, DIRECTION_OUT };
enum attach_how { ATTACH_AUTO, ATTACH_NATIVE, ATTACH_GENERIC, ATTACH_TC, ATTACH_CLSACT,
		  ATTACH_PCAP };

struct attach_settings {
	enum attach_how how;
	enum direction direction;
};

#endif
