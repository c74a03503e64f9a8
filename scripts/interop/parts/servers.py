"""Our client reads the event streams of other libraries, and checks them as `inspect --check` does.

Each server sends the same hostile texts through its own library, an event each. It ends the response
after 120 of them, and continues after the `Last-Event-ID` of the next request. Text that a library
cannot carry is left out, and tested alone. The servers are in `scripts/interop/servers/`.
"""

import functools
import http.client
import json
import operator
import os
import random
import re
import shutil
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from suite import ROOT, TARGET, install, json_lines

HERE = ROOT / "scripts" / "interop" / "servers"
CAPTURES = ROOT / "scripts" / "record-captures"
TEXTS, PER_CONNECTION = 300, 120
PIECES = [
    *("\n", "\r", "\r\n", "\n\n", " ", "\t", ":", ": ", "\ufeff", "\0", "\x01", "\x0b", "\x1c"),
    *("\x85", "\u2028", "\u2029", "\ufffd", "é", "한국어", "😀", "a\u0301", '{"a": [1]}', "plain"),
    *("data: forged", "\nid: 999\n\n", "\revent: end\r\r", "\rretry: 1\r", "x" * 5000),
]
JARS = (
    "commons-logging jackson-annotations jackson-core jackson-databind spring3-aop spring3-beans "
    "spring3-context spring3-core spring3-expression spring3-web spring3-web.servlet "
    "tomcat9-annotations-api tomcat9-api tomcat9-catalina tomcat9-coyote tomcat9-jaspic-api "
    "tomcat9-jni tomcat9-juli tomcat9-servlet-api tomcat9-util-scan tomcat9-util tomcat9-el-api "
    "tomcat9-jsp-api"
).split()
TICKS, RECONNECTION_TIME = 70, 300
RAW_EVENTS, RAW_EVERY = 5, 500


def run(suite):
    emitter = spring(suite)
    for server in [*python_servers(suite), *node_servers(suite), axum(suite), emitter]:
        read_texts(suite, server)
        for fault in server.faults:
            expect_fault(suite, server, fault)
    use_spring(suite, emitter)
    use_rmcp(suite)


@dataclass
class Fault:
    """Text that matches the pattern does not arrive as it was sent; an example shows it."""

    pattern: str
    example: str
    cause: str
    replacement: str = ""


FIRST_SPACE = Fault("^ +", " a", "no space after the colon, so a first space is lost")
LINE_ENDS = Fault("[\r\n]", "a\nb", "data is not split at line ends")
CR = Fault("\r", "a\rdata: b", "data is not split at CR")
CRLF = Fault("\r+(?=\n)", "a\r\nb", "CRLF counts as two line ends")
NOTHING = Fault(r"\A\Z", "", "empty data is left out, so there is no event", "not empty")


@dataclass
class Server:
    name: str
    version: str
    argv: list
    folder: Path = HERE
    path: str = "/"
    faults: tuple = ()

    def start(self, suite, texts):
        """Starts it. Returns the process, with the URL of the texts added."""
        port = suite.port()
        path = suite.work / "texts.json"
        path.write_text(json.dumps(texts), encoding="utf-8")
        environment = {"PORT": port, "TEXTS": path, "COUNT": PER_CONNECTION}
        name = re.sub(r"\W+", "-", self.name)
        process = suite.start(name, self.argv, ("port", port), environment, self.folder)
        process.root = f"http://127.0.0.1:{port}"
        process.url = process.root + self.path
        return process


# The servers

# better-sse writes JSON, which has no line ends, unless it is given another serializer.
NODE_FAULTS = {"better-sse": (LINE_ENDS, FIRST_SPACE), "@fastify/sse": (CR,)}


def python_servers(suite):
    names = ["sse-starlette", "FastAPI", "aiohttp-sse"]
    pins = {pin for name in names for pin in captured(name, "requirements.txt").split()}
    pins.add("flask==3.1.3")
    interpreter = suite.pip(*sorted(pins))
    versions = dict(pin.split("==") for pin in pins)
    for name in [*names, "Flask"]:
        program = HERE / f"{name.lower().replace('-', '_')}_server.py"
        yield Server(name, versions[name.lower()], [interpreter, program])


def node_servers(suite):
    names = ["Hono", "better-sse", "h3"]
    versions = {"fastify": "5.12.8", "@fastify/sse": "0.6.0"}
    for name in names:
        versions |= json.loads(captured(name, "package.json"))["dependencies"]
    folder = suite.npm(*(f"{name}@{version}" for name, version in sorted(versions.items())))
    for name in [*names, "@fastify/sse"]:
        # Node looks for packages beside the program.
        program = shutil.copy(HERE / f"{name.strip('@').replace('/', '-').lower()}.mjs", folder)
        faults = NODE_FAULTS.get(name, ())
        yield Server(name, versions[name.lower()], ["node", program], folder, faults=faults)


