"""Do the ready queries answer what they ask?"""

import json
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest

from otel_burn import names
from otel_burn.errors import BurnError
from otel_burn_collector.journal.records import Encoding, Kind
from otel_burn_collector.offline import Offline
from otel_burn_collector.questions import question, questions
from otel_burn_collector.reader import Ledger, open_ledger

BEGIN = 1_790_000_000
Row = dict[str, Any]


def digest(text: str, digits: int = 16) -> str:
    return sha256(text.encode()).hexdigest()[:digits]


def span(session: str, at: float, lasting: float = 1.0, **given: Any) -> Row:
    """One call as otel_burn reports it, *at* seconds after the beginning."""
    attributes = {
        names.OPERATION_NAME: "chat",
        names.PROVIDER_NAME: "openai",
        names.SERVER_ADDRESS: "api.openai.com",
        names.REQUEST_MODEL: "gpt-5-mini",
        names.RESPONSE_MODEL: "gpt-5-mini",
        names.CONVERSATION_ID: session,
        names.AGENT_NAME: session,
        names.CALL_ID: f"{session}-{at}",
        names.ATTEMPT_NUMBER: 1,
        names.USAGE_INPUT_TOKENS: 1000,
        names.USAGE_OUTPUT_TOKENS: 100,
        names.USAGE_STATUS: "exact",
    } | {getattr(names, key): value for key, value in given.items()}
    start, end = (int((BEGIN + moment) * 1e9) for moment in (at, at + lasting))
    return {
        "traceId": digest(session, 32),
        "spanId": digest(f"{session}{at}{given.get('ATTEMPT_NUMBER')}"),
        "name": "chat",
        "kind": 3,
        "startTimeUnixNano": str(start),
        "endTimeUnixNano": str(end),
        "status": {"code": 2} if "ERROR_TYPE" in given else {},
        "attributes": [
            {"key": key, "value": otlp(value)} for key, value in attributes.items() if value is not None
        ],
    }


def otlp(value: Any) -> Row:
    if isinstance(value, list):
        return {"arrayValue": {"values": [otlp(one) for one in value]}}
    return {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}


def looping() -> Iterator[Row]:
    """Four turns that run one tool with one result, each carrying all that came before."""
    blocks = [("system", "rules", 3000, ""), ("user", "fix it", 30, "")]
    for turn in range(1, 6):
        asked = [f"t{turn}"] if turn < 5 else []
        yield span(
            "looping",
            turn,
            0.5,
            USAGE_INPUT_TOKENS=1000 * turn,
            WORK_ID="TICKET-1",
            USER_ID="ann",
            CONTEXT_VERSION=1,
            CONTEXT_STATUS="full",
            CONTEXT_KINDS=[one[0] for one in blocks],
            CONTEXT_HASHES=[digest(one[1]) for one in blocks],
            CONTEXT_BYTES=[one[2] for one in blocks],
            CONTEXT_TOOL_CALL_IDS=[one[3] for one in blocks],
            TOOL_CALLS_IDS=asked,
            TOOL_CALLS_NAMES=["run_tests"] * len(asked),
            TOOL_CALLS_ARGS_HASHES=[digest("pytest")] * len(asked),
            TOOL_CALLS_ARGS_BYTES=[6] * len(asked),
            TOOL_CALLS_ARGS=["{}"] * len(asked),
            TOOL_CALLS_EFFECTS=["run"] * len(asked),
        )
        blocks += [("tool_call", "pytest", 6, f"t{turn}"), ("tool_result", "failed", 500, f"t{turn}")]


def spans() -> list[Row]:
    """One agent for each question."""
    failed = {"ERROR_TYPE": "429", "HTTP_STATUS_CODE": 429, "USAGE_STATUS": "missing", "RESPONSE_MODEL": None}
    return [
        *looping(),
        *(span("beating", 60 * beat, USAGE_INPUT_TOKENS=200, USAGE_OUTPUT_TOKENS=5) for beat in range(8)),
        *(span("fanning", 10 + part / 10, 5.0) for part in range(3)),
        span("cached", 1, USAGE_INPUT_TOKENS=10_000, USAGE_CACHE_READ_INPUT_TOKENS=9_000),
        span("thinking", 1, USAGE_REASONING_OUTPUT_TOKENS=80),
        span("unknown", 1, REQUEST_MODEL="house-1", RESPONSE_MODEL="house-1", PROVIDER_NAME="house"),
        span("retried", 1, CALL_ID="again", USAGE_INPUT_TOKENS=None, USAGE_OUTPUT_TOKENS=None, **failed),
        span("retried", 3, CALL_ID="again", ATTEMPT_NUMBER=2),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """A ledger with something to find for every question."""
    db = tmp_path_factory.mktemp("questions") / "burn.duckdb"
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]}
    scope = {"scope": {"name": names.SCOPE, "version": "0.1.0"}, "spans": spans()}
    body = {"resourceSpans": [{"resource": resource, "scopeSpans": [scope]}]}
    with Offline(db) as offline:
        offline.put(Kind.TRACES, Encoding.JSON, json.dumps(body).encode())
    return open_ledger(db)


def rows(ledger: Ledger, name: str, **given: str) -> list[Row]:
    ready = question(name)
    found: list[Row] = ledger.query(ready.sql, ready.bind(given)).to_pylist()
    return found


