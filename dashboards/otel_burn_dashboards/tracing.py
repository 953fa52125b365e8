"""How is a trace laid out? Spans become a tree with what each burned itself and with all below it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import polars as pl

from otel_burn_collector.reader import Ledger
from otel_burn_dashboards.asking import ask, ask_spent
from otel_burn_dashboards.scope import Scope

SPANS_SHOWN: Final = 100_000
"""The longest ones of a trace: what is left out could not be seen."""
TRACES_SHOWN: Final = 100

MEASURES: Final[Mapping[str, str]] = {"time": "ms", "tokens": "tokens", "dollars": "$"}
CATEGORIES: Final = ("LLM call", "tool", "agent", "other", "failed")


@dataclass(frozen=True)
class Tree:
    """The spans of a trace in drawing order, parents before their children; lists are parallel.

    Spans whose parent has not arrived stand at the top, so a running agent's are seen before its root has ended.
    """

    ids: Sequence[str]
    names: Sequence[str]
    categories: Sequence[int]
    parents: Sequence[int]
    depths: Sequence[int]
    begins: Sequence[float]
    """Milliseconds since the first span's start."""
    ends: Sequence[float]
    own: Sequence[float]
    """Of the measure, what the span burned itself."""
    totals: Sequence[float]
    """The same with all spans below it; of time, how long it lasted."""

    @property
    def data(self) -> dict[str, Any]:
        """What the canvas draws."""
        known = {name: place for place, name in enumerate(dict.fromkeys(self.names))}
        return {
            "names": list(known), "name": [known[name] for name in self.names], "category": list(self.categories),
            "parent": list(self.parents), "depth": list(self.depths), "begin": [round(at, 3) for at in self.begins],
            "end": [round(at, 3) for at in self.ends], "own": list(self.own), "total": list(self.totals),
        }  # fmt: skip


class Traced(NamedTuple):
    """The spans of a trace, and how they are drawn."""

    spans: pl.DataFrame
    tree: Tree


def spans(ledger: Ledger, *, trace: str) -> pl.DataFrame:
    """The spans of a trace."""
    return ask(ledger, "trace", {"trace": trace, "top": SPANS_SHOWN})


def laid_out(ledger: Ledger, *, trace: str, measure: str) -> Traced:
    """A trace, drawn by time, tokens or dollars."""
    found = spans(ledger, trace=trace)
    return Traced(found, tree(found, measure))


def span(ledger: Ledger, *, trace: str, span: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """One span in full, and the LLM call that it reports."""
    named = {"trace": trace, "span": span}
    return ask(ledger, "span", named), ask(ledger, "span_call", named)


def traces(ledger: Ledger, *, scope: Scope) -> pl.DataFrame:
    """The traces with calls in scope, the most expensive first."""
    return ask_spent(ledger, "traces", scope, fine=True, top=TRACES_SHOWN)


def tree(spans: pl.DataFrame, measure: str) -> Tree:
    """The tree of *spans*, by time, tokens or dollars."""
    rows = spans.sort("began", "ended", descending=[False, True]).to_dicts()
    places = {row["span_id"]: place for place, row in enumerate(rows)}
    above = [places.get(row["parent_span_id"], -1) for row in rows]
    children: list[list[int]] = [[] for _ in rows]
    for place, parent in enumerate(above):
        if parent >= 0 and parent != place:
            children[parent].append(place)
    order, depths = _walk(above, children)
    first = min((row["began"] or 0 for row in rows), default=0)
    own, totals = _burned(rows, above, order, children, measure)
    drawn = {place: number for number, place in enumerate(order)}
    return Tree(
        ids=[rows[place]["span_id"] for place in order],
        names=[str(rows[place]["name"] or "unnamed span") for place in order],
        categories=[_category(rows[place]) for place in order],
        parents=[drawn.get(above[place], -1) if depths[place] else -1 for place in order],
        depths=[depths[place] for place in order],
        begins=[((rows[place]["began"] or first) - first) / 1e6 for place in order],
        ends=[((rows[place]["ended"] or rows[place]["began"] or first) - first) / 1e6 for place in order],
        own=[own[place] for place in order],
        totals=[totals[place] for place in order],
    )


def _walk(above: Sequence[int], children: Sequence[Sequence[int]]) -> tuple[list[int], dict[int, int]]:
    """Every span once, parents first, and how deep it lies; spans in a circle stand at the top."""
    order: list[int] = []
    depths: dict[int, int] = {}
    roots = [place for place, parent in enumerate(above) if parent < 0 or parent == place]
    for start in (*roots, *range(len(above))):
        stack = [] if start in depths else [(start, 0)]
        while stack:
            place, depth = stack.pop()
            if place in depths:
                continue
            depths[place] = depth
            order.append(place)
            stack += [(child, depth + 1) for child in reversed(children[place])]
    return order, depths


def _burned(
    rows: Sequence[Mapping[str, Any]], above: Sequence[int], order: Sequence[int],
    children: Sequence[Sequence[int]], measure: str,
) -> tuple[list[float], list[float]]:  # fmt: skip
    """What each span burned itself, and with all below it."""
    if measure == "time":
        lasted = [((row["ended"] or row["began"] or 0) - (row["began"] or 0)) / 1e6 for row in rows]
        return [lasted[place] - _covered(rows, place, children[place]) for place in range(len(rows))], lasted
    column = "tokens" if measure == "tokens" else "usd"
    own = [float(row[column] or 0) for row in rows]
    totals = list(own)
    for place in reversed(order):
        if above[place] >= 0 and above[place] != place:
            totals[above[place]] += totals[place]
    return own, totals


def _covered(rows: Sequence[Mapping[str, Any]], place: int, children: Sequence[int]) -> float:
    """Milliseconds of a span in which a child of it was running; parallel ones count once."""
    row = rows[place]
    reached, covered = row["began"] or 0, 0
    for child in children:  # by their beginning, as the rows are
        begin, end = (
            max(rows[child]["began"] or 0, reached),
            min(rows[child]["ended"] or 0, row["ended"] or 0),
        )
        covered += max(0, end - begin)
        reached = max(reached, end)
    return covered / 1e6


def _category(row: Mapping[str, Any]) -> int:
    if row["failed"]:
        return CATEGORIES.index("failed")
    if row["is_call"]:
        return CATEGORIES.index("LLM call")
    operation = row["operation"]
    known = {"execute_tool": "tool", "invoke_agent": "agent", "create_agent": "agent"}
    return CATEGORIES.index(known.get(operation, "other"))
