# SPDX-License-Identifier: BSD-2-Clause
"""Frames of somebody who means harm: totals stay exact, memory bounded, steady flows whole."""
import random
import struct

import traffic
import watch
import wire
from lab import LinkDropped, expect, expect_equal
from watch import Weir

ETHER, MTU, DEPTH = 14, 9000, 12
HOSTILE, STEADY_EVERY = 20000, 20
GROWTH_MAX_KIB = 24 * 1024
VXLAN, GENEVE, GTP = 4789, 6081, 2152


def tunnels(rng, source, target):
    """A packet within tunnels of any kind, up to DEPTH of them."""
    def ip(proto, payload):
        if rng.random() < 0.3:
            return wire.ETH_IPV6, wire.ipv6(source.ip6, target.ip6, proto, payload)
        return wire.ETH_IPV4, wire.ipv4(source.ip, target.ip, proto, payload)

    def datagram(port, payload):
        return struct.pack("!HHHH", 4000, port, 8 + len(payload), 0) + payload
    kind, packet = ip(17, wire.udp(1, 2))
    for _ in range(rng.randrange(1, DEPTH)):
        inner = wire.frame(source, packet, kind)
        kind, packet = rng.choice((
            lambda: ip(4 if kind == wire.ETH_IPV4 else 41, packet),
            lambda: ip(47, struct.pack("!HH", 0, kind) + packet),
            lambda: ip(47, struct.pack("!HHI", 0x2000, 0x6558, 7) + inner),
            lambda: ip(17, datagram(VXLAN, struct.pack("!II", 0x08000000, 7 << 8) + inner)),
            lambda: ip(17, datagram(GENEVE, struct.pack("!HHI", 0, 0x6558, 7 << 8) + inner)),
            lambda: ip(17, datagram(GTP, struct.pack("!BBHI", 0x30, 255, len(packet), 7) + packet)),
            lambda: (0x8847, struct.pack("!I", 7 << 12 | 0x140) + packet),
        ))()
    return wire.frame(source, packet, kind)


def fragment(rng, source, target):
    payload = rng.randbytes(rng.randrange(1, 64))
    return wire.frame(source, wire.ipv4(source.ip, target.ip, rng.choice((6, 17, 1)), payload,
                                        fragment=rng.randrange(0x4000)))


def spoilt(rng, frames):
    """A good frame with some bytes behind the addresses changed, cut anywhere behind them."""
    data = bytearray(rng.choice(frames))
    for _ in range(rng.randrange(4)):
        data[rng.randrange(12, len(data))] = rng.randrange(256)
    return bytes(data[:rng.randrange(ETHER, len(data) + 1)])


def hostile_frames(rng, source, target):
    good = traffic.frame_zoo(source, target) + list(traffic.broken_frames(source, target).values())
    good += [tunnels(rng, source, target) for _ in range(100)]
    makers = (
        lambda: spoilt(rng, good), lambda: spoilt(rng, good), lambda: tunnels(rng, source, target),
        lambda: fragment(rng, source, target),
        lambda: wire.frame(source, rng.randbytes(rng.randrange(2)), rng.randrange(65536)),
        lambda: wire.frame(source, rng.randbytes(rng.randrange(200)), rng.choice((0x800, 0x86DD))),
        lambda: wire.frame(source, wire.ipv4(source.ip, target.ip, 17, wire.udp(9, 9, MTU - 28))),
    )
    steady = wire.frame(source, wire.ipv4("172.16.0.1", target.ip, 17, wire.udp(7, 7)))
    for number in range(HOSTILE):
        yield rng.choice(makers)()
        if number % STEADY_EVERY == 0:
            yield steady


def resident_kib(process):
    with open(f"/proc/{process.pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def reaches_hook(how, frame):
    """A tag with less than two bytes behind it is dropped before TC (skb_vlan_untag)."""
    is_tagged = struct.unpack_from("!H", frame, 12)[0] in wire.TPIDS
    return how == "native" or not is_tagged or len(frame) >= ETHER + 6


def attack(lab, how, hooks, seed, *options):
    near, far = lab.pair()
    for end in (near, far):
        end.ip_link("mtu", str(MTU))
    weir = Weir(lab, near, "-a", how, "-d", "in", "--slots", "1024", *options).wait_attached(*hooks)
    before, before_kib = near.settle(), resident_kib(weir.process)
    frames = list(hostile_frames(random.Random(seed), far, near))
    traffic.send_frames(far, frames)
    after, grown = near.settle(), resident_kib(weir.process) - before_kib
    delivered = after[0][0] - before[0][0]
    if delivered != len(frames):
        raise LinkDropped(f"the link delivered {delivered} of {len(frames)} frames")
    documents = weir.stop().documents()
    reached = [frame for frame in frames if reaches_hook(how, frame)]
    expect_equal(watch.seen(documents), (len(reached), sum(map(len, reached))), f"{how}: seen")
    steady = sum(flow.packets for key, flow in watch.flows(documents).items()
                 if key.src == "172.16.0.1" and key.src_port == 7)
    expect_equal(steady, HOSTILE // STEADY_EVERY, f"{how}: packets of the steady flow")
    expect(watch.outcome(documents, "malformed")[0] > 0, f"{how}: nothing was malformed")
    expect(grown <= GROWTH_MAX_KIB, f"{how}: memory grew by {grown} KiB")
    return (f"{how}: {len(frames)} frames, {watch.outcome(documents, 'malformed')[0]} malformed, "
            f"{grown:+d} KiB")


def hostile_frames_are_counted_to_the_byte_and_harm_nobody(lab):
    return "; ".join(attack(lab, how, hooks, seed, *options)
                     for seed, (how, hooks, *options) in enumerate((
                         ("tc", ["tcx-ingress"]), ("native", ["xdp-native"], "--fragments"),
                         ("clsact", ["clsact-ingress"], "--tunnels", "--fragments"))))


TESTS = [hostile_frames_are_counted_to_the_byte_and_harm_nobody]
