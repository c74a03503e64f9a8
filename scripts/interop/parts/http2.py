"""HTTP/2 without TLS, straight to the server and through proxies that speak it to the client; and
HTTP/1.0. The server sends an event every 100 ms, and each has to arrive within 100 ms. Then 500
hostile events over connections that are cut inside a block every 120 events."""

import socket
import time

from parts.proxies import (
    EVENTS,
    EVERY,
    LONGEST_DELAY,
    PROMPT,
    check_resuming,
    measure,
)
from reverse_proxies import PROXIES, Proxies

QUICK = True
H2C = ("--h2c",)
# Caddy answers both versions at one port.
LISTENERS = {"nginx": "h2c", "apache": "h2c", "haproxy": "h2c", "caddy": "default"}


def run(suite):
    server = suite.fixture()
    check_straight(suite, server)
    check_http_1_0(suite, server)
    proxies = Proxies(suite, server.port)
    for name in ["nginx"] if suite.quick else LISTENERS:
        proxies.start(name)
        check_through(suite, proxies, name, server)


def check_straight(suite, server):
    item = "axum, HTTP/2"
    outcome, delay = measure(suite, f"{server.url}/events?n={EVENTS}&every={EVERY}", PROMPT, H2C)
    suite.check(item, axum_version(suite), outcome == PROMPT, f"{delay:.1f} ms late at most")
    check_resuming(
        suite, f"{item}, cut inside blocks", axum_version(suite), server, server.url, H2C
    )


def check_http_1_0(suite, server):
    """HTTP/1.0 has no chunks: the stream is all that comes before the connection ends."""
    request = f"GET /events?n={EVENTS}&every={EVERY} HTTP/1.0\r\n\r\n".encode()
    delays, received = [], b""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(request)
        while chunk := connection.recv(65536):
            now, received = time.time() * 1000, received + chunk
            data = received.split(b"\ndata: ")[1:]
            delays += [now - float(text.split()[0]) for text in data[len(delays) :]]
    head, _, body = received.partition(b"\r\n\r\n")
    is_right = len(delays) == EVENTS and max(delays) < LONGEST_DELAY
    is_plain = b"transfer-encoding" not in head.lower() and body.startswith(b"retry: ")
    figure = f"{max(delays):.1f} ms late at most, not in chunks"
    suite.check("a socket, HTTP/1.0 to axum", axum_version(suite), is_right and is_plain, figure)


def check_through(suite, proxies, name, server):
    item, url = f"{PROXIES[name]}, HTTP/2", proxies.url(name, LISTENERS[name])
    outcome, delay = measure(suite, f"{url}/events?n={EVENTS}&every={EVERY}", PROMPT, H2C)
    suite.check(item, proxies.versions[name], outcome == PROMPT, f"{delay:.1f} ms late at most")
    check_resuming(suite, f"{item}, cut inside blocks", proxies.versions[name], server, url, H2C)


def axum_version(suite):
    lock = (suite.root / "scripts/interop/fixture/Cargo.lock").read_text(encoding="utf-8")
    return lock.partition('name = "axum"\nversion = "')[2].partition('"')[0]
