"""The rows of a run: as a table on the terminal, and as docs/interop.md."""

import re
from dataclasses import astuple, dataclass

PASSED, KNOWN_FAULT, FAILED = "passed", "known fault", "FAILED"
HEAD = """\
# Interoperability

sse-wire with real browsers, clients, servers, proxies and stores. `scripts/interop/run --write`
writes this page, and anybody can run it: it installs what it needs, and connects only over loopback.

A *known fault* is a fault of the other program, not of this crate. It is expected: when it is gone,
its row fails, so that this page stays true. [proxies.md](proxies.md) has the settings of proxies, and
what they are for.
"""


@dataclass
class Row:
    item: str
    version: str
    result: str
    figure: str


class Report:
    """One section for each part. A part that was not run keeps its section of the page."""

    def __init__(self, page):
        self.page = page
        self.sections = read_sections(page)
        self.ran = []

    def add(self, name, intro, rows):
        self.sections[name] = ((intro or "").strip(), rows)
        self.ran.append(name)

    def write(self):
        everything = [row for _, rows in self.sections.values() for row in rows]
        text = f"{HEAD}\n{counts(everything)}.\n"
        for name, (intro, rows) in sorted(self.sections.items()):
            text += f"\n## {name}\n\n{intro}\n\n{counts(rows)}.\n\n"
            text += "| item | version | result | figure |\n| --- | --- | --- | --- |\n"
            text += "".join(f"| {' | '.join(map(escape, astuple(row)))} |\n" for row in rows)
        self.page.write_text(text, encoding="utf-8")

    def print_table(self):
        """Prints what this run found. Returns how many rows failed."""
        rows = [(name, row) for name in self.ran for row in self.sections[name][1]]
        item = max((len(row.item) for _, row in rows), default=0)
        version = max((len(row.version) for _, row in rows), default=0)
        print()
        for name, row in rows:
            print(
                f"{name:9} {row.item:{item}} {row.version:{version}} {row.result:11} {row.figure}"
            )
        failed = sum(row.result == FAILED for _, row in rows)
        print(f"{len(rows) - failed} passed, {failed} failed")
        return failed


def counts(rows):
    """As in "9 passed, 2 known faults of others, 0 failed"."""
    of = {
        result: sum(row.result == result for row in rows)
        for result in (PASSED, KNOWN_FAULT, FAILED)
    }
    faults = "known fault" if of[KNOWN_FAULT] == 1 else "known faults"
    return f"{of[PASSED]} passed, {of[KNOWN_FAULT]} {faults} of others, {of[FAILED]} failed"


def read_sections(page):
    """The sections of a page that `Report.write` wrote."""
    sections = {}
    text = page.read_text(encoding="utf-8") if page.exists() else ""
    for name, body in re.findall(r"^## (\w+)\n\n(.*?)(?=\n## |\Z)", text, re.DOTALL | re.MULTILINE):
        intro, _, table = re.split(r"\n\n(\d+ passed, .* failed\.)\n\n", body)
        lines = table.strip().split("\n")[2:]
        sections[name] = (intro, [read_row(line) for line in lines])
    return sections


def read_row(line):
    cells = line.removeprefix("| ").removesuffix(" |").split(" | ")
    return Row(*(cell.replace("\\|", "|") for cell in cells))


def escape(cell):
    return cell.replace("|", "\\|").replace("\n", " ")
