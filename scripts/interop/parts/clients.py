"""Other people's clients read 500 hostile events with a bearer token, over connections that are cut
inside a block every 120 events. Then they read 200 events with ids and 20 keep-alives between them:
how many empty messages does a client show, and how many events does it lose, if a keep-alive is `:`
and a blank line, and if it is the line `:` alone? Then the same for code that people
write without a parser."""

import json
import shutil
import subprocess
import time

from suite import json_lines

QUICK = True
EVENTS, CUT = 500, 120
RESUMED = ["120", "240", "360", "480"]
EVENTS_BETWEEN_KEEP_ALIVES, KEEP_ALIVES_SENT = 10, 20
WATCHED, EVERY, LONGEST_DELAY = 12, 100, 100

NPM = {
    "eventsource": "eventsource@4.1.1",
    "undici": "undici@7.30.2",
    "eventsource-parser": "eventsource-parser@3.1.1",
    "event-source-polyfill": "event-source-polyfill@1.0.31",
    "fetch-event-source": "@microsoft/fetch-event-source@2.0.1",
}
PIP = {"sseclient-py": "sseclient-py==1.9.0", "httpx-sse": "httpx-sse==0.4.3"}
# What these need, and a client of one service that people use with many others.
PIP_BESIDES = {"httpx": "httpx==0.28.1", "requests": "requests==2.32.5", "openai": "openai==3.57.0"}

# Empty messages shown and events lost, with the blank line and without it; and why. For those not
# named here all four are 0.
KEEP_ALIVES = {
    "fetch-event-source": ((20, 0), (0, 0), "takes a blank line for an event"),
    "httpx-sse": ((20, 0), (0, 0), "takes a blank line for an event once it has seen an id"),
    "openai": ((0, 191), (0, 0), "the same, and fails because the empty data is not JSON"),
    "split-blocks": ((0, 0), (0, 20), "does not find the data after the comment"),
}
NAIVE = {
    "split-blocks": 'JavaScript: split("\\n\\n"), then startsWith("data: ")',
    "split-blocks-and-lines": 'JavaScript: split("\\n\\n"), split("\\n"), then startsWith("data: ")',
    "split-chunks": 'JavaScript: chunk.split("\\n"), then startsWith("data: ")',
    "iter_lines": 'Python: iter_lines(), then startswith("data: ")',
}


def run(suite):
    server = suite.fixture()
    clients = Clients(suite, server)
    check_curl(suite, server)
    for name in ["eventsource", "undici", "eventsource-parser", "sseclient-py"]:
        check_resuming(suite, clients, name)
    check_polyfill(suite, clients)
    check_httpx(suite, clients)
    check_fetch_event_source(suite, clients)
    for name in [*NPM, *PIP, "openai"]:
        check_keep_alives(suite, clients, name, name)
    for name in ["httpx-sse", "openai"]:
        check_keep_alives(
            suite, clients, name, f"{name}, no ids", "&ids=false", ((0, 0), (0, 0), "")
        )
    for name, item in NAIVE.items():
        check_keep_alives(suite, clients, name, f"{item}, no ids", "&ids=false")


class Clients:
    """Runs other people's clients on the fixture's streams."""

    def __init__(self, suite, server):
        self.suite = suite
        self.server = server
        self.expected = suite.get(f"{server.url}/expected?n={EVENTS}")
        self.types = json.dumps(sorted({event["type"] for event in self.expected} | {"message"}))
        self.python = suite.pip(*PIP.values(), *PIP_BESIDES.values())
        self.programs = suite.root / "scripts/interop/clients"
        # Node looks for packages beside the program.
        modules = suite.npm(*NPM.values())
        self.javascript = shutil.copy(self.programs / "client.mjs", modules)

    def version(self, name):
        spec = (NPM | PIP | PIP_BESIDES).get(name, "")
        return spec.replace("==", "@").rpartition("@")[2]

    def read(self, name, query, last=EVENTS, token="", seconds=60):
        """What the client's application gets, until the event with the id `last` or until time is up."""
        if name in [*PIP, *PIP_BESIDES, "iter_lines"]:
            argv = [self.python, self.programs / "client.py"]
        else:
            argv = ["node", self.javascript]
        argv += [name, f"{self.server.url}/events?{query}", last, token]
        argv += [self.types] if argv[0] == "node" else []
        try:
            # Most print a stack trace for each cut.
            text = self.suite.output(argv, seconds, check=False, stderr=subprocess.DEVNULL)
        except subprocess.TimeoutExpired as error:
            text = (error.stdout or b"").decode()
        return json_lines(text)

    def read_hostile(self, name, resume="header", seconds=60):
        """The findings of 500 hostile events, and the requests that were made for them."""
        stream = f"{name}-{resume}"
        query = f"stream={stream}&data=hostile&n={EVENTS}&cut={CUT}&token=secret&resume={resume}"
        received = self.read(name, query, EVENTS, "secret", seconds)
        return Findings(self.expected, received), self.suite.get(
            f"{self.server.url}/log?stream={stream}"
        )


