# SPDX-License-Identifier: BSD-2-Clause
"""Outputs that are slow, stopped, full or gone hold up neither counting nor the end of a run."""
import contextlib
import json
import os
import signal
import struct
import subprocess
import time

import traffic
import watch
from lab import PaneLate, expect, expect_equal, run, wait_for_text, wait_until
from watch import BINARY, Weir

PANE = 20_000_000  # ns
LATE = 100_000_000
HOOKS = ("tcx-ingress", "tcx-egress")


@contextlib.contextmanager
def disk(lab, megabytes, name="disk"):
    """A file system of its own on a loop device; yields where it is mounted."""
    image, where = lab.path(name + ".image"), lab.path(name)
    os.mkdir(where)
    with open(image, "wb") as file:
        file.truncate(megabytes << 20)
    run("mkfs.ext4", "-q", "-O", "^has_journal", "-m", "0", image)
    run("mount", "-o", "loop", image, where)
    try:
        yield where
    finally:
        run("fsfreeze", "-u", where, check=False)
        wait_until(lambda: not run("umount", where, check=False).returncode, f"{where} to be free")


def expect_in_time(documents):
    """Windows of one pane each, none of them late."""
    watch.check_contiguous(documents)
    lengths = [doc["window"]["end_ns"] - doc["window"]["start_ns"] for doc in documents]
    if max(lengths[:-1]) > PANE + LATE:
        raise PaneLate(f"a pane of {max(lengths) / 1e6:.0f} ms")
    return max(lengths)


def stop_in_time(weir, status, seconds=1.5):
    begin = time.monotonic()
    weir.process.send_signal(signal.SIGTERM)
    weir.wait(status, 20)
    spent = time.monotonic() - begin
    expect(spent < seconds, f"it took {spent:.2f} s to end: {weir.stderr}")
    expect_equal(weir.devices[0].hooks(), set(), "hooks after the end")
    return spent


def traffic_for(lab, far, near, seconds):
    """UDP from many ports, a few thousand packets a second."""
    script = ("import socket, sys, time\n"
              "ends = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(200)]\n"
              "until = time.monotonic() + float(sys.argv[2])\n"
              "while time.monotonic() < until:\n"
              "    for end in ends: end.sendto(bytes(100), (sys.argv[1], 9))\n"
              "    time.sleep(0.002)\n")
    return lab.start("python3", "-c", script, near.ip, str(seconds), namespace=far.namespace)


def stopped_output(lab, target, before_stop, seconds=10):
    """One output takes nothing for so long; the other has every packet in time."""
    near, far = lab.pair()
    healthy = lab.path("healthy.ndjson")
    weir = Weir(lab, near, "-a", "tc", windows=["tumbling:20ms"], outputs=[healthy, target])
    weir.path = healthy
    weir.wait_attached(*HOOKS)
    before = near.counters()
    sender = traffic_for(lab, far, near, seconds)
    time.sleep(0.5)
    before_stop()
    sender.wait(seconds + 10)
    after = near.settle()
    spent = stop_in_time(weir, 1)
    documents = weir.documents()
    longest = expect_in_time(documents)
    sent = sum(now[0] - then[0] for then, now in zip(before, after))
    expect_equal(watch.seen(documents)[0], sent, "packets in the healthy output")
    expect(f"write {target}: " in weir.stderr, f"{target} is not named: {weir.stderr}")
    return (f"{sent} packets in {len(documents)} windows, the longest pane {longest / 1e6:.0f} ms; "
            f"ended after {spent:.2f} s")


def a_named_pipe_that_nobody_reads_holds_up_nothing(lab):
    pipe = lab.path("pipe.ndjson")
    os.mkfifo(pipe)
    return stopped_output(lab, pipe, lambda: None)


def a_reader_that_stops_reading_holds_up_nothing(lab):
    pipe = lab.path("pipe.ndjson")
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        return stopped_output(lab, pipe, lambda: os.read(reader, 1), 4)
    finally:
        os.close(reader)


def a_frozen_file_system_holds_up_nothing(lab):
    with disk(lab, 16) as where:
        return stopped_output(lab, os.path.join(where, "frozen.ndjson"),
                              lambda: run("fsfreeze", "-f", where))


