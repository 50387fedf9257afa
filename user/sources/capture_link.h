/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What link types are called, and what their headers say of directions.
 */
#ifndef WEIR_CAPTURE_LINK_H
#define WEIR_CAPTURE_LINK_H

#include "capture.h"

/* The link for a LINKTYPE_ number; LINK_UNKNOWN where there is none. */
enum capture_link capture_link_from_type(uint32_t link_type);

/* "link type 189 (USB_LINUX)", the number being a LINKTYPE_; returns text. */
const char *capture_link_text(uint32_t link_type, char *text, size_t size);

/* What the link header says of the packet's direction. */
uint8_t capture_told_direction(const struct capture_packet *packet);

#endif
