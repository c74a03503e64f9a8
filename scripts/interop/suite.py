"""The tools of a part of the suite: it adds rows, starts programs and installs packages."""

import functools
import hashlib
import itertools
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
import traceback
import urllib.request
from pathlib import Path

from report import FAILED, KNOWN_FAULT, PASSED, Row

ROOT = Path(__file__).resolve().parents[2]
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve()
INSTALLED = TARGET / "interop"
FIXTURE = ROOT / "scripts" / "interop" / "fixture"
LONGEST_PART = 1800
LONGEST_INSTALLATION = 900


class Suite:
    """One run of one part. Leaving the `with` block ends every program that the part started."""

    def __init__(self, part, quick=False):
        self.part = part
        self.quick = quick
        self.root = ROOT
        self.rows = []
        self.processes = []

    def __enter__(self):
        self.work = Path(tempfile.mkdtemp(prefix=f"sse-wire-{self.part}-"))
        # Servers that give up root's rights must still reach their files.
        self.work.chmod(0o755)
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.stop()
        shutil.rmtree(self.work, ignore_errors=True)

    def run(self, part):
        """Runs the part within its time; whatever it raises becomes a row that failed."""
        limit = getattr(part, "LIMIT", LONGEST_PART)
        signal.signal(signal.SIGALRM, functools.partial(out_of_time, limit))
        signal.alarm(limit)
        try:
            part.run(self)
        except Exception as error:
            traceback.print_exc()
            figure = textwrap.shorten(f"{type(error).__name__}: {error}", 200)
            self.check(f"{self.part} as a whole", "", False, figure)
        finally:
            signal.alarm(0)

    # Rows

    def check(self, item, version, passed, figure):
        """Adds a row for what sse-wire, with `item` on the other side, did or failed to do."""
        self.add_row(Row(item, version, PASSED if passed else FAILED, figure))
        return passed

    def expect_fault(self, item, version, seen, fault):
        """Adds a row for a fault of `item` that is known. The row fails if the fault is gone."""
        gone = f"no longer seen, so turn it into a check: {fault}"
        self.add_row(Row(item, version, *((KNOWN_FAULT, fault) if seen else (FAILED, gone))))
        return seen

    def add_row(self, row):
        self.rows.append(row)
        print(f"{row.result:11} {row.item} {row.version}: {row.figure}", flush=True)

    # Programs

    def start(self, name, argv, ready=None, env=None, cwd=None, timeout=60):
        """Starts a program and waits until it is ready.

        It is ready when its output matches the regular expression `ready`, or for `("port", N)` when
        it accepts connections on that port of 127.0.0.1. `env` is added to the environment.
        """
        process = Process(self.work, name, argv, env, cwd or self.work)
        self.processes.append(process)
        process.wait_until_ready(ready, timeout)
        return process

    def fixture(self, *options, port=None):
        """Starts the fixture (its `src/main.rs` says what it serves), with `.port` and `.url`."""
        port = port or self.port()
        program = self.cargo(FIXTURE, "fixture")
        process = self.start("fixture", [program, "--port", port, *options], ready=("port", port))
        process.port, process.url = port, f"http://127.0.0.1:{port}"
        return process

    def read(self, url, *options, timeout=90):
        """What our client receives from a stream: a list of `at`, `type`, `data` and `id`."""
        program = self.cargo(FIXTURE, "read")
        return json_lines(self.output([program, url, *options], timeout, check=False))

    def get(self, url, timeout=10):
        """The JSON at a URL, such as the fixture's `/log?stream=NAME` or `/expected?n=N`."""
        with urllib.request.urlopen(url, timeout=timeout) as response:
            return json.load(response)

    def output(self, argv, timeout=60, check=True, **options):
        """Runs a program to its end, and returns its standard output as text."""
        options = {"stdout": subprocess.PIPE, "text": True, "encoding": "utf-8"} | options
        argv = [str(word) for word in argv]
        return subprocess.run(argv, timeout=timeout, check=check, **options).stdout

    def port(self):
        """A port of 127.0.0.1 that was free a moment ago."""
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            return listener.getsockname()[1]

    # Things to install

    def apt(self, *packages):
        """Installs those of these Debian packages that are missing. Their services are not started."""
        missing = [package for package in packages if not self.debian_version(package)]
        if missing:
            update_package_lists()
            # In run level 1, maintainer scripts do not start services.
            environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
            apt = ["apt-get", "-o", "DPkg::Lock::Timeout=600", "install", "-qq", "-y"]
            install([*apt, "--no-install-recommends", *missing], env=environment)

    def debian_version(self, package):
        """The upstream version of an installed Debian package, or nothing."""
        query = ["dpkg-query", "-W", "-f", "${db:Status-Status} ${Version}", package]
        answer = subprocess.run(query, capture_output=True, text=True, check=False).stdout
        found = re.match(r"installed (?:\d+:)?([^-+~]+)", answer)
        return found[1] if found else ""

    def npm(self, *specs):
        """Installs npm packages, each as `name@version`. Returns the folder of `node_modules`."""
        if not shutil.which("npm"):
            self.apt("nodejs", "npm")
        folder, is_new = installation("npm", specs)
        if is_new:
            install(["npm", "install", "--silent", "--no-audit", "--no-fund", *specs], cwd=folder)
            finish_installation(folder)
        return folder

    def pip(self, *specs):
        """Installs Python packages, each as `name==version`. Returns the Python that has them."""
        folder, is_new = installation("pip", specs)
        if is_new:
            install([sys.executable, "-m", "venv", folder])
            install([folder / "bin/python", "-m", "pip", "install", "--quiet", *specs])
            finish_installation(folder)
        return folder / "bin/python"

    @functools.cache
    def cargo(self, folder, binary, release=False):
        """Builds a Rust package. Returns the path of its program."""
        build = ["cargo", "build", "--quiet", "--locked", "--bin", binary]
        environment = os.environ | {"CARGO_TARGET_DIR": str(TARGET)}
        install([*build, *(["--release"] if release else [])], cwd=folder, env=environment)
        return TARGET / ("release" if release else "debug") / binary

    def version(self, argv, regex):
        """The first group of `regex` in what the program prints, or nothing."""
        argv = [str(word) for word in argv]
        answer = subprocess.run(
            argv,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=60,
        )
        found = re.search(regex, answer.stdout)
        return found[1] if found else ""


