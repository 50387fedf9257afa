# SPDX-License-Identifier: BSD-2-Clause
"""Traffic between two Devices: sockets, ping, iperf3, and frames sent as they are."""
import contextlib
import errno
import json
import socket
import struct
import subprocess
import threading

import wire
from lab import expect, expect_equal, tool

SOL_UDP, UDP_SEGMENT = 17, 103
CHUNK = bytes(1 << 16)


def open_socket(device, family, kind, port=0):
    with device.namespace.inside():
        sock = socket.socket(family, kind)
    sock.settimeout(20)
    if kind == socket.SOCK_STREAM:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((address(device, family), port))
    return sock


def address(device, family):
    return device.ip6 if family == socket.AF_INET6 else device.ip


def pump(sock, size):
    while size > 0:
        size -= sock.send(CHUNK[:min(size, len(CHUNK))])
    sock.shutdown(socket.SHUT_WR)


def drain(sock):
    total = 0
    while data := sock.recv(1 << 18):
        total += len(data)
    return total


def serve_one(listener, size):
    peer, _ = listener.accept()
    with peer:
        drain(peer)
        pump(peer, size)


def tcp_transfer(client, server, there, back, family=socket.AF_INET):
    """One connection: `there` bytes to the server, then `back` bytes to the client."""
    with open_socket(server, family, socket.SOCK_STREAM) as listener, \
         open_socket(client, family, socket.SOCK_STREAM) as sock:
        listener.listen()
        thread = threading.Thread(target=serve_one, args=(listener, back))
        thread.start()
        sock.connect(listener.getsockname()[:2])
        pump(sock, there)
        expect_equal(drain(sock), back, "bytes that came back over TCP")
        thread.join()


def udp_burst(sender, receiver, sizes, family=socket.AF_INET):
    """Datagrams of these sizes from one socket to one that does not answer."""
    with open_socket(receiver, family, socket.SOCK_DGRAM) as sink, \
         open_socket(sender, family, socket.SOCK_DGRAM) as sock:
        target = sink.getsockname()[:2]
        for size in sizes:
            sock.sendto(CHUNK[:size], target)


