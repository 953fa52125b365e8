"""Which frames do the detectors' tests read? Built from a step a tool call, in a world whose clock ticks."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from otel_burn import names
from otel_burn.manifest import sketch
from otel_burn_analytics.steps import LLM_CALLS, TOOL_CALLS
from otel_burn_collector import ledger
from otel_burn_collector.batch import LOGS, METRICS, SPANS, Batch
from otel_burn_collector.store.database import open_store

START = datetime(2026, 11, 23, 9)  # noqa: DTZ001 - the ledger's times are UTC without a zone
TICK = timedelta(seconds=10)
USAGE = {"input_tokens": 1_000, "output_tokens": 50, "cost_usd": Decimal("0.010000000002")}

LoopFrames = tuple[pl.LazyFrame, pl.LazyFrame]


@dataclass(frozen=True)
class Step:
    """A tool call: `read f(a) = x`, with an error class instead of a result where `!` stands for `=`."""

    effect: str
    tool: str
    args: str | None
    result: str | None
    error: str | None


def step(text: str) -> Step:
    """The step that *text* spells; `?` is what nobody recorded."""
    for sign in (" = ", " ! "):
        if sign in text:
            call, outcome = text.split(sign)
            effect, request = call.split(" ", 1)
            tool, args = request.rstrip(")").split("(")
            known = None if outcome == "?" else outcome
            failed = known if sign == " ! " else None
            text_hash = f"text of {known}" if failed else known
            return Step(effect, tool, None if args == "?" else args or "nothing", text_hash, failed)
    raise ValueError(text)


def tool_frames(
    *steps: str, session: str = "s1", agent: str = "coder", together: int = 1, priced: bool = True
) -> LoopFrames:
    """The frames of a session in which each LLM call asks for *together* of the *steps*."""
    rows, calls = [], []
    for seq, one in enumerate(map(step, steps)):
        turn = seq // together
        call_id = f"{session}-call-{turn}"
        rows.append(
            {
                "call_id": call_id, "session_id": session, "agent_id": None, "turn": turn, "seq": seq,
                "effect": one.effect, "tool_call_id": f"{session}-tool-{seq}", "tool_name": one.tool,
                "args_hash": one.args, "args_sketch": sketch(one.args or ""), "result_hash": one.result,
                "result_sketch": sketch(one.result or ""), "result_bytes": 120 if one.result else None,
                "error_class": one.error, "started_at": START + turn * TICK,
            }
        )  # fmt: skip
        if seq % together == 0:
            call = {"call_id": call_id, "trace_id": f"{session}-trace", "span_id": f"{session}-span-{turn}"}
            call |= {"session_id": session, "started_at": START + turn * TICK}
            usage = USAGE if priced else {**USAGE, "cost_usd": None}
            calls.append({**call, "agent": agent, "work_id": None, **usage})
    return (
        pl.LazyFrame(rows, schema=TOOL_CALLS),
        pl.LazyFrame(calls, schema=LLM_CALLS),
    )


@pytest.fixture(name="tool_frames", scope="session")
def tool_frames_fixture() -> Callable[..., LoopFrames]:
    """Builds the frames that `find_loops` reads."""
    return tool_frames


def span(
    number: int, attributes: dict[str, object], *, run: str, agent: str, error: bool = False
) -> dict[str, object]:
    """A span as the decoder hands it over: strings as they are, everything else as JSON text."""
    texts = {
        name: value if isinstance(value, str) else json.dumps(value) for name, value in attributes.items()
    }
    at = START + number * TICK
    return {
        "trace_id": f"{number:032x}", "span_id": f"{number:016x}", "parent_span_id": None, "name": "chat",
        "kind": "CLIENT",
        "started_at": at, "ended_at": at + TICK / 2, "status": "ERROR" if error else "UNSET", "status_message": None,
        "service_name": agent, "scope_name": names.SCOPE, "scope_version": "0.1.0", "attributes": list(texts.items()),
        "resource": [(names.SERVICE_NAME, agent), (names.RUN_ID, run)], "events": None, "links": None,
    }  # fmt: skip


def call(
    number: int, *, model: str, agent: str, tokens: tuple[int, int], run: str, provider: str = "anthropic"
) -> dict[str, object]:
    """What a tap says of call *number* that used so many tokens in and out."""
    return {
        names.OPERATION_NAME: "chat", names.PROVIDER_NAME: provider, names.REQUEST_MODEL: model,
        names.RESPONSE_MODEL: model, names.RESPONSE_ID: f"response-{number}", names.AGENT_NAME: agent,
        names.RUN_ID: run, names.CALL_ID: f"call-{number}", names.ATTEMPT_NUMBER: 1,
        names.CONVERSATION_ID: f"{agent}-session", names.USAGE_STATUS: "exact",
        names.USAGE_INPUT_TOKENS: tokens[0], names.USAGE_OUTPUT_TOKENS: tokens[1],
    }  # fmt: skip


def manifest(blocks: Sequence[tuple[str, str, int, str, str]]) -> dict[str, object]:
    """The context manifest of (kind, hash, bytes, tool call id, error class) blocks."""
    kinds, hashes, sizes, ids, errors = (list(column) for column in zip(*blocks, strict=True))
    return {
        names.CONTEXT_VERSION: 1, names.CONTEXT_STATUS: "full", names.CONTEXT_KINDS: kinds,
        names.CONTEXT_HASHES: hashes, names.CONTEXT_BYTES: sizes, names.CONTEXT_TOOL_CALL_IDS: ids,
        names.CONTEXT_ERRORS: errors,
    }  # fmt: skip


def asks(tool: str, call_id: str, effect: str) -> dict[str, object]:
    """The tool call that an answer asked for, always with the same arguments."""
    return {
        names.TOOL_CALLS_IDS: [call_id], names.TOOL_CALLS_NAMES: [tool], names.TOOL_CALLS_ARGS_HASHES: ["a" * 16],
        names.TOOL_CALLS_ARGS_BYTES: [20], names.TOOL_CALLS_ARGS: ["{}"], names.TOOL_CALLS_EFFECTS: [effect],
    }  # fmt: skip


def looping() -> Iterator[dict[str, object]]:
    """Six calls of an agent that runs its failing tests five times, and a refused one."""
    context = [("system", "1" * 16, 4_000, "", "")]
    for turn in range(6):
        said = call(
            turn, model="claude-sonnet-4-5", agent="fixer", tokens=(1_000 + 200 * turn, 40), run="run-1"
        )
        more = asks("run_tests", f"t{turn}", "run") if turn < 5 else {}
        yield span(turn, {**said, **manifest(context), **more}, run="run-1", agent="fixer")
        context.append(("tool_result", "2" * 16, 800, f"t{turn}", "ModuleNotFoundError"))
    refused = {
        **call(6, model="claude-sonnet-4-5", agent="fixer", tokens=(0, 0), run="run-1"),
        names.USAGE_STATUS: "missing",
    }
    for unknown in (
        names.USAGE_INPUT_TOKENS,
        names.USAGE_OUTPUT_TOKENS,
        names.RESPONSE_ID,
        names.RESPONSE_MODEL,
    ):
        del refused[unknown]
    refused |= {names.ERROR_TYPE: "429", names.HTTP_STATUS_CODE: 429}
    yield span(6, refused, run="run-1", agent="fixer", error=True)


def hoarding() -> Iterator[dict[str, object]]:
    """Eight calls of an agent that carries a file of 9,000 tokens, and one of a model that nobody knows."""
    file = ("tool_result", "3" * 16, 36_000, "f0", "")
    for turn in range(8):
        context = [("system", "4" * 16, 4_000, "", ""), *([file] if turn else [])]
        said = call(
            10 + turn,
            model="gpt-5",
            provider="openai",
            agent="hoarder",
            run="run-2",
            tokens=(10_000 if turn else 1_000, 60),
        )
        more = asks("read_file", "f0", "read") if turn == 0 else {}
        yield span(10 + turn, {**said, **manifest(context), **more}, run="run-2", agent="hoarder")
    strange = call(30, model="acme-7b", provider="acme", agent="hoarder", tokens=(500, 20), run="run-2")
    yield span(30, strange, run="run-2", agent="hoarder")


@pytest.fixture(scope="session")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the calls of two agents in two runs, made by the ledger itself."""
    path = tmp_path_factory.mktemp("ledger") / "burn.duckdb"
    _arrive(path, [*looping(), *hoarding()])
    return path


