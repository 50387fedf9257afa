# SPDX-License-Identifier: BSD-2-Clause
"""Collectors of IPFIX that others wrote, and what each understood of a run."""
import collections
import ipaddress
import json
import os
import re
import shutil
import signal
import socket
import threading
import time

from lab import Failed, Skipped, expect, wait_for_text, wait_until

# Of a flow, as every collector tells it: ports are 0 where there are none, ICMP has type * 256 +
# code for the second one.
Key = collections.namedtuple("Key", "src dst src_port dst_port proto")

PROTOCOLS = {"icmp": 1, "tcp": 6, "udp": 17, "dccp": 33, "gre": 47, "ipv6-icmp": 58, "sctp": 132,
             "udplite": 136}


def need(*programs):
    for program in programs:
        if not shutil.which(program):
            raise Skipped(f"{program} is not installed; try: tools/setup --collectors")


def add(table, key, packets, octets):
    old = table.get(key, (0, 0))
    table[key] = (old[0] + packets, old[1] + octets)


def total(table):
    return tuple(sum(column) for column in zip(*table.values())) or (0, 0)


def waiting(namespace, port):
    """Bytes that wait in the UDP sockets of a port."""
    with namespace.inside(), open("/proc/thread-self/net/udp") as file:
        lines = [line.split() for line in file.readlines()[1:]]
    return sum(int(line[4].split(":")[1], 16) for line in lines
               if int(line[1].split(":")[1], 16) == port)


class Nfcapd:
    """nfcapd of nfdump: {Key: (packets, octets)}, flows that it does not tell apart summed."""

    def __init__(self, lab, namespace, port=4739):
        need("nfcapd", "nfdump")
        self.namespace, self.port = namespace, port
        self.folder = lab.path(f"nfcapd-{namespace.name}")
        self.log = self.folder + ".log"
        os.mkdir(self.folder)
        with open(self.log, "w") as log:
            self.process = lab.start("nfcapd", "-p", str(port), "-w", self.folder, "-t", "3600",
                                     "-B", "8388608", "-v", namespace=namespace, stdout=log,
                                     stderr=log)
        wait_for_text(self.log, "Startup nfcapd")

    def stop(self):
        wait_until(lambda: not waiting(self.namespace, self.port), "nfcapd to read all", 20)
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(20)
        return self

    def sequence_failures(self):
        with open(self.log) as log:
            return sum(map(int, re.findall(r"Sequence Errors: (\d+)", log.read())))

    def dump(self, *options):
        return self.namespace.run("nfdump", "-R", self.folder, "-q", "-N", *options).stdout

    def flows(self):
        table = {}
        for line in self.dump("-o", "fmt:%sa,%da,%sp,%dp,%pr,%pkt,%byt").splitlines():
            src, dst, src_port, dst_port, proto, packets, octets = map(str.strip, line.split(","))
            kind, dot, code = dst_port.partition(".")
            dst_port = int(kind) * 256 + int(code) if dot else int(kind)
            add(table, Key(src, dst, int(src_port), dst_port, int(proto)), int(packets),
                int(octets))
        return table

    def ways(self):
        """The same, where records are of conversations: what came back is a flow of its own."""
        table = {}
        for line in self.dump("-o", "fmt:%sa,%da,%sp,%dp,%pr,%pkt,%byt,%opkt,%obyt").splitlines():
            src, dst, src_port, dst_port, proto, *numbers = map(str.strip, line.split(","))
            kind, dot, code = dst_port.partition(".")
            ports = int(src_port), int(kind) * 256 + int(code) if dot else int(kind)
            packets, octets, packets_back, octets_back = map(int, numbers)
            back = ports if int(proto) in (1, 58) else reversed(ports)
            if packets:
                add(table, Key(src, dst, *ports, int(proto)), packets, octets)
            if packets_back:
                add(table, Key(dst, src, *back, int(proto)), packets_back, octets_back)
        return table

    def interfaces(self):
        """{(in, out, direction): packets}."""
        table = collections.Counter()
        for line in self.dump("-o", "fmt:%in,%out,%dir,%pkt").splitlines():
            inward, outward, way, packets = map(str.strip, line.split(","))
            table[int(inward), int(outward), way] += int(packets)
        return table


class Nfacctd:
    """nfacctd of pmacct, as Nfcapd."""
    CONFIGURATION = """
nfacctd_ip: 127.0.0.1
nfacctd_port: {port}
nfacctd_renormalize: false
plugins: print[all]
aggregate[all]: src_host, dst_host, src_port, dst_port, proto, etype
print_output[all]: json
print_output_file[all]: {output}
print_output_file_append[all]: true
print_refresh_time[all]: 1
plugin_buffer_size[all]: 512
plugin_pipe_size[all]: 1048576
print_cache_entries[all]: 65537
logfile: {log}
"""

    def __init__(self, lab, namespace, port=4740):
        need("nfacctd")
        self.namespace, self.port = namespace, port
        self.output, self.log = lab.path("nfacctd.json"), lab.path("nfacctd.log")
        path = lab.path("nfacctd.conf")
        with open(path, "w") as file:
            file.write(self.CONFIGURATION.format(port=port, output=self.output, log=self.log))
        self.process = lab.start("nfacctd", "-f", path, namespace=namespace)
        wait_until(lambda: os.path.exists(self.log), "the log of nfacctd", 10)
        wait_for_text(self.log, "waiting for NetFlow/IPFIX data")
        wait_for_text(self.log, "cache entries")

    def stop(self, packets):
        """Ends it once it has written so many packets, or no more of them come."""
        try:
            wait_until(lambda: self.packets() >= packets, "nfacctd", 10)
        except Failed:
            pass
        self.process.send_signal(signal.SIGINT)
        self.process.wait(20)
        time.sleep(0.5)
        return self

    def rows(self):
        if not os.path.exists(self.output):
            return []
        with open(self.output) as file:
            return [json.loads(line) for line in file if line.endswith("\n")]

    def packets(self):
        return sum(row["packets"] for row in self.rows())

    def flows(self):
        table = {}
        for row in self.rows():
            proto = row["ip_proto"]
            key = Key(row.get("ip_src") or "0.0.0.0", row.get("ip_dst") or "0.0.0.0",
                      row["port_src"], row["port_dst"], PROTOCOLS.get(proto, proto))
            key = key._replace(proto=int(key.proto)) if str(key.proto).isdigit() else key
            add(table, key, row["packets"], row["bytes"])
        return table


