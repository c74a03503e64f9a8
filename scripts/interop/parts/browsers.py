"""Real browsers, without a screen, read event streams with their own `EventSource`.

The hostile streams are drawn from the strategies of `testing/`: whole ones, and ones that are cut
anywhere, by a proper end or a broken connection. `browser-fixture` compares the type, data and last
event ID of every event, and the `Last-Event-ID` of the reconnect, with those of `Decoder`.
"""

import json
import statistics
import time
import urllib.parse
import urllib.request

from browser import Chromium, Firefox
from suite import INSTALLED, ROOT

FIXTURE = ROOT / "scripts" / "interop" / "browser-fixture"
SERVER = ROOT / "examples" / "server"
EVENTS, CUT = 500, 120
# Type, data and id of each event that the server's page shows.
ITEMS = """[...document.querySelectorAll("#events li")].map((item) =>
    [".type", "pre", "code"].map((part) => item.querySelector(part).textContent))"""
# The other ids never arrive: hyper refuses a request with such a header, and after any answer but
# 200, other than a redirect, an EventSource ends for good.
COME_BACK = {
    "digits",
    "é",
    "한국어",
    "emoji",
    "space inside",
    "tab inside",
    "U+0085",
    "8,000 bytes",
    "300,000 bytes",
}


def run(suite):
    port = suite.port()
    program = suite.cargo(FIXTURE, "browser-fixture")
    suite.start("browser-fixture", [program, "--port", port], ready=("port", port))
    fixture = suite.fixture("--files", FIXTURE / "page")
    for browser in (Chromium(suite), Firefox(suite)):
        read_hostile_streams(suite, browser, f"http://127.0.0.1:{port}")
        resume(suite, browser, fixture.url)
        use_page_of_server(suite, browser)


def read_hostile_streams(suite, browser, fixture):
    browser.open(f"{fixture}/?reader={browser.name}")
    browser.wait_for("return document.title === 'Done'", timeout=300)
    outcomes = suite.get(f"{fixture}/result/{browser.name}")
    by_kind = {kind: [] for kind in ("plain", "nul", "id-alone", "id")}
    for outcome in outcomes:
        by_kind[outcome["kind"]].append(outcome)

    check_streams(suite, browser, "hostile streams", by_kind["plain"])
    with_nul, with_ids_alone = by_kind["nul"], by_kind["id-alone"]
    if browser.name == "Firefox":
        expect_faults(suite, browser, "drops NUL, and the field after an id with NUL", with_nul)
        expect_faults(suite, browser, "forgets ids in blocks without data", with_ids_alone)
    else:
        check_streams(suite, browser, "hostile streams with NUL", with_nul)
        check_streams(suite, browser, "hostile streams, ids in blocks without data", with_ids_alone)
    check_ids(suite, browser, by_kind["id"])


def check_streams(suite, browser, item, outcomes):
    events = sum(outcome["events"] for outcome in outcomes)
    equal = sum(outcome["events"] for outcome in outcomes if outcome["is_equal"])
    ids = sum(outcome["id_is_equal"] for outcome in outcomes)
    late = [outcome["late_ms"] for outcome in outcomes if outcome["came_back"]]
    figure = (
        f"{equal:,} of {events:,} events equal in {len(outcomes)} streams, "
        f"Last-Event-ID of {ids} of {len(outcomes)}; "
        f"reconnects {statistics.median(late):.0f} ms after the reconnection time (median)"
    )
    passed = equal == events >= 1000 and ids == len(outcomes)
    if not suite.check(f"{browser.name}, {item}", browser.version, passed, figure):
        print(*filter(None, (outcome["first_difference"] for outcome in outcomes)), sep="\n")


def expect_faults(suite, browser, fault, outcomes):
    """Firefox must see exactly the streams as its faults change them."""
    explained = sum(outcome["is_equal_with_faults"] for outcome in outcomes)
    equal = sum(outcome["is_equal"] for outcome in outcomes)
    ids = sum(outcome["id_is_equal"] for outcome in outcomes)
    count = len(outcomes)
    seen = equal < count and explained == count
    figure = (
        f"{fault}: {equal} of {count} such streams equal, Last-Event-ID of {ids}; "
        f"this alone explains what it sees in {explained} of {count}"
    )
    suite.expect_fault(browser.name, browser.version, seen, figure)


