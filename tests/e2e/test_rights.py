# SPDX-License-Identifier: BSD-2-Clause
"""What weir keeps of its rights once it counts, and what somebody inside it cannot do."""
import os
import shutil
import signal
import subprocess
import time

import traffic
from lab import BUILD, expect, expect_equal, wait_for_text, wait_until
from watch import BINARY, Weir, children, read_documents, status

TCX = ("tcx-ingress", "tcx-egress")
INSIDE = os.path.join(BUILD, "tests/traffic/inside.so")
REFUSED = {"read": "EACCES", "write": "EPERM", "exec": "EPERM", "fork": "EPERM",
           "ptrace": "EPERM", "load": "EPERM", "connect": "EPERM", "kill": "EPERM"}
NO_LANDLOCK = "no Landlock"
# A writer opens files, and Landlock says which.
REFUSED_WRITER = {**REFUSED, "write": "EACCES"}


def threads(pid):
    return [status(f"{pid}/task/{task}") for task in os.listdir(f"/proc/{pid}/task")]


def capabilities(facts):
    return {number for number in range(64) if int(facts["CapPrm"], 16) >> number & 1}


NET_ADMIN, SYS_PTRACE, SYS_ADMIN, DAC_READ_SEARCH, PERFMON, BPF = 12, 19, 21, 2, 38, 39
SETUID = 7


def a_run_keeps_no_capability_and_its_helper_a_few(lab):
    near, _ = lab.pair()
    for options, more in (((), set()), (("--processes",), {SYS_PTRACE, DAC_READ_SEARCH})):
        weir = Weir(lab, near, "-v", *options).wait_attached(*TCX)
        wait_for_text(weir.stderr_path, "rights: ")
        pid = weir.process.pid
        for facts in threads(pid):
            expect_equal((capabilities(facts), facts["NoNewPrivs"], facts["Seccomp"]),
                         (set(), "1", "2"), f"of thread {facts['Name']}")
        others = children(pid)
        expect_equal(sorted(others), ["weir-helper", "weir-output"], "its children")
        for name, kept in (("weir-output", set()),
                           ("weir-helper", {NET_ADMIN, SYS_ADMIN, PERFMON, BPF} | more)):
            wait_until(lambda: children(pid)[name][0]["Seccomp"] == "2", f"{name} confined")
            facts = children(pid)[name][0]
            expect_equal((capabilities(facts), facts["NoNewPrivs"]), (kept, "1"), f"of {name}")
        weir.stop()
    line = next(line for line in weir.stderr.splitlines() if "rights: " in line)
    expect("no capabilities" in line, line)
    return line


def the_view_keeps_what_it_begins_anew_with(lab):
    near, _ = lab.pair()
    with open(lab.path("top"), "w", encoding="utf-8") as output:
        view = lab.start(BINARY, "top", "-i", near.name, namespace=near.namespace, stdout=output,
                         stderr=output)
    wait_until(lambda: status(view.pid)["Seccomp"] == "2", "a view that is confined")
    for facts in threads(view.pid):
        expect_equal((facts["NoNewPrivs"], facts["Seccomp"]), ("1", "2"), facts["Name"])
        expect(SETUID not in capabilities(facts) and BPF in capabilities(facts), facts["CapPrm"])
    view.send_signal(signal.SIGINT)
    expect_equal(view.wait(10), 0, "status")


def the_helper_ends_with_the_first(lab):
    near, _ = lab.pair()
    weir = Weir(lab, near).wait_attached(*TCX)
    helper = children(weir.process.pid)["weir-helper"][0]["Pid"]
    weir.stop(signal.SIGKILL, -signal.SIGKILL)
    wait_until(lambda: not os.path.exists(f"/proc/{helper}") or
               status(helper)["State"].startswith("Z"), "the helper's end")
    wait_until(lambda: near.hooks() == set(), "hooks that are free")


def without_its_helper_a_run_counts_on(lab):
    near, far = lab.pair()
    weir = Weir(lab, near, windows=["tumbling:200ms"]).wait_attached(*TCX)
    os.kill(int(children(weir.process.pid)["weir-helper"][0]["Pid"]), signal.SIGKILL)
    time.sleep(1.5)
    traffic.udp_burst(far, near, [100] * 40)
    near.settle()
    counted = sum(flow["packets"]["total"] for document in weir.stop().documents()
                  for flow in document["flows"] if flow["direction"] == "in" and
                  flow["proto"] == "udp")
    expect_equal(counted, 40, "packets counted without it")


