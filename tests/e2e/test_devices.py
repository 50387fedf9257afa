# SPDX-License-Identifier: BSD-2-Clause
"""Devices whose packets have no Ethernet header: counted at TC, bytes as the interface has them."""
import os
import socket

import traffic
import tunnel
import watch
import wire
from lab import Lab, expect, expect_equal, wait_for_text, wait_until
from tunnel import Tunnel
from watch import Weir

TC = ("tcx-ingress", "tcx-egress")
CLSACT = ("clsact-ingress", "clsact-egress")
ARPHRD = {"PPP": 512, "RAWIP": 519, "TUNNEL": 768, "TUNNEL6": 769, "SIT": 776, "NONE": 0xFFFE}


def everyday(near, far):
    for family in (socket.AF_INET, socket.AF_INET6):
        traffic.tcp_transfer(near, far, 300000, 200000, family)
        traffic.udp_burst(far, near, [10, 1000, 1300] * 9, family)
        traffic.udp_burst(near, far, [20] * 7, family)
    traffic.ping(near, far.ip, count=5)
    traffic.ping(near, far.ip6, count=5)
    traffic.udp_burst(near, far, [4000] * 3)


def counted_between(before, after):
    return {way: (now[0] - then[0], now[1] - then[1])
            for way, then, now in zip(("in", "out"), before, after)}


def count_tunnel(lab, how, hooks, **options):
    """Counted by programs, and beside them by libpcap; against the relay and the kernel."""
    with Tunnel(lab, **options) as joined:
        weir = Weir(lab, joined.near, "-a", how, "-p", "50ms").wait_attached(*hooks)
        captured = Weir(lab, joined.near, "-a", "pcap")
        wait_until(lambda: "capturing" in captured.stderr, "the capture")
        begin = len(joined.noted)
        before = joined.near.settle()
        everyday(joined.near, joined.far)
        after = joined.near.settle()
        documents, others = (run.stop().documents() for run in (weir, captured))
        wanted = tunnel.flows(joined.noted[begin:])
        watch.expect_same_flows(watch.flows(documents), wanted)
        watch.expect_same_flows(watch.flows(others), wanted)
        for way, counted in counted_between(before, after).items():
            expect_equal(watch.direction_sum(documents, way), counted, f"{way}, as ip -s link")
        expect_equal(joined.near.hooks(), set(), "hooks after the end")
    return len(wanted), watch.seen(documents)


def a_tun_device_is_counted_at_tc(lab):
    results = [count_tunnel(lab, "auto", TC)]
    with Lab() as other:
        results.append(count_tunnel(other, "clsact", CLSACT))
    for flows, (packets, octets) in results:
        expect(flows > 12 and packets > 600, f"little traffic: {flows} flows, {packets} packets")
    return " and ".join(f"{flows} flows, {packets} packets, {octets} bytes"
                        for flows, (packets, octets) in results) + ": as libpcap and ip -s link"


def other_devices_of_ip_are_counted_alike(lab):
    """Their types, given to tun devices: they differ in nothing else that a hook would see."""
    for name, kind in ARPHRD.items():
        with Lab() as other, Tunnel(other, kind=kind) as joined:
            weir = Weir(other, joined.near).wait_attached(*TC)
            before = joined.near.settle()
            traffic.udp_burst(joined.far, joined.near, [100] * 20)
            traffic.udp_burst(joined.near, joined.far, [200] * 10, socket.AF_INET6)
            after = joined.near.settle()
            documents = weir.stop().documents()
            for way, counted in counted_between(before, after).items():
                expect_equal(watch.direction_sum(documents, way), counted, f"{name}: {way}")
    return ", ".join(ARPHRD)


def merged_packets_of_a_tun_device_are_told_apart(lab):
    with Tunnel(lab, merging=True) as joined:
        weir = Weir(lab, joined.near).wait_attached(*TC)
        joined.near.settle()
        begin = len(joined.noted)
        for family in (socket.AF_INET, socket.AF_INET6):
            traffic.tcp_transfer(joined.near, joined.far, 3000000, 2000000, family)
        joined.near.settle()
        documents = weir.stop().documents()
        noted = joined.noted[begin:]
        watch.expect_same_flows(watch.flows(documents), tunnel.flows(noted))
    for way in ("in", "out"):
        expect(any(one.gso_size for one in noted if one.direction == way), f"none merged {way}")
    return f"{watch.seen(documents)[0]} packets of {len(noted)} that were handed over"


