# SPDX-License-Identifier: BSD-2-Clause
"""Interfaces that go and come back while they are counted."""
import os
import signal

import traffic
import tunnel
import watch
from lab import expect, expect_equal, wait_until
from watch import Weir

TC = ("tcx-ingress", "tcx-egress")
CLSACT = ("clsact-ingress", "clsact-egress")
NATIVE = ("xdp-native", "tcx-egress")


def udp_in(documents):
    """Packets that came in by UDP, by interface."""
    counted = {}
    for document in documents:
        for flow in document["flows"]:
            if flow["proto"] == "udp" and flow["direction"] == "in":
                name = flow["interface"]
                counted[name] = counted.get(name, 0) + flow["packets"]["total"]
    return counted


def lines_with(weir, words):
    return [line for line in weir.stderr.splitlines() if words in line]


def links_anew(lab, space, far_space):
    """The link of names one and far again; returns its ends."""
    return lab.link(space, far_space, 1, ("one", "far"))


def wait_back(weir, device, hooks, times):
    wait_until(lambda: len(lines_with(weir, f"interface {device.name}: it is back")) == times,
               "a word about its return")
    wait_until(lambda: set(hooks) <= {name for name, _ in device.hooks()}, "the hooks again")


def an_interface_made_anew_is_attached_again(lab):
    space, far_space = lab.namespace(), lab.namespace()
    second, far_second = lab.link(space, lab.namespace(), 2, ("two", "far"))
    for how, hooks in (("tc", TC), ("native", NATIVE), ("clsact", CLSACT)):
        first, far_first = links_anew(lab, space, far_space)
        weir = Weir(lab, [first, second], "-a", how).wait_attached(*hooks)
        sent = 0
        for times in range(3):
            if times:
                space.run("ip", "link", "del", first.name)
                wait_until(lambda: len(lines_with(weir, "interface one: it has gone")) == times,
                           "a word about the interface gone")
                traffic.udp_burst(far_second, second, [10] * 13)
                first, far_first = links_anew(lab, space, far_space)
                wait_back(weir, first, hooks, times)
            traffic.udp_burst(far_first, first, [10] * (11 + times))
            first.settle()
            sent += 11 + times
            reached = len(weir.documents()) + 2
            wait_until(lambda: len(weir.documents()) >= reached, "two windows more")
        second.settle()
        documents = weir.stop().documents()
        expect_equal(udp_in(documents), {"one": sent, "two": 26}, f"{how}: packets by interface")
        causes = [link["differences"] for document in documents
                  for link in document["interfaces"] if link["name"] == "one"
                  if not document["window"]["complete"]]
        expect(any("away" in cause for cause in causes), f"{how}: away is in none of {causes}")
        expect_equal(first.hooks() | second.hooks(), set(), f"{how}: hooks after the end")
        space.run("ip", "link", "del", first.name)
    return "tc, native, clsact: twice deleted and made anew, every packet of both interfaces"


def one_that_is_captured_by_libpcap_comes_back_too(lab):
    space, far_space = lab.namespace(), lab.namespace()
    second, far_second = lab.link(space, lab.namespace(), 2, ("two", "far"))
    first, far_first = links_anew(lab, space, far_space)
    weir = Weir(lab, [first, second], "-a", "pcap")
    wait_until(lambda: lines_with(weir, "capturing"), "the capture")
    sent = 0
    for times in range(3):
        if times:
            space.run("ip", "link", "del", first.name)
            # libpcap has words of its own where it notices first.
            wait_until(lambda: len(lines_with(weir, "interface one: it has gone") +
                                   lines_with(weir, "interface one: The interface")) == times,
                       "a word about the interface gone")
            traffic.udp_burst(far_second, second, [10] * 13)
            first, far_first = links_anew(lab, space, far_space)
            wait_back(weir, first, (), times)
            reached = len(weir.documents()) + 1
            wait_until(lambda: len(weir.documents()) >= reached, "the capture of it")
        traffic.udp_burst(far_first, first, [10] * (11 + times))
        first.settle()
        sent += 11 + times
    second.settle()
    documents = weir.stop().documents()
    expect_equal(udp_in(documents), {"one": sent, "two": 26}, "packets by interface")
    expect_equal(documents[-1]["source"]["names"], ["one", "two"], "names in the end")
    return f"twice deleted and made anew: {sent} packets of it, 26 of the one beside it"


