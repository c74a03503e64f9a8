"""Connections are cut, servers die and clients do not read: `examples/client` reads from
`examples/server` through `examples/gateway`.

With `--chaos`, the gateway cuts each connection after at most 60 kB, by FIN or RST, mostly inside a
block, and delays, merges and splits what comes before that.
"""

import contextlib
import http.client
import json
import re
import socket
import statistics
import threading
import time
import urllib.request

CLIENTS = 25
EVENTS = 20_000
EVENTS_OVER_RESTARTS, RESTARTS = 5_000, 4
LONGEST_WAIT = 300
PADDING = "x" * 100

# For the client that hardly reads: more than the kernel buffers for it.
WATCHED, EVERY, LARGE = 2_000, 0.002, 5_000
FAST_READERS = 5
SLOWED, GROWN = 0.05, 8 << 20


def run(suite):
    check_chaos(suite)
    check_restarts(suite)
    check_slow_client(suite)


def check_chaos(suite):
    server = start_server(suite, suite.port(), "--history", 2 * EVENTS, "--queue", 2 * EVENTS)
    gateway = start_gateway(suite, server, "--chaos")
    with clients(suite, gateway) as readers:
        with sending(server) as send:
            for number in range(EVENTS):
                send(f"{number} {PADDING}")
        check_all_have_all(suite, "chaos", gateway, readers, EVENTS)
    server.stop()
    gateway.stop()