class Stream:
    """Listens by TCP; each connection becomes a file of messages, which ipfixDump reads."""

    def __init__(self, lab, namespace, port=4741, name="stream"):
        need("ipfixDump")
        self.lab, self.namespace, self.port, self.name = lab, namespace, port, name
        self.files, self.listener, self.connection = [], None, None
        self.listen()

    def listen(self):
        with self.namespace.inside():
            self.listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self.serve, args=(self.listener,), daemon=True).start()

    def serve(self, listener):
        while True:
            try:
                self.connection, _ = listener.accept()
            except OSError:
                return
            path = self.lab.path(f"{self.name}-{len(self.files)}.ipfix")
            with open(path, "wb", buffering=0) as file:
                self.files.append(path)
                try:
                    while data := self.connection.recv(1 << 16):
                        file.write(data)
                except OSError:
                    pass
            self.connection.close()

    def go_away(self):
        """As a collector that is stopped: nothing listens, the connection is closed."""
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        if self.connection:
            self.connection.shutdown(socket.SHUT_RDWR)

    def records(self, file=0):
        """Each record of data: {element: value}, those of RFC 5103 as -element."""
        done = self.namespace.run("ipfixDump", "--in", self.files[file])
        for wrong in ("out of sequence", "WARNING", "rror"):
            if wrong in done.stdout + done.stderr:
                raise Failed(f"ipfixDump: {wrong}: {(done.stdout + done.stderr)[-300:]}")
        return list(read_dump(done.stdout))


def read_dump(text):
    """The data records in what ipfixDump prints; those of options have element 149, their scope."""
    record = None
    for line in text.splitlines():
        if line.startswith("---"):
            if record:
                yield record
            record = {} if "data record" in line else None
            continue
        found = re.match(r"\s*\((\d+/)?(\d+)\)(?: \(S\))?\s+\w+ : (.*)$", line)
        if record is not None and found:
            number = int(found.group(2))
            record[-number if found.group(1) else number] = found.group(3).strip()
    if record:
        yield record


class Tap:
    """A UDP collector that only listens, what came to it as a capture, and what tshark says."""

    def __init__(self, lab, namespace, port=4742):
        need("tshark", "tcpdump")
        self.namespace, self.port, self.path = namespace, port, lab.path("tap.pcap")
        with namespace.inside():
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.socket.bind(("127.0.0.1", port))
        log = lab.path("tap.log")
        with open(log, "w") as file:
            self.process = lab.start("tcpdump", "-Z", "root", "-i", "lo", "-B", "65536", "-U",
                                     "--immediate-mode", "-w", self.path, f"udp dst port {port}",
                                     namespace=namespace, stderr=file)
        wait_for_text(log, "listening on")

    def stop(self):
        size = -1
        while size != os.path.getsize(self.path):
            size = os.path.getsize(self.path)
            time.sleep(0.5)
        self.process.send_signal(signal.SIGINT)
        self.process.wait(20)
        return self

    def tshark(self, *options):
        return self.namespace.run("tshark", "-r", self.path, "-d", f"udp.port=={self.port},cflow",
                                  *options).stdout

    def complaints(self):
        """What of the expert's words is more than a note."""
        text = self.tshark("-q", "-z", "expert,warn")
        return [line for line in text.splitlines() if line.strip() and "Running as" not in line]

    def sums(self, *fields):
        wanted = [word for field in fields for word in ("-e", field)]
        columns = [0] * len(fields)
        for line in self.tshark("-T", "fields", *wanted).splitlines():
            for place, cell in enumerate(line.split("\t")):
                columns[place] += sum(int(value) for value in cell.split(",") if value)
        return tuple(columns)

    def longest(self):
        """Bytes of the longest message, with its IP and UDP headers."""
        return max(int(line) for line in self.tshark("-T", "fields", "-e", "ip.len").split())


def ip_octets(frame):
    """Of a frame with an IP packet in it: as long as this says, its padding left out. Else 0."""
    place = 12
    while frame[place:place + 2] in (b"\x81\0", b"\x88\xa8"):
        place += 4
    kind, packet = frame[place:place + 2], frame[place + 2:]
    if kind == b"\x08\0":
        return int.from_bytes(packet[2:4], "big")
    return 40 + int.from_bytes(packet[4:6], "big") if kind == b"\x86\xdd" else 0


def address(text):
    return str(ipaddress.ip_address(text))


def expect_same(got, wanted, who):
    """Fails naming the first few flows that differ."""
    differing = [key for key in got.keys() | wanted.keys() if got.get(key) != wanted.get(key)]
    shown = "; ".join(f"{tuple(key)}: {got.get(key)}, expected {wanted.get(key)}"
                      for key in sorted(differing, key=str)[:3])
    expect(not differing, f"{who}: {len(differing)} of {len(wanted)} flows differ: {shown}")
