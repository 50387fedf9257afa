# SPDX-License-Identifier: BSD-2-Clause
"""Programs of somebody else at a hook: two instructions that give one verdict, held by a link."""
import contextlib
import ctypes
import os
import socket
import struct

from lab import BPF_SYSCALL, BPF_TCX, Failed, libc

BPF_PROG_LOAD, BPF_LINK_CREATE = 5, 28
SCHED_CLS, XDP = 3, 6
BPF_F_BEFORE, BPF_XDP, XDP_DRIVER_MODE = 1 << 3, 37, 1 << 2
TC_OK, TC_SHOT, XDP_DROP = 0, 2, 1


def bpf(command, layout, *values):
    attr = ctypes.create_string_buffer(struct.pack(layout, *values), 128)
    fd = libc.syscall(BPF_SYSCALL, command, attr, len(attr))
    if fd < 0:
        raise Failed(f"bpf({command}): {os.strerror(ctypes.get_errno())}")
    return fd


def load(kind, verdict, before=()):
    """A program named stranger: what is before; r0 = verdict; exit."""
    lines = [*before, (0xb7, 0, verdict), (0x95, 0, 0)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("=BBhi", operation, register, 0, value)
                                                for operation, register, value in lines))
    terms = ctypes.create_string_buffer(b"Dual BSD/GPL")
    return bpf(BPF_PROG_LOAD, "=IIQQIIQII16s", kind, len(lines), ctypes.addressof(code),
               ctypes.addressof(terms), 0, 0, 0, 0, 0, b"stranger")


@contextlib.contextmanager
def stranger(device, hook, verdict, before=()):
    """At "tcx-ingress" or "tcx-egress" before all others, or at "xdp-native"."""
    index = device.show()["ifindex"]
    if hook == "xdp-native":
        program, where, flags = load(XDP, verdict, before), BPF_XDP, XDP_DRIVER_MODE
    else:
        program, where, flags = load(SCHED_CLS, verdict, before), BPF_TCX[hook], BPF_F_BEFORE
    try:
        with device.namespace.inside():
            link = bpf(BPF_LINK_CREATE, "=IIII", program, index, where, flags)
    finally:
        os.close(program)
    try:
        yield
    finally:
        os.close(link)


def tagger(device, *tags, protocol=0x8100):
    """Gives each packet that is sent VLAN tags, the last beside it: bpf_skb_vlan_push."""
    keep, again = (0xbf, 0x16, 0), (0xbf, 0x61, 0)
    push = [line for tag in tags
            for line in (again, (0xb7, 2, socket.htons(protocol)), (0xb7, 3, tag), (0x85, 0, 18))]
    return stranger(device, "tcx-egress", TC_OK, [keep, *push])
