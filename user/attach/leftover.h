/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef WEIR_LEFTOVER_H
#define WEIR_LEFTOVER_H

/*
 * Removes from all interfaces of this network namespace what a weir that was killed has left
 * there, and says so. What cannot be removed is reported; nobody is kept from starting by it.
 */
void leftovers_clean(void);

#endif
