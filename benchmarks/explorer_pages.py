"""How long until a reader sees each page of the explorer, in a browser, on a large ledger?

    pip install playwright && apt-get install chromium    (or --chromium FILE)
    python benchmarks/explorer.py --calls 10000000 DB     (fills DB)
    python benchmarks/explorer_pages.py DB --rounds 5     (a minute a round; the table is on stdout)

Each round starts an explorer (nothing asked yet: cold), walks through all pages by clicks, and once more (warm: answers
are kept for 30 s, so a page that was left longer ago asks again). A step ends when Streamlit has run the page and what
it is about stands on it. The first one, cold, also has the explorer's start in it: it imports while the browser loads
Streamlit's files. Chromium is headless and draws in software. CPU is the explorer's; wall clock on a busy machine is
what that machine makes of it.
"""

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Locator, Page, sync_playwright

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
PATIENCE = 120_000
TICKS = os.sysconf("SC_CLK_TCK")
CHART = "[data-testid=stVegaLiteChart] canvas, [data-testid=stVegaLiteChart] svg"
DONE = "[data-testid=stApp][data-test-script-state=notRunning]"
WATCH = """() => {
    window.ran = false;
    const app = document.querySelector('[data-testid=stApp]'), state = 'data-test-script-state';
    if (app) new MutationObserver(() => { window.ran ||= app.getAttribute(state) !== 'notRunning'; })
        .observe(app, { attributeFilter: [state] });
}"""
"""Notes that a page runs: right after a click it still stands there as it was. What is loaded anew forgets it."""
RAN = "() => window.ran !== false"
TABLE = "[data-testid=stDataFrame] canvas"
Step = tuple[str, Callable[[Page], object], Callable[[Page], Locator]]


def link(name: str) -> Callable[[Page], object]:
    """A click in the navigation."""
    return lambda page: page.get_by_role("link", name=name, exact=True).first.click()


def row(page: Page) -> object:
    """A click on the first row of the first table."""
    return page.locator(TABLE).first.click(position={"x": 60, "y": 52}, force=True)


def radio(name: str) -> Callable[[Page], object]:
    """A choice among buttons."""
    return lambda page: page.get_by_role("radio", name=name, exact=True).click()


def text(words: str) -> Callable[[Page], Locator]:
    """Words on the page."""
    return lambda page: page.get_by_text(words).first


def heading(words: str) -> Callable[[Page], Locator]:
    """A heading on the page."""
    return lambda page: page.get_by_role("heading", name=words).first


def charts(page: Page) -> Locator:
    """The second chart of the burn page."""
    return page.locator(CHART).nth(1)


def answered(page: Page) -> Locator:
    """How many rows a query has."""
    return page.get_by_text(re.compile(r"^[\d,]+ rows?$")).first


def steps(url: str, trace: str) -> tuple[Step, ...]:
    """What a reader does, and what then stands on the page."""
    return (
        ("burn, opened by its address", lambda page: page.goto(url), charts),
        ("burn, last 30 days", radio("30d"), charts),
        ("findings", link("Findings"), text("each by what it cost at most")),
        ("findings, blocks across sessions", radio("blocks"), text("The same content")),
        ("findings, repeated reads", radio("repeated reads"), text("A read with the same")),
        ("sessions", link("Sessions"), lambda page: page.locator(TABLE).first),
        ("session", row, heading("What the context was made of")),
        ("session, its dearest block", row, text("Sent in turn")),
        ("compare", link("Compare"), heading("Why they differ")),
        ("SQL", link("SQL"), answered),
        ("trace list", link("Trace"), lambda page: page.locator(TABLE).first),
        (
            "trace of 50,000 spans, opened by its address",
            lambda page: page.goto(f"{url}/trace?trace={trace}"),
            lambda page: page.locator(".flame[data-drawn='50000']"),
        ),
        ("the same as a tree", radio("tree"), lambda page: page.locator(".flame[data-drawn='50000']")),
    )  # fmt: skip


def walk(page: Page, pid: int, taken: tuple[Step, ...]) -> Iterator[tuple[str, float, float]]:
    """Each step's name, its seconds and its CPU seconds."""
    for name, act, seen in taken:
        page.evaluate(WATCH)
        began, used = time.perf_counter(), cpu(pid)
        try:
            act(page)
            page.wait_for_function(RAN, timeout=PATIENCE)
            page.wait_for_selector(DONE, timeout=PATIENCE)
            seen(page).wait_for(timeout=PATIENCE)
            page.wait_for_selector(DONE, timeout=PATIENCE)
        except PlaywrightError as error:
            raise SystemExit(f"{name}: {error}\nThe page says:\n{page.inner_text('body')}") from error
        yield name, time.perf_counter() - began, cpu(pid) - used


def cpu(pid: int) -> float:
    """CPU seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def peak(pid: int) -> int:
    """The most memory that a process has had, in MiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) >> 10


@contextmanager
def explorer(db: Path) -> Iterator[tuple[int, str]]:
    """A running explorer's process and URL."""
    command = [sys.executable, "-m", "otel_burn", "explore", "--db", str(db), "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            said = process.stdout.readline() if process.stdout else ""
            yield process.pid, said.removeprefix("Explorer: ").strip()
        finally:
            process.terminate()


def main() -> None:
    """Walk and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("db", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--trace", default="f" * 32, help="a trace of 50,000 spans")
    parser.add_argument("--chromium", default=shutil.which("chromium") or shutil.which("google-chrome"))
    options = parser.parse_args()
    measured: dict[tuple[str, str], list[tuple[float, float]]] = {}
    peaks = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=options.chromium, args=FLAGS)
        for _ in range(options.rounds):
            with explorer(options.db.absolute()) as (pid, url):
                page = browser.new_page(viewport={"width": 1400, "height": 1000}, bypass_csp=True)
                for state in ("cold", "warm"):
                    for name, wall, used in walk(page, pid, steps(url, options.trace)):
                        measured.setdefault((name, state), []).append((wall, used))
                        print(f"{state} {name}: {wall:.2f} s, CPU {used:.2f} s", file=sys.stderr, flush=True)
                peaks.append(peak(pid))
                page.close()
        browser.close()
    report(measured, peaks)


def report(measured: dict[tuple[str, str], list[tuple[float, float]]], peaks: list[int]) -> None:
    """The table of what was measured."""
    print(
        "| until it is seen | cold, p50 / p95 s | CPU s | warm, p50 / p95 s | CPU s |\n|---|---|---|---|---|"
    )
    for name in dict.fromkeys(name for name, _ in measured):
        cells = []
        for state in ("cold", "warm"):
            walls, used = zip(*measured[name, state], strict=True)
            p95 = sorted(walls)[max(0, -(-95 * len(walls) // 100) - 1)]
            cells += [f"{statistics.median(walls):.2f} / {p95:.2f}", f"{statistics.median(used):.2f}"]
        print(f"| {name} | {' | '.join(cells)} |")
    load = " ".join(f"{one:.0f}" for one in os.getloadavg())
    print(f"\nThe explorer's memory: {max(peaks)} MiB at most. Load of {os.cpu_count()} cores: {load}.")


if __name__ == "__main__":
    main()
