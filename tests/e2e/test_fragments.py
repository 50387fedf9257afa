# SPDX-License-Identifier: BSD-2-Clause
"""Datagrams that real hosts fragment: with --fragments each counts to one flow, at every hook."""
import socket

import traffic
import watch
from lab import expect, expect_equal, wait_until
from test_exact import MODES, link_delta, watched
from watch import Weir

COUNT = 20
UDP_SIZE, UDP_PARTS = 8000, 6    # of 1500 bytes, over IPv4 and IPv6
PING_SIZE, PING_PARTS = 4000, 3
PROTOCOLS = (("udp", UDP_PARTS), ("icmp", PING_PARTS), ("icmp6", PING_PARTS))


def generate(near, far):
    for source, target in ((near, far), (far, near)):
        for family in (socket.AF_INET, socket.AF_INET6):
            traffic.udp_burst(source, target, [UDP_SIZE] * COUNT, family)
    for address in (far.ip, far.ip6):
        traffic.ping(near, address, "-s", str(PING_SIZE), count=COUNT)


def start(lab, device, mode, *options):
    weir = Weir(lab, device, "-a", mode, *options, windows=["tumbling:1s"])
    if mode in MODES:
        return weir.wait_attached(*MODES[mode])
    wait_until(lambda: "capturing" in weir.stderr, "weir to capture")
    return weir


def packets(documents, proto, is_fragment):
    """Sums of packets by source and, of fragments that are known, by all that they were sent to."""
    sums = {}
    for document in documents:
        for flow in document["flows"]:
            if flow["proto"] == proto and flow.get("fragment", False) == is_fragment:
                ports = [flow.get(name) for name in ("src_port", "dst_port", "icmp_type")]
                key = (flow["direction"], flow["src"], flow["dst"], *ports)
                sums[key] = sums.get(key, 0) + flow["packets"]["total"]
    return sums


def expect_whole(documents, near):
    """Each datagram is of one flow, whose packets are all of its fragments."""
    for proto, parts in PROTOCOLS:
        expect_equal(packets(documents, proto, True), {}, f"{proto} fragments without ports")
        known = packets(documents, proto, False)
        if proto != "udp":
            # Besides echoes there is what IPv6 neighbours ask.
            known = {key: count for key, count in known.items() if key[5] in (0, 8, 128, 129)}
        wanted = 4 if proto == "udp" else 2
        expect_equal((len(known), set(known.values())), (wanted, {COUNT * parts}),
                     f"{proto} at {near.name}: {known}")


def expect_parted(documents):
    """Without the option later fragments are flows of their own, one for both protocols' pings."""
    for proto, parts in PROTOCOLS:
        later = packets(documents, proto, True)
        expect_equal(set(later.values()), {COUNT * (parts - 1)}, f"later {proto} fragments")


def fragments_of_real_datagrams_count_to_the_flow_of_their_first(lab):
    near, far = lab.pair()
    weirs = [start(lab, near, mode, "--fragments") for mode in ("native", "tc", "clsact", "pcap")]
    inside = start(lab, near, "tc", "--fragments", "--tunnels")
    both = start(lab, near, "tc", "--fragments", "-b")
    plain = start(lab, near, "tc")
    before, after = watched(near, [*weirs, inside, both, plain], lambda: generate(near, far))
    for weir in (*weirs, inside):
        documents = weir.documents()
        expect_whole(documents, near)
        expect_equal(watch.seen(documents), watch.seen(plain.documents()), "packets seen")
    expect_parted(plain.documents())
    inbound, outbound = link_delta(before, after, True)
    expect_equal(watch.seen(plain.documents()), watch.plus(inbound, outbound), "ip -s link")
    rows = [flow for document in watch.read_documents(both.path) for flow in document["flows"]]
    expect(rows and not any(flow.get("fragment") for flow in rows), "fragments in conversations")
    ways = [way for flow in rows for way in (flow, flow["reverse"]) if way]
    expect_equal(sum(way["packets"]["total"] for way in ways), watch.seen(plain.documents())[0],
                 "packets of conversations")
    return f"{inbound[0] + outbound[0]} packets at XDP, TCX, clsact and libpcap"


def a_filter_sees_fragments_as_they_are(lab):
    """As tcpdump does: ports of a later one are not there, so that it is filtered out."""
    near, far = lab.pair()
    weir = Weir(lab, near, "-a", "native", "--fragments", "udp port 4444",
                windows=["tumbling:1s"]).wait_attached(*MODES["native"])

    def send():
        with traffic.open_socket(near, socket.AF_INET, socket.SOCK_DGRAM, 4444) as sock:
            for _ in range(COUNT):
                sock.sendto(bytes(UDP_SIZE), (far.ip, 9))
    watched(near, [weir], send)
    documents = weir.documents()
    counted = sum(packets(documents, "udp", False).values())
    expect_equal((counted, packets(documents, "udp", True)), (COUNT, {}), "packets that passed")
    expect(watch.outcome(documents, "filtered")[0] >= COUNT * (UDP_PARTS - 1), "filtered")
    return f"{counted} first fragments passed, {watch.outcome(documents, 'filtered')[0]} filtered"


TESTS = [
    fragments_of_real_datagrams_count_to_the_flow_of_their_first,
    a_filter_sees_fragments_as_they_are,
]
