# SPDX-License-Identifier: BSD-2-Clause
"""Reads and writes captures for tests, apart from the code under test."""
import gzip
import struct

NS = 1_000_000_000


def read_pcap(data):
    """The packets of a little-endian pcap file: (nanoseconds, wire length, bytes)."""
    at, packets = 24, []
    while at < len(data):
        seconds, micros, size, length = struct.unpack_from("<IIII", data, at)
        packets.append((seconds * NS + micros * 1000, length, data[at + 16:at + 16 + size]))
        at += 16 + size
    return packets


def pcap(packets, order="<", nano=False, link=1):
    """A pcap file of these packets."""
    unit = 1 if nano else 1000
    parts = [struct.pack(order + "IHHiIII", 0xa1b23c4d if nano else 0xa1b2c3d4, 2, 4, 0, 0,
                         262144, link)]
    for ns, length, data in packets:
        parts.append(struct.pack(order + "IIII", ns // NS, ns % NS // unit, len(data), length))
        parts.append(data)
    return b"".join(parts)


def block(order, kind, body):
    body += bytes(-len(body) % 4)
    size = len(body) + 12
    return struct.pack(order + "II", kind, size) + body + struct.pack(order + "I", size)


def option(order, code, value):
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def interface(order, link, digits, name):
    options = option(order, 9, bytes([digits])) + (option(order, 2, name.encode()) if name else b"")
    return block(order, 1, struct.pack(order + "HHI", link, 0, 0) + options)


def pcapng(packets, order="<", link=1, names=(None, None), flags=(), links=None):
    """A pcapng file of these packets on two interfaces, one in micro-, one in nanoseconds.

    flags: of the packets, in turn; None: without any.
    """
    parts = [block(order, 0x0a0d0d0a, struct.pack(order + "IHHq", 0x1a2b3c4d, 1, 0, -1)),
             interface(order, (links or (link, link))[0], 6, names[0]),
             interface(order, (links or (link, link))[1], 9, names[1])]
    for number, (ns, length, data) in enumerate(packets):
        ticks = ns if number % 2 else ns // 1000
        head = struct.pack(order + "IIIII", number % 2, ticks >> 32, ticks & 0xffffffff,
                           len(data), length)
        told = flags[number % len(flags)] if flags else None
        tail = bytes(-len(data) % 4)
        if told is not None:
            tail += option(order, 1, b"a comment") + option(order, 2, struct.pack(order + "I", told))
        parts.append(block(order, 6, head + data + tail))
    return b"".join(parts)


def pcapng_clocks(packets, interfaces, order="<", snaplen=0):
    """A pcapng file of (nanoseconds or None, length, bytes, interface) on interfaces of clocks of
    their own: (if_tsresol, ticks in a second, if_tsoffset in seconds). None: a simple packet."""
    parts = [block(order, 0x0a0d0d0a, struct.pack(order + "IHHq", 0x1a2b3c4d, 1, 0, -1))]
    for resolution, _, offset in interfaces:
        options = option(order, 9, bytes([resolution])) + \
            option(order, 14, struct.pack(order + "q", offset))
        parts.append(block(order, 1, struct.pack(order + "HHI", 1, 0, snaplen) + options))
    for ns, length, data, number in packets:
        if ns is None:
            parts.append(block(order, 3, struct.pack(order + "I", length) + data))
            continue
        _, ticks_a_second, offset = interfaces[number]
        ticks = (ns - offset * NS) * ticks_a_second // NS
        head = struct.pack(order + "IIIII", number, ticks >> 32, ticks & 0xffffffff, len(data),
                           length)
        parts.append(block(order, 6, head + data + bytes(-len(data) % 4)))
    return b"".join(parts)


def cooked(packets, kinds, version=1):
    """The same Ethernet packets as Linux cooked ones, whose packet types are kinds in turn."""
    found = []
    for number, (ns, length, data) in enumerate(packets):
        kind, ethertype = kinds[number % len(kinds)], data[12:14]
        head = struct.pack(">HHH8s2s", kind, 1, 6, bytes(8), ethertype)
        if version == 2:
            head = struct.pack(">2sHIHBB8s", ethertype, 0, 1, 1, kind, 6, bytes(8))
        found.append((ns, length - 14 + len(head), head + data[14:]))
    return found


def gzipped(data):
    return gzip.compress(data, 1, mtime=0)


def flows(packets):
    """Flow key to its figures, for the IPv4 TCP and UDP traffic of tools/generate.c."""
    table = {}
    for ns, length, data in packets:
        source, target = (".".join(map(str, data[at:at + 4])) for at in (26, 30))
        ports = struct.unpack_from(">HH", data, 34)
        tcp = data[47] if data[23] == 6 else None
        flow = table.setdefault((source, target, data[23], *ports), {
            "packets": 0, "bytes": 0, "min": length, "max": length, "first": ns, "last": ns,
            "flags": tcp})
        flow["packets"] += 1
        flow["bytes"] += length
        flow["min"] = min(flow["min"], length)
        flow["max"] = max(flow["max"], length)
        flow["last"] = ns
        if tcp is not None:
            flow["flags"] |= tcp
    return table