def udp_segments(sender, receiver, count, segment):
    """Datagrams handed to the kernel many at a time (UDP_SEGMENT), as QUIC servers do."""
    with open_socket(receiver, socket.AF_INET, socket.SOCK_DGRAM) as sink, \
         open_socket(sender, socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(SOL_UDP, UDP_SEGMENT, segment)
        for _ in range(count):
            sock.sendto(CHUNK[:segment * 20 + 7], sink.getsockname())


def ping(source, target, *options, count=20):
    source.namespace.run("ping", "-q", "-c", str(count), "-i", "0.002", *options, target)


@contextlib.contextmanager
def raw_sender(device):
    """A function that sends one frame out of the device as it is, again while a queue is full."""
    with device.namespace.inside():
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    with sock:
        sock.bind((device.name, 0))

        def send(frame):
            while True:
                try:
                    return sock.send(frame)
                except OSError as error:
                    if error.errno != errno.ENOBUFS:
                        raise
        yield send


def send_frames(device, frames, repeat=1):
    with raw_sender(device) as send:
        for _ in range(repeat):
            for frame in frames:
                send(frame)


def frame_zoo(source, target):
    """Well-formed frames of every kind that makes a flow of its own."""
    q, ad = wire.ETH_8021Q, wire.ETH_8021AD
    v4 = wire.ipv4(source.ip, target.ip, 17, wire.udp(1000, 2000))
    v6 = wire.ipv6(source.ip6, target.ip6, 17, wire.udp(1001, 2001))

    def ip(proto, payload, **keywords):
        return wire.ipv4(source.ip, target.ip, proto, payload, **keywords)

    def frame(payload, kind=wire.ETH_IPV4, tags=()):
        return wire.frame(source, payload, kind, tags)
    return [
        frame(v4), frame(v4, tags=[(q, 7)]), frame(v4, tags=[(ad, 8), (q, 9)]),
        frame(v4, tags=[(ad, 8), (q, 9), (q, 10)]), frame(v4, tags=[(q, 0)]),
        frame(v6, wire.ETH_IPV6), frame(v6, wire.ETH_IPV6, [(q, 4094)]),
        frame(v6, wire.ETH_IPV6, [(ad, 11), (q, 12)]),
        frame(ip(6, wire.tcp(3000, 80, 0x02))),
        frame(ip(6, wire.tcp(3000, 80, 0x11), options=bytes(8))),
        frame(ip(132, wire.udp(5, 6))), frame(ip(33, wire.udp(7, 8))),
        frame(ip(136, wire.udp(9, 10))), frame(ip(1, wire.icmp(3, 4))),
        frame(ip(47, bytes(20))), frame(ip(253, bytes(30))),
        frame(ip(17, bytes(24), fragment=185)),
        frame(ip(17, wire.udp(11, 12, 40), fragment=0x2000)),
        frame(wire.ipv6(source.ip6, target.ip6, 58, wire.icmp(129, 0)), wire.ETH_IPV6),
        frame(wire.ipv6(source.ip6, target.ip6, 0,
                        b"\x11\0\1\4\0\0\0\0" + wire.udp(13, 14)), wire.ETH_IPV6),
        frame(wire.ipv6(source.ip6, target.ip6, 44,
                        struct.pack("!BBHI", 17, 0, 8 << 3, 1) + bytes(16)), wire.ETH_IPV6),
        frame(bytes(46), 0x88CC), frame(bytes(46), wire.ETH_ARP),
        frame(bytes(46), 0x0842, [(q, 13)]), frame(bytes(38), 38),
    ]


def broken_frames(source, target):
    """Frames that end in the outcome malformed, by reason."""
    v4 = wire.ipv4(source.ip, target.ip, 17, wire.udp(1, 2))
    v6 = wire.ipv6(source.ip6, target.ip6, 17, wire.udp(1, 2))

    def frame(payload, kind=wire.ETH_IPV4, tags=()):
        return wire.frame(source, payload, kind, tags)
    return {
        "vlan_header_cut": frame(b"", wire.ETH_8021Q) + b"\0\1",
        "ipv4_header_cut": frame(v4[:19]),
        "ipv4_version": frame(b"\x65" + v4[1:]),
        "ipv4_header_length": frame(b"\x44" + v4[1:]),
        "ipv6_header_cut": frame(v6[:39], wire.ETH_IPV6),
        "ipv6_version": frame(b"\x40" + v6[1:], wire.ETH_IPV6),
    }


@contextlib.contextmanager
def iperf_server(lab, device):
    """A server for one iperf3 client at a time."""
    process = lab.start("iperf3", "-s", "-B", device.ip, "--forceflush", namespace=device.namespace,
                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    for line in process.stdout:
        if "listening" in line:
            break
    yield
    process.terminate()
    process.wait()
    process.stdout.close()


def iperf(client, server, *options):
    """Runs the client; returns its report."""
    done = client.namespace.run("iperf3", "-c", server.ip, "-J", *options)
    return json.loads(done.stdout)


def everyday(near, far):
    """Real TCP, UDP, ICMP and IPv6 of both directions, well under a second."""
    tcp_transfer(near, far, 3000000, 2000000)
    tcp_transfer(far, near, 300000, 700000, socket.AF_INET6)
    udp_burst(near, far, range(0, 1472, 3))
    udp_burst(far, near, range(0, 1452, 3), socket.AF_INET6)
    udp_burst(far, near, [9000] * 20)
    ping(near, far.ip)
    ping(far, near.ip, "-s", "4000")
    ping(near, far.ip6, "-s", "4000")


def zoo(near, far):
    """Tags, odd protocols, fragments and broken frames of both directions."""
    for source, target in ((near, far), (far, near)):
        send_frames(source, frame_zoo(source, target), repeat=5)
        send_frames(source, broken_frames(source, target).values(), repeat=3)


def xdpgen(namespace, *options):
    """Runs the live-frame generator; returns its report."""
    done = namespace.run(tool("xdpgen"), "send", *options)
    report = json.loads(done.stdout)
    expect(report["sent"] > 0, "xdpgen sent nothing")
    return report


def txring(device, frames, repeat=1):
    """Sends frames through a PACKET_TX_RING."""
    data = b"".join(struct.pack("=H", len(frame)) + frame for frame in frames)
    device.namespace.run(tool("txring"), device.name, str(repeat), input=data.decode("latin-1"),
                         encoding="latin-1")
