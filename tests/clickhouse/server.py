# SPDX-License-Identifier: BSD-2-Clause
"""A server that speaks as much of ClickHouse's HTTP as weir asks for, and fails when told to."""
import http.server
import random
import re
import socket
import ssl
import struct
import threading
import urllib.parse

IDENTITY = ("window_start", "agent", "run", "window_of", "window_number", "row_number")
WIDTHS = {"UInt64": "Q", "Float64": "d", "UInt32": "I", "UInt16": "H", "UInt8": "B", "Enum8": "b",
          "DateTime": "I"}


class Reader:
    """A block in Native format."""

    def __init__(self, body):
        self.body, self.at = body, 0

    def take(self, size):
        part = self.body[self.at:self.at + size]
        if len(part) != size:
            raise ValueError("the block is cut")
        self.at += size
        return part

    def varint(self):
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 0x7f) << shift
            shift += 7
            if byte < 0x80:
                return value

    def string(self):
        return self.take(self.varint()).decode()

    def column(self, kind, rows):
        if kind.startswith("Nullable("):
            nulls = self.take(rows)
            values = self.column(kind[9:-1], rows)
            return [None if null else value for null, value in zip(nulls, values)]
        if kind == "String":
            return [self.string() for _ in range(rows)]
        if kind == "FixedString(16)":
            return [self.take(16) for _ in range(rows)]
        code = WIDTHS[re.match(r"\w+", kind)[0]]
        return list(struct.unpack(f"<{rows}{code}", self.take(struct.calcsize(code) * rows)))

    def block(self):
        columns, rows = self.varint(), self.varint()
        if not 1 <= rows <= 1048576:
            raise ValueError(f"a block of {rows} rows")
        table = {}
        for _ in range(columns):
            name, kind = self.string(), self.string()
            table[name] = self.column(kind, rows)
        if self.at != len(self.body):
            raise ValueError("more than one block")
        return [dict(zip(table, row)) for row in zip(*table.values())]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def cut(self, how):
        """The connection ends: by RST, as of a machine that is gone, or by FIN."""
        if how == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                       struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def do_POST(self):
        server = self.server.owner
        fault = server.fault()
        length = int(self.headers["Content-Length"])
        if fault in ("cut", "reset"):
            self.rfile.read(server.random.randrange(length + 1))
            return self.cut(fault)
        body = self.rfile.read(length)
        if len(body) != length:
            return self.cut("fin")
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query).get("query", [""])[0]
        server.seen.append((self.path, dict(self.headers)))
        if fault == "fail":
            return self.answer(500, "Code: 241, e.displayText() = DB::Exception: no memory")
        status, text = server.handle(query or body.decode(), body if query else b"",
                                     self.headers)
        if fault == "silent":
            return self.cut("fin")
        return self.answer(status, text)


class Http(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_):
        pass


class Server:
    """faults: how often of a hundred each of cut, reset, silent (done, but not said), fail."""

    def __init__(self, port=0, password=None, certificate=None, seed=1):
        self.tables, self.rows, self.seen, self.posts = {}, {}, [], []
        self.password, self.faults, self.random = password, {}, random.Random(seed)
        self.may_alter, self.engine = True, "ReplacingMergeTree"
        self.lock = threading.Lock()
        self.certificate, self.http = certificate, None
        self.start(port)

    def start(self, port=0):
        self.http = Http(("127.0.0.1", port), Handler)
        self.http.owner = self
        if self.certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.certificate)
            self.http.socket = context.wrap_socket(self.http.socket, server_side=True)
        self.port = self.http.server_address[1]
        threading.Thread(target=self.http.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self):
        self.http.shutdown()
        self.http.server_close()

    def fault(self):
        with self.lock:
            drawn = self.random.randrange(100)
            for name, share in self.faults.items():
                if drawn < share:
                    return name
                drawn -= share
        return None

    def handle(self, query, block, headers):
        if self.password is not None and headers.get("X-ClickHouse-Key") != self.password:
            return 401, "Code: 193, e.displayText() = DB::Exception: Wrong password for user"
        with self.lock:
            if "system.settings" in query:
                return 200, "0\n"
            if "system.columns" in query:
                wanted = re.search(r"database = '(\w+)' AND table = '(\w+)'", query)
                columns = self.tables.get(".".join(wanted.groups()), {})
                return 200, "".join(f"{name}\t{kind}\n" for name, kind in columns.items())
            if "system.tables" in query:
                return 200, self.engine + "\n"
            if query.startswith("ALTER TABLE"):
                return self.alter(query)
            if query.startswith("CREATE TABLE"):
                return self.create(query)
            if query.startswith("INSERT INTO"):
                return self.insert(query, block)
            return 200, ""

    def create(self, query):
        name = re.search(r"EXISTS ([\w.]+) \(", query)[1]
        columns = re.findall(r"^  (\w+) ((?:Enum8\(.*?\))|\S+?),?$", query, re.M)
        self.tables.setdefault(name, {column: kind.replace("'", "\\'")
                                      for column, kind in columns})
        return 200, ""

    def alter(self, query):
        if not self.may_alter:
            return 500, "Code: 164, e.displayText() = DB::Exception: Cannot alter in readonly mode"
        name = re.match(r"ALTER TABLE ([\w.]+)", query)[1]
        for column, kind in re.findall(r"ADD COLUMN (\w+) ([^,]+)", query):
            if column in self.tables[name]:
                return 500, f"Code: 15, e.displayText() = DB::Exception: {column} is there"
            self.tables[name][column] = kind
        return 200, ""

    def insert(self, query, block):
        name = re.match(r"INSERT INTO ([\w.]+) \((.*)\) FORMAT Native", query)
        table = self.rows.setdefault(name[1], {})
        rows = Reader(block).block()
        self.posts.append((name[1], len(rows)))
        for row in rows:
            if list(row) != name[2].split(", "):
                return 400, "Code: 16, no such column"
            table[tuple(row.get(key) for key in IDENTITY)] = row
        return 200, ""

    def sums(self, table="net.flows"):
        """Rows, packets and bytes; of what came back too."""
        with self.lock:
            rows = self.rows.get(table, {}).values()
            return (len(rows), sum(row["packets"] + row["reverse_packets"] for row in rows),
                    sum(row["bytes"] + row["reverse_bytes"] for row in rows))

    def windows(self, table="net.windows"):
        with self.lock:
            rows = self.rows.get(table, {}).values()
            return (sum(row["rows"] for row in rows), sum(row["rows_packets"] for row in rows),
                    sum(row["rows_bytes"] for row in rows))