class Process:
    """A program of the suite, in a process group of its own."""

    def __init__(self, work, name, argv, env, cwd):
        self.name = name
        self.log = free_path(work, name)
        with self.log.open("wb") as log:
            self.child = subprocess.Popen(
                [str(word) for word in argv],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=os.environ | {key: str(value) for key, value in (env or {}).items()},
                cwd=cwd,
                start_new_session=True,
            )
        self.pid = self.child.pid

    def output(self):
        return self.log.read_text(encoding="utf-8", errors="replace")

    def wait_until_ready(self, ready, timeout):
        until = time.monotonic() + timeout
        while ready and not self.is_ready(ready):
            if self.child.poll() is not None:
                raise RuntimeError(f"{self.name} ended with {self.child.returncode}: {self.tail()}")
            if time.monotonic() > until:
                raise TimeoutError(f"{self.name} is not ready after {timeout} s: {self.tail()}")
            time.sleep(0.02)

    def is_ready(self, ready):
        if isinstance(ready, str):
            return re.search(ready, self.output())
        with socket.socket() as attempt:
            return attempt.connect_ex(("127.0.0.1", ready[1])) == 0

    def tail(self):
        return self.output()[-2000:]

    def wait(self, timeout):
        """Waits for the program to end by itself. Returns its exit code."""
        return self.child.wait(timeout)

    def stop(self):
        """Ends the program and its children: asks first, then kills."""
        self.signal(signal.SIGTERM)
        try:
            self.child.wait(5)
        except subprocess.TimeoutExpired:
            pass
        self.kill()

    def kill(self):
        self.signal(signal.SIGKILL)
        self.child.wait()

    def signal(self, number):
        """Sends it to the whole group, which exists as long as one of its processes does."""
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:
            pass


def json_lines(text):
    """One value a line. `splitlines` would also split at Unicode's line ends inside a value."""
    return [json.loads(line) for line in text.split("\n") if line]


def free_path(work, name):
    paths = (work / f"{name}{count or ''}.log" for count in itertools.count())
    return next(path for path in paths if not path.exists())


def out_of_time(limit, *_):
    raise TimeoutError(f"took more than {limit} s")


@functools.cache
def update_package_lists():
    install(["apt-get", "update", "-qq"])


def installation(kind, specs):
    """The folder for this set of packages, and whether it is still to be filled."""
    name = hashlib.sha256(" ".join(sorted(specs)).encode()).hexdigest()[:16]
    folder = INSTALLED / f"{kind}-{name}"
    is_new = not (folder / "complete").exists()
    if is_new:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    return folder, is_new


def finish_installation(folder):
    (folder / "complete").touch()


def install(argv, **options):
    argv = [str(word) for word in argv]
    print("$", *argv, flush=True)
    subprocess.run(
        argv, check=True, timeout=LONGEST_INSTALLATION, stdin=subprocess.DEVNULL, **options
    )