def check_ids(suite, browser, outcomes):
    back = [outcome["name"] for outcome in outcomes if outcome["id_is_equal"]]
    dead = [outcome["name"] for outcome in outcomes if not outcome["came_back"]]
    passed = set(back) == COME_BACK and len(back) + len(dead) == len(outcomes)
    passed = passed and all(outcome["is_equal"] and outcome["closed"] for outcome in outcomes)
    figure = (
        f"come back: {', '.join(back)}; "
        f"refused by the server's HTTP, which ends the source for good: {', '.join(dead)}"
    )
    suite.check(f"{browser.name}, unusual ids", browser.version, passed, figure)


def resume(suite, browser, fixture):
    """Each connection is cut inside a block, by a proper end or not."""
    nul = json.dumps(browser.name != "Firefox")
    expected = suite.get(f"{fixture}/expected?n={EVENTS}&nul={nul}")
    expected = [[event["type"], event["data"], event["id"]] for event in expected]
    for cut_by in ("end", "abort"):
        name = f"{browser.name}-{cut_by}"
        options = {"data": "hostile", "n": EVENTS, "cut": CUT, "cut-by": cut_by, "pieces": 5000}
        options |= {"nul": nul, "retry": 500, "stream": name}
        query = [("url", f"/events?{urllib.parse.urlencode(options)}")]
        query += [("type", event_type) for event_type in {event[0] for event in expected}]
        browser.open(f"{fixture}/files/resume.html?{urllib.parse.urlencode(query)}")
        seen = browser.wait_for("return window.seen", timeout=30) or {"events": []}
        ids = [request["id"] for request in suite.get(f"{fixture}/log?stream={name}")]
        figure = (
            f"{len(seen['events'])} of {EVENTS} hostile events once and in order, "
            f"resumed after {', '.join(filter(None, ids))}"
        )
        expected_ids = [None, *map(str, range(CUT, EVENTS + 1, CUT)), str(EVENTS)]
        passed = seen["events"] == expected and ids == expected_ids
        suite.check(f"{browser.name}, resume, cut by {cut_by}", browser.version, passed, figure)


def use_page_of_server(suite, browser):
    """A message from the page comes back, and one sent while its server is away comes after that."""
    suite.apt("redis-server")
    redis = suite.port()
    argv = ["redis-server", "--port", redis, "--bind", "127.0.0.1", "--save", ""]
    suite.start("redis", argv, ready=("port", redis))
    server, other = suite.port(), suite.port()
    first = start_server(suite, server, redis, "--demo")
    start_server(suite, other, redis)

    browser.open(f"http://127.0.0.1:{server}/")
    ticks = browser.wait_for(f"return {ITEMS}.filter(([type]) => type === 'tick').length > 2")
    send = "const form = document.getElementById('send'); form.elements.data.value = 'from the page';"
    browser.run(f"{send} form.requestSubmit()")
    echoed = browser.wait_for(f"return {has_message('from the page')}")

    first.kill()
    waiting = browser.wait_for("return document.getElementById('state').className === 'waiting'")
    message = json.dumps({"data": "while it was away"}).encode()
    headers = {"content-type": "application/json"}
    request = urllib.request.Request(f"http://127.0.0.1:{other}/send", message, headers)
    urllib.request.urlopen(request, timeout=10).close()
    time.sleep(1)
    start_server(suite, server, redis, "--demo")
    resumed = browser.wait_for(f"return {has_message('while it was away')}")
    live = browser.wait_for("return document.getElementById('state').className === 'live'")
    # With `hello`, the server says after which event it continues.
    ids = browser.run(f"return {ITEMS}.filter(([type]) => type !== 'hello').map(([, , id]) => id)")
    once = len(ids) == len(set(ids))

    browser.take_picture(INSTALLED / f"server-{browser.name.lower()}.png")
    passed = all((ticks, echoed, waiting, resumed, live, once))
    figure = (
        f"page of examples/server: events arrive, a message comes back, and after kill -9 and a "
        f"restart it resumes: {len(ids)} events, each once"
    )
    suite.check(f"{browser.name}, server's page", browser.version, passed, figure)


def start_server(suite, port, redis, *options):
    program = suite.cargo(SERVER, "sse-wire-server")
    address, store = f"127.0.0.1:{port}", f"redis://127.0.0.1:{redis}"
    argv = [program, "--listen", address, "--redis", store, "--retry", 500, *options]
    return suite.start("server", argv, ready=("port", port))


def has_message(text):
    return f"{ITEMS}.some(([type, data]) => type === 'message' && data === {json.dumps(text)})"
