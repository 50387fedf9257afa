/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The key e: the name of the file is asked for at the foot of the screen, then it is written.
 */
#ifndef WEIR_VIEWER_EXPORT_H
#define WEIR_VIEWER_EXPORT_H

#include "viewer.h"

/* MODE_EXPORT, with a name proposed. */
void viewer_ask_for_name(struct viewer *viewer);

/*
 * A key in that mode: enter writes, once the rows that were asked for are there; escape goes back,
 * others edit the name.
 */
void viewer_press_export(struct viewer *viewer, int key);

/* After viewer_take: writes what enter was pressed for before its rows were there. */
void viewer_export_what_waits(struct viewer *viewer);

/* True where the key edits the text: erases its end, clears it (Ctrl-U) or adds to it. */
bool text_edit(char *text, size_t size, int key);

#endif