@pytest.fixture(scope="session")
def one_more() -> Callable[[Path], None]:
    """Has another call of the looping agent arrive in a database."""
    said = call(7, model="claude-sonnet-4-5", agent="fixer", tokens=(1_000, 40), run="run-1")
    return lambda path: _arrive(path, [span(7, said, run="run-1", agent="fixer")])


@pytest.fixture
def recent(tmp_path: Path) -> Path:
    """An empty database."""
    path = tmp_path / "burn.duckdb"
    open_store(path).close()
    return path


@pytest.fixture(scope="session")
def one_more_failure() -> Callable[[Path, int], None]:
    """Has call number *n* of an agent that runs its failing tests again and again arrive, as of now."""

    def arrive(path: Path, number: int) -> None:
        said = call(
            100 + number, model="gpt-5", provider="openai", agent="live", tokens=(900, 40), run="run-3"
        )
        seen = [("system", "9" * 16, 4_000, "", "")]
        seen += [("tool_result", "8" * 16, 80, f"l{n}", "AssertionError") for n in range(1, number)]
        now = datetime.now(UTC).replace(tzinfo=None)
        made = span(
            100 + number,
            {**said, **manifest(seen), **asks("run_tests", f"l{number}", "run")},
            run="run-3",
            agent="live",
        )
        _arrive(path, [made | {"started_at": now, "ended_at": now + TICK / 100}])

    return arrive


def _arrive(path: Path, spans: Sequence[dict[str, object]]) -> None:
    con = open_store(path)
    con.execute("BEGIN")
    table = pa.Table.from_pylist(list(spans), schema=SPANS)
    ledger.apply(con, Batch(table, LOGS.empty_table(), METRICS.empty_table()))
    con.execute("COMMIT")
    con.close()


@pytest.fixture
def loop_spans() -> list[dict[str, object]]:
    """The calls of an agent that runs its failing tests five times."""
    return list(looping())


@pytest.fixture
def arrived(tmp_path: Path) -> Callable[[str, Sequence[dict[str, object]]], Path]:
    """Has spans arrive in a database of a name."""

    def arrive(name: str, spans: Sequence[dict[str, object]]) -> Path:
        path = tmp_path / f"{name}.duckdb"
        _arrive(path, spans)
        return path

    return arrive