def a_frozen_document_holds_up_nothing(lab):
    with disk(lab, 16) as where:
        proof = stopped_output(lab, os.path.join(where, "frozen.json"),
                               lambda: run("fsfreeze", "-f", where), 3)
        run("fsfreeze", "-u", where)
        name = os.path.join(where, "frozen.json")
        with open(name) as file:
            json.load(file)
        wait_until(lambda: sorted(os.listdir(where)) == ["frozen.json", "lost+found"],
                   "the temporary file to go")
        return proof


def watching(lab, near, *outputs):
    """A run that writes a window each 100 ms, attached."""
    weir = Weir(lab, near, "-a", "tc", windows=["tumbling:100ms"], outputs=list(outputs))
    return weir.wait_attached(*HOOKS)


def lines_of(path):
    try:
        return watch.read_documents(path)
    except OSError:
        return []


def wait_for_lines(path, count):
    wait_until(lambda: len(lines_of(path)) >= count, f"{count} lines in {path}")


def a_renamed_file_is_written_on_until_sighup(lab):
    near, _ = lab.pair()
    name, moved = lab.path("flows.ndjson"), lab.path("flows.ndjson.1")
    weir = watching(lab, near, name)
    wait_for_lines(name, 1)
    os.rename(name, moved)
    wait_for_lines(moved, len(lines_of(moved)) + 2)
    expect(not os.path.exists(name), "a new file before SIGHUP")
    weir.process.send_signal(signal.SIGHUP)
    wait_for_lines(name, 2)
    weir.stop()
    documents = lines_of(moved) + lines_of(name)
    watch.check_contiguous(documents)
    return f"{len(lines_of(moved))} windows before, {len(lines_of(name))} after, none lost"


def what_was_deleted_is_made_again(lab):
    """Files, and a directory that came back, without SIGHUP; while it is away that is said once."""
    near, _ = lab.pair()
    where = lab.path("results")
    names = [os.path.join(where, name) for name in ("flows.ndjson", "flows.json")]
    os.mkdir(where)
    weir = watching(lab, near, *names)
    wait_for_lines(names[0], 2)
    for name in names:
        os.unlink(name)
        wait_until(lambda: os.path.exists(name), f"{name} to be made again")
    run("rm", "-rf", where)
    for name in names:
        wait_for_text(weir.stderr_path, f"write {name}: No such file")
    time.sleep(0.5)
    os.mkdir(where)
    wait_for_lines(names[0], 2)
    wait_until(lambda: os.path.exists(names[1]), f"{names[1]} to be made again")
    weir.stop(status=1)
    for name in names:
        expect_equal(weir.stderr.count(f"write {name}: No such file"), 1, "times it is said")
    errors = lines_of(names[0])[-1]["health"]["transmission"]["errors"]
    expect(errors > 0, "the windows that were lost are not counted")
    return f"files and directory made again; {errors} windows that were lost are counted"


def signals_that_are_not_its_end_do_not_end_it(lab):
    near, _ = lab.pair()
    name = lab.path("flows.ndjson")
    weir = watching(lab, near, name)
    for number in (signal.SIGHUP, signal.SIGPIPE, signal.SIGXFSZ, signal.SIGUSR1):
        weir.process.send_signal(number)
        wait_for_lines(name, len(lines_of(name)) + 2)
    weir.stop(signal.SIGUSR2)
    watch.check_contiguous(lines_of(name))
    return "SIGHUP, SIGPIPE, SIGXFSZ, SIGUSR1; SIGUSR2 ended it in order"


def sigusr1_writes_what_there_is_so_far(lab):
    """To the outputs that show a state; the window goes on and ends as if nothing had been."""
    near, far = lab.pair()
    newest, table, lines = (lab.path(name) for name in ("flows.json", "table", "flows.ndjson"))
    weir = Weir(lab, near, "-a", "tc", windows=["tumbling:1h"],
                outputs=[newest, f"text:{table}", lines])
    weir.wait_attached(*HOOKS)
    before = near.counters()
    traffic.udp_burst(far, near, [100] * 30)
    first = near.settle()
    time.sleep(1.1)  # the pane that holds them must be over
    weir.process.send_signal(signal.SIGUSR1)
    wait_until(lambda: os.path.exists(newest), "the newest state")
    with open(newest) as file:
        state = json.load(file)
    watch.check_accounting(state)
    expect_equal(state["window"]["complete"], False, "complete")
    sent = sum(now[0] - then[0] for then, now in zip(before, first))
    expect_equal(state["seen"]["packets"], sent, "packets so far")
    expect_equal(lines_of(lines), [], "lines of windows that are not over")
    with open(table) as file:
        expect(f" {sent} packets seen" in file.read(), "the table does not tell them")
    traffic.udp_burst(far, near, [100] * 10)
    last = near.settle()
    weir.stop()
    sent = sum(now[0] - then[0] for then, now in zip(before, last))
    expect_equal(watch.seen(lines_of(lines))[0], sent, "packets at the end")
    return f"{state['seen']['packets']} packets so far, {sent} at the end"


