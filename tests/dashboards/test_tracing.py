"""Is a trace laid out as it was, whatever is missing in it?"""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_burn_collector.reader import Ledger, open_ledger
from otel_burn_dashboards import tracing

MS = 1_000_000
COLUMNS = {
    "span_id": pl.String, "parent_span_id": pl.String, "name": pl.String, "failed": pl.Boolean, "began": pl.Int64,
    "ended": pl.Int64, "operation": pl.String, "usd": pl.Float64, "tokens": pl.Int64, "is_call": pl.Boolean,
    "whole": pl.Int64,
}  # fmt: skip


def span(name: str, parent: str | None, begin: float, end: float, **said: Any) -> dict[str, Any]:
    """A span from *begin* to *end* (ms), as `sql/trace.sql` gives it."""
    row = {"span_id": name, "parent_span_id": parent, "name": name, "failed": False, "began": int(begin * MS),
           "ended": int(end * MS), "operation": None, "usd": None, "tokens": None, "is_call": False,
           "whole": 1}  # fmt: skip
    return row | said


def tree(*spans: dict[str, Any], measure: str = "time") -> tracing.Tree:
    """The tree of these spans."""
    return tracing.tree(pl.DataFrame(list(spans), schema=COLUMNS), measure)


def shown(of: tracing.Tree) -> dict[str, tuple[float, float]]:
    """What each span burned itself, and with all below it."""
    return {name: (own, total) for name, own, total in of.spans.select("name", "own", "total").rows()}


def test_own_and_total_are_told_apart() -> None:
    """A parent that burned nothing itself has its children's dollars as its total, never as its own."""
    of = tree(
        span("root", None, 0, 10),
        span("a", "root", 1, 4, usd=0.5),
        span("b", "a", 2, 3, usd=0.25),
        measure="dollars",
    )
    assert shown(of) == {"root": (0.0, 0.75), "a": (0.5, 0.75), "b": (0.25, 0.25)}
    assert of.spans["depth"].to_list() == [0, 1, 2]


def test_a_trace_says_what_it_burned() -> None:
    """Calls, tokens and dollars of all spans; what nobody told is unknown, not 0."""
    calls = [
        span("a", None, 0, 1, is_call=True, usd=0.5, tokens=10),
        span("b", "a", 0, 1, is_call=True, tokens=5),
    ]
    of = tree(*calls)
    assert (of.calls, of.tokens, of.usd) == (2, 15, 0.5)
    untold = tree(span("c", None, 0, 1))
    assert (untold.calls, untold.tokens, untold.usd) == (0, None, None)


def test_own_time_is_what_no_child_covers() -> None:
    """Parallel children count once; a child that goes on after its parent covers it to its end."""
    of = tree(
        span("root", None, 0, 10),
        span("a", "root", 1, 5),
        span("b", "root", 3, 6),
        span("late", "root", 9, 20),
    )
    assert shown(of)["root"] == (4.0, 10.0)


def test_spans_without_their_parent_stand_at_the_top() -> None:
    """A running agent's root has not arrived yet: its calls are seen all the same."""
    of = tree(span("a", "missing", 0, 1), span("b", "a", 0, 1))
    assert dict(of.spans.select("name", "depth").rows()) == {"a": 0, "b": 1}
    assert of.spans["parent"].to_list() == [-1, 0]


def test_a_circle_ends() -> None:
    """Two spans that name each other, and one that names itself, are shown once each."""
    of = tree(span("a", "b", 0, 1), span("b", "a", 0, 1), span("c", "c", 0, 1))
    assert sorted(of.spans["name"]) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("said", "category"),
    [({"failed": True, "is_call": True}, "failed"), ({"is_call": True}, "LLM call"), ({}, "other"),
     ({"operation": "execute_tool"}, "tool"), ({"operation": "invoke_agent"}, "agent")],
)  # fmt: skip
def test_a_span_is_what_it_did(said: dict[str, Any], category: str) -> None:
    """Its colour says so, and failing comes before everything."""
    (number,) = tree(span("a", None, 0, 1, **said)).spans["category"]
    assert tracing.CATEGORIES[number] == category