def captured(name, file):
    """From the folder that `scripts/record-captures.sh` uses too, with the same versions."""
    return (CAPTURES / name.lower() / file).read_text(encoding="utf-8")


def axum(suite):
    manifest = HERE / "axum" / "Cargo.toml"
    version = re.search(r'axum = { version = "=([^"]*)"', manifest.read_text(encoding="utf-8"))[1]
    program = suite.cargo(manifest.parent, "server-axum")
    return Server("axum::response::Sse", version, [program], faults=(CRLF, NOTHING))


def spring(suite):
    suite.apt("openjdk-17-jdk-headless", "libspring-web-servlet-java", "libspring-web-java")
    suite.apt("libjackson2-databind-java", "libtomcat9-java", "libcommons-logging-java")
    folder = suite.work / "spring"
    folder.mkdir()
    classes = ":".join([*(f"/usr/share/java/{jar}.jar" for jar in JARS), str(folder)])
    source = HERE / "spring" / "SpringSse.java"
    install(["javac", "-parameters", "-d", folder, "-cp", classes, source])
    version = suite.debian_version("libspring-web-servlet-java")
    tomcat = suite.debian_version("libtomcat9-java")
    return Server(
        "Spring SseEmitter",
        f"{version}, Tomcat {tomcat}",
        ["java", "-cp", classes, "SpringSse", folder],
        path="/spring/texts",
        faults=(LINE_ENDS, FIRST_SPACE),
    )


# What is tried


def make_texts(faults):
    """The same each time, except for text that does not arrive."""
    drawn = random.Random(14)
    texts = ["".join(drawn.choices(PIECES, k=drawn.randrange(8))) for _ in range(TEXTS)]
    for fault in faults:
        texts = [re.sub(fault.pattern, fault.replacement, text) for text in texts]
    return texts


def read_texts(suite, server):
    texts = make_texts(server.faults)
    process = server.start(suite, texts)
    events = suite.read(process.url)
    checked = check_stream(suite, fetch(process.url))[-1]["end"]["diagnostics"]
    process.stop()
    expected = [as_event(number, text) for number, text in enumerate(texts, 1)]
    received = [(event["type"], event["data"], event["id"]) for event in events]
    figure = (
        f"{sum(map(operator.eq, expected, received))} of {TEXTS} hostile texts once and in order, in "
        f"{-(-TEXTS // PER_CONNECTION)} connections; {checked['errors']} errors"
    )
    passed = received == expected and checked["errors"] == 0
    if not suite.check(server.name, server.version, passed, figure):
        differing = [pair for pair in zip(expected, received) if pair[0] != pair[1]]
        print(checked, str(differing)[:2000])


def as_event(number, text):
    return "text", re.sub("\r\n|\r", "\n", text), str(number)


def expect_fault(suite, server, fault):
    process = server.start(suite, [fault.example])
    lines = check_stream(suite, fetch(process.url))
    process.stop()
    data = [event["data"] for event in whole_events(lines)]
    seen = data != [as_event(1, fault.example)[1]]
    figure = f"{fault.cause}: {fault.example!r} arrives as {data}"
    suite.expect_fault(server.name, server.version, seen, figure)


def use_spring(suite, server):
    process = server.start(suite, [])
    check_builder(suite, server, process.root)
    check_timeout(suite, server, process.root)
    check_raw_servlet(suite, process.root)
    process.stop()


def check_builder(suite, server, root):
    """All that Spring's builder can set, in Korean."""
    lines = check_stream(suite, fetch(f"{root}/spring/all"))
    end = lines[-1]["end"]
    events = whole_events(lines)
    received = [(event["type"], event["data"], event["id"]) for event in events]
    expected = [
        ("message", "이름 없는 이벤트", None),
        ("공지", "안녕하세요, 서버입니다", "1"),
        ("json", {"이름": "김철수", "점수": [1, 2, 3]}, "2"),
        ("message", "첫 줄\n둘째 줄", "3"),
        ("message", "", "4"),
        ("message", "끝", "5"),
    ]
    # Java's maps have no order.
    received = [(name, json.loads(data) if name == "json" else data, id) for name, data, id in received]
    comments = [line["comment"] for line in lines if "comment" in line]
    retries = [line["retry"] for line in lines if "retry" in line]
    errors = end["diagnostics"]["errors"]
    passed = received == expected and comments == ["연결됨", "빈 데이터"] and retries == [700, 1200]
    figure = (
        f"name, id, data of several calls, JSON, comment and reconnectTime: {len(received)} events, "
        f"{len(comments)} comments, retry {retries}; {errors} errors"
    )
    suite.check(server.name, server.version, passed and errors == 0, figure)