EXPECTED: list[tuple[str, dict[str, str], Row]] = [
    ("agents", {}, {"agent": "looping", "calls": 5, "failed": 0, "input": 15_000, "output": 500}),
    ("bill", {}, {"unit": "cache_read_tokens", "quantity": 9_000, "usd": Decimal("0.000225")}),
    ("blocks", {"session": "looping"}, {"kind": "system", "times": 5, "bytes": 3000}),
    ("burn", {}, {"model": "house-1", "calls": 1, "usd": None, "unpriced": 1}),
    (
        "cache",
        {},
        {"agent": "cached", "input": 10_000, "cached": 9_000, "cached_percent": 90.0, "saved_usd": 0.002025},
    ),
    ("certainty", {}, {"usage_status": "exact", "cost_status": "unpriced", "calls": 1, "usd": None}),
    ("cheaper", {"model": "gpt-5-nano"}, {"model": "gpt-5-mini", "calls": 19}),
    ("fanout", {}, {"session_id": "fanning", "at_once": 3, "calls": 3}),
    ("growth", {}, {"session_id": "looping", "first_input": 1000, "largest_input": 5000, "times": 5.0}),
    ("heartbeats", {}, {"agent": "beating", "calls": 8, "every_seconds": 60.0, "input": 1600, "output": 40}),
    (
        "loops",
        {},
        {"session_id": "looping", "tool_name": "run_tests", "times": 4, "first_turn": 1, "last_turn": 4},
    ),
    ("oversized", {}, {"model": "gpt-5-mini", "small_calls": 8, "input": 1600, "output": 40}),
    ("reasoning", {}, {"agent": "thinking", "output": 100, "reasoning": 80, "reasoning_percent": 80.0}),
    ("resent", {}, {"kind": "system", "times": 5, "bytes": 3000}),
    ("retries", {}, {"model": "gpt-5-mini", "status": "ok", "calls": 1, "attempts": 2, "retries": 1}),
    ("sessions", {}, {"session_id": "cached", "calls": 1, "cached_percent": 90.0}),
    ("tools", {}, {"tool_name": "run_tests", "calls": 4, "result_bytes": 2000}),
    ("turns", {"session": "looping"}, {"turn": 5, "input_tokens": 5000}),
    ("unpriced", {}, {"provider": "house", "model": "house-1", "calls": 1, "tokens": 1100}),
    ("users", {}, {"user_id": "ann", "calls": 5, "input": 15_000}),
    ("work", {}, {"work_id": "TICKET-1", "sessions": 1, "calls": 5, "agents": 1}),
]
"""A question, what is bound, and a row that has to be in the answer."""


@pytest.mark.parametrize(("name", "given", "expected"), EXPECTED, ids=[one[0] for one in EXPECTED])
def test_a_ready_query_finds_what_is_there(
    ledger: Ledger, name: str, given: dict[str, str], expected: Row
) -> None:
    """By hand on the ledger above."""
    found = rows(ledger, name, **given)
    assert [row for row in found if {key: row[key] for key in expected} == pytest.approx(expected)], found


def test_every_ready_query_is_tested_and_says_what_it_asks() -> None:
    """A title that is a question, and a line of what to know; findings need a detector to have run."""
    assert set(questions()) == {one[0] for one in EXPECTED} | {"findings"}
    for one in questions().values():
        assert one.title.endswith("?"), one.name
        assert one.about.endswith((".", "NULL")), one.name


def test_money_adds_up(ledger: Ledger) -> None:
    """Every way of cutting it has the same sum."""
    sums = {
        name: sum(row["usd"] or 0 for row in rows(ledger, name))
        for name in ("agents", "burn", "users", "work", "bill")
    }
    assert len(set(sums.values())) == 1, sums


def test_a_time_can_be_given_to_any(ledger: Ledger) -> None:
    """`since` leaves out what began before; nothing is left of a ledger of the past."""
    for one in questions().values():
        if "since" in one.parameters:
            assert rows(ledger, one.name, since="2099-01-01") == [], one.name


def test_findings_can_be_listed(ledger: Ledger) -> None:
    """None while no detector has run."""
    assert rows(ledger, "findings") == []


def test_what_is_not_there_is_named() -> None:
    """A wrong name and a wrong parameter are sentences with the remedy."""
    with pytest.raises(BurnError, match=r"There is no query 'nope'. `otel-burn sql --list`"):
        question("nope")
    with pytest.raises(BurnError, match=r"The query 'burn' has no parameter 'x'. It has: since"):
        question("burn").bind({"x": "1"})


def test_the_command_lists_and_asks(ledger: Ledger) -> None:
    """`--list`, `--query` with `--param`, a SELECT with `--param`, and neither."""

    def sql(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "otel_burn", "sql", *arguments, "--db", str(ledger.db)]
        return subprocess.run(command, capture_output=True, text=True, timeout=60)

    assert "What did each model burn? [since]" in sql("--list").stdout
    (row,) = json.loads(sql("--query", "unpriced", "--param", "since=2020-01-01", "--format", "json").stdout)
    assert row["model"] == "house-1"
    assert sql("SELECT $a || 'b' AS c", "--param", "a=1'; DROP", "--format", "csv").stdout == "c\n1'; DROPb\n"
    assert "Give one SELECT, or the name of a ready one" in sql().stderr
    assert "--param 'a' is not NAME=VALUE" in sql("SELECT 1", "--param", "a").stderr
