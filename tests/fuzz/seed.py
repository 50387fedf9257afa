#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""seed.py CORPUS FILE... - writes the seeds of the fuzz targets.

CORPUS/capture gets the files up to 64 KiB whole, CORPUS/parser their first packets, each behind
the byte that stands for its link type.
"""
import gzip
import hashlib
import os
import re
import struct
import sys

SIZE_MAX = 65536
PACKETS_PER_FILE = 20
LIST = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../user/sources/capture.h")


def links():
    """LINKTYPE to the first byte of an input: its place in CAPTURE_LINKS, as fuzz_parser.c has it."""
    with open(LIST, encoding="utf-8") as file:
        rows = re.findall(r"X\(LINK_\w+, *(\d+),", file.read())
    return {int(number): place for place, number in enumerate(rows, 1)}


LINKS = links()


def packets(data):
    """The packets of a classic pcap file, with their link type."""
    order = {b"\xd4\xc3\xb2\xa1": "<", b"\x4d\x3c\xb2\xa1": "<",
             b"\xa1\xb2\xc3\xd4": ">", b"\xa1\xb2\x3c\x4d": ">"}.get(data[:4])
    if not order or len(data) < 24:
        return
    link = struct.unpack_from(order + "I", data, 20)[0] & 0xffff
    at = 24
    while at + 16 <= len(data):
        size = struct.unpack_from(order + "I", data, at + 8)[0]
        if size > len(data) - at - 16:
            return
        yield link, data[at + 16:at + 16 + size]
        at += 16 + size


def write_seed(folder, data):
    name = hashlib.sha1(data).hexdigest()
    with open(os.path.join(folder, name), "wb") as seed:
        seed.write(data)


def main():
    corpus, files = sys.argv[1], sys.argv[2:]
    folders = {kind: os.path.join(corpus, kind) for kind in ("capture", "parser")}
    for folder in folders.values():
        os.makedirs(folder, exist_ok=True)
    for name in files:
        with open(name, "rb") as file:
            data = file.read()
        if len(data) <= SIZE_MAX:
            write_seed(folders["capture"], data)
        if data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
        for number, (link, packet) in enumerate(packets(data)):
            if number == PACKETS_PER_FILE:
                break
            if link in LINKS:
                write_seed(folders["parser"], bytes([LINKS[link]]) + packet[:2000])


main()