def a_full_disk_costs_only_what_does_not_fit(lab):
    near, _ = lab.pair()
    with disk(lab, 2) as where:
        name, filler = os.path.join(where, "flows.ndjson"), os.path.join(where, "filler")
        weir = watching(lab, near, name)
        wait_for_lines(name, 1)
        run("dd", "if=/dev/zero", f"of={filler}", "bs=4k", check=False)
        wait_for_text(weir.stderr_path, "No space left")
        os.unlink(filler)
        wait_for_lines(name, len(lines_of(name)) + 3)
        weir.stop(status=1)
        documents = lines_of(name)
        expect(documents[-1]["health"]["transmission"]["errors"] > 0, "nothing is counted")
        return f"{len(documents)} whole lines, before and after"


def a_failing_flush_or_close_is_told_and_nothing_worse(lab):
    capture = lab.path("one.pcap")
    with open(capture, "wb") as file:
        file.write(bytes.fromhex("d4c3b2a1020004000000000000000000ffff000001000000"
                                 "0000000000000000 0e0000000e000000 ffffffffffff0200000000010806"))
    for kind in ("ndjson", "json"):
        name = lab.path("flows." + kind)
        for call in ("fsync", "close"):
            done = run("strace", "-f", "-qq", "-o", "/dev/null", "-P", name, "-e",
                       f"inject={call}:error=EIO", BINARY, "run", "-q", "-r", capture, "-o", name,
                       check=False)
            expect(done.returncode in (0, 1), f"status {done.returncode} of {call}, {kind}")
            expect(done.returncode == 0 or done.stderr.startswith(f"weir: write {name}: Input"),
                   f"{call}, {kind}: {done.stderr}")
    done = run("strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=fsync:error=EIO", BINARY,
               "run", "-q", "-r", capture, "-o", name, check=False)
    expect_equal((done.returncode, done.stderr), (1, f"weir: write {name}: Input/output error\n"),
                 "status and standard error")
    return done.stderr.strip()


def temporary_files_of_killed_runs_are_removed(lab):
    near, _ = lab.pair()
    name = lab.path("flows.json")
    leftover, foreign = lab.path(".flows.json.0123456789abcdef"), lab.path(".flows.json.mine")
    for path in (leftover, foreign):
        with open(path, "w") as file:
            file.write("{")
    watching(lab, near, name).stop()
    expect(not os.path.exists(leftover), "the leftover is there")
    expect(os.path.exists(foreign), "a file of somebody else is gone")
    return "one of a killed run removed, one of somebody else left"


@contextlib.contextmanager
def protected_symlinks():
    """As systemd sets it nearly everywhere."""
    name = "/proc/sys/fs/protected_symlinks"
    with open(name) as file:
        before = file.read()
    with open(name, "w") as file:
        file.write("1")
    try:
        yield
    finally:
        with open(name, "w") as file:
            file.write(before)


def a_link_that_the_kernel_would_not_follow_is_not_followed(lab):
    """fs.protected_symlinks: a link of another user in a directory that all may write to."""
    with protected_symlinks():
        return check_link_refused(lab)


def check_link_refused(lab):
    near, _ = lab.pair()
    shared, target = lab.path("shared"), lab.path("target.json")
    link = os.path.join(shared, "flows.json")
    os.chmod(lab.folder, 0o755)
    os.mkdir(shared)
    os.chmod(shared, 0o1777)
    os.symlink(target, link)
    os.lchown(link, 65534, 65534)
    for existing in (False, True):
        if existing:
            open(target, "w").close()
        done = near.namespace.run(BINARY, "run", "-i", near.name, "-o", link, check=False)
        expect_equal((done.returncode, "Permission denied" in done.stderr), (1, True),
                     f"status and reason ({done.stderr.strip()})")
    expect_equal(os.stat(target).st_size, 0, "bytes in the target")
    return done.stderr.strip()