def a_run_whose_only_interface_has_gone_waits_for_it(lab):
    space, far_space = lab.namespace(), lab.namespace()
    near, far = links_anew(lab, space, far_space)
    weir = Weir(lab, near, "-a", "tc").wait_attached(*TC)
    space.run("ip", "link", "del", near.name)
    wait_until(lambda: lines_with(weir, "it has gone"), "a word about the interface gone")
    reached = len(weir.documents()) + 3
    wait_until(lambda: len(weir.documents()) >= reached, "windows without an interface", 10)
    expect_equal(weir.documents()[-1]["interfaces"], [], "interfaces while there are none")
    near, far = links_anew(lab, space, far_space)
    wait_back(weir, near, TC, 1)
    traffic.udp_burst(far, near, [10] * 17)
    near.settle()
    documents = weir.stop().documents()
    expect_equal(udp_in(documents), {"one": 17}, "packets after its return")
    for words in ("it has gone", "waiting for one to return", "it is back"):
        expect_equal(len(lines_with(weir, words)), 1, f"lines with '{words}'")
    return "windows went on without it; status 0"


def an_interface_moved_to_a_namespace_and_back_is_counted_again(lab):
    for how, hooks in (("tc", TC), ("native", NATIVE), ("clsact", CLSACT)):
        near, far = lab.pair()
        other = lab.namespace()
        weir = Weir(lab, near, "-a", how).wait_attached(*hooks)
        near.ip_link("netns", other.name)
        wait_until(lambda: lines_with(weir, "it has gone"), "a word about the interface moved")
        other.run("ip", "link", "set", "dev", near.name, "netns", near.namespace.name)
        wait_back(weir, near, hooks, 1)
        near.ip_link("up")
        near.namespace.run("ip", "addr", "add", f"{near.ip}/24", "dev", near.name)
        near.namespace.run("ip", "neigh", "replace", far.ip, "lladdr", far.mac, "dev", near.name)
        traffic.udp_burst(far, near, [10] * 19)
        near.settle()
        documents = weir.stop().documents()
        expect_equal(udp_in(documents), {near.name: 19}, f"{how}: packets after its return")
        expect_equal(near.hooks(), set(), f"{how}: hooks after the end")
    return "tc, native, clsact: 19 of 19 after the return, nothing left"


def down_and_up_another_mtu_and_another_name_lose_nothing(lab):
    near, far = lab.pair()
    weir = Weir(lab, near, "-a", "tc").wait_attached(*TC)
    before = near.settle()
    for step, change in enumerate((("mtu", "1400"), ("down",), ("name", "wan"), ("up",),
                                   ("mtu", "9000"))):
        near.ip_link(*change)
        if change[0] == "name":
            near.name = change[1]
        if change[0] in ("down", "up"):
            word = "it is down" if change[0] == "down" else "it is up again"
            wait_until(lambda: lines_with(weir, word), f"'{word}'")
        if step not in (1, 2):
            traffic.udp_burst(far, near, [100] * 23)
            traffic.udp_burst(near, far, [100] * 5)
    sent = watch.plus(*(tuple(now[i] - then[i] for i in (0, 1))
                        for then, now in zip(before, near.settle())))
    documents = weir.stop().documents()
    expect_equal(watch.seen(documents), sent, "packets and bytes, against ip -s link")
    expect_equal(lines_with(weir, "is back"), [], "lines about a return")
    return f"{sent[0]} packets, {sent[1]} bytes as ip -s link"