def test_a_trace_of_the_ledger_costs_what_its_calls_cost(ledger: Ledger) -> None:
    """The roots' totals are the calls' dollars."""
    (trace,) = {
        row["trace_id"]
        for row in ledger.query("SELECT trace_id FROM llm_calls WHERE session_id = 'looping'").to_pylist()
    }
    of = tracing.laid_out(ledger, trace=trace, measure="dollars")
    roots = of.spans.filter(pl.col("depth") == 0)["total"].sum()
    spent = ledger.query("SELECT sum(cost_usd)::DOUBLE AS usd FROM llm_calls WHERE session_id = 'looping'")[
        "usd"
    ][0].as_py()
    assert roots == pytest.approx(spent)
    assert of.spans.height == 7


def test_calls_whose_spans_are_gone_stand_for_themselves(spanless: tuple[Path, str]) -> None:
    """Retention purges spans, and log records have none: the trace shows its calls and what they cost all the same."""
    db, trace = spanless
    with open_ledger(db) as ledger:
        of = tracing.laid_out(ledger, trace=trace, measure="dollars")
        (call,) = ledger.query("SELECT min_by(call_id, started_at) AS call_id FROM llm_calls")[
            "call_id"
        ].to_pylist()
        _, told = tracing.span(ledger, trace=trace, span=call)
    assert set(of.spans["name"]) == {"chat gpt-5-mini"}
    assert (of.spans.height, of.spans["total"].sum() > 0, told["turn"].to_list()) == (2, True, [1])


@given(st.lists(st.integers(0, 30), max_size=30))
def test_every_span_is_there_once_with_its_parent_before_it(parents: list[int]) -> None:
    """Whatever names whatever as its parent: circles too, spans that hang on one, and parents that never came."""
    of = tree(*(span(str(number), str(parent), number, 40) for number, parent in enumerate(parents)))
    assert sorted(of.spans["span_id"], key=int) == [str(number) for number in range(len(parents))]
    depths = of.spans["depth"].to_list()
    for place, above in enumerate(of.spans["parent"]):
        assert (above < place) & (depths[place] == (depths[above] + 1 if above >= 0 else 0))


def test_siblings_stand_by_their_beginning_and_what_is_below_keeps_together() -> None:
    """As one reads: the first child with all below it, then the next."""
    of = tree(
        span("second", "root", 5, 6),
        span("root", None, 0, 10),
        span("first", "root", 1, 2),
        span("below first", "first", 7, 8),
    )
    assert of.spans["name"].to_list() == ["root", "first", "below first", "second"]


def test_what_hangs_on_a_circle_stays_there() -> None:
    """Only the first span of the circle goes to the top, though a span that hangs on it began before."""
    of = tree(span("early", "a", 0, 9), span("a", "b", 1, 9), span("b", "a", 2, 9))
    assert dict(of.spans.select("name", "depth").rows()) == {"a": 0, "early": 1, "b": 1}


def test_of_a_very_large_trace_calls_are_kept(tmp_path: Path, fill_spans: Any, monkeypatch: Any) -> None:
    """What is left out is what lasted least and burned nothing, and how much it is is told."""
    filled = fill_spans(tmp_path / "burn.duckdb", ["step", "chat", "step"])
    monkeypatch.setattr(tracing, "SPANS_SHOWN", 1)
    with open_ledger(filled) as ledger:
        of = tracing.laid_out(ledger, trace="a" * 32, measure="time")
    assert (of.spans["name"].to_list(), of.whole) == (["chat"], 3)


def test_a_span_of_the_ledger_has_its_category(tmp_path: Path, fill_spans: Any) -> None:
    """Agents and tools are told by the operation that they say, as any framework writes it."""
    filled = fill_spans(tmp_path / "burn.duckdb", {"invoke_agent": "agent", "execute_tool": "tool"})
    with open_ledger(filled) as ledger:
        found = tracing.laid_out(ledger, trace="a" * 32, measure="time").spans
    told = {name: tracing.CATEGORIES[number] for name, number in found.select("name", "category").rows()}
    assert told == {"invoke_agent": "agent", "execute_tool": "tool"}
