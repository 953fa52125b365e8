"""What do the explorer's tests share? Ledgers filled through the real door, and pages run on them."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from otel_burn import names
from otel_burn_analytics.findings import judge
from otel_burn_collector.journal.records import Encoding, Kind
from otel_burn_collector.offline import Offline
from otel_burn_collector.reader import Ledger, find_collector, open_ledger
from otel_burn_collector.store.database import open_store
from otel_burn_dashboards import background

APP = Path(__file__).parents[2] / "dashboards" / "otel_burn_dashboards" / "app.py"

START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
HOSTILE = "![x](http://evil.example/x.png)"
"""An agent's name that would load an image from elsewhere, were it read as Markdown."""

UNPRICED = "house-model-1"

Block = tuple[str, str, int, str, str]
"""Kind, content, bytes, tool_call_id, error class."""


def call(
    number: int,
    *,
    session: str,
    agent: str,
    model: str = "gpt-5-mini",
    provider: str = "openai",
    tokens: tuple[int, int, int] = (1000, 0, 50),
    blocks: Sequence[Block] = (),
    tools: Sequence[tuple[str, str, str]] = (),
    error: str = "",
) -> dict[str, Any]:
    """A span of one LLM call as otel_burn writes it, in OTLP/JSON; *tools* are (id, name, arguments)."""
    read, cached, written = tokens
    attributes: dict[str, Any] = {
        names.OPERATION_NAME: "chat",
        names.PROVIDER_NAME: provider,
        names.REQUEST_MODEL: model,
        names.CONVERSATION_ID: session,
        names.AGENT_NAME: agent,
        names.CALL_ID: f"{session}-{number}",
        names.ATTEMPT_NUMBER: 1,
        names.SERVER_ADDRESS: "api.openai.com" if provider == "openai" else "llm.internal",
    }
    if error:
        attributes |= {
            names.ERROR_TYPE: error,
            names.HTTP_STATUS_CODE: int(error),
            names.USAGE_STATUS: "missing",
        }
    else:
        attributes |= {
            names.RESPONSE_MODEL: model,
            names.USAGE_INPUT_TOKENS: read,
            names.USAGE_CACHE_READ_INPUT_TOKENS: cached,
            names.USAGE_OUTPUT_TOKENS: written,
            names.USAGE_STATUS: "exact",
        }
    if blocks:
        attributes |= manifest(blocks)
    if tools:
        attributes |= asked(tools)
    started = START + timedelta(seconds=20 * number)
    return {
        "traceId": _digest(session)[:32],
        "spanId": _digest(f"{session}-{number}")[:16],
        "name": f"chat {model}",
        "kind": 3,
        "startTimeUnixNano": str(int(started.timestamp()) * 10**9),
        "endTimeUnixNano": str(int(started.timestamp()) * 10**9 + 1_500_000_000),
        "status": {"code": 2} if error else {},
        "attributes": [{"key": key, "value": _value(value)} for key, value in attributes.items()],
    }


def manifest(blocks: Sequence[Block]) -> dict[str, Any]:
    """The context manifest of a call."""
    return {
        names.CONTEXT_VERSION: 1,
        names.CONTEXT_STATUS: "full",
        names.CONTEXT_KINDS: [block[0] for block in blocks],
        names.CONTEXT_HASHES: [_digest(block[1])[:16] for block in blocks],
        names.CONTEXT_BYTES: [block[2] for block in blocks],
        names.CONTEXT_TOOL_CALL_IDS: [block[3] for block in blocks],
        names.CONTEXT_ERRORS: [block[4] for block in blocks],
    }


def asked(tools: Sequence[tuple[str, str, str]]) -> dict[str, Any]:
    """The tool calls that a model asked for."""
    return {
        names.TOOL_CALLS_IDS: [tool[0] for tool in tools],
        names.TOOL_CALLS_NAMES: [tool[1] for tool in tools],
        names.TOOL_CALLS_ARGS_HASHES: [_digest(tool[2])[:16] for tool in tools],
        names.TOOL_CALLS_ARGS_BYTES: [len(tool[2]) for tool in tools],
        names.TOOL_CALLS_ARGS: ["{}" for _ in tools],
        names.TOOL_CALLS_EFFECTS: ["run" for _ in tools],
    }


def looping() -> list[dict[str, Any]]:
    """A session that runs the same failing tests in each of seven turns."""
    blocks: list[Block] = [("system", "be good", 4000, "", ""), ("user", "fix the tests", 60, "", "")]
    spans = []
    for turn in range(1, 8):
        spans.append(
            call(turn, session="looping", agent="fixer", blocks=blocks, tokens=(1000 + 40 * turn, 0, 30),
                 tools=[(f"t{turn}", "run_tests", "pytest -q")] if turn < 7 else [])
        )  # fmt: skip
        blocks = [
            *blocks,
            ("tool_call", "pytest -q", 20, f"t{turn}", ""),
            ("tool_result", "no module named shop", 180, f"t{turn}", "ModuleNotFoundError"),
        ]
    return spans


