"""Does the telemetry of real agents land as the calls and tokens that were served, once?"""

import json
from pathlib import Path
from typing import Any

import pytest

CAPTURES = Path(__file__).parents[4] / "shared" / "data" / "captures"
FIELDS = {
    "input_uncached": "uncached_input_tokens",
    "cache_read": "cache_read_tokens",
    "cache_creation": "cache_write_tokens",
    "output": "output_tokens",
    "reasoning": "reasoning_tokens",
}
NO_REASONING = "it exports no reasoning tokens over OTLP"

EXACT = (
    "codex-0.169.0",
    "gemini-cli-0.61.0",
    "py-openai+anthropic__openllmetry-0.62.4",
    "py-openai-agents-0.24.0__openinference-2.6.0",
    "py-pydantic-ai-2.68.0__anthropic",
    "py-pydantic-ai-2.68.0__openai",
    "py-smolagents-1.26.0__openinference",
)
"""Every token and every call."""
UNREACHABLE = {
    "claude-code-2.1.330": (NO_REASONING, {"reasoning": 0}),
    "claude-code-2.1.330__resume-fork": (NO_REASONING, {"reasoning": 0}),
    "openclaw-2026.4.29__chat-send": (
        "it reports usage once a turn, so its seven calls are one row",
        {"calls": 1},
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
        {"input_uncached": 24327, "cache_read": 0, "output": 1108, "reasoning": 0, "calls": 21},
    ),
}
"""What OTLP alone cannot say, and what it does say."""


def _landed(world: Any, capture: str, read_folder: Any) -> tuple[dict[str, int], dict[str, int]]:
    folder = CAPTURES / capture
    if not folder.is_dir():
        pytest.skip(f"needs the recorded telemetry in {folder}, which is not here")
    world.apply(read_folder(folder / "otlp"))
    sums = ", ".join(f"coalesce(sum({column}), 0)::BIGINT AS {name}" for name, column in FIELDS.items())
    (found,) = world.rows(f"SELECT count(*) AS calls, {sums} FROM llm_calls")
    truth = json.loads((folder / "truth.json").read_text())
    served = truth["llm_calls"] + len(truth["served_without_usage"])
    return found, {"calls": served} | {name: truth["totals"][name] for name in FIELDS}


@pytest.mark.recorded
@pytest.mark.parametrize("capture", EXACT)
def test_a_capture_lands_as_what_was_served(world: Any, read_folder: Any, capture: str) -> None:
    """Tokens of every class and the number of calls equal truth.json, streams served without usage included."""
    found, truth = _landed(world, capture, read_folder)
    assert found == truth


@pytest.mark.recorded
@pytest.mark.parametrize("capture", UNREACHABLE)
def test_a_capture_lands_as_far_as_its_telemetry_goes(world: Any, read_folder: Any, capture: str) -> None:
    """Where an emitter leaves something out, exactly that is missing, and nothing is made up."""
    reason, said = UNREACHABLE[capture]
    found, truth = _landed(world, capture, read_folder)
    assert found == truth | said, reason
    print(f"{capture} cannot reach truth.json: {reason}")


@pytest.mark.recorded
def test_a_resumed_and_a_forked_session_are_told_apart(world: Any, read_folder: Any) -> None:
    """Claude Code's resumed session keeps its id, the fork has one of its own; no call is in both."""
    _landed(world, "claude-code-2.1.330__resume-fork", read_folder)
    assert sorted(row["calls"] for row in world.rows("FROM sessions")) == [1, 3]


@pytest.mark.recorded
@pytest.mark.parametrize("capture", ["claude-code-2.1.330", "codex-0.169.0"])
def test_an_agents_spans_and_logs_are_the_same_calls(world: Any, read_folder: Any, capture: str) -> None:
    """Each call has both signals among its sources, its session and its model."""
    _landed(world, capture, read_folder)
    calls = world.calls()
    assert all(len(call["sources"]) == 2 for call in calls)
    assert {row["session_source"] for row in world.rows("FROM sessions")} == {"given"}
    assert all(call["request_model"] and call["cost_status"] == "computed" for call in calls)
