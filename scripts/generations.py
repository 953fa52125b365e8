"""Does every generation of every SDK count right? An environment a row, the same test in each, a table at the end.

    python scripts/generations.py                      all rows
    python scripts/generations.py openai anthropic-0   rows whose name begins so
    python scripts/generations.py --make               make the environments alone

An environment has otel-burn (this working tree), pytest and one generation of one SDK. It is made once and kept in
`.generations/` (`--environments` names another folder); `--fresh` makes it anew, with the newest releases of the row.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
TEST = ROOT / "tests" / "generations"
ROWS = {
    "openai-1": ("openai>=1,<2",),
    "openai-2": ("openai>=2,<3",),
    "openai-3": ("openai>=3,<4",),
    "anthropic-0": ("anthropic<1",),
    "anthropic-1": ("anthropic>=1,<2",),
    "anthropic-2": ("anthropic>=2,<3",),
    "google-genai-1": ("google-genai>=1,<2",),
    "google-genai-2": ("google-genai>=2,<3",),
    "google-genai-3": ("google-genai>=3,<4",),
    "mistralai-1": ("mistralai>=1,<2",),
    "mistralai-3": ("mistralai>=3,<4",),
    "cohere-5": ("cohere>=5,<6",),
    "cohere-7": ("cohere>=7,<8",),
    "groq": ("groq",),
    "ollama": ("ollama",),
    "litellm": ("litellm", "mcp"),  # it wants mcp for any tool call, and does not say so
    "boto3": ("boto3",),
    "httpx": ("httpx",),
    "httpx2": ("httpx2",),
    "requests": ("requests",),
    "aiohttp": ("aiohttp",),
}
"""What is installed in each environment; its name without the number is the SDK that the test then calls."""
NEEDED = ("pytest>=9",)


class Result(NamedTuple):
    """How one row went."""

    name: str
    installed: str
    outcome: str
    seconds: float


def main() -> int:
    """Make and run the chosen rows; 1 when one of them failed."""
    options = _options()
    rows = [name for name in ROWS if not options.rows or name.startswith(tuple(options.rows))]
    if not rows:
        print(f"no row begins so; there are: {', '.join(ROWS)}", file=sys.stderr)
        return 2
    options.environments.mkdir(parents=True, exist_ok=True)
    work: Callable[[str], Result] = lambda name: _row(name, options)  # noqa: E731 - the row with our options
    failed = False
    print(f"{'row':<16} {'installed':<24} {'seconds':>7}  outcome", flush=True)
    with ThreadPoolExecutor(options.jobs) as pool:
        for result in pool.map(work, rows):
            failed |= not result.outcome.startswith(("passed", "made"))
            print(
                f"{result.name:<16} {result.installed:<24} {result.seconds:>7.1f}  {result.outcome}",
                flush=True,
            )
    return int(failed)


def _row(name: str, options: argparse.Namespace) -> Result:
    started = time.monotonic()
    folder = options.environments / name
    outcome, installed = _make(name, folder, fresh=options.fresh), ""
    if not outcome:
        installed = _installed(folder, name)
        outcome = "made" if options.make else _run(folder, name)
    return Result(name, installed, outcome, time.monotonic() - started)


def _make(name: str, folder: Path, *, fresh: bool) -> str:
    """Make the environment in *folder* unless it is there; what went wrong, or ""."""
    made = folder / "made"
    if made.exists() and not fresh:
        return ""
    shutil.rmtree(folder, ignore_errors=True)
    python = folder / "bin" / "python"
    # Without a pip of its own, which takes longer to make than all the rest.
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    done = _quietly(*install, "--editable", str(ROOT), *NEEDED, *ROWS[name])
    if done.returncode:
        return f"not installed: {done.stderr.strip().splitlines()[-1]}"
    made.touch()
    return ""


def _run(folder: Path, name: str) -> str:
    """Run the test in *folder*'s environment: pytest's last line, after the failures."""
    # What an old generation leaves open, and warns of at the very end, is no failure of ours.
    options = ["-q", "-o", "filterwarnings=default", "--disable-warnings", "-p", "no:cacheprovider"]
    done = _quietly(
        folder / "bin" / "python", "-m", "pytest", *options, str(TEST), environment={"GENERATION": _sdk(name)}
    )
    lines = done.stdout.strip().splitlines() or done.stderr.strip().splitlines() or ["it said nothing"]
    if done.returncode == 0:
        return "passed: " + re.sub(r" in .*", "", lines[-1].strip("= "))
    (folder / "failures.txt").write_text(done.stdout + done.stderr, encoding="utf-8")
    return f"FAILED: {lines[-1].strip('= ')} (see {folder / 'failures.txt'})"


def _installed(folder: Path, name: str) -> str:
    show = "import importlib.metadata as m, sys; print(m.version(sys.argv[1]))"
    sdk = _sdk(name)
    return f"{sdk} {_quietly(folder / 'bin' / 'python', '-c', show, sdk).stdout.strip()}"


def _sdk(name: str) -> str:
    return re.sub(r"-\d+$", "", name)


def _quietly(
    *command: str | Path, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*map(str, command)],
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
    )


def _options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("rows", nargs="*", help="how the names of the rows to run begin (default: all)")
    parser.add_argument("--environments", type=Path, default=ROOT / ".generations", metavar="DIR")
    parser.add_argument("--fresh", action="store_true", help="make the environments anew")
    parser.add_argument("--make", action="store_true", help="make the environments, and run nothing")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="rows at a time (default: 2)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
