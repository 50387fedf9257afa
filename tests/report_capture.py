# SPDX-License-Identifier: BSD-2-Clause
"""A capture for the tests of the report: five minutes of a small office, the same each time.

    tests/report_capture.py FILE

pcapng, whose packets tell their direction: a backup that comes and goes, web traffic with bursts,
a call, name look-ups, and a name of the interface that tries to be markup.
"""
import random
import struct
import sys

START = 1700000000
SECONDS = 300
NAME = b'<b onclick="alert(1)">eth0</b>'
IN, OUT = 1, 2


def address(text):
    return bytes(int(part) for part in text.split("."))


def ipv4(src, dst, proto, payload):
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 0, 0, 64, proto, 0,
                       address(src), address(dst))
    return bytes(6) + bytes([2, 0, 0, 0, 0, 1]) + b"\x08\0" + head + payload


def tcp(src, dst, ports, size, flags=0x18):
    return ipv4(src, dst, 6, struct.pack(">HHIIBBHHH", *ports, 0, 0, 0x50, flags, 0, 0, 0)
                + bytes(size))


def udp(src, dst, ports, size):
    return ipv4(src, dst, 17, struct.pack(">HHHH", *ports, 8 + size, 0) + bytes(size))


def ipv6_dns(out):
    host, server = bytes.fromhex("20010db8" + "00" * 11 + "07"), \
        bytes.fromhex("20010db8000100020003000400050053")
    payload = struct.pack(">HHHH", *((40000, 53) if out else (53, 40000)), 68, 0) + bytes(60)
    ends = host + server if out else server + host
    return bytes(12) + b"\x86\xdd" + struct.pack(">IHBB", 6 << 28, len(payload), 17, 64) + ends \
        + payload


def frames(second):
    """(direction, frame, how many) of a second."""
    yield OUT, tcp("192.168.0.7", "192.0.2.10", (51000, 22), 1448), \
        60 if 40 <= second < 130 or second >= 240 else 2
    yield IN, tcp("192.0.2.10", "192.168.0.7", (22, 51000), 0, 0x10), 10
    for i in range(12):
        host = f"192.168.{i % 3}.{100 + i}"
        busy = (second // 12 + i * 5) % 11
        yield IN, tcp("198.51.100.80", host, (443, 40000 + i), 1400), \
            max(0, 9 - 2 * busy) * 40 // (i + 2) + 1
        yield OUT, tcp(host, "198.51.100.80", (40000 + i, 443), 0, 0x10), 4
        if second % 7 == i % 7:
            yield OUT, udp(host, "192.0.2.53", (50000 + second, 53), 40), 1
            yield IN, udp("192.0.2.53", host, (53, 50000 + second), 120), 1
    if 80 <= second < 220:
        yield OUT, udp("192.168.1.20", "203.0.113.9", (20000, 3478), 172), 25
        yield IN, udp("203.0.113.9", "192.168.1.20", (3478, 20000), 172), 25
    yield OUT, ipv6_dns(True), 2
    yield IN, ipv6_dns(False), 2
    yield IN, bytes(12) + b"\x08\x06" + bytes(28), 1
    if second == 17:
        yield IN, bytes(12) + b"\x08\0" + b"\x45\0", 3  # headers that are cut


def block(kind, body):
    body += bytes(-len(body) % 4)
    return struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)


def option(code, value):
    return struct.pack("<HH", code, len(value)) + value + bytes(-len(value) % 4)


def write(path, seconds=SECONDS):
    """How many packets there are in it."""
    random.seed(1)
    count = 0
    with open(path, "wb") as file:
        file.write(block(0x0a0d0d0a, struct.pack("<IHHq", 0x1a2b3c4d, 1, 0, -1)))
        file.write(block(1, struct.pack("<HHI", 1, 0, 65535) + option(2, NAME) + option(0, b"")))
        for second in range(seconds):
            packets = [(random.random(), way, frame) for way, frame, times in frames(second)
                       for _ in range(times)]
            for part, way, frame in sorted(packets, key=lambda packet: packet[0]):
                when = (START + second) * 1000000 + int(part * 999999)
                body = struct.pack("<IIIII", 0, when >> 32, when & 0xffffffff, len(frame),
                                   len(frame)) + frame + bytes(-len(frame) % 4)
                file.write(block(6, body + option(2, struct.pack("<I", way)) + option(0, b"")))
                count += 1
    return count


if __name__ == "__main__":
    print(write(sys.argv[1]), "packets")
