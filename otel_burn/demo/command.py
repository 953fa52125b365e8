"""What does otel-burn show? `otel-burn demo`: the whole pipeline on this machine, offline, with four agents."""

import argparse
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import Final

from otel_burn import running_collector
from otel_burn.cli import dispatch
from otel_burn.command import Command
from otel_burn.demo.provider import ScriptedProvider
from otel_burn.demo.workspace import write_workspace
from otel_burn.errors import BurnError

AGENTS: Final = {
    "healthy": "writes release notes, each tool once",
    "failing_loop": "runs the same failing tests again and again",
    "context_hoarder": "reads large logs and re-sends them every turn",
    "heartbeat": "wakes up every half hour with its whole memory (compressed)",
}
DATABASE: Final = "burn.duckdb"
WORKSPACE: Final = "demo-workspace"
QUESTION: Final = "SELECT service_name, response_model, sum(cost_usd) FROM llm_calls GROUP BY ALL"
NEEDED: Final = ("openai", "anthropic", "duckdb", "polars")
PACE: Final = 0.04
"""Seconds that the scripted model thinks, so that durations look like durations."""

_START_SECONDS: Final = 30.0
_STOP_SECONDS: Final = 10.0
_IDLE_SECONDS: Final = 900
"""Should this process be killed outright, its collector ends by itself after a quarter of an hour."""

_FOREIGN: Final = ("OTEL_", "OPENAI_", "ANTHROPIC_", "GOOGLE_", "GEMINI_")
_PROXIES: Final = ("http_proxy", "https_proxy", "all_proxy")
"""What a user's own environment must not change about the demo: it is the same everywhere."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `otel-burn demo`."""
    parser.add_argument("--no-explorer", action="store_true", help="end after the report")
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="where to keep the demo's data")


def run(options: argparse.Namespace) -> int:
    """Run the agents against the scripted provider, report what they burned, and show it."""
    _require(*NEEDED, *(() if options.no_explorer else ("streamlit",)))
    folder = _folder(options.data_dir)
    served, salt = folder / "served.jsonl", secrets.token_hex(8)
    with _ending_by_signal(), ScriptedProvider(truth=served, pace=PACE, salt=salt) as provider:
        environment = _environment(folder, provider)
        os.environ["OTEL_BURN_HOME"] = environment["OTEL_BURN_HOME"]
        openai, anthropic = provider.openai.address, provider.anthropic.address
        _say("otel-burn demo: offline. No account, no key, nothing leaves this machine.\n")
        _say(f"  providers  {openai} answers as OpenAI, {anthropic} as Anthropic, from scripts")
        with _collector(folder, environment) as url:
            _say(f"  collector  {url} fills {folder / DATABASE}")
            _say("  agents     plain programs with the real SDKs, each under `otel-burn run -- python …`")
            failed = [name for name in AGENTS if not _run_agent(name, folder, environment)]
            _say(_billed(provider))
            status = _show(folder / DATABASE, explorer=not options.no_explorer)
    return 1 if failed else status


COMMAND: Final = Command("show the whole pipeline on this machine, offline, with four agents", configure, run)


def _billed(provider: ScriptedProvider) -> str:
    """What the providers themselves say they served, for comparison with the report."""
    used = [row["tokens"] for row in provider.served if row["status"] == 200]
    read, written = (sum(tokens[part] for tokens in used) for part in ("input", "output"))
    return (
        f"  billed     {len(used)} answers: {read:,} tokens in, {written:,} out (each is in served.jsonl)\n"
    )


def _show(db: Path, *, explorer: bool) -> int:
    """The report, and then the explorer until Ctrl-C."""
    _say("What otel-burn saw of it:\n")
    status = dispatch(["report", "--db", str(db), "--wait", "30"])
    _say(f'\nAsk it yourself:  otel-burn sql --db {db} "{QUESTION}"')
    if not explorer:
        return status
    _say("Look yourself:    the explorer's address follows; Ctrl-C stops everything.\n")
    try:
        status = dispatch(["explore", "--db", str(db), "--no-browser"])
    except KeyboardInterrupt:  # before the explorer could take signals itself
        status = 0
    _say("\nStopped.")
    return status