def check_restarts(suite):
    """The server's events are in Redis, since events that only a killed process knew are lost."""
    suite.apt("redis-server")
    version = suite.version(["redis-server", "--version"], r"v=([\d.]+)")
    redis_port, port = suite.port(), suite.port()
    argv = ["redis-server", "--port", redis_port, "--bind", "127.0.0.1", "--save", ""]
    redis = suite.start("redis", argv, ready=("port", redis_port))
    options = [port, "--redis", f"redis://127.0.0.1:{redis_port}", "--history", EVENTS]
    options += ["--queue", EVENTS]
    server = start_server(suite, *options)
    gateway = start_gateway(suite, server, "--chaos")
    with clients(suite, gateway) as readers:
        with socket.create_connection(("127.0.0.1", redis_port)) as connection:
            for number in range(EVENTS_OVER_RESTARTS):
                if number % (EVENTS_OVER_RESTARTS // (RESTARTS + 1)) == 0 and number > 0:
                    server.kill()
                    server = start_server(suite, *options)
                data = f"{number} {PADDING}"
                connection.sendall(b"XADD events * data %s\r\n" % json.dumps(data).encode())
                connection.recv(100)
                time.sleep(0.001)
        name = f"chaos, server killed and restarted {RESTARTS} times"
        check_all_have_all(suite, name, gateway, readers, EVENTS_OVER_RESTARTS, version)
    for process in (server, gateway, redis):
        process.stop()


def check_all_have_all(suite, name, gateway, readers, count, version=""):
    start = time.monotonic()
    while min(map(ReadLog.read, readers)) < count and time.monotonic() - start < LONGEST_WAIT:
        time.sleep(0.2)
    right = sum(reader.numbers == list(range(count)) for reader in readers)
    missing = sum(len(set(range(count)) - set(reader.numbers)) for reader in readers)
    doubled = sum(len(reader.numbers) - len(set(reader.numbers)) for reader in readers)
    connections = suite.get(f"{gateway.url}/stats")["streams"]
    figure = f"{right} of {CLIENTS} clients have {count:,} events exactly once, in order; "
    figure += f"{missing:,} missing, {doubled:,} doubled; {connections:,} connections"
    # A run without many cuts proves nothing.
    passed = right == CLIENTS and connections > 5 * CLIENTS
    suite.check(name, version, passed, figure)


def check_slow_client(suite):
    server = start_server(suite, suite.port(), "--history", 500, "--queue", 500)
    gateway = start_gateway(suite, server)
    watch(server, gateway)  # so that the log is full, and all code has run
    before = [resident(server), resident(gateway)]
    alone, _ = watch(server, gateway)
    slow = [SlowClient(server), SlowClient(gateway)]
    beside, events = watch(server, gateway)
    grown = max(resident(server) - before[0], resident(gateway) - before[1])
    dropped = suite.get(f"{server.url}/stats")["dropped"]
    read = sum(client.stop() for client in slow)
    figure = f"one straight at the server and one at the gateway have read {read} bytes; others get "
    figure += f"{events:,} events at a median of {1000 * beside:.1f} ms, without them at "
    figure += f"{1000 * alone:.1f} ms; memory grows by {max(grown, 0) >> 10:,} KiB; "
    figure += f"the server has reset {dropped} connections"
    everything = 2 * FAST_READERS * WATCHED
    passed = beside < 2 * alone + SLOWED and events == everything and grown < GROWN and dropped == 2
    suite.check("clients that read one byte a second", "", passed, figure)
    server.stop()
    gateway.stop()


def watch(server, gateway):
    """Sends events and reads them, from server and gateway. Returns the median of how late they
    were, in seconds, and how many came."""
    readers = [FastReader(source) for source in [server, gateway] for _ in range(FAST_READERS)]
    for reader in readers:
        reader.connected.wait()
    with sending(server) as send:
        for _ in range(WATCHED):
            send(f"{time.monotonic()} {'x' * LARGE}")
            time.sleep(EVERY)
        send("end")
    for reader in readers:
        reader.join()
    late = [seconds for reader in readers for seconds in reader.late]
    return statistics.median(late), len(late)


def start_server(suite, port, *options):
    program = suite.cargo(suite.root / "examples/server", "sse-wire-server")
    argv = [program, "--listen", f"127.0.0.1:{port}", "--retry", 100, *options]
    server = suite.start("server", argv, ready="listening")
    server.port, server.url = port, f"http://127.0.0.1:{port}"
    return server


def start_gateway(suite, upstream, *options):
    program = suite.cargo(suite.root / "examples/gateway", "sse-wire-gateway")
    port = suite.port()
    argv = [program, upstream.url, "--listen", f"127.0.0.1:{port}", *options]
    gateway = suite.start("gateway", argv, ready="listening")
    gateway.port, gateway.url = port, f"http://127.0.0.1:{port}"
    return gateway


@contextlib.contextmanager
def clients(suite, gateway):
    """Starts the clients, and waits until each has its place in the stream."""
    program = suite.cargo(suite.root / "examples/client", "sse-wire-client")
    argv = [program, "--json", f"{gateway.url}/events"]
    processes = [suite.start("client", argv, ready=r'"type":"hello"') for _ in range(CLIENTS)]
    yield [ReadLog(process) for process in processes]
    for process in processes:
        process.stop()


class ReadLog:
    """The numbers of the events that a client has shown, as far as its output was read."""

    def __init__(self, client):
        self.log = client.log.open(encoding="utf-8")
        self.line = ""
        self.numbers = []

    def read(self):
        while chunk := self.log.readline():
            self.line += chunk
            if self.line.endswith("\n"):
                if self.line.startswith("{"):
                    self.add(json.loads(self.line))
                self.line = ""
        return len(self.numbers)

    def add(self, event):
        if event["type"] == "message":
            self.numbers.append(int(event["data"].split()[0]))


@contextlib.contextmanager
def sending(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)

    def send(data):
        connection.request("POST", "/send", data, {"content-type": "text/plain"})
        response = connection.getresponse()
        response.read()
        if response.status != 200:
            raise RuntimeError(f"the server answers {response.status}")

    yield send
    connection.close()


class FastReader(threading.Thread):
    """Reads events that say when they were sent, until `end`."""

    def __init__(self, source):
        super().__init__(daemon=True)
        self.url = f"{source.url}/events"
        self.connected = threading.Event()
        self.late = []
        self.start()

    def run(self):
        with urllib.request.urlopen(self.url, timeout=60) as response:
            for line in response:
                now = time.monotonic()
                if line == b"data: end\n":
                    return
                if sent := re.match(rb"data: ([\d.]+) x", line):
                    self.late.append(now - float(sent[1]))
                self.connected.set()


class SlowClient(threading.Thread):
    """Reads one byte a second, until it is stopped or reset."""

    def __init__(self, source):
        super().__init__(daemon=True)
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.connect(("127.0.0.1", source.port))
        self.socket.sendall(b"GET /events HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")
        self.bytes = 0
        self.stopped = threading.Event()
        self.start()

    def run(self):
        with contextlib.suppress(OSError):
            while self.socket.recv(1):
                self.bytes += 1
                if self.stopped.wait(1):
                    return

    def stop(self):
        self.stopped.set()
        self.join()
        self.socket.close()
        return self.bytes


def resident(process):
    """A process's memory, in bytes."""
    with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) << 10 for line in status if line.startswith("VmRSS:"))
