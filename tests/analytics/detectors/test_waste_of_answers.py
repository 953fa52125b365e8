"""Are retry storms, answers thrown away and thinking without end found, and ordinary failures left alone?"""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from otel_burn_analytics.detectors import reasoning, retry_storms, thrown_away

REFUSED = {"status": "error", "http_status": 429, "error_type": "429"}


def failing(call: Any, pauses: list[float], **more: Any) -> list[Any]:
    """A call that works, then one that is refused after each of *pauses*, then one that works."""
    at, calls = 0.0, [call(input=100)]
    for pause in pauses:
        at += pause
        calls.append(call(input=0, output=0, at=at, more={**REFUSED, **more}))
    return [*calls, call(input=100, at=at + 60)]


def storms(frames: dict[str, pl.LazyFrame], attempts: pl.LazyFrame | None = None) -> list[dict[str, Any]]:
    none = pl.LazyFrame(schema=retry_storms.ATTEMPTS)
    return (
        retry_storms.DETECTOR.judge({**frames, "attempts": none if attempts is None else attempts})
        .collect()
        .to_dicts()
    )


def test_a_loop_that_does_not_wait_is_a_storm(world: Any, call: Any) -> None:
    """Six refusals half a second apart."""
    (row,) = storms(world(*failing(call, [0.5] * 6)))
    assert row["evidence"].startswith(
        "6 attempts failed one after the other (429), 0.5 to 0.5 s apart, and the pauses did not grow"
    )
    assert "Refused requests are not billed" in row["evidence"]
    assert len(row["call_ids"]) == 6
    assert row["first_detectable_call_id"] == "s1-call-4"


CALM = {
    "doubling": [0.5, 1, 2, 4, 8],
    "three tries": [0.5, 0.5, 0.5],
    "one an hour": [3_600] * 5,
}


@pytest.mark.parametrize("pauses", CALM.values(), ids=CALM.keys())
def test_what_backs_off_is_no_storm(world: Any, call: Any, pauses: list[float]) -> None:
    """Nor what happens now and then."""
    assert storms(world(*failing(call, pauses))) == []


def test_what_does_not_pass_is_no_storm(world: Any, call: Any) -> None:
    """A wrong key stays wrong: that is another mistake."""
    assert storms(world(*failing(call, [0.5] * 6, http_status=401))) == []


def test_attempts_within_one_call_count(world: Any, call: Any) -> None:
    """Where our own spans report them."""
    frames = world(call(input=100, more=REFUSED | {"attempts": 5}))
    start = frames["llm_calls"].collect()["started_at"][0]
    rows = [
        {"call_id": "s1-call-0", "number": n, "status": "error", "error_type": "529", "http_status": 529,
         "started_at": start + timedelta(seconds=n)} for n in range(5)
    ]  # fmt: skip
    (row,) = storms(frames, pl.LazyFrame(rows, schema=retry_storms.ATTEMPTS))
    assert row["call_ids"] == ["s1-call-0"]
    assert "(529)" in row["evidence"]


def test_a_broken_answer_that_is_asked_for_again_is_wasted(world: Any, call: Any) -> None:
    """At what the whole call cost; one that the next prompt carries on is not."""
    cut = {"finish_reason": "max_tokens"}
    calls = [
        call(input=5_000, output=3_000, more=cut), call(input=5_000, output=3_000, more=cut),
        call(input=5_000, output=900), call(input=6_000, output=3_000, more=cut), call(input=9_100, output=500),
    ]  # fmt: skip
    (row,) = thrown_away.DETECTOR.judge(world(*calls)).collect().to_dicts()
    assert row["call_ids"] == ["s1-call-0", "s1-call-1"]
    assert (row["tier"], row["wasted_tokens"]) == ("waste", 16_000)
    assert row["wasted_usd_low"] == row["wasted_usd_high"] == Decimal("0.12")
    assert row["evidence"].startswith("2 answers ended at the token limit, and no later prompt carries on")