def check_timeout(suite, server, root):
    """The emitter's time is up after 2 s, again and again."""
    events = suite.read(f"{root}/spring/timeout")
    ids = [event["id"] for event in events]
    times = [event["at"] for event in events]
    pauses = [after - before for before, after in zip(times, times[1:])]
    reconnects = sum(pause > RECONNECTION_TIME for pause in pauses)
    passed = ids == [str(tick) for tick in range(1, TICKS + 1)] and reconnects >= 2
    figure = (
        f"the emitter times out after 2 s: {len(ids)} of {TICKS} events once and in order, "
        f"{reconnects} reconnects after reconnectTime"
    )
    suite.check(server.name, server.version, passed, figure)


def check_raw_servlet(suite, root):
    """Lines by hand and a flush; the last event lacks its blank line."""
    events = suite.read(f"{root}/raw", "--once")
    late = [event["at"] - float(event["data"].split()[1]) for event in events]
    cut_off = check_stream(suite, fetch(f"{root}/raw"))[-1]["end"]["cut_off"]
    passed = len(events) == RAW_EVENTS and max(late) < RAW_EVERY and cut_off
    figure = (
        f"{len(events)} of {RAW_EVENTS} events, each at most {max(late, default=0):.0f} ms late; "
        f"the unfinished last one is not dispatched, and is reported as cut off"
    )
    suite.check("servlet with println and flush", f"Tomcat {suite.debian_version('libtomcat9-java')}", passed, figure)


def use_rmcp(suite):
    """The connection is cut during a call; a new one resumes the call after the last event ID."""
    manifest = HERE / "rmcp" / "Cargo.toml"
    version = re.search(r'rmcp = { version = "=([^"]*)"', manifest.read_text(encoding="utf-8"))[1]
    server = Server("rmcp, streamable HTTP", version, [suite.cargo(manifest.parent, "server-rmcp")])
    port = int(server.start(suite, []).root.rpartition(":")[2])

    version_of_protocol = "2025-11-25"
    client = {"name": "reader", "version": "1"}
    hello = {"protocolVersion": version_of_protocol, "capabilities": {}, "clientInfo": client}
    session = post(port, "initialize", hello, {}).getheader("mcp-session-id")
    headers = {"mcp-session-id": session, "mcp-protocol-version": version_of_protocol}
    post(port, "notifications/initialized", None, headers)

    call = {"name": "count", "arguments": {}, "_meta": {"progressToken": "p"}}
    answer = post(port, "tools/call", call, headers)
    first = check_stream(suite, read_until(answer, b'"progress":4'))
    last_event_id = first[-1]["end"]["last_event_id"]
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    accept = {"accept": "text/event-stream", "last-event-id": last_event_id}
    connection.request("GET", "/mcp", headers=headers | accept)
    second = check_stream(suite, read_until(connection.getresponse(), b"counted to ten"))

    again = [event for event in whole_events(second) if event["id"] == last_event_id]
    events = [*whole_events(first), *(event for event in whole_events(second) if event not in again)]
    messages = [json.loads(event["data"]) for event in events if event["data"]]
    progress = [message["params"]["progress"] for message in messages if "params" in message]
    results = sum("result" in message for message in messages)
    errors = sum(part[-1]["end"]["diagnostics"]["errors"] for part in (first, second))
    passed = progress == list(range(1, 11)) and results == 1 and errors == 0
    figure = (
        f"a call over a cut connection, resumed after {last_event_id}: {len(progress)} of 10 progress "
        f"notifications in order and {results} result; {errors} errors"
    )
    suite.check(server.name, server.version, passed, figure)
    fault = "replays the event with the last event ID too, so that a client gets it twice"
    suite.expect_fault(server.name, server.version, len(again) == 1, fault)


def whole_events(lines):
    events = [line["event"] for line in lines if "event" in line]
    return [event for event in events if not event["cut_off"]]


# Over HTTP, byte by byte


def post(port, method, params, headers):
    message = {"jsonrpc": "2.0", "method": method}
    if not method.startswith("notifications/"):
        message |= {"id": 1, "params": params}
    accept = "application/json, text/event-stream"
    headers = headers | {"content-type": "application/json", "accept": accept}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("POST", "/mcp", json.dumps(message), headers)
    return connection.getresponse()


def read_until(response, end):
    """The body up to the block that has these bytes, and no further."""
    body = b""
    while end not in body or not body.endswith(b"\n\n"):
        piece = response.read1()
        if not piece:
            break
        body += piece
    response.close()
    return body


def fetch(url):
    with urllib.request.urlopen(url, timeout=30) as response:
        return response.read()


def check_stream(suite, body):
    """What `inspect --check --json` says of the body: a list of objects."""
    path = suite.work / "body"
    path.write_bytes(body)
    return json_lines(suite.output([inspect(), "--check", "--json", path], check=False))


@functools.cache
def inspect():
    build = ["cargo", "build", "--quiet", "--locked", "--example", "inspect"]
    install(build, cwd=ROOT, env=os.environ | {"CARGO_TARGET_DIR": str(TARGET)})
    return TARGET / "debug" / "examples" / "inspect"