def answers(text):
    return dict(line.split()[1:3] for line in text.splitlines() if line.startswith("inside "))


def who_takes_over_the_agent_can_do_nothing_else(lab):
    near, _ = lab.pair()
    inside = ("env", f"LD_PRELOAD={INSIDE}", "INSIDE=weir")
    weir = Weir(lab, near, "-v", under=inside)
    weir.is_taken_over = True
    weir.wait(9)
    read = "DONE" if NO_LANDLOCK in weir.stderr else "EACCES"
    expect_equal(answers(weir.stderr), {**REFUSED, "read": read}, "answers, live")
    expect_equal(near.hooks(), set(), "hooks after its end")
    capture = lab.path("a.pcap")
    with open(capture, "wb") as file:
        subprocess.run([os.path.join(BUILD, "generate"), "A", "200000"], stdout=file, check=True)
    run = subprocess.run([*inside, BINARY, "run", "-r", capture, "-o", lab.path("a.ndjson")],
                         capture_output=True, text=True, check=False)
    expect_equal((run.returncode, answers(run.stderr)), (9, {**REFUSED, "read": read}),
                 "answers, of a capture")
    return " ".join(f"{what}: {answer}" for what, answer in answers(run.stderr).items())


def who_takes_over_a_writer_reaches_its_file(lab):
    near, _ = lab.pair()
    weir = Weir(lab, near, "-v", windows=["tumbling:200ms"],
                under=("env", f"LD_PRELOAD={INSIDE}", "INSIDE=weir-output"))
    weir.is_taken_over = True
    wait_until(lambda: os.path.exists(weir.path), "its file")
    wait_for_text(weir.path, "inside kill")
    weir.stop(status=1)
    with open(weir.path, encoding="utf-8") as file:
        found = answers(file.read())
    wanted = {"read": "DONE", "write": "DONE"} if NO_LANDLOCK in weir.stderr else {}
    expect_equal(found, {**REFUSED_WRITER, **wanted}, "answers")


def an_ordinary_user_with_file_capabilities_sees_the_same(lab):
    near, far = lab.pair()
    place = lab.path("ordinary")
    os.mkdir(place)
    os.chmod(place, 0o777)
    for path in (os.path.dirname(place), os.path.dirname(os.path.dirname(place))):
        os.chmod(path, os.stat(path).st_mode | 0o011)
    own = os.path.join(place, "weir")
    shutil.copy(BINARY, own)
    subprocess.run(["setcap", "cap_bpf,cap_net_admin,cap_perfmon+ep", own], check=True)
    user = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    path = os.path.join(place, "own.ndjson")
    root = Weir(lab, near).wait_attached(*TCX)
    with open(os.path.join(place, "stderr"), "w", encoding="utf-8") as stderr:
        process = lab.start(*user, own, "run", "-v", "-i", "near", "-w", "tumbling:1s", "-o", path,
                            namespace=near.namespace, stderr=stderr)
    wait_for_text(stderr.name, "rights: no capabilities")
    traffic.udp_burst(far, near, [100] * 40)
    near.settle()
    process.send_signal(signal.SIGINT)
    expect_equal(process.wait(10), 0, "status")
    documents = root.stop().documents()
    seen = [sum(flow["packets"]["total"] for document in found for flow in document["flows"]
                if flow["proto"] == "udp" and flow["direction"] == "in")
            for found in (documents, read_documents(path))]
    expect_equal(seen, [40, 40], "packets as root and as nobody")


TESTS = [
    a_run_keeps_no_capability_and_its_helper_a_few,
    the_view_keeps_what_it_begins_anew_with,
    the_helper_ends_with_the_first,
    without_its_helper_a_run_counts_on,
    who_takes_over_the_agent_can_do_nothing_else,
    who_takes_over_a_writer_reaches_its_file,
    an_ordinary_user_with_file_capabilities_sees_the_same,
]
