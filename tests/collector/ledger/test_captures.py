"""Does the telemetry of real agents land as the calls and tokens that were served, once?"""

import json
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from otel_burn_collector.batch import Batch

SCRIPT = Path(__file__).parents[3] / "scripts" / "replay_captures.py"
NO_REASONING = ("claude-code-2.1.330", "claude-code-2.1.330__resume-fork")
"""They export no reasoning tokens over OTLP."""

EXACT = (
    *NO_REASONING,
    "codex-0.169.0",
    "gemini-cli-0.61.0",
    "py-openai+anthropic__openllmetry-0.62.4",
    "py-openai-agents-0.24.0__openinference-2.6.0",
    "py-pydantic-ai-2.68.0__anthropic",
    "py-pydantic-ai-2.68.0__openai",
    "py-smolagents-1.26.0__openinference",
)
"""Every token of every call."""
UNREACHABLE = {
    "openclaw-2026.4.29__chat-send": (
        "it reports usage once a turn: one of the turn's seven calls has all of it",
        {},
    ),
    "opencode-1.18.33": (
        "it exits without flushing: two of eight spans never arrived",
        {"calls": 6, "input_uncached": 661, "cache_read": 31744, "cache_creation": 8782, "output": 260},
    ),
    "py-litellm-1.106.2__otel-callback": (
        "it loses its last span at exit",
        {"calls": 6, "input_uncached": 2279, "cache_read": 7296, "output": 493},
    ),
    "py-openai-3.54.0__otel-openai-v2-2.4b0": (
        "it neither traces the Responses API nor reports cached tokens",
        {"input_uncached": 24327, "cache_read": 0, "output": 1108, "calls": 21},
    ),
}
"""What OTLP alone cannot say, and what it does say."""


@pytest.fixture(scope="module")
def replaying() -> dict[str, Any]:
    if not SCRIPT.is_file():
        pytest.skip(f"needs {SCRIPT}, which is not in a wheel")
    return runpy.run_path(str(SCRIPT))


@pytest.fixture
def land(world: Any, captures: Path, read_folder: Any, replaying: dict[str, Any]) -> Any:
    """Loads a capture, cut into *parts* in the given order, and compares the ledger with what was served."""

    def landed(capture: str, parts: Any = lambda batch: [batch]) -> Any:
        folder = captures / capture
        for part in parts(read_folder(folder / "otlp")):
            world.apply(part)
        rows = world.rows(f"{replaying['CALLS']} FROM llm_calls WHERE status = 'ok'")
        return replaying["compare"](
            rows, replaying["served"](json.loads((folder / "truth.json").read_text()))
        )

    return landed


def twice_and_backwards(batch: Batch) -> Iterator[Batch]:
    """*batch* in two parts, the last of them first and backwards, each of them sent twice."""
    for second in (True, False):
        tables = [_half(each, second=second) for each in (batch.spans, batch.logs, batch.metrics)]
        yield from [Batch(*tables)] * 2


def _half(table: Any, *, second: bool) -> Any:
    middle = table.num_rows // 2
    places = range(table.num_rows - 1, middle - 1, -1) if second else range(middle - 1, -1, -1)
    return table.take(pa.array(places, pa.int64()))


@pytest.mark.recorded
@pytest.mark.parametrize("capture", EXACT)
def test_a_capture_lands_as_what_was_served(land: Any, capture: str) -> None:
    """Each call of truth.json is one row with its tokens of every class, streams served without usage included."""
    compared = land(capture)
    assert (compared.missing, compared.extra) == ([], [])


@pytest.mark.recorded
@pytest.mark.parametrize("capture", EXACT)
def test_a_capture_that_is_sent_twice_and_backwards_lands_the_same(land: Any, capture: str) -> None:
    """Neither order nor repetition counts, whatever the batches."""
    compared = land(capture, twice_and_backwards)
    assert (compared.missing, compared.extra) == ([], [])


@pytest.mark.recorded
@pytest.mark.parametrize("parts", [None, twice_and_backwards], ids=["once", "twice and backwards"])
@pytest.mark.parametrize("capture", UNREACHABLE)
def test_a_capture_lands_as_far_as_its_telemetry_goes(land: Any, capture: str, parts: Any) -> None:
    """Where an emitter leaves something out, exactly that is missing, and nothing is made up."""
    reason, said = UNREACHABLE[capture]
    compared = land(capture, *([parts] if parts else []))
    truth = {key: count for key, count in compared.truth.items() if " " not in key}
    assert {key: compared.found[key] for key in truth} == truth | said, reason


@pytest.mark.recorded
def test_a_resumed_and_a_forked_session_are_told_apart(world: Any, land: Any) -> None:
    """Claude Code's resumed session keeps its id, the fork has one of its own; no call is in both."""
    land("claude-code-2.1.330__resume-fork")
    assert sorted(row["calls"] for row in world.rows("FROM sessions")) == [1, 3]


@pytest.mark.recorded
@pytest.mark.parametrize("capture", ["claude-code-2.1.330", "codex-0.169.0"])
def test_an_agents_spans_and_logs_are_the_same_calls(world: Any, land: Any, capture: str) -> None:
    """Each call has both signals among its sources, its session and its model."""
    land(capture)
    calls = world.calls()
    assert all(len(call["sources"]) == 2 for call in calls)
    assert {row["session_source"] for row in world.rows("FROM sessions")} == {"given"}
    assert all(call["request_model"] and call["cost_status"] == "computed" for call in calls)
