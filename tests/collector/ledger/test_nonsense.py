"""Does nonsense from one emitter cost more than its own row? It must not stop a batch."""

from typing import Any

import pytest

from otel_burn_collector.batch import LOGS, SPANS

NONSENSE = [
    "",
    "null",
    "nan",
    "inf",
    "-1",
    "1e400",
    "99999999999999999999",
    "true",
    "[]",
    "[1,",
    '{"a": 1}',
    "\x00ü",
    "[null]",
]
YEAR_2262 = 2**63 - 1


@pytest.mark.parametrize("value", NONSENSE)
def test_a_batch_with_nonsense_in_every_attribute_loads(world: Any, value: str) -> None:
    """The good call beside it is counted as ever; of the bad one, nothing is made up."""
    (fields,) = world.rows(
        "SELECT list(DISTINCT attribute) AS found FROM store.dialect_fields WHERE dialect = 'otel_burn'"
    )
    said = dict.fromkeys(fields["found"], value) | {"gen_ai.operation.name": "chat"}
    world.load(world.span("otel_burn", said), world.chat(at=9, attributes={"gen_ai.conversation.id": "good"}))
    (good,) = world.rows("FROM llm_calls WHERE session_id = 'good'")
    assert (good["input_tokens"], good["turn"]) == (1000, 1)
    (bad,) = world.rows("FROM llm_calls WHERE session_id <> 'good'")
    assert bad["input_tokens"] is None
    assert bad["cost_usd"] is None


@pytest.mark.parametrize("times", [(0, 0), (None, None), (YEAR_2262, YEAR_2262), (YEAR_2262, 0), (5, None)])
def test_a_span_at_an_impossible_time_still_counts(world: Any, times: tuple[int | None, int | None]) -> None:
    """Before 1970, after 2250, ended before it began, or without a time."""
    world.load(world.chat(started_at=times[0], ended_at=times[1]), world.chat())
    assert [call["input_tokens"] for call in world.calls()] == [1000, 1000]


def test_a_log_without_anything_loads(world: Any) -> None:
    """Every field NULL but the id."""
    empty = dict.fromkeys(LOGS.names) | {"log_id": "0" * 32, "attributes": {}, "resource": {}}
    bare = dict.fromkeys(SPANS.names) | {
        "trace_id": "a" * 32,
        "span_id": "b" * 16,
        "attributes": {},
        "resource": {},
    }
    world.load(bare, logs=[empty])
    assert (len(world.rows("FROM logs")), len(world.rows("FROM spans")), world.calls()) == (1, 1, [])


def test_deeply_nested_tool_arguments_are_only_text(world: Any) -> None:
    """A log record may hold anything."""
    scope = "com.anthropic.claude_code.events"
    call = {"model": "claude-opus-4-8", "session.id": "s1", "input_tokens": 3, "output_tokens": 9}
    tool = {"session.id": "s1", "tool_name": "Bash", "tool_use_id": "t1", "tool_input": "[" * 100_000}
    world.load(logs=[world.log(scope, "api_request", call), world.log(scope, "tool_result", tool, at=1)])
    assert len(world.rows("FROM tool_calls")) == 1
