"""An event every 100 ms passes through a proxy, which must not hold it back for more than 100 ms. Then
500 hostile events pass through the same proxy, over connections that are cut inside a block. The
settings are in `scripts/interop/proxies/`; those that differ from the defaults are named."""

import http.client
import time
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from reverse_proxies import PROXIES, Proxies

QUICK = True
EVENTS, EVERY = 12, 100
PROMPT, LATE, HELD = "prompt", "late", "held"
LONGEST_DELAY = 100
ATTEMPTS = 3
SILENCE = 75
# In bytes: an id that passes all of these proxies, and the end of the search for the longest one.
PORTABLE_ID, LONGEST_ID = 7_900, 100_000


@dataclass
class Case:
    """A way through a proxy: what it does with our headers, and with a content type alone."""

    item: str
    proxy: str
    listener: str
    full: str
    bare: str
    options: tuple = ()
    query: str = ""
    fault: str = ""


GZIP = ("--gzip",)
NO_CACHE = "&cache-control=no-cache"
CASES = [
    Case("nginx", "nginx", "default", PROMPT, HELD),
    Case("nginx, proxy_http_version 1.1", "nginx", "http11", PROMPT, PROMPT),
    Case("nginx, proxy_buffering off", "nginx", "unbuffered", PROMPT, PROMPT),
    Case("nginx, gzip on", "nginx", "gzip", PROMPT, HELD, GZIP),
    Case("nginx, proxy_cache", "nginx", "cache", PROMPT, HELD),
    Case(
        "nginx before nginx",
        "nginx",
        "outer",
        HELD,
        HELD,
        fault="the inner one removes x-accel-buffering",
    ),
    Case(
        "nginx before nginx, proxy_pass_header X-Accel-Buffering",
        "nginx",
        "outer_pass",
        PROMPT,
        HELD,
    ),
    Case("Apache", "apache", "default", PROMPT, PROMPT),
    Case("Apache, DEFLATE", "apache", "gzip", PROMPT, PROMPT, GZIP),
    Case("HAProxy", "haproxy", "default", LATE, LATE, fault="waits for more data to send"),
    Case("HAProxy, option http-no-delay", "haproxy", "no_delay", PROMPT, PROMPT),
    Case("HAProxy, option http-no-delay, compression", "haproxy", "gzip", PROMPT, LATE, GZIP),
    Case(
        "HAProxy, the same, no-cache alone",
        "haproxy",
        "gzip",
        LATE,
        LATE,
        GZIP,
        NO_CACHE,
        fault="gzip is one event late without no-transform",
    ),
    Case("Caddy", "caddy", "default", PROMPT, PROMPT),
    Case("Caddy, encode gzip", "caddy", "gzip", PROMPT, PROMPT, GZIP),
    Case("Varnish", "varnish", "default", PROMPT, PROMPT),
    Case("Varnish, do_gzip", "varnish", "gzip", HELD, HELD, GZIP, fault="gzip is not flushed"),
    Case("h2o", "h2o", "default", PROMPT, PROMPT),
    Case("h2o, compress gzip", "h2o", "gzip", PROMPT, PROMPT, GZIP),
    Case("Squid", "squid", "default", PROMPT, PROMPT),
    Case("lighttpd", "lighttpd", "default", HELD, HELD, fault="buffers the whole answer"),
    Case("lighttpd, server.stream-response-body = 1", "lighttpd", "stream", PROMPT, PROMPT),
    Case("http-proxy", "middleware", "default", PROMPT, PROMPT),
    Case("Express compression", "middleware", "gzip", PROMPT, HELD, GZIP),
    Case(
        "Express compression, no-cache alone",
        "middleware",
        "gzip",
        HELD,
        HELD,
        GZIP,
        NO_CACHE,
        fault="gzip is not flushed without no-transform",
    ),
]


def run(suite):
    server = suite.fixture()
    proxies = Proxies(suite, server.port)
    names = ["nginx"] if suite.quick else list(PROXIES)
    for name in names:
        proxies.start(name)
    for case in CASES:
        if case.proxy in names:
            check_delay(suite, proxies, case)
    for name in names:
        item, version = f"{PROXIES[name]}, cut inside blocks", proxies.versions[name]
        check_resuming(suite, item, version, server, proxies.url(name))
        check_longest_id(suite, proxies, name)
    check_restarts(suite, proxies)
    if not suite.quick:
        check_authorization(suite, proxies, server)
        check_http_proxy(suite, proxies)
        check_caches(suite, proxies)
        check_silence(suite, proxies, names)