def test_a_cut_answer_at_the_end_is_a_warning(world: Any, call: Any) -> None:
    """Somebody may have used it."""
    last = call(input=5_000, output=4_000, more={"finish_reason": "length"})
    (row,) = thrown_away.DETECTOR.judge(world(call(input=4_000), last)).collect().to_dicts()
    assert (row["tier"], row["wasted_usd_low"], row["wasted_usd_high"]) == (
        "warn",
        Decimal(0),
        Decimal("0.075"),
    )


@pytest.mark.parametrize(
    ("thought", "who"), [(4_000, reasoning), (3_000, thrown_away), (None, thrown_away)], ids=str
)
def test_a_cut_off_call_has_one_finding(world: Any, call: Any, thought: int | None, who: Any) -> None:
    """Nothing but thoughts is the model's thinking; a visible answer, or where nobody can tell, an answer lost."""
    more = {"finish_reason": "length", "reasoning_tokens": thought}
    frames = world(*[call(input=5_000, output=4_000, more=more)] * 2)
    found = [one.DETECTOR.judge(frames).collect() for one in (reasoning, thrown_away)]
    (row,) = pl.concat(found).to_dicts()
    assert row["detector"] == who.NAME


def test_finished_answers_are_left_alone(world: Any, call: Any) -> None:
    """And refused requests, of which there is no answer."""
    calls = [call(input=5_000, output=4_000), call(input=5_000, output=0, more=REFUSED)]
    assert thrown_away.DETECTOR.judge(world(*calls)).collect().is_empty()


def test_thinking_until_nothing_is_left_is_wasted(world: Any, call: Any) -> None:
    """The whole call."""
    calls = [
        call(input=1_000, output=800, more={"reasoning_tokens": 300}),
        call(input=1_000, output=4_000, more={"reasoning_tokens": 4_000, "finish_reason": "length"}),
    ]
    (row,) = reasoning.DETECTOR.judge(world(*calls)).collect().to_dicts()
    assert (row["tier"], row["call_ids"]) == ("waste", ["s1-call-1"])
    assert row["wasted_usd_high"] == Decimal("0.063")
    assert "1 call thought until the token limit and said nothing" in row["evidence"]


def test_long_thinking_for_short_answers_is_a_warning(world: Any, call: Any) -> None:
    """Nobody can tell whether it was needed."""
    calls = [call(input=500, output=5_050, more={"reasoning_tokens": 5_000}) for _ in range(6)]
    (row,) = reasoning.DETECTOR.judge(world(*calls)).collect().to_dicts()
    assert (row["tier"], row["wasted_tokens"], row["wasted_usd_low"]) == ("warn", 6 * 4_000, Decimal(0))
    assert row["wasted_usd_high"] == Decimal("0.36")
    assert row["first_detectable_call_id"] == "s1-call-4"


def test_a_thought_before_a_tool_call_is_left_alone(world: Any, call: Any) -> None:
    """As agents do."""
    calls = [call(input=500, output=330, more={"reasoning_tokens": 300}) for _ in range(50)]
    assert reasoning.DETECTOR.judge(world(*calls)).collect().is_empty()


@pytest.mark.parametrize(
    "detector", [retry_storms.DETECTOR, thrown_away.DETECTOR, reasoning.DETECTOR], ids=lambda one: one.name
)
def test_order_and_others_change_nothing(world: Any, call: Any, detector: Any) -> None:
    """Rows shuffled, another session beside it."""
    cut = {"finish_reason": "length", "reasoning_tokens": 3_000}
    mine = [*failing(call, [0.5] * 6), *(call(input=5_000, output=n, more=cut) for n in (3_000, 3_500))]
    other = [call(input=70, session="s2") for _ in range(3)]
    attempts = {"attempts": pl.LazyFrame(schema=retry_storms.ATTEMPTS)}
    alone = detector.judge({**world(*mine), **attempts}).collect()
    mixed = {
        name: frame.collect().sample(fraction=1, shuffle=True, seed=3).lazy()
        for name, frame in world(*mine, *other).items()
    }
    assert_frame_equal(detector.judge({**mixed, **attempts}).collect(), alone)
    assert not alone.is_empty()
    assert (
        detector.judge({name: frame.limit(0) for name, frame in {**mixed, **attempts}.items()})
        .collect()
        .is_empty()
    )
