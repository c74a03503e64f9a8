"""Events to 10,000 connections, by `examples/server` and by the same broadcast on axum's own `Sse`,
each built for release and measured twice, in turn. Memory and CPU time are those of the server's
process; with the CPU time, the kernel's for handing the bytes to the clients' sockets of the same
machine counts as well."""

import json
import resource

CLIENTS, EVENTS = 10_000, 20
ROUNDS = 2
# Of an event's data, in bytes.
SIZES = [100, 4000]
PACKAGE = "scripts/interop/load"
LARGEST_SHARE = 1024


def run(suite):
    raise_limit()
    programs = {
        "examples/server": suite.cargo(suite.root / "examples/server", "sse-wire-server", True),
        "axum Sse": suite.cargo(suite.root / PACKAGE, "axum-sse", True),
    }
    for size in SIZES:
        rounds = [
            {name: measure(suite, program, size) for name, program in programs.items()}
            for _ in range(ROUNDS)
        ]
        print(json.dumps(rounds, indent=1))


def raise_limit():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 2 * CLIENTS:
        hard = 2 * CLIENTS
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def measure(suite, program, size):
    ours = program.name == "sse-wire-server"
    options = ["--listen", "127.0.0.1:0"] if ours else []
    server = suite.start(program.name, [program, *options], ready="listening on")
    address = server.output().split("//")[1].strip()
    argv = [suite.cargo(suite.root / PACKAGE, "broadcast", True), address, "--pid", server.pid]
    argv += ["--clients", CLIENTS, "--events", EVENTS, "--size", size]
    report = json.loads(suite.output(argv, timeout=120))
    server.stop()
    return report