def check_delay(suite, proxies, case):
    url = f"{proxies.url(case.proxy, case.listener)}/events?n={EVENTS}&every={EVERY}"
    full, full_delay = measure(suite, url + case.query, case.full, case.options)
    bare, bare_delay = measure(suite, f"{url}&headers=type", case.bare, case.options)
    figure = f"{full_delay:.1f} ms late at most; with a content type alone {bare_delay:.1f} ms"
    if case.options == GZIP:
        codings = [content_coding(url + query) for query in (case.query, "&headers=type")]
        figure += f"; content coding {codings[0]}, {codings[1]}"
    version = proxies.versions[case.proxy]
    is_as_expected = (full, bare) == (case.full, case.bare)
    if case.fault:
        suite.expect_fault(case.item, version, is_as_expected, f"{case.fault}: {figure}")
    else:
        suite.check(case.item, version, is_as_expected, figure)


def measure(suite, url, expected, options):
    """How late the latest event was, in ms. A busy machine delays some: the best of a few tries."""
    for _ in range(ATTEMPTS):
        events = suite.read(url, "--once", *options)
        delay = max((event["at"] - float(event["data"]) for event in events), default=float("inf"))
        outcome = classify(delay) if len(events) == EVENTS else "incomplete"
        if outcome == expected:
            break
    return outcome, delay


def content_coding(url):
    """How the stream is compressed, for a client that accepts gzip."""
    request = urllib.request.Request(url, headers={"accept-encoding": "gzip"})
    with urllib.request.urlopen(request, timeout=10) as response:
        return response.headers.get("content-encoding", "none")


def classify(delay):
    if delay <= LONGEST_DELAY:
        return PROMPT
    return HELD if delay > 0.8 * EVENTS * EVERY else LATE


def check_http_proxy(suite, proxies):
    """The connection to the server breaks: does the client learn of it?"""
    url = f"{proxies.url('middleware', 'default')}/events?data=hostile&n=500&cut=120"
    start = time.monotonic()
    events = suite.read(url, "--once", "--seconds", 10)
    is_waiting = len(events) == 120 and time.monotonic() - start > 9
    fault = "leaves the client waiting when the connection to the server breaks"
    suite.expect_fault(
        "http-proxy, cut inside a block", proxies.versions["middleware"], is_waiting, fault
    )


def check_resuming(suite, item, version, server, url, options=()):
    """Our client resumes through the proxy, at the server of the stream."""
    query = f"stream={item}&data=hostile&n=500&cut=120&token=secret"
    url = f"{url}/events?{urllib.parse.quote(query, '=&')}"
    events = suite.read(url, "--header", "authorization: Bearer secret", *options)
    received = [{key: event[key] for key in ("type", "data", "id")} for event in events]
    requests = suite.get(f"{server.url}/log?stream={urllib.parse.quote(item)}")
    resumed = ", ".join(request["id"] for request in requests if request["id"] not in (None, "500"))
    is_same = received == suite.get(f"{server.url}/expected?n=500")
    suite.check(item, version, is_same, f"{len(events)} of 500 events, resumed at {resumed}")


def check_longest_id(suite, proxies, name):
    """A server must not send ids that the proxy before it refuses in a reconnect."""
    accepted, refused = 1, LONGEST_ID + 1
    while refused - accepted > 1:
        length = (accepted + refused) // 2
        is_accepted = answer(proxies.url(name), "1" * length) < 400
        accepted, refused = (length, refused) if is_accepted else (accepted, length)
    figure = f"{accepted:,} bytes pass"
    if refused <= LONGEST_ID:
        figure += f", one more is answered with {answer(proxies.url(name), '1' * refused)}"
    suite.check(
        f"{PROXIES[name]}, longest Last-Event-ID",
        proxies.versions[name],
        accepted >= PORTABLE_ID,
        figure,
    )