def one_that_takes_the_name_of_another_is_counted_once(lab):
    space = lab.namespace()
    one, _ = lab.link(space, lab.namespace(), 1, ("one", "far"))
    two, far_two = lab.link(space, lab.namespace(), 2, ("two", "far"))
    weir = Weir(lab, [one, two], "-a", "tc", "-p", "50ms").wait_attached(*TC)
    space.run("ip", "link", "del", one.name)
    wait_until(lambda: lines_with(weir, "it has gone"), "a word about the interface gone")
    two.ip_link("name", "one")
    two.name = "one"
    wait_until(lambda: lines_with(weir, "it is called one now"), "a word about the new name")
    reached = len(weir.documents()) + 2
    wait_until(lambda: len(weir.documents()) >= reached, "two windows more")
    traffic.udp_burst(far_two, two, [10] * 13)
    two.settle()
    documents = weir.stop().documents()
    expect_equal(udp_in(documents), {"one": 13}, "packets of the one that is left")
    expect_equal(lines_with(weir, "is back"), [], "lines about a return")
    return "13 of 13, none twice"


def one_that_comes_and_goes_all_the_time_leaks_nothing(lab):
    space, far_space = lab.namespace(), lab.namespace()
    near, far = links_anew(lab, space, far_space)
    steady, far_steady = lab.link(space, lab.namespace(), 2, ("two", "far"))
    weir = Weir(lab, [near, steady], "-a", "tc", "-p", "50ms").wait_attached(*TC)
    held = f"/proc/{weir.process.pid}/fd"
    before = len(os.listdir(held))
    for _ in range(25):
        space.run("ip", "link", "del", near.name)
        space.run("ip", "link", "add", near.name, "type", "veth", "peer", "name", "loose")
        traffic.udp_burst(far_steady, steady, [10] * 4)
    wait_until(lambda: set(TC) <= {name for name, _ in near.hooks()}, "the hooks in the end")
    wait_until(lambda: len(os.listdir(held)) == before, "as many descriptors as before")
    steady.settle()
    documents = weir.stop(signal.SIGTERM).documents()
    expect_equal(udp_in(documents), {"two": 100}, "packets of the steady one")
    return f"25 times: attached in the end, {before} descriptors, 100 of 100 packets beside"


def interfaces_that_come_later_are_counted_where_all_are(lab):
    """By any: Ethernet and tun, each named; one that is down not before it is up."""
    one, far_one = lab.pair(number=1, names=("one", "far"))
    space = one.namespace
    weir = Weir(lab, one, "-a", "tc", names=["any"]).wait_attached(*TC)
    two, far_two = lab.link(space, lab.namespace(), 2, ("two", "far"))
    wait_until(lambda: set(TC) <= {name for name, _ in two.hooks()}, "the hooks at the new one")
    traffic.udp_burst(far_one, one, [10] * 3)
    traffic.udp_burst(far_two, two, [10] * 17)
    other = tunnel.open_tun(space, "other0", kind=tunnel.ARPHRD_CISCO)
    space.run("ip", "link", "set", "other0", "up")
    with tunnel.Tunnel(lab, near=space) as joined:
        wait_until(lambda: set(TC) <= {name for name, _ in joined.near.hooks()}, "the tun's hooks")
        traffic.udp_burst(joined.far, joined.near, [10] * 5)
        joined.near.settle()
        two.settle()
        wait_until(lambda: lines_with(weir, "attach other0"), "a word about the one left out")
    os.close(other)
    reached = len(weir.documents()) + 2
    wait_until(lambda: len(weir.documents()) >= reached, "two windows more")
    documents = weir.stop().documents()
    expect_equal(udp_in(documents), {"one": 3, "two": 17, "tun": 5}, "packets by interface")
    names = {name for document in documents for name in document["source"]["names"]}
    expect({"one", "two", "tun"} <= names and "other0" not in names, f"source.names: {names}")
    expect_equal(len(lines_with(weir, "attach other0")), 1, "lines about the one left out")
    expect_equal(one.hooks() | two.hooks(), set(), "hooks after the end")
    return "a veth and a tun device: every packet after they were attached"


TESTS = [
    an_interface_made_anew_is_attached_again,
    one_that_is_captured_by_libpcap_comes_back_too,
    a_run_whose_only_interface_has_gone_waits_for_it,
    an_interface_moved_to_a_namespace_and_back_is_counted_again,
    down_and_up_another_mtu_and_another_name_lose_nothing,
    one_that_takes_the_name_of_another_is_counted_once,
    interfaces_that_come_later_are_counted_where_all_are,
    one_that_comes_and_goes_all_the_time_leaks_nothing,
]
