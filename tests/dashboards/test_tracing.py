"""Is a trace laid out as it was, whatever is missing in it?"""

from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_burn_collector.reader import Ledger, open_ledger
from otel_burn_dashboards import tracing

MS = 1_000_000


def span(name: str, parent: str | None, begin: float, end: float, **said: Any) -> dict[str, Any]:
    """A span from *begin* to *end* (ms), as `sql/trace.sql` gives it."""
    row = {"span_id": name, "parent_span_id": parent, "name": name, "failed": False, "began": int(begin * MS),
           "ended": int(end * MS), "operation": None, "usd": None, "tokens": None, "is_call": False}  # fmt: skip
    return row | said


def tree(*spans: dict[str, Any], measure: str = "time") -> tracing.Tree:
    """The tree of these spans."""
    kinds = {"parent_span_id": pl.String, "operation": pl.String, "usd": pl.Float64, "tokens": pl.Int64}
    return tracing.tree(pl.DataFrame(list(spans), schema_overrides=kinds), measure)


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
    of = tracing.laid_out(ledger, trace=trace, measure="dollars").tree
    roots = of.spans.filter(pl.col("depth") == 0)["total"].sum()
    spent = ledger.query("SELECT sum(cost_usd)::DOUBLE AS usd FROM llm_calls WHERE session_id = 'looping'")[
        "usd"
    ][0].as_py()
    assert roots == pytest.approx(spent)
    assert of.spans.height == 7


def rows(*spans: dict[str, Any]) -> dict[str, int]:
    """In which row each span stands, by time."""
    return dict(tree(*spans).spans.select("name", "row").rows())


def test_what_ran_at_once_stands_in_rows_of_its_own() -> None:
    """Two agents side by side, each with a call below it, hide none of each other; what follows takes their rows."""
    assert rows(
        span("lead", None, 0, 20),
        span("writer", "lead", 1, 8),
        span("call of the writer", "writer", 2, 3),
        span("fixer", "lead", 2, 9),
        span("call of the fixer", "fixer", 3, 4),
        span("summary", "lead", 10, 12),
    ) == {"lead": 0, "writer": 1, "call of the writer": 2, "fixer": 3, "call of the fixer": 4, "summary": 1}


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 9), st.integers(0, 20)), max_size=25))
def test_no_two_spans_of_a_row_overlap(made: list[tuple[int, int, int]]) -> None:
    """Whatever hangs below whatever, and however long it goes on after its parent."""
    spans = [
        span(str(number), str(parent) if parent < number else None, begin, begin + length)
        for number, (begin, length, parent) in enumerate(made)
    ]
    laid = (
        tree(*spans).spans
        if spans
        else pl.DataFrame(schema={"row": pl.Int32, "begin": pl.Int64, "end": pl.Int64})
    )
    for row in laid.partition_by("row"):
        ends = [*row.sort("begin", "end").select("begin", "end").rows()]
        assert all(one[1] <= other[0] or one == other for one, other in pairwise(ends))


def test_a_span_of_the_ledger_has_its_category(tmp_path: Path, fill_spans: Any) -> None:
    """Agents and tools are told by the operation that they say, as any framework writes it."""
    filled = fill_spans(tmp_path / "burn.duckdb", {"invoke_agent": "agent", "execute_tool": "tool"})
    with open_ledger(filled) as ledger:
        found = tracing.laid_out(ledger, trace="a" * 32, measure="time").tree.spans
    told = {name: tracing.CATEGORIES[number] for name, number in found.select("name", "category").rows()}
    assert told == {"invoke_agent": "agent", "execute_tool": "tool"}
