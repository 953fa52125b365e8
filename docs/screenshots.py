"""What does the explorer look like? Pictures of every page from any ledger, in light and in dark.

    python docs/screenshots.py --db DB --out DIR

Needs Playwright and a Chromium (`--chromium`, default /usr/bin/chromium).
"""

import argparse
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from otel_burn_collector.reader import open_ledger

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
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
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    parser.add_argument("--width", type=int, default=1440)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with explorer(options.db) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=options.chromium, args=FLAGS)
        for scheme in ("light", "dark"):
            for name, path in pages(options.db).items():
                take(browser, url + path, scheme, options.width, options.out / f"{name}-{scheme}.png")
        browser.close()


def pages(db: Path) -> dict[str, str]:
    """The pages to picture, by name: of the sessions those with the worst findings."""
    sessions = [row["session_id"] for row in open_ledger(db).query(PICTURED).to_pylist()]
    shown = {f"session-{number}": f"/session?session={name}" for number, name in enumerate(sessions, start=1)}
    return {"burn": "/", "sessions": "/sessions", **shown, "sql": "/sql"}


def take(browser: Browser, url: str, scheme: str, width: int, file: Path) -> None:
    """Picture the whole page at *url*."""
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.goto(url)
    settle(page)
    height = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
    page.set_viewport_size({"width": width, "height": min(int(height) + 80, 4000)})
    settle(page)
    page.screenshot(path=file)
    page.close()


def settle(page: Page) -> None:
    """Wait until Streamlit has run the page and drawn what it shows."""
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]", timeout=60_000)
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
