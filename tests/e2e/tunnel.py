# SPDX-License-Identifier: BSD-2-Clause
"""Two tun devices that are joined: what one sends the other receives, and each packet is noted."""
import fcntl
import os
import select
import struct
import threading
from collections import namedtuple

import wire
from lab import Device

TUNSETIFF, TUNSETOFFLOAD, TUNSETLINK = 0x400454CA, 0x400454D0, 0x400454CD
IFF_TUN, IFF_NO_PI, IFF_VNET_HDR = 0x0001, 0x1000, 0x4000
OFFLOADS = 0x07  # checksums, TCP segmentation of both families
ARPHRD_CISCO = 513  # neither Ethernet nor IP
VNET_LEN, ETH_IPV6_VERSION = 10, 6

Noted = namedtuple("Noted", "direction packet gso_size")


def open_tun(space, name="tun", flags=0, kind=None):
    """A tun device; what is written to the returned descriptor arrives there. kind: ARPHRD_*."""
    with space.inside():
        tun = os.open("/dev/net/tun", os.O_RDWR)
        fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", name.encode(),
                                                IFF_TUN | IFF_NO_PI | flags))
    if flags & IFF_VNET_HDR:
        fcntl.ioctl(tun, TUNSETOFFLOAD, OFFLOADS)
    if kind is not None:
        fcntl.ioctl(tun, TUNSETLINK, kind)
    return tun


class Pair:
    """Two tun devices; `carry`, a thread until `wake` is readable, takes packets between them."""

    def __init__(self, lab, flags=0, kind=None, near=None):
        self.spaces = near or lab.namespace(), lab.namespace()
        self.tuns = [open_tun(space, "tun", flags, kind) for space in self.spaces]
        self.near, self.far = (Device(space, "tun", host, 40)
                               for space, host in zip(self.spaces, (1, 2)))
        self.near.peer, self.far.peer = self.far, self.near
        self.wake, self.over = os.pipe()
        self.thread = threading.Thread(target=self.carry)
        for end in (self.near, self.far):
            end.ip_link("up")
            end.namespace.run("ip", "addr", "add", f"{end.ip}/24", "dev", end.name)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        os.write(self.over, b"x")
        self.thread.join()
        for descriptor in (*self.tuns, self.wake, self.over):
            os.close(descriptor)

    def carry(self):
        raise NotImplementedError


class Tunnel(Pair):
    """Both ends, and what passed the near one: `noted`, in the order that it was carried."""

    def __init__(self, lab, merging=False, kind=None, near=None):
        super().__init__(lab, IFF_VNET_HDR if merging else 0, kind, near)
        self.header, self.noted = VNET_LEN if merging else 0, []
        for end in (self.near, self.far):
            end.namespace.run("ip", "addr", "add", f"{end.ip6}/64", "dev", end.name)

    def carry(self):
        while True:
            ready, _, _ = select.select([*self.tuns, self.wake], [], [])
            if self.wake in ready:
                return
            for tun in ready:
                data = os.read(tun, 1 << 17)
                is_out = tun == self.tuns[0]
                gso_size = struct.unpack_from("<H", data, 4)[0] if self.header and data[1] else 0
                self.noted.append(Noted("out" if is_out else "in", data[self.header:], gso_size))
                os.write(self.tuns[is_out], data)


def segments(noted):
    """Lengths of the packets of the wire that one stands for."""
    packet, size = noted.packet, noted.gso_size
    if not size:
        return [len(packet)]
    start = 40 if packet[0] >> 4 == ETH_IPV6_VERSION else (packet[0] & 15) * 4
    headers = start + (packet[start + 12] >> 4) * 4
    payload = len(packet) - headers
    return [headers + min(size, payload - at) for at in range(0, payload, size)]


def flows(noted):
    """The flow table of what was noted, as the one of the documents."""
    table = {}
    for one in noted:
        kind = wire.ETH_IPV6 if one.packet[0] >> 4 == ETH_IPV6_VERSION else wire.ETH_IPV4
        key = wire.parse(bytes(12) + struct.pack("!H", kind) + one.packet, one.direction)
        for length in segments(one):
            wire.add(table, key, 1, length, length, length)
    return table