def check_restarts(suite, proxies):
    """Both servers of an upstream were away: does nginx find them when they are back?"""
    ports = [proxies.ports["nginx", name] for name in ("restarted", "restarted_too")]
    urls = {name: proxies.url("nginx", name) for name in ("skipping", "trying")}
    away = {name: answer(url) for name, url in urls.items()}
    for port in ports:
        suite.fixture(port=port)
    back = {name: answer(url) for name, url in urls.items()}
    version = proxies.versions["nginx"]
    is_right = (away["trying"], back["trying"]) == (502, 204)
    suite.check(
        "nginx, two servers with max_fails=0",
        version,
        is_right,
        "finds them at once after a restart",
    )
    is_skipped = (away["skipping"], back["skipping"]) == (502, 502)
    fault = "still answers with 502 when both are back, which ends an EventSource for good"
    suite.expect_fault("nginx, two servers", version, is_skipped, fault)


def check_authorization(suite, proxies, server):
    """Squid once more, without the setting that is in its file."""
    conf, _ = proxies.configure("squid", "squid.conf")
    port = str(suite.port())
    text = conf.read_text(encoding="utf-8").replace(" login=PASSTHRU", "")
    conf.write_text(text.replace(str(proxies.ports["squid", "default"]), port), encoding="utf-8")
    proxies.run("squid", ["squid", "-N", "-n", "plain", "-f", conf], int(port))
    url = f"http://127.0.0.1:{port}/events?stream=squid&n=0"
    request = urllib.request.Request(url, headers={"authorization": "Bearer secret"})
    urllib.request.urlopen(request, timeout=10).close()
    seen = [logged["authorization"] for logged in suite.get(f"{server.url}/log?stream=squid")]
    fault = "the server does not get Authorization"
    suite.expect_fault(
        "Squid without login=PASSTHRU", proxies.versions["squid"], seen == [None], fault
    )


def answer(url, last_event_id=""):
    """The status of a request with this id. 500 if the connection was closed instead."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)
    try:
        connection.request("GET", "/events?n=0", headers={"last-event-id": last_event_id})
        return connection.getresponse().status
    except (http.client.HTTPException, OSError):
        return 500
    finally:
        connection.close()


def check_caches(suite, proxies):
    """The second client must not get the first one's stream."""
    for item, name, listener in [
        ("nginx, proxy_cache", "nginx", "cache"),
        ("Varnish", "varnish", "default"),
    ]:
        ages = {}
        for headers in ("full", "type"):
            url = f"{proxies.url(name, listener)}/events?stream=cached&n=2&headers={headers}"
            suite.read(url, "--once")
            time.sleep(1)
            (event, *_) = suite.read(url, "--once")
            ages[headers] = event["at"] - float(event["data"])
        is_right = ages["full"] < LONGEST_DELAY and ages["type"] > 1000
        figure = "not cached with our headers; with a content type alone it gets the old stream"
        suite.check(f"{item}, a second client", proxies.versions[name], is_right, figure)


def check_silence(suite, proxies, names):
    """Time-outs, all at once: they take more than a minute."""
    with ThreadPoolExecutor(2 * len(names)) as pool:
        with_keep_alive = [
            pool.submit(silence, suite, proxies.url(name), "&keep-alive=15000") for name in names
        ]
        without = [pool.submit(silence, suite, proxies.url(name), "") for name in names]
    for name, kept, cut in zip(names, with_keep_alive, without):
        (kept_events, _), (events, seconds) = kept.result(), cut.result()
        otherwise = (
            "also without one" if events == 2 else f"without one it is cut after {seconds:.0f} s"
        )
        figure = f"kept open by a keep-alive every 15 s; {otherwise}"
        suite.check(
            f"{PROXIES[name]}, {SILENCE} s of silence",
            proxies.versions[name],
            kept_events == 2,
            figure,
        )


def silence(suite, url, keep_alive):
    """How many of two events came, and after which time the stream ended."""
    start = time.monotonic()
    events = suite.read(
        f"{url}/events?n=2&every={SILENCE * 1000}{keep_alive}",
        "--once",
        "--seconds",
        90,
        timeout=100,
    )
    return len(events), time.monotonic() - start