def spans() -> list[dict[str, Any]]:
    """A loop, a model without a price, a refused call, and an agent with a hostile name."""
    housed = partial(call, session="housed", agent="librarian", model=UNPRICED, provider="house")
    return [
        *looping(),
        *(housed(turn, tokens=(5000, 0, 100)) for turn in range(1, 4)),
        housed(4, error="429"),
        call(1, session="hostile", agent=HOSTILE, tokens=(2000, 500, 70)),
    ]


def fill(db: Path, sent: Sequence[dict[str, Any]], *, judged: bool = True) -> Path:
    """Have these spans arrive in *db*."""
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]}
    scope = {"scope": {"name": names.SCOPE, "version": "0.1.0"}, "spans": list(sent)}
    body = {"resourceSpans": [{"resource": resource, "scopeSpans": [scope]}]} if sent else {}
    with Offline(db) as offline:
        if sent:
            offline.put(Kind.TRACES, Encoding.JSON, json.dumps(body).encode())
    if judged:
        with open_ledger(db) as ledger:
            judge(ledger)
    return db


@pytest.fixture(scope="session")
def made() -> SimpleNamespace:
    """What the conftests below make their ledgers of."""
    return SimpleNamespace(call=call, looping=looping, fill=fill)


@pytest.fixture(scope="session")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with three sessions. Tests only read it."""
    return fill(tmp_path_factory.mktemp("ledger") / "burn.duckdb", spans())


@pytest.fixture(scope="session")
def empty_db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that has received nothing."""
    return fill(tmp_path_factory.mktemp("empty") / "burn.duckdb", ())


@pytest.fixture
def ledger(db: Path) -> Iterator[Ledger]:
    """The ledger in `db`."""
    with open_ledger(db) as opened:
        yield opened


class Collector:
    """A collector of a database of its own: started, stopped, killed and frozen as often as a test wants."""

    def __init__(self, db: Path) -> None:
        self.db = db
        self.announced = db.with_name(f"{db.name}.d") / "collector.json"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Have it run, and answer."""
        command = [sys.executable, "-m", "otel_burn", "collector", "--db", str(self.db)]
        self._process = subprocess.Popen(
            [*command, "--http-port", "0", "--grpc-port", "0"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        deadline = time.monotonic() + 60
        while find_collector(self.db) is None:
            assert time.monotonic() < deadline
            time.sleep(0.1)

    def send(self, which: signal.Signals) -> None:
        """Send a signal to all of its processes."""
        assert self._process
        pid = self._process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for one in (pid, *map(int, children)):
            os.kill(one, which)

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Have it end, and wait for that."""
        if self._process is not None:
            self.send(how)
            self._process.wait(30)
            self._process = None


@pytest.fixture(scope="module")
def away_db(db: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that collectors of this module write to."""
    return Path(shutil.copy(db, tmp_path_factory.mktemp("away") / "burn.duckdb"))


@pytest.fixture(scope="module")
def running(away_db: Path) -> Iterator[Collector]:
    """A collector that runs."""
    collector = Collector(away_db)
    collector.start()
    yield collector
    collector.end(signal.SIGKILL)


OpenPage = Callable[..., AppTest]


@pytest.fixture
def open_page(monkeypatch: pytest.MonkeyPatch) -> OpenPage:
    """Opens a page of the explorer on a database, with the query parameters of its URL."""

    def opened(page: str, database: Path, **params: str) -> AppTest:
        monkeypatch.setenv("OTEL_BURN_DB", str(database))
        # Nobody looks again in half a second here, as a browser does; however slow the machine, a run shows the answer.
        monkeypatch.setattr(background, "AT_ONCE", 30.0)
        st.cache_data.clear()
        app = AppTest.from_file(APP, default_timeout=30)
        app.query_params.update(params)
        if page != "burn":
            app.switch_page(f"app_pages/{page}.py")
        return app.run()

    return opened


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, list):
        return {"arrayValue": {"values": [_value(item) for item in value]}}
    if isinstance(value, int):
        return {"intValue": str(value)}
    return {"stringValue": value}


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


@pytest.fixture
def spanless(tmp_path: Path) -> tuple[Path, str]:
    """A ledger with two calls whose spans are gone, and their trace."""
    database = fill(
        tmp_path / "burn.duckdb", [call(n, session="s", agent="a") for n in range(2)], judged=False
    )
    with closing(open_store(database)) as store:
        store.execute("DELETE FROM store.otlp_spans")
    return database, _digest("s")[:32]


@pytest.fixture(scope="session")
def fill_spans() -> Callable[[Path, Iterable[str]], Path]:
    """Has one trace of an application's own spans arrive in a database: one for each operation."""

    def filled(database: Path, operations: Iterable[str]) -> Path:
        sent = []
        for number, operation in enumerate(operations):
            one = call(number, session="s", agent="a")
            said = [{"key": names.OPERATION_NAME, "value": {"stringValue": operation}}]
            sent.append(one | {"traceId": "a" * 32, "name": operation, "attributes": said})
        return fill(database, sent, judged=False)

    return filled
