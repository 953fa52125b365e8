"""Does a call count once when the anthropic SDK traces it as well as we do? Real spans of both, nested."""

from typing import Any

import pyarrow.compute as pc
import pytest

from otel_burn_collector.batch import Batch

BOTH = {"otel_burn", "com.anthropic.sdk.python"}


def _of_scope(batch: Batch, scope: str, *, keep: bool) -> Batch:
    is_scope = pc.equal(batch.spans["scope_name"], scope)
    return Batch(batch.spans.filter(is_scope if keep else pc.invert(is_scope)), batch.logs, batch.metrics)


def test_each_call_counts_once(world: Any, native: Batch) -> None:
    """Five calls that arrive as twelve spans are five rows, each with both reporters."""
    assert native.spans.num_rows == 12
    world.apply(native)
    calls = world.calls()
    assert [call["input_tokens"] for call in calls] == [1000] * 5
    assert [call["output_tokens"] for call in calls] == [20] * 5
    assert all({source.split("@")[0] for source in call["sources"]} == BOTH for call in calls)


def test_parallel_identical_calls_stay_two(world: Any, native: Batch) -> None:
    """Equal requests and answers at the same time are two calls, each joined with its own twin."""
    world.apply(native)
    spans = {span["span_id"]: span["parent_span_id"] for span in world.rows("FROM spans")}
    together = [call for call in world.calls() if call["response_id"] in ("msg_3", "msg_4")]
    assert len(together) == 2
    assert len({spans[call["span_id"]] for call in together}) == 2


def test_two_refusals_and_an_answer_are_one_call_of_three_attempts(world: Any, native: Batch) -> None:
    """429, 429, 200: one call that went well, three attempts of which one was billed."""
    world.apply(native)
    (call,) = [call for call in world.calls() if call["attempts"] == 3]
    assert (call["status"], call["http_status"], call["error_type"], call["input_tokens"]) == (
        "ok",
        200,
        None,
        1000,
    )
    attempts = world.rows(f"FROM attempts WHERE call_id = '{call['call_id']}' ORDER BY number")
    assert [(each["number"], each["status"], each["http_status"]) for each in attempts] == [
        (1, "error", 429),
        (2, "error", 429),
        (3, "ok", 200),
    ]
    assert [each["usage"] and each["usage"]["input_tokens"] for each in attempts] == [None, None, 1000]


@pytest.mark.parametrize("late", sorted(BOTH))
def test_a_late_report_joins_the_call_it_reports(world: Any, native: Batch, late: str) -> None:
    """Whichever report comes first publishes the call; the other one is added to it, its id unchanged."""
    world.apply(_of_scope(native, late, keep=False))
    before = {call["call_id"] for call in world.calls()}
    world.apply(_of_scope(native, late, keep=True))
    assert {call["call_id"] for call in world.calls()} == before
    assert all(len(call["sources"]) == 2 for call in world.calls())


def test_what_arrives_again_counts_once(world: Any, native: Batch) -> None:
    """A batch that is delivered twice changes nothing."""
    world.apply(native)
    before = world.calls()
    world.apply(native)
    assert world.calls() == before
    assert world.rows("SELECT count(*) AS n FROM spans") == [{"n": 12}]
