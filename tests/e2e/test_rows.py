# SPDX-License-Identifier: BSD-2-Clause
"""What rows are of real connections: services, sessions of conversations, flows counted."""
import socket
import threading
import time

import traffic
from lab import expect, expect_equal
from watch import Weir, read_documents

LOW, HIGH = 33000, 50000  # by ports alone the lower one would be the service


def connection(client, server, bursts):
    """From LOW to HIGH: bytes both ways, at times that are panes apart."""
    with traffic.open_socket(server, socket.AF_INET, socket.SOCK_STREAM, HIGH) as listener, \
         traffic.open_socket(client, socket.AF_INET, socket.SOCK_STREAM, LOW) as sock:
        listener.listen()
        sock.connect(listener.getsockname()[:2])
        peer, _ = listener.accept()
        with peer:
            for burst in range(bursts):
                time.sleep(0.25 if burst else 0)
                for here, there in ((sock, peer), (peer, sock)):
                    here.sendall(b"x" * 3000)
                    there.recv(3000, socket.MSG_WAITALL)
            sock.shutdown(socket.SHUT_WR)
            peer.recv(1)


def each_way(near, far):
    """Both sides call once, so that one of them is at the lower address."""
    for client, server in ((near, far), (far, near)):
        thread = threading.Thread(target=connection, args=(client, server, 4))
        thread.start()
        thread.join()


def a_service_is_who_answered_in_all_windows_of_a_connection(lab):
    near, far = lab.pair()
    weir = Weir(lab, near, "-g", "service,proto", "-s", "flows", windows=["tumbling:100ms"])
    weir.wait_attached("tcx-ingress", "tcx-egress")
    each_way(near, far)
    near.settle()
    documents = weir.stop().documents()
    rows = [flow for document in documents for flow in document["flows"]
            if flow["proto"] == "tcp"]
    expect_equal({row["service"] for row in rows}, {f"{HIGH}/tcp"}, "services of TCP")
    expect(len(rows) >= 6, f"only {len(rows)} windows with packets: the handshake alone tells it")
    expect(all(1 <= row["flows"] <= 4 for row in rows), "flows behind a row")
    expect(any(row["flows"] == 2 for row in rows), "no row stands for both ways")
    return f"{HIGH}/tcp in {len(rows)} windows"


def a_session_of_a_conversation_has_both_ways(lab):
    near, far = lab.pair()
    weir = Weir(lab, near, "-b", windows=["session:700ms"])
    weir.wait_attached("tcx-ingress", "tcx-egress")
    each_way(near, far)
    near.settle()
    weir.stop()
    rows = [flow for document in read_documents(weir.path) for flow in document["flows"]
            if flow["proto"] == "tcp"]
    expect_equal(sorted((row["src"], row["dst_port"]) for row in rows),
                 sorted([(near.ip, HIGH), (far.ip, HIGH)]), "who began, and was called")
    for row in rows:
        back = row["reverse"]
        expect(row["bytes"]["total"] > 12000 and back["bytes"]["total"] > 12000,
               "bytes of both ways")
        expect_equal((row["start_ns"], row["end_ns"]),
                     (min(row["first_ns"], back["first_ns"]),
                      max(row["last_ns"], back["last_ns"])), "times of the session")
    return f"{len(rows)} sessions"


TESTS = [
    a_service_is_who_answered_in_all_windows_of_a_connection,
    a_session_of_a_conversation_has_both_ways,
]
