# SPDX-License-Identifier: BSD-2-Clause
"""What a service manager hears of weir, and what systemd says of the unit file."""
import os
import shutil
import signal
import socket
import subprocess

from lab import Skipped, expect, expect_equal, run, wait_until
from watch import BINARY

HERE = os.path.dirname(os.path.abspath(__file__))
UNIT = os.path.join(HERE, "../../tools/weir@.service")


def the_manager_hears_of_readiness_and_of_every_half_of_the_watchdogs_time(lab):
    near, _ = lab.pair()
    heard = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(lab.path("notify"))
        manager.settimeout(5)

        def hear():
            heard.append((manager.recv(256).decode(), near.hooks()))
            return heard[-1][0]
        process = lab.start("env", f"NOTIFY_SOCKET={lab.path('notify')}", "WATCHDOG_USEC=1000000",
                            BINARY, "run", "-q", "-i", near.name, "-o", lab.path("out.ndjson"),
                            namespace=near.namespace, stdout=subprocess.DEVNULL)
        hear()
        expect("READY=1" in heard[0][0].splitlines(), f"first was heard: {heard}")
        expect(len(heard[0][1]) == 2, f"hooks when it is ready: {heard}")
        for _ in range(5):
            expect_equal(hear(), "WATCHDOG=1", "what is heard then")
        process.send_signal(signal.SIGINT)
        wait_until(lambda: hear() == "STOPPING=1", "a word about the end")
        expect_equal(process.wait(5), 0, "status")
    return f"READY=1 with both hooks, {len(heard) - 2} WATCHDOG=1, STOPPING=1"


def systemd_accepts_the_unit_file(lab):
    if not shutil.which("systemd-analyze"):
        raise Skipped("it takes systemd-analyze")
    path = lab.path("weir@eth0.service")
    with open(UNIT) as unit, open(path, "w") as copy:
        copy.write(unit.read().replace("@BINDIR@/weir", BINARY).replace("Documentation=man:weir(8)",
                                                                        ""))
    done = run("systemd-analyze", "verify", "--recursive-errors=no", path, check=False)
    said = [line for line in (done.stdout + done.stderr).splitlines() if "weir@" in line]
    expect_equal((done.returncode, said), (0, []), "what systemd-analyze verify says")
    return "systemd-analyze verify: nothing to say"


TESTS = [
    the_manager_hears_of_readiness_and_of_every_half_of_the_watchdogs_time,
    systemd_accepts_the_unit_file,
]
