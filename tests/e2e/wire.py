# SPDX-License-Identifier: BSD-2-Clause
"""Frames built and read again by hand, so that weir is compared with something else."""
import ipaddress
import struct
from collections import namedtuple

ETH_IPV4, ETH_IPV6, ETH_ARP, ETH_8021Q, ETH_8021AD = 0x0800, 0x86DD, 0x0806, 0x8100, 0x88A8
TPIDS = (ETH_8021Q, ETH_8021AD)
PORT_PROTOS = (6, 17, 33, 132, 136)
EXTENSIONS = (0, 43, 44, 60)

STRANGER = b"\2\0\0\0\xee\xee"

FlowKey = namedtuple("FlowKey", "direction src dst src_port dst_port proto vlan inner fragment")
Flow = namedtuple("Flow", "packets bytes min max")


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def mac_bytes(text):
    return bytes.fromhex(text.replace(":", ""))


def frame(source, payload, kind=ETH_IPV4, tags=()):
    """A frame of a Device to a stranger, so that no stack answers; tags: (type, VLAN id)."""
    head = STRANGER + mac_bytes(source.mac)
    for tpid, vlan in tags:
        head += struct.pack("!HH", tpid, vlan)
    return head + struct.pack("!H", kind) + payload


def ipv4(src, dst, proto, payload, options=b"", fragment=0):
    words = 5 + len(options) // 4
    head = struct.pack("!BBHHHBBH4s4s", 0x40 | words, 0, words * 4 + len(payload), 1, fragment, 64,
                       proto, 0, ipaddress.ip_address(src).packed,
                       ipaddress.ip_address(dst).packed) + options
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def ipv6(src, dst, proto, payload):
    return struct.pack("!IHBB16s16s", 6 << 28, len(payload), proto, 64,
                       ipaddress.ip_address(src).packed, ipaddress.ip_address(dst).packed) + payload


def udp(src_port, dst_port, size=18):
    return struct.pack("!HHHH", src_port, dst_port, 8 + size, 0) + bytes(size)


def tcp(src_port, dst_port, flags=0x10, size=6):
    head = struct.pack("!HHIIBBHHH", src_port, dst_port, 1, 1, 0x50, flags, 1024, 0, 0)
    return head + bytes(size)


def icmp(kind, code, size=20):
    return struct.pack("!BBHI", kind, code, 0, 1) + bytes(size)


def read_pcap(path):
    """Yields (captured bytes, length on the wire) of a little-endian pcap file."""
    with open(path, "rb") as file:
        data = file.read()
    place = 24
    while place + 16 <= len(data):
        captured, length = struct.unpack_from("<II", data, place + 8)
        yield data[place + 16:place + 16 + captured], length
        place += 16 + captured


def transport(proto, data):
    """(first, second) field of a flow's transport part: ports, or ICMP type and code."""
    if proto in PORT_PROTOS and len(data) >= 4:
        return struct.unpack_from("!HH", data)
    if proto in (1, 58) and len(data) >= 2:
        return data[0], data[1]
    return 0, 0


def parse_ipv4(data):
    words, length = data[0] & 15, struct.unpack_from("!H", data, 2)[0]
    later = bool(struct.unpack_from("!H", data, 6)[0] & 0x1FFF)
    ports = (0, 0) if later else transport(data[9], data[words * 4:length])
    return data[12:16], data[16:20], data[9], ports, later


def parse_ipv6(data):
    proto, place, later = data[6], 40, False
    while proto in EXTENSIONS and not later:
        if proto == 44:
            later = bool(struct.unpack_from("!H", data, place + 2)[0] & 0xFFF8)
        size = 8 if proto == 44 else 8 + data[place + 1] * 8
        proto, place = data[place], place + size
    ports = (0, 0) if later else transport(proto, data[place:])
    return data[8:24], data[24:40], proto, ports, later


def parse(data, direction):
    """The flow of a well-formed frame."""
    place, tags = 12, []
    kind = struct.unpack_from("!H", data, place)[0]
    while kind in TPIDS:
        tags.append(struct.unpack_from("!H", data, place + 2)[0] & 0xFFF)
        place += 4
        kind = struct.unpack_from("!H", data, place)[0]
    vlan, inner = (tags + [None, None])[:2]
    if kind not in (ETH_IPV4, ETH_IPV6):
        name = "llc" if kind < 0x600 else {ETH_ARP: "arp"}.get(kind, f"ethertype-0x{kind:04x}")
        return FlowKey(direction, None, None, 0, 0, name, vlan, inner, False)
    read = parse_ipv4 if kind == ETH_IPV4 else parse_ipv6
    src, dst, proto, ports, later = read(data[place + 2:])
    src, dst = (str(ipaddress.ip_address(address)) for address in (src, dst))
    return FlowKey(direction, src, dst, *ports, proto, vlan, inner, later)


def add(table, key, packets, octets, shortest, longest):
    old = table.get(key, Flow(0, 0, shortest, longest))
    table[key] = Flow(old.packets + packets, old.bytes + octets,
                      min(old.min, shortest), max(old.max, longest))


def flows_of_frames(frames, inbound):
    """The flow table of (bytes, length) pairs; inbound(bytes) says which way a frame went."""
    table = {}
    for data, length in frames:
        key = parse(data, "in" if inbound(data) else "out")
        add(table, key, 1, length, length, length)
    return table