class Findings:
    """What a client made of a stream, event by event."""

    def __init__(self, expected, received):
        self.expected = len(expected)
        self.equal = 0
        self.empty = 0
        self.wrong = []
        by_id = {event["id"]: event for event in expected}
        seen = set()
        for event in received:
            is_first = event["id"] in by_id and event["id"] not in seen
            seen.add(event["id"])
            if is_first and event == by_id[event["id"]]:
                self.equal += 1
            elif not is_first and (event["type"], event["data"]) == ("message", ""):
                self.empty += 1
            else:
                self.wrong.append((by_id.get(event["id"]), event))
        self.lost = [event_id for event_id in by_id if event_id not in seen]

    def are_all_equal(self):
        return self.equal == self.expected and not self.wrong

    def __str__(self):
        parts = [f"{self.equal} of {self.expected} events equal"]
        parts += [f"{len(self.wrong)} others"] if self.wrong else []
        parts += [f"{self.empty} empty messages"] if self.empty else []
        return ", ".join(parts)


def check_curl(suite, server):
    """Curl has no parser, but many people look at a stream with it: does it show each event at once?"""
    suite.apt("curl")
    version = suite.version(["curl", "--version"], r"curl (\S+)")
    delay = watch(["curl", "-sN"], server)
    suite.check("curl -N", version, delay < LONGEST_DELAY, f"{delay:.1f} ms late at most")
    delay = watch(["curl", "-s"], server)
    fault = f"without -N it holds events back when it writes to a pipe: {delay:.0f} ms late"
    suite.expect_fault("curl", version, delay > LONGEST_DELAY, fault)


def watch(curl, server):
    """How late the latest line with data came out, in ms."""
    url = f"{server.url}/events?n={WATCHED}&every={EVERY}"
    delays = []
    with subprocess.Popen([*curl, "--max-time", "30", url], stdout=subprocess.PIPE) as process:
        for line in process.stdout:
            if line.startswith(b"data: "):
                delays.append(time.time() * 1000 - float(line.removeprefix(b"data: ")))
    return max(delays) if len(delays) == WATCHED else float("inf")


def check_resuming(suite, clients, name):
    findings, requests = clients.read_hostile(name)
    resumed = [request["id"] for request in requests if request["id"]]
    figure = f"{findings}, resumed at {', '.join(resumed)}"
    suite.check(
        name, clients.version(name), findings.are_all_equal() and resumed == RESUMED, figure
    )
    return findings


def check_polyfill(suite, clients):
    name, version = "event-source-polyfill", clients.version("event-source-polyfill")
    findings, requests = clients.read_hostile(name, "either")
    resumed = [request["parameter"] for request in requests if request["parameter"]]
    is_right = findings.are_all_equal() and resumed == RESUMED
    suite.check(
        name, version, is_right, f"{findings}, resumed by lastEventId at {', '.join(resumed)}"
    )
    has_header = any(request["id"] for request in requests)
    fault = "sends the query parameter lastEventId instead of Last-Event-ID: a server must read both"
    suite.expect_fault(name, version, is_right and not has_header, fault)


# Both show one for a block of `retry` alone.
NO_EMPTY_MESSAGE = "no empty message: `retry` is in the block of the next event"


def check_httpx(suite, clients):
    findings = check_resuming(suite, clients, "httpx-sse")
    suite.check("httpx-sse", clients.version("httpx-sse"), findings.empty == 0, NO_EMPTY_MESSAGE)


def check_fetch_event_source(suite, clients):
    """Resumes, but not where it should, and alters data."""
    name, version = "fetch-event-source", clients.version("fetch-event-source")
    findings, requests = clients.read_hostile(name)
    resumed = [request["id"] for request in requests if request["id"]]
    lost = len(findings.lost)
    fault = f"takes the id of a block that was cut off: {lost} events lost in {len(RESUMED)} cuts"
    is_seen = 0 < lost <= len(RESUMED) and resumed != RESUMED
    suite.expect_fault(name, version, is_seen, fault)
    suite.check(name, version, findings.empty == 0, NO_EMPTY_MESSAGE)
    altered = [(event, seen) for event, seen in findings.wrong if event]
    is_explained = all(as_fetch_event_source(event) == seen for event, seen in altered)
    what = "U+FEFF before a value and empty lines before data"
    fault = f"drops {what}: {len(altered)} of {EVENTS} events altered"
    suite.expect_fault(name, version, bool(altered) and is_explained, fault)


def as_fetch_event_source(event):
    data = ""
    for line in event["data"].split("\n"):
        line = line.removeprefix("\ufeff")
        data = f"{data}\n{line}" if data else line
    return event | {"data": data}


def check_keep_alives(suite, clients, name, item, query="", expected=None):
    *expected, fault = expected or KEEP_ALIVES.get(name, ((0, 0), (0, 0), ""))
    n = EVENTS_BETWEEN_KEEP_ALIVES * KEEP_ALIVES_SENT
    found = []
    for form in ("block", "line"):
        keep_alives = f"form={form}&keep-alive-events={EVENTS_BETWEEN_KEEP_ALIVES}"
        received = clients.read(name, f"stream=keep-alives&n={n}&retry=0&{keep_alives}{query}", n)
        events = sum(event["data"] != "" for event in received)
        found.append((len(received) - events, n - events))
    block, line = (f"{empty} empty, {lost} lost" for empty, lost in found)
    figure = f"blank line: {block}; line alone: {line}"
    item, version = f"keep-alives: {item}", clients.version(name)
    if fault:
        suite.expect_fault(item, version, found == expected, f"{fault}; {figure}")
    else:
        suite.check(item, version, found == expected, figure)