def _run_agent(name: str, folder: Path, environment: Mapping[str, str]) -> bool:
    """Run one agent to its end and say in a line how it went."""
    sys.stdout.write(f"    {name:<16} {AGENTS[name]:<60}")
    sys.stdout.flush()
    script = Path(__file__).parent / "agents" / f"{name}.py"
    program = [sys.executable, str(script)]
    command = [
        sys.executable,
        "-m",
        "otel_burn",
        "run",
        "--db",
        str(folder / DATABASE),
        "--no-report",
        "--",
        *program,
    ]
    log = folder / f"{name}.log"
    started = time.monotonic()
    with log.open("wb") as output, _child(command, folder / WORKSPACE, environment, output) as child:
        status = child.wait()
    _say(f"{time.monotonic() - started:5.1f} s" if status == 0 else f"exit code {status}, see {log}")
    return status == 0


@contextmanager
def _collector(folder: Path, environment: Mapping[str, str]) -> Iterator[str]:
    """A collector of our own on free ports; gives its URL, and ends with the block."""
    db = folder / DATABASE
    command = [
        sys.executable, "-m", "otel_burn", "collector", "--db", str(db), "--http-port", "0", "--grpc-port", "0",
        "--idle-timeout", str(_IDLE_SECONDS),
    ]  # fmt: skip
    log = folder / "collector.log"
    with log.open("wb") as output, _child(command, folder, environment, output) as child:
        deadline = time.monotonic() + _START_SECONDS
        while (found := running_collector.of_database(db)) is None:
            if child.poll() is not None or time.monotonic() > deadline:
                words = log.read_text(encoding="utf-8", errors="replace").strip() or "nothing"
                raise BurnError(f"the demo's collector did not start for {db}. It said: {words}")
            time.sleep(0.05)
        yield found.http_url


@contextmanager
def _child(
    command: list[str], cwd: Path, environment: Mapping[str, str], output: object
) -> Iterator[subprocess.Popen[bytes]]:
    """A process that does not outlive the block. Ctrl-C is ours: it reaches children through their stop."""
    _ENDING.hold()  # a process that is half made could not be stopped
    try:
        child = subprocess.Popen(
            command,
            cwd=cwd,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,  # type: ignore[call-overload]
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except BaseException:
        _ENDING.let()
        raise
    try:
        _ENDING.let()
        yield child
    finally:
        child.terminate()
        try:
            child.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


class _Ending:
    """Handles SIGINT and SIGTERM alike: as Ctrl-C, at once or when it is let.

    Not by a mask of signals: another thread of ours would take the signal, and Python raise it here all the same.
    """

    def __init__(self) -> None:
        self._holding = False
        self._held = False

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        if not self._holding:
            raise KeyboardInterrupt
        self._held = True

    def hold(self) -> None:
        """From here on, no signal interrupts."""
        self._holding = True

    def let(self) -> None:
        """From here on, signals do; one that came in the meantime does now."""
        self._holding = False
        if self._held:
            self._held = False
            raise KeyboardInterrupt


_ENDING: Final = _Ending()


@contextmanager
def _ending_by_signal() -> Iterator[None]:
    """SIGTERM stops the demo as Ctrl-C does, children first."""
    before = {number: signal.signal(number, _ENDING) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _environment(folder: Path, provider: ScriptedProvider) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_FOREIGN) and name.lower() not in _PROXIES
    }
    return {
        **kept,
        **provider.environment,
        "OTEL_BURN_HOME": str(folder / "home"),
    }


def _folder(chosen: Path | None) -> Path:
    if chosen is None:
        folder = Path(tempfile.mkdtemp(prefix="otel-burn-demo-"))
    else:
        folder = chosen
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BurnError(f"--data-dir {chosen} can't be made ({error}); name another folder") from error
    write_workspace(folder / WORKSPACE)
    return folder.resolve()


def _require(*packages: str) -> None:
    missing = [package for package in packages if find_spec(package) is None]
    if missing:
        raise BurnError(
            f"the demo shows every part of otel-burn, and {', '.join(missing)} is not installed here. "
            "Install everything with: pip install 'otel-burn[all]'"
        )


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
