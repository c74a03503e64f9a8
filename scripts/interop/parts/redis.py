"""Two instances of `examples/server` share one Redis, and 200 clients go to the next server whenever
their connection ends. Each server is killed and restarted once, while events are sent: every client
has to get each event once and in order. Then the same through nginx, with both servers as its
upstreams."""

import json
import socket
import threading
import time

from reverse_proxies import Proxies

CLIENTS, EVENTS = 200, 5000
# How long it takes to send them, and how long the clients may take for everything, in seconds.
SENDING, LIMIT_OF_CLIENTS = 10, 45
# What happens to which server, and when, in seconds after the first event.
KILLED, RESTARTED = 0, 1
COURSE = [(2, KILLED, 0), (4, RESTARTED, 0), (6, KILLED, 1), (8, RESTARTED, 1)]


def run(suite):
    suite.apt("redis-server", "redis-tools")
    version = suite.version(["redis-server", "--version"], r"v=([\d.]+)")
    proxies = Proxies(suite, suite.port())
    proxies.start("nginx")
    # The two servers that these listeners of nginx have.
    ports = [proxies.ports["nginx", name] for name in ("restarted", "restarted_too")]
    nginx = f"{version}, {proxies.versions['nginx']}"

    report = try_restarts(suite, ports, ports)
    suite.check("Redis, two servers", version, is_complete(report), figure(report))

    report = try_restarts(suite, ports, [proxies.ports["nginx", "trying"]])
    item = "Redis, two servers through nginx with max_fails=0"
    suite.check(item, nginx, is_complete(report), figure(report))

    report = try_restarts(suite, ports, [proxies.ports["nginx", "skipping"]])
    fault = (
        "skips a server for 10 s after a failure, and then answers 502, which ends an EventSource "
        f"for good: {figure(report)}"
    )
    is_seen = set(report["failed"]) == {502} and not report["wrong"]
    suite.expect_fault("Redis, two servers through nginx", nginx, is_seen, fault)


def is_complete(report):
    return report["complete"] == CLIENTS and not report["wrong"] and not report["failed"]


def figure(report):
    text = f"{report['complete']} of {CLIENTS} clients got {EVENTS:,} events each once and in order"
    text += f", over {report['connections']} connections"
    if report["failed"]:
        text += f"; {len(report['failed'])} got a 502"
    if report["wrong"]:
        text += f"; {len(report['wrong'])} got a wrong one, such as {report['wrong'][0]}"
    return text


def try_restarts(suite, servers, addresses):
    """What the clients of these addresses report after everything was sent."""
    redis = suite.port()
    options = ["--port", redis, "--bind", "127.0.0.1", "--save", ""]
    store = suite.start("redis", ["redis-server", *options], ready=("port", redis))
    running = [start_server(suite, port, redis) for port in servers]

    package = suite.root / "scripts/interop/load"
    argv = [suite.cargo(package, "resume", True)]
    argv += [f"127.0.0.1:{address}" for address in addresses]
    argv += ["--clients", CLIENTS, "--events", EVENTS, "--seconds", LIMIT_OF_CLIENTS]
    clients = suite.start("resume", argv)
    time.sleep(1)

    sender = threading.Thread(target=send_events, args=[redis])
    sender.start()
    start = time.monotonic()
    for at, what, index in COURSE:
        time.sleep(max(0, start + at - time.monotonic()))
        if what == KILLED:
            running[index].kill()
        else:
            running[index] = start_server(suite, servers[index], redis)
    sender.join()
    clients.wait(LIMIT_OF_CLIENTS + 5)
    for process in [*running, store]:
        process.kill()
    return json.loads(clients.output())


def start_server(suite, port, redis):
    program = suite.cargo(suite.root / "examples/server", "sse-wire-server", True)
    options = ["--listen", f"127.0.0.1:{port}", "--redis", f"redis://127.0.0.1:{redis}"]
    options += ["--retry", 100]
    return suite.start(f"server-{port}", [program, *options], ready=("port", port))


def send_events(redis):
    """Sends straight to the store, since no server is always up."""
    start = time.monotonic()
    with socket.create_connection(("127.0.0.1", redis), timeout=10) as connection:
        answers = connection.makefile("rb")
        for index in range(EVENTS):
            time.sleep(max(0, start + SENDING * index / EVENTS - time.monotonic()))
            connection.sendall(f"XADD events * data {index}\r\n".encode())
            # The length of the entry's id, and the id.
            if not answers.readline().startswith(b"$"):
                raise RuntimeError("Redis did not add an event")
            answers.readline()