def a_filter_is_of_ip_packets_there(lab):
    """With a link of Ethernet beside it: each packet by what its own device has."""
    space = lab.namespace()
    ethernet, far = lab.link(space, lab.namespace(), 1, ("one", "far"))
    with Tunnel(lab, near=space) as joined:
        for expression, passing in (("udp dst port 9 and greater 128", "both"),
                                    (f"ether src {far.mac} and udp", "one"),
                                    ("ip6", "none"), ("udp[8:4] = 0 and ip[0] = 0x45", "both")):
            weir = Weir(lab, [ethernet, joined.near], expression).wait_attached(*TC)
            before = [device.settle() for device in (ethernet, joined.near)]
            for sender, receiver in ((far, ethernet), (joined.far, joined.near)):
                source, sink = (traffic.open_socket(end, socket.AF_INET, socket.SOCK_DGRAM, port)
                                for end, port in ((sender, 0), (receiver, 9)))
                with source, sink:
                    for _ in range(12):
                        source.sendto(bytes(100), sink.getsockname())
            after = [device.settle() for device in (ethernet, joined.near)]
            documents = weir.stop().documents()
            wanted = {name for name in ("one", "tun") if passing in (name, "both")}
            flows = {}
            for flow in (flow for document in documents for flow in document["flows"]):
                flows[flow["interface"]] = flows.get(flow["interface"], 0) + flow["packets"]["total"]
            expect_equal(flows, {name: 12 for name in wanted}, f"{expression}: packets that pass")
            sent = watch.plus(*(counted for then, now in zip(before, after)
                                for counted in counted_between(then, now).values()))
            expect_equal(watch.seen(documents), sent, f"{expression}: seen")
            expect_equal("none pass of interfaces without Ethernet headers" in weir.stderr,
                         passing == "one", f"{expression}: a word about the device")
        refused = Weir(lab, joined.near, "ether host 2:0:0:0:0:1").wait(2)
    return refused.stderr.splitlines()[0]


def what_is_cut_or_not_of_ip_is_counted_as_that(lab):
    packet = wire.ipv4("10.40.0.9", "10.9.40.1", 17, wire.udp(1000, 2000))
    cuts = [packet[:length] for length in range(1, len(packet))]
    with Tunnel(lab) as joined:
        weir = Weir(lab, joined.near).wait_attached(*TC)
        before = joined.near.settle()
        sent = 0
        for data in cuts:
            try:
                sent += os.write(joined.tuns[0], data) > 0
            except OSError:  # the kernel wants an IP header that is whole
                continue
        after = joined.near.settle()
        documents = weir.stop().documents()
        counted = counted_between(before, after)["in"]
        got = watch.plus(*(watch.tally(document["seen"]) for document in documents))
    expect(sent > 20, f"the kernel took {sent}")
    expect_equal(got, counted, "seen, as ip -s link")
    return f"{sent} of {len(cuts)} cut packets taken by the kernel, all seen"


def what_begins_otherwise_is_left_to_libpcap_and_that_is_said(lab):
    space = lab.namespace()
    tun = tunnel.open_tun(space, kind=tunnel.ARPHRD_CISCO)
    try:
        space.run("ip", "link", "set", "dev", "tun", "up")
        device = lab.adopt(space, "tun")
        weir = Weir(lab, device, "-d", "in")
        wait_for_text(weir.stderr_path, "capturing")
        packet = wire.ipv4("10.1.0.1", "10.1.0.2", 17, wire.udp(1000, 2000))
        for _ in range(25):
            os.write(tun, packet)
        device.settle()
        documents = weir.stop().documents()
        expect_equal(watch.seen(documents), (25, 25 * len(packet)), "seen")
        for how in ("tc", "generic", "native", "clsact"):
            refused = Weir(lab, device, "-a", how).wait(1).stderr
            expect("try: -a pcap" in refused, refused)
    finally:
        os.close(tun)
    expect("neither Ethernet nor IP: falling back to libpcap" in weir.stderr, weir.stderr)
    return refused.splitlines()[0]


def xdp_is_refused_there_with_the_way_out(lab):
    with Tunnel(lab) as joined:
        for how in ("native", "generic"):
            refused = Weir(lab, joined.near, "-a", how).wait(1).stderr
            expect("no Ethernet header" in refused and "try: -a tc" in refused, refused)
    return refused.splitlines()[0]


TESTS = [
    a_tun_device_is_counted_at_tc,
    other_devices_of_ip_are_counted_alike,
    merged_packets_of_a_tun_device_are_told_apart,
    a_filter_is_of_ip_packets_there,
    what_is_cut_or_not_of_ip_is_counted_as_that,
    what_begins_otherwise_is_left_to_libpcap_and_that_is_said,
    xdp_is_refused_there_with_the_way_out,
]
