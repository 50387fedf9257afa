# SPDX-License-Identifier: BSD-2-Clause
"""Captures for the tests of the live view: traffic of a small office, the same each time."""
import random
import struct

START = 1700000000
SECONDS = 60


def checksum_free_ipv4(src, dst, proto, payload):
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 0, 0, 64, proto, 0, src, dst)
    return head + payload


def address(text):
    return bytes(int(part) for part in text.split("."))


def tcp(src, dst, flags, length):
    return struct.pack(">HHIIBBHHH", src, dst, 0, 0, 0x50, flags, 0, 0, 0) + bytes(length)


def udp(src, dst, length):
    return struct.pack(">HHHH", src, dst, 8 + length, 0) + bytes(length)


def ethernet(packet, ethertype=0x0800):
    return bytes(6) + bytes([2, 0, 0, 0, 0, 1]) + struct.pack(">H", ethertype) + packet


def ipv6(proto, payload):
    src = bytes.fromhex("20010db8000000000000000000000007")
    dst = bytes.fromhex("20010db8000100000000000000000053")
    head = struct.pack(">IHBB16s16s", 6 << 28, len(payload), proto, 64, src, dst)
    return ethernet(head + payload, 0x86DD)


def flows():
    """(packets a second, frame) of each flow; the first carries most."""
    web, files, name = address("198.51.100.80"), address("192.0.2.10"), address("192.0.2.53")
    for i in range(24):
        host = address(f"192.168.{i % 3}.{100 + i}")
        size = 1400 if i % 2 else 300
        yield 60 / (i + 1), ethernet(checksum_free_ipv4(web, host, 6,
                                                        tcp(443, 40000 + i, 0x18, size)))
        yield 20 / (i + 1), ethernet(checksum_free_ipv4(host, web, 6,
                                                        tcp(40000 + i, 443, 0x10, 0)))
        yield 0.5, ethernet(checksum_free_ipv4(host, name, 17, udp(50000 + i, 53, 40)))
    backup = address("192.168.0.7")
    yield 90, ethernet(checksum_free_ipv4(backup, files, 6, tcp(51000, 22, 0x18, 1448)))
    yield 1, ethernet(checksum_free_ipv4(address("192.168.0.9"), web, 1, b"\x08\0\0\0" + bytes(56)))
    yield 2, ipv6(17, udp(40000, 53, 60))
    yield 0.5, ethernet(bytes(28), 0x0806)


def write(path, seconds=SECONDS):
    random.seed(1)
    packets = []
    for rate, frame in flows():
        time = random.random() / rate
        while time < seconds:
            packets.append((time, frame))
            time += random.expovariate(rate)
    packets.sort(key=lambda packet: packet[0])
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for time, frame in packets:
            file.write(struct.pack("<IIII", START + int(time), int(time % 1 * 1e6), len(frame),
                                   len(frame)) + frame)
    return len(packets)


if __name__ == "__main__":
    import sys
    print(write(sys.argv[1]), "packets")
