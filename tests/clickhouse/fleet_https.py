# SPDX-License-Identifier: BSD-2-Clause
"""HTTPS of the real server: a certificate that proves nothing is refused, and rows wait."""
import os
import signal
import subprocess

from lab import Failed, expect, expect_equal, wait_until

PASSWORD = "s3cret-of-a-fleet"
NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
NAME_HERE, NAME_ELSEWHERE = "IP:127.0.0.1", "DNS:db.example,IP:192.0.2.7"
# By host: who signs the certificate, how it lies, what of it is told.
REFUSED = {"stranger": ("other", NAME_HERE, 2, "unable to get local issuer certificate"),
           "expired": ("own", NAME_HERE, -1, "certificate has expired"),
           "misnamed": ("own", NAME_ELSEWHERE, 2, "target host name '127.0.0.1'")}


def openssl(*words):
    done = subprocess.run(["openssl", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"openssl {words[0]}: {done.stderr}")


def make_authority(fleet, name):
    openssl("req", "-x509", *NEW_KEY, "-days", "2", "-subj",
            f"/CN=weir test {name}", "-out", fleet.path(name + ".pem"), "-keyout",
            fleet.path(name + ".key"))


def make_certificate(fleet, name, authority, names, days):
    """A file of a certificate and its key, as the authority signs it."""
    path = fleet.path(name)
    openssl("req", *NEW_KEY, "-subj", "/CN=weir server", "-out",
            path + ".csr", "-keyout", path + ".key")
    with open(path + ".ext", "w", encoding="utf-8") as file:
        file.write(f"subjectAltName={names}\n")
    openssl("x509", "-req", "-in", path + ".csr", "-CA", fleet.path(authority + ".pem"), "-CAkey",
            fleet.path(authority + ".key"), "-CAcreateserial", "-days", str(days), "-extfile",
            path + ".ext", "-out", path + ".pem")
    with open(path + ".both", "w", encoding="utf-8") as both:
        for end in (".pem", ".key"):
            with open(path + end, encoding="utf-8") as part:
                both.write(part.read())
    return path + ".both"


def agent(fleet, host, port, capture, *words, has_authority=True):
    authority = f"&ca={fleet.path('own.pem')}" if has_authority else ""
    target = (f"clickhouse+https://default:{PASSWORD}@127.0.0.1:{port}/net?"
              f"spool={fleet.path('spool')}{authority}")
    return fleet.begin(host, target, "-r", capture, *words)


def expect_no_password(fleet, host, process):
    """Neither in the process list nor in what was said."""
    with open(f"/proc/{process.pid}/task/{process.pid}/children", encoding="ascii") as file:
        processes = [str(process.pid), *file.read().split()]
    for number in processes:
        for name in ("cmdline", "environ"):
            with open(f"/proc/{number}/{name}", encoding="utf-8", errors="replace") as file:
                expect(PASSWORD not in file.read(), f"{name} of {host} shows the password")
    expect(PASSWORD not in fleet.said(host), f"{host} told the password")


def refuse(fleet, host, port, capture, words, why, has_authority=True):
    """One line tells why, and all its windows are in the spool when it is ended."""
    process = agent(fleet, host, port, capture, *words, has_authority=has_authority)
    wait_until(lambda: "waiting for clickhouse+https://" in fleet.said(host), "a replay that waits",
               60)
    expect_no_password(fleet, host, process)
    process.send_signal(signal.SIGINT)
    fleet.ended(host, process)
    lines = [line for line in fleet.said(host).splitlines() if "SSL" in line]
    expect_equal(len(lines), 1, f"lines about the certificate: {fleet.said(host)}")
    expect(why in lines[0] and "windows wait in its spool" in lines[0], f"{host} told: {lines[0]}")
    expect("what it did not take waits in its spool" in fleet.said(host),
           f"{host} told: {fleet.said(host)}")


def expect_no_password_in_logs(fleet):
    for name in ("server.log", "server.err.log"):
        with open(os.path.join(fleet.path("server"), name), encoding="utf-8") as file:
            expect(PASSWORD not in file.read(), f"{name} of the server has the password")


def https_is_checked(fleet, sums_of, replay_tells):
    for name in ("own", "other"):
        make_authority(fleet, name)
    capture, words = fleet.generate("A", 20000), ("-w", "tumbling:10ms")
    server = fleet.server(password=PASSWORD)
    for host, (authority, names, days, why) in REFUSED.items():
        server.kill()
        server.certificate = make_certificate(fleet, host, authority, names, days)
        server.start()
        refuse(fleet, host, server.port_secure, capture, words, why)
    server.kill()
    server.certificate = make_certificate(fleet, "right", "own", NAME_HERE, 2)
    server.start()
    refuse(fleet, "unasked", server.port_secure, capture, words, REFUSED["stranger"][3],
           has_authority=False)
    expect_equal(server.ask("SELECT count() FROM system.tables WHERE database = 'net'"), "0",
                 "tables, of a server that nobody trusted")
    last = agent(fleet, "trusting", server.port_secure, capture, *words)
    fleet.ended("trusting", last)
    expect(PASSWORD not in fleet.said("trusting"), "it told the password")
    wanted = replay_tells(capture, *words)
    expect_equal(sums_of(server), dict.fromkeys([*REFUSED, "unasked", "trusting"], wanted),
                 "rows, packets, bytes by host")
    expect_no_password_in_logs(fleet)
