/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which file a name means, where that is to be replaced and may be a symbolic link to it.
 */
#ifndef WEIR_LINK_TARGET_H
#define WEIR_LINK_TARGET_H

/*
 * The path of what name leads to, were it not there yet, in memory of the caller. The kernel
 * follows each link, so that its rules count (fs.protected_symlinks). 0 or negative errno.
 */
int link_target_find(const char *name, char **path);

#endif
