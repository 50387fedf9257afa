# SPDX-License-Identifier: BSD-2-Clause
"""Today's ClickHouse without its server: the library that has its engine, behind HTTP."""
import ctypes
import http.server
import os
import re
import threading
import urllib.parse

NAME = "libchdb.so"
FOLDER = "weir/chdb/node_modules/@chdb/lib-linux-x64-gnu"


def library_path():
    """Where tools/setup --today puts it, or LIBCHDB; None where it is not installed."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    path = os.environ.get("LIBCHDB") or os.path.join(cache, FOLDER, NAME)
    return path if os.path.exists(path) else None


class Refused(Exception):
    """What the engine says of a query that it does not take."""


class Engine:
    """One at a time in a process; its tables are in a folder."""

    def __init__(self, folder):
        library = ctypes.CDLL(library_path())
        pointer, text = ctypes.c_void_p, ctypes.c_char_p
        for name, result, arguments in (
                ("chdb_connect", ctypes.POINTER(pointer), (ctypes.c_int, ctypes.POINTER(text))),
                ("chdb_query", pointer, (pointer, text, text)),
                ("chdb_result_buffer", pointer, (pointer,)),
                ("chdb_result_length", ctypes.c_size_t, (pointer,)),
                ("chdb_result_error", text, (pointer,)),
                ("chdb_destroy_query_result", None, (pointer,)),
                ("chdb_close_conn", None, (ctypes.POINTER(pointer),))):
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
        self.library = library
        self.connection = library.chdb_connect(2, (text * 2)(b"clickhouse",
                                                             f"--path={folder}".encode()))

    def ask(self, query):
        library = self.library
        result = library.chdb_query(self.connection[0], query.encode(), b"TabSeparated")
        try:
            error = library.chdb_result_error(result)
            if error:
                raise Refused(error.decode(errors="replace"))
            return ctypes.string_at(library.chdb_result_buffer(result),
                                    library.chdb_result_length(result))
        finally:
            library.chdb_destroy_query_result(result)

    def close(self):
        self.library.chdb_close_conn(self.connection)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        settings = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
        query = settings.pop("query", "")
        try:
            status, answer = 200, self.server.owner.handle(query, body, settings)
        except Refused as reason:
            status, answer = 500, str(reason).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


class Today:
    """Answers at a port of loopback what a server of this engine would."""

    def __init__(self, folder):
        os.mkdir(folder)
        self.body, self.lock, self.inserts = os.path.join(folder, "body"), threading.Lock(), 0
        self.engine = Engine(os.path.join(folder, "data"))
        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.owner, self.http.daemon_threads = self, True
        self.port = self.http.server_address[1]
        threading.Thread(target=self.http.serve_forever, args=(0.05,), daemon=True).start()

    def handle(self, query, body, settings):
        """A block comes to the engine in a file: as a part of the query it takes none."""
        with self.lock:
            for name, value in settings.items():
                self.engine.ask(f"SET {name} = '{value}'")
            if not query:
                return self.engine.ask(body.decode())
            with open(self.body, "wb") as file:
                file.write(body)
            self.inserts += 1
            return self.engine.ask(re.sub(r" FORMAT Native$",
                                          f" FROM INFILE '{self.body}' FORMAT Native", query))

    def ask(self, query):
        return self.handle("", query.encode(), {}).decode().strip()

    def close(self):
        self.http.shutdown()
        self.http.server_close()
        self.engine.close()
