"""Event streams by the libraries of others, read by our client and by `inspect --check`.

Each server sends the same hostile texts through its own library, an event each, ends the response
after some of them, and continues after the `Last-Event-ID` of the next request. They are in
`scripts/interop/servers/`.
"""

import http.client
import json
import os
import random
import re
import shutil
import time
from dataclasses import dataclass

from suite import ROOT, TARGET, install

QUICK = False
HERE = ROOT / "scripts" / "interop" / "servers"
CAPTURES = ROOT / "scripts" / "record-captures"
TEXTS, PER_CONNECTION = 300, 120
PIECES = [
    *("\n", "\r", "\r\n", "\n\n", " ", "\t", ":", ": ", "\ufeff", "\0", "\x01", "\x0b", "\x1c"),
    *("\x85", "\u2028", "\u2029", "\ufffd", "é", "한국어", "😀", "a\u0301", '{"a": [1]}', "plain"),
    *("data: forged", "\nid: 999\n\n", "\revent: end\r\r", "\rretry: 1\r", "x" * 5000),
]
SPRING_PACKAGES = [
    *("openjdk-17-jdk-headless", "libspring-web-servlet-java", "libspring-web-java"),
    *("libjackson2-databind-java", "libtomcat9-java", "libcommons-logging-java"),
]
SPRING_JARS = (
    "commons-logging jackson-annotations jackson-core jackson-databind spring3-aop spring3-beans "
    "spring3-context spring3-core spring3-expression spring3-web spring3-web.servlet "
    "tomcat9-annotations-api tomcat9-api tomcat9-catalina tomcat9-coyote tomcat9-jaspic-api "
    "tomcat9-jni tomcat9-juli tomcat9-servlet-api tomcat9-util-scan tomcat9-util tomcat9-el-api "
    "tomcat9-jsp-api"
).split()


def run(suite):
    texts = make_texts()
    path = suite.work / "texts.json"
    path.write_text(json.dumps(texts), encoding="utf-8")
    for server in servers(suite):
        echo(suite, server, texts, path)
    use_spring(suite, texts, path)
    use_rmcp(suite)


def make_texts():
    """The same each time. A text that ends in U+0000 to U+0020 shows what is trimmed."""
    drawn = random.Random(14)
    return ["".join(drawn.choices(PIECES, k=drawn.randrange(8))) for _ in range(TEXTS)]


@dataclass
class Server:
    name: str
    version: str
    argv: list
    cwd: object
    fault: str = ""


def servers(suite):
    yield python(suite, "sse-starlette", "sse_starlette_server.py")
    yield python(suite, "FastAPI", "fastapi_server.py")
    yield python(suite, "aiohttp-sse", "aiohttp_sse_server.py")
    yield python(suite, "Flask", "flask_server.py", ["flask==3.1.3"])
    yield node(suite, "Hono", "hono.mjs")
    yield node(suite, "better-sse", "better-sse.mjs")
    yield node(suite, "h3", "h3.mjs")
    yield node(suite, "Fastify", "fastify.mjs", ["fastify@5.12.8", "@fastify/sse@0.6.0"])
    program = suite.cargo(HERE / "axum", "server-axum")
    yield Server("axum::response::Sse", "0.8.9", [program], HERE)


def python(suite, name, file, specs=None, fault=""):
    if specs is None:
        pins = (CAPTURES / name.lower() / "requirements.txt").read_text(encoding="utf-8")
        specs = pins.split()
    version = next(spec for spec in specs if spec.startswith(f"{name.lower()}==")).split("==")[1]
    return Server(name, version, [suite.pip(*specs), HERE / file], HERE, fault)


def node(suite, name, file, specs=None, fault=""):
    if specs is None:
        pins = json.loads((CAPTURES / name.lower() / "package.json").read_text(encoding="utf-8"))
        specs = ["@".join(pin) for pin in pins["dependencies"].items()]
    version = ", ".join(spec.rpartition("@")[2] for spec in specs if "node-server" not in spec)
    # Node looks for packages beside the program.
    modules = suite.npm(*specs)
    shutil.copy(HERE / file, modules)
    return Server(name, version, ["node", modules / file], modules, fault)


def echo(suite, server, texts, path):
    port = suite.port()
    environment = {"PORT": port, "TEXTS": path, "COUNT": PER_CONNECTION}
    process = suite.start(server.name, server.argv, ("port", port), environment, server.cwd)
    url = f"http://127.0.0.1:{port}/"
    read_texts(suite, server, texts, url)
    process.stop()


def read_texts(suite, server, texts, url):
    events = suite.read(url)
    ids = [event["id"] for event in events]
    in_order = ids == [str(number + 1) for number in range(len(texts))]
    equal = sum(
        (event["type"], event["data"]) == ("text", re.sub("\r\n|\r", "\n", text))
        for event, text in zip(events, texts)
    )
    checked = inspect(suite, url)["diagnostics"]
    figure = (
        f"{len(events)} events, {equal} of {len(texts)} texts equal, "
        f"{checked['errors']} errors, {checked['warnings']} warnings {checked['kinds']}"
    )
    passed = in_order and equal == len(texts) and checked["errors"] == 0
    if server.fault:
        suite.expect_fault(server.name, server.version, not passed, f"{server.fault}: {figure}")
    else:
        suite.check(server.name, server.version, passed, figure)
    bad = [(e, t) for e, t in zip(events, texts) if e["data"] != re.sub("\r\n|\r", "\n", t)]
    for e, t in bad[:6]: print("   ", repr(t)[:300], repr(e["data"])[:300], e["type"])


def inspect(suite, url):
    install(["cargo", "build", "--quiet", "--example", "inspect"], cwd=ROOT, env=os.environ | {"CARGO_TARGET_DIR": str(TARGET)})
    body = fetch(url)
    path = suite.work / "body"
    path.write_bytes(body)
    lines = suite.output([TARGET / "debug/examples/inspect", "--check", "--json", path], check=False)
    return json.loads(lines.splitlines()[-1])["end"]


def fetch(url):
    import urllib.request
    with urllib.request.urlopen(url, timeout=30) as response:
        return response.read()


def use_spring(suite, texts, path):
    pass


def use_rmcp(suite):
    pass
