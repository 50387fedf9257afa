/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Link headers of IEEE 802.11: bare, and behind what a radio says of the frame.
 */
#ifndef WEIR_PACKET_WIRELESS_H
#define WEIR_PACKET_WIRELESS_H

#include "packet_enter.h"

link_parser link_wireless, link_radiotap, link_prism, link_avs, link_ppi;

#endif
