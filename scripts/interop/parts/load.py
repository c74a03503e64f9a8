"""`examples/server` sends 20 events to 10,000 connections, one event after the other, and so does the
same broadcast on axum's own `Sse`. Both are built for release and measured in turn; the better of
two rounds counts. Memory is what the server's process grows by, CPU time is that process's. The
kernel's part of it sends one packet for each event and connection, and also delivers it, since the
clients are on the same machine: encoding each event only once saves none of that."""

import json
import resource

CLIENTS, EVENTS, SIZE = 10_000, 20, 100
ROUNDS = 2
# This machine has other work to do as well.
NOISE = 1.25
LARGEST_SHARE = 1024
PACKAGE = "scripts/interop/load"
OURS, PEER = "examples/server", "axum Sse"


def run(suite):
    allow_open_files(2 * CLIENTS)
    programs = {
        OURS: [suite.cargo(suite.root / "examples/server", "sse-wire-server", True)],
        PEER: [suite.cargo(suite.root / PACKAGE, "axum-sse", True)],
    }
    programs[OURS] += ["--listen", "127.0.0.1:0"]
    rounds = [
        {name: measure(suite, argv) for name, argv in programs.items()} for _ in range(ROUNDS)
    ]
    ours, peer = (min((of[name] for of in rounds), key=cpu) for name in (OURS, PEER))
    check_time(suite, ours, peer)
    check_memory(suite, ours, peer)
    check_cpu(suite, ours, peer)


def check_time(suite, ours, peer):
    """There is only a report if each event was the next one for each client."""
    figure = (
        f"{CLIENTS:,} of {CLIENTS:,} got all {EVENTS} events in order; "
        f"the last of them got an event after {ours['last_mean_ms']:.0f} ms (mean), "
        f"{ours['last_max_ms']:.0f} ms (max); "
        f"{PEER}: {peer['last_mean_ms']:.0f} and {peer['last_max_ms']:.0f} ms"
    )
    suite.check(f"{CLIENTS:,} connections", "", True, figure)


def check_memory(suite, ours, peer):
    is_less = ours["memory"] <= peer["memory"]
    figure = f"{ours['memory']:,.0f} bytes a connection; {PEER}: {peer['memory']:,.0f}"
    suite.check("memory of the server", "", is_less, figure)
    share = ours["decoder"]
    figure = f"{share:.0f} bytes for a client's decoder and its buffers"
    suite.check("the codec's share", "", share < LARGEST_SHARE, figure)


def check_cpu(suite, ours, peer):
    figure = f"{time_of(ours)}; {PEER}: {time_of(peer)}"
    item = "CPU time of the server for an event and connection"
    suite.check(item, "", cpu(ours) <= NOISE * cpu(peer), figure)


def time_of(report):
    return f"{cpu(report):.1f} µs, {report['system_us']:.1f} of them the kernel's"


def cpu(report):
    return report["user_us"] + report["system_us"]


def allow_open_files(count):
    """For the programs that are started from here on."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY:
        hard = max(count, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))


def measure(suite, argv):
    server = suite.start(argv[0].name, argv, ready="listening on http://.*\n")
    address = server.output().partition("http://")[2].strip()
    client = suite.cargo(suite.root / PACKAGE, "broadcast", True)
    options = ["--clients", CLIENTS, "--events", EVENTS, "--size", SIZE]
    report = suite.output([client, address, "--pid", server.pid, *options], timeout=120)
    server.kill()
    return json.loads(report)
