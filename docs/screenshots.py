"""What does the explorer look like? Pictures of every page from any ledger, in light and in dark.

    python docs/screenshots.py --db DB --out DIR      every page, light and dark, in full
    python docs/screenshots.py --db DB --readme docs  the two pictures of the README
    python docs/screenshots.py --db DB --pages docs/pages --team TEAM  those of docs/explorer.md, in few colours;
                                                      the trace is that of TEAM, a ledger of docs/team.py

Needs Playwright, Pillow and a Chromium (`--chromium`, default /usr/bin/chromium).
"""

import argparse
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from otel_burn_collector.reader import open_ledger
from otel_burn_dashboards.judging import TABLES

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
WIDTH = 1360
README = {"explorer.png": ("session-3", 1600), "burn.png": ("burn", 1300)}
"""The README's pictures: which page, and how much of it."""
PAGES = {
    "burn": ("burn", 1300), "findings": ("findings", 900), "finding": ("finding", 1150), "sessions": ("sessions", 480),
    "session": ("session-3", 1600), "trace": ("trace", 560), "compare": ("compare", 1250), "sql": ("sql", 850),
}  # fmt: skip
"""The pictures of docs/explorer.md, likewise."""
FINDING = "SELECT finding_id FROM findings ORDER BY tier, wasted_usd_high DESC LIMIT 1"
TRACE = "SELECT trace_id FROM spans GROUP BY ALL ORDER BY count(*) DESC LIMIT 1"
PICTURED = """
    SELECT session_id
    FROM sessions LEFT JOIN findings USING (session_id)
    GROUP BY ALL
    ORDER BY min(tier) NULLS LAST, max(cost_usd) DESC
    LIMIT 4
"""


def main() -> None:
    """Take the pictures that the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--db", type=Path, required=True)
    parser.add_argument("--out", type=Path, help="a folder for every page")
    parser.add_argument("--readme", type=Path, help="a folder for the pictures of the README")
    parser.add_argument("--pages", type=Path, help="a folder for the pictures of docs/explorer.md")
    parser.add_argument("--team", type=Path, help="the ledger whose trace is pictured (default: DB)")
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    options = parser.parse_args()
    team = options.team or options.db
    with explorer(options.db) as url, explorer(team) as team_url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=options.chromium, args=FLAGS)
        shown = {name: url + path for name, path in pages(options.db).items()}
        shown["trace"] = team_url + pages(team)["trace"]
        if options.out:
            options.out.mkdir(parents=True, exist_ok=True)
            for scheme in SCHEMES:
                for name, path in shown.items():
                    take(browser, path, scheme, options.out / f"{name}-{scheme}.png")
        if options.readme:
            for file, (page, height) in README.items():
                take(browser, shown[page], "light", options.readme / file, height=height)
        if options.pages:
            options.pages.mkdir(parents=True, exist_ok=True)
            for scheme in SCHEMES:
                for name, (page, height) in PAGES.items():
                    file = options.pages / f"{name}-{scheme}.png"
                    take(browser, shown[page], scheme, file, height=height)
                    shrink(file)
        browser.close()


def shrink(file: Path) -> None:
    """Keep a picture in few colours: a fifth of the bytes, and nobody sees it."""
    with Image.open(file) as picture:
        fewer = picture.convert("RGB").quantize(256, method=Image.Quantize.MAXCOVERAGE)
    fewer.save(file, optimize=True)


def pages(db: Path) -> dict[str, str]:
    """The pages to picture, by name: of the sessions those with the worst findings."""
    ledger = open_ledger(db)
    sessions = [row["session_id"] for row in ledger.query(PICTURED).to_pylist()]
    shown = {f"session-{number}": f"/session?session={name}" for number, name in enumerate(sessions, start=1)}
    for name, path, sql in (("finding", "/findings?finding=", FINDING), ("trace", "/trace?trace=", TRACE)):
        for row in ledger.query(sql).to_pylist():
            shown[name] = path + str(next(iter(row.values())))
    across = {f"across-{number}": f"/findings?show={name}" for number, name in enumerate(TABLES, start=1)}
    both = "&".join(f"{side}={name}" for side, name in zip(("left", "right"), sessions, strict=False))
    shown["compare"] = f"/compare?{both}"
    return {"burn": "/", "findings": "/findings", **across, "sessions": "/sessions", **shown, "sql": "/sql"}


def take(browser: Browser, url: str, scheme: Scheme, file: Path, *, height: int | None = None) -> None:
    """Picture the page at *url*: the whole of it, or its upper *height* pixels."""
    page = browser.new_page(
        viewport={"width": WIDTH, "height": height or 900}, color_scheme=scheme, bypass_csp=True
    )
    page.goto(url)
    settle(page)
    if height is None:
        whole = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
        page.set_viewport_size({"width": WIDTH, "height": min(int(whole) + 80, 4000)})
        settle(page)
    page.screenshot(path=file)
    page.close()


def settle(page: Page) -> None:
    """Wait until Streamlit has run the page and drawn what it shows."""
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]", timeout=60_000)
    page.wait_for_function("!document.querySelector('[data-testid=stSkeleton]')", timeout=60_000)
    page.wait_for_timeout(1500)


@contextmanager
def explorer(db: Path) -> Iterator[str]:
    """An explorer on *db*, until the block ends; gives its URL."""
    command = [sys.executable, "-m", "otel_burn", "explore", "--db", str(db), "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            said = process.stdout.readline() if process.stdout else ""
            yield said.removeprefix("Explorer: ").strip()
        finally:
            process.terminate()


if __name__ == "__main__":
    main()
