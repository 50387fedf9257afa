/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The frame's first bytes with the tag that is kept beside them.
 */
#ifndef WEIR_IMAGE_H
#define WEIR_IMAGE_H

#include "translation.h"

/* Reads from the image at a known offset. */
void image_load(struct translation *t, uint32_t offset);

/* Puts the image together: jumps to the reject exit where the packet is too short. */
void image_make(struct translation *t);

/* Calls bpf_skb_load_bytes or bpf_xdp_load_bytes to dst, the offset being in r2. */
void emit_helper_load(struct translation *t, int stack_offset, uint32_t bytes);

#endif
