"""How is a trace laid out? Spans become a tree with what each burned itself and with all below it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import polars as pl

from otel_burn_collector.reader import Ledger
from otel_burn_dashboards import lanes
from otel_burn_dashboards.asking import ask, ask_spent
from otel_burn_dashboards.scope import Scope

SPANS_SHOWN: Final = 100_000
"""The longest ones of a trace: what is left out could not be seen."""
TRACES_SHOWN: Final = 100

MEASURED: Final[Mapping[str, str]] = {"tokens": "tokens", "dollars": "usd"}
"""Which column of a span is burned; of time, what no child covers is its own."""
CATEGORIES: Final = ("LLM call", "tool", "agent", "other", "failed")


@dataclass(frozen=True)
class Tree:
    """The spans of a trace in drawing order, parents before their children, in columns.

    `span_id`, `name`, `category`, `parent` (its place, -1 for none), `depth`, and the `row` of the flame (`lanes.py`);
    `begin` and `end` in milliseconds since the first span's start; of the measure `own`, what the span burned itself,
    and `total`, the same with all below it: of time, how long it lasted. Spans whose parent has not arrived stand at
    the top, so a running agent's are seen before its root has ended.
    """

    spans: pl.DataFrame

    @property
    def data(self) -> dict[str, Any]:
        """What the canvas draws: numbers as Arrow, which nobody parses, and each name once."""
        names = self.spans["name"].unique(maintain_order=True)
        places = pl.col("name").replace_strict(names, range(names.len()), return_dtype=pl.Int32)
        return {"names": names.to_list(), "spans": self.spans.drop("span_id").with_columns(places)}

    def place(self, span: str) -> int:
        """The place of a span; -1 where there is no such one."""
        found = self.spans["span_id"].index_of(span) if span else None
        return -1 if found is None else found


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
    found = spans.sort("began", "ended", descending=[False, True], maintain_order=True).with_columns(
        pl.col("began").fill_null(pl.col("began").min()).fill_null(0),
        own=pl.lit(0.0) if measure == "time" else pl.col(MEASURED[measure]).cast(pl.Float64).fill_null(0.0),
    )
    found = found.with_columns(pl.col("ended").fill_null(pl.col("began")))
    above = _above(found)
    children: list[list[int]] = [[] for _ in above]
    for place, parent in enumerate(above):
        if parent >= 0:
            children[parent].append(place)
    order, depths = _walk(above, children)
    drawn = [0] * len(order)
    for number, place in enumerate(order):
        drawn[place] = number
    own, totals = (
        _lasting(found, above) if measure == "time" else _burned(found["own"].to_list(), above, order)
    )
    parents = [
        drawn[parent] if parent >= 0 and depth else -1 for parent, depth in zip(above, depths, strict=True)
    ]
    milliseconds = (pl.col("began", "ended") - pl.col("began").min()) / 1e6
    columns = {"parent": pl.Int32, "depth": pl.Int32, "row": pl.Int32, "own": pl.Float64, "total": pl.Float64}
    rows = _rows(found, above, depths, order) if measure == "time" else depths
    laid = pl.DataFrame([parents, depths, rows, own, totals], schema=columns)
    named = found.select(
        "span_id", pl.col("name").fill_null("unnamed span"), _category().alias("category"), milliseconds
    )  # fmt: skip
    return Tree(pl.concat([named.rename({"began": "begin", "ended": "end"}), laid], how="horizontal")[order])


def _rows(
    spans: pl.DataFrame, above: Sequence[int], depths: Sequence[int], order: Sequence[int]
) -> list[int]:  # fmt: skip
    """In which row of a flame by time each span stands."""
    parents = [parent if depth else -1 for parent, depth in zip(above, depths, strict=True)]
    return lanes.rows(spans["began"].to_list(), spans["ended"].to_list(), parents, order)


def _above(spans: pl.DataFrame) -> list[int]:
    """The row of each span's parent, -1 where it is not here or is the span itself."""
    ids = spans["span_id"].to_list()
    rows = {span: row for row, span in enumerate(ids)}
    parents = (rows.get(parent, -1) for parent in spans["parent_span_id"].to_list())
    return [-1 if parent == row else parent for row, parent in enumerate(parents)]


def _walk(above: Sequence[int], children: Sequence[Sequence[int]]) -> tuple[list[int], list[int]]:
    """Every span once, parents first, and how deep it lies; spans in a circle stand at the top."""
    order: list[int] = []
    depths = [-1] * len(above)
    roots = [place for place, parent in enumerate(above) if parent < 0]
    for start in (*roots, *range(len(above))):
        if depths[start] >= 0:
            continue
        stack = [(start, 0)]
        while stack:
            place, depth = stack.pop()
            if depths[place] >= 0:
                continue
            depths[place] = depth
            order.append(place)
            stack += [(child, depth + 1) for child in reversed(children[place])]
    return order, depths


def _burned(
    own: list[float], above: Sequence[int], order: Sequence[int]
) -> tuple[list[float], list[float]]:  # fmt: skip
    """What each span burned itself, and with all below it."""
    totals = list(own)
    for place in reversed(order):
        if above[place] >= 0:
            totals[above[place]] += totals[place]
    return own, totals


def _lasting(spans: pl.DataFrame, above: Sequence[int]) -> tuple[list[float], list[float]]:
    """How long no child of each span was running, parallel ones counted once, and how long it lasted, in ms."""
    began, ended = spans["began"].to_list(), spans["ended"].to_list()
    reached, covered = list(began), [0] * len(began)
    for place, parent in enumerate(above):  # by their beginning, as the rows are
        if parent >= 0:
            begin, end = max(began[place], reached[parent]), min(ended[place], ended[parent])
            covered[parent] += max(0, end - begin)
            reached[parent] = max(reached[parent], end)
    lasted = [end - begin for begin, end in zip(began, ended, strict=True)]
    own = [(whole - part) / 1e6 for whole, part in zip(lasted, covered, strict=True)]
    return own, [whole / 1e6 for whole in lasted]


def _category() -> pl.Expr:
    """The number of the category that a span is of: failing comes before everything."""
    said = (
        pl.when(pl.col("failed")).then(pl.lit("failed"))
        .when(pl.col("is_call")).then(pl.lit("LLM call"))
        .when(pl.col("operation") == "execute_tool").then(pl.lit("tool"))
        .when(pl.col("operation").is_in(["invoke_agent", "create_agent"])).then(pl.lit("agent"))
        .otherwise(pl.lit("other"))
    )  # fmt: skip
    return said.replace_strict(list(CATEGORIES), range(len(CATEGORIES)), return_dtype=pl.Int32)