def a_killed_run_leaves_whole_lines(lab):
    near, _ = lab.pair()
    name = lab.path("flows.ndjson")
    for _ in range(5):
        weir = Weir(lab, near, "-a", "tc", windows=["tumbling:10ms"], outputs=[name])
        before = len(lines_of(name))
        wait_until(lambda: len(lines_of(name)) > before + 3, "windows")
        weir.process.kill()
        weir.wait(-signal.SIGKILL)
    count = len(lines_of(name))
    return f"{count} whole lines after 5 kills"


def write_capture(path, packets, flows, spacing_us):
    """Of UDP packets without payload, one flow after the other, again and again."""
    ether = bytes.fromhex("ffffffffffff0200000000010800")
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        for i in range(packets):
            flow, when = i % flows, i * spacing_us
            frame = ether + struct.pack(">BBHHHBBHIIHHHH", 0x45, 0, 28, 0, 0, 64, 17, 0,
                                        0x0a000000 + (flow >> 4), 0x0b000001,
                                        1024 + (flow & 15), 53, 8, 0)
            file.write(struct.pack("<IIII", 1700000000 + when // 1000000, when % 1000000,
                                   len(frame), len(frame)) + frame)


def a_slow_reader_makes_a_replay_wait_and_loses_nothing(lab):
    capture, pipe, name = lab.path("c.pcap"), lab.path("pipe"), lab.path("flows.ndjson")
    write_capture(capture, 200000, 2000, 20)
    os.mkfifo(pipe)
    process = lab.start(BINARY, "run", "-q", "-r", capture, "-w", "tumbling:10ms",
                        "-o", f"ndjson:{pipe}", "-o", name, stderr=subprocess.PIPE)
    parts = []
    with open(pipe, "rb", buffering=0) as reader:
        while part := reader.read(1 << 20):
            parts.append(part)
            time.sleep(0.002)
    expect_equal(process.wait(20), 0, f"status ({process.stderr.read().decode()})")
    documents = [json.loads(line) for line in b"".join(parts).splitlines()]
    expect_equal(watch.seen(documents)[0], 200000, "packets through the pipe")
    expect_equal(watch.seen(lines_of(name))[0], 200000, "packets in the file")
    return f"200000 packets in {len(documents)} windows, {sum(map(len, parts)) >> 20} MiB"


def run_measured(lab, capture, *outputs):
    """Peak of the agent's memory in KiB, and seconds."""
    begin, peak = time.monotonic(), 0
    command = [word for output in outputs for word in ("-o", output)]
    process = lab.start(BINARY, "run", "-q", "-r", capture, *command)
    while process.poll() is None:
        with contextlib.suppress(OSError), open(f"/proc/{process.pid}/status") as file:
            peak = max([peak, *(int(line.split()[1]) for line in file if "VmHWM" in line)])
        time.sleep(0.005)
    expect_equal(process.returncode, 0, "status")
    return peak, time.monotonic() - begin


def a_million_flows_are_copied_once_for_all_outputs(lab):
    capture = lab.path("million.pcap")
    write_capture(capture, 1000000, 1000000, 1)
    outputs = [lab.path("x.json"), "ndjson:/dev/null", "csv:" + lab.path("x.csv"),
               "flows:/dev/zero"]
    one, _ = run_measured(lab, capture, outputs[0])
    four, seconds = run_measured(lab, capture, *outputs)
    expect(four < one * 1.1, f"{four >> 10} MiB with four outputs, {one >> 10} with one")
    with open(lab.path("x.csv")) as file:
        expect_equal(sum(1 for _ in file), 1000001, "lines of the table")
    return f"{one >> 10} MiB with one output, {four >> 10} with four, in {seconds:.1f} s"


TESTS = [
    a_slow_reader_makes_a_replay_wait_and_loses_nothing,
    a_million_flows_are_copied_once_for_all_outputs,
    a_named_pipe_that_nobody_reads_holds_up_nothing,
    a_reader_that_stops_reading_holds_up_nothing,
    a_frozen_file_system_holds_up_nothing,
    a_frozen_document_holds_up_nothing,
    a_renamed_file_is_written_on_until_sighup,
    what_was_deleted_is_made_again,
    signals_that_are_not_its_end_do_not_end_it,
    sigusr1_writes_what_there_is_so_far,
    a_full_disk_costs_only_what_does_not_fit,
    a_failing_flush_or_close_is_told_and_nothing_worse,
    temporary_files_of_killed_runs_are_removed,
    a_link_that_the_kernel_would_not_follow_is_not_followed,
    a_killed_run_leaves_whole_lines,
]
