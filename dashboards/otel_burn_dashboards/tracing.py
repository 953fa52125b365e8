"""How is a trace laid out? Spans become a tree with what each burned itself and with all below it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl

from otel_burn_collector.reader import Ledger
from otel_burn_dashboards import span_tree
from otel_burn_dashboards.asking import ask, ask_spent
from otel_burn_dashboards.scope import Scope

SPANS_SHOWN: Final = 100_000
"""The LLM calls of a trace and its longest spans; a page says how many it leaves out."""
TRACES_SHOWN: Final = 100

MEASURED: Final[Mapping[str, str]] = {"tokens": "tokens", "dollars": "usd"}
"""Which column of a span is burned; of time, what no child covers is its own."""
CATEGORIES: Final = ("LLM call", "tool", "agent", "other", "failed")


@dataclass(frozen=True)
class Tree:
    """The spans of a trace in drawing order, parents before their children, in columns.

    `span_id`, `name`, `category`, `parent` (its place, -1 for none), `depth`; `begin` and `end` in milliseconds since
    the first span's start; of the measure `own`, what the span burned itself, and `total`, the same with all below it:
    of time, how long it lasted. Spans whose parent has not arrived stand at the top, so a running agent's are seen
    before its root has ended.
    """

    spans: pl.DataFrame
    whole: int
    """How many spans the trace has; of very many not all are drawn."""
    calls: int = 0
    """How many of those that are drawn are LLM calls; what these burned follows, unless nobody knows."""
    tokens: int | None = None
    usd: float | None = None

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


def spans(ledger: Ledger, *, trace: str) -> pl.DataFrame:
    """The spans of a trace."""
    return ask(ledger, "trace", {"trace": trace, "top": SPANS_SHOWN})


def laid_out(ledger: Ledger, *, trace: str, measure: str) -> Tree:
    """A trace, drawn by time, tokens or dollars."""
    return tree(spans(ledger, trace=trace), measure)


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
        pl.col("began").fill_null(pl.col("began").min()).fill_null(0)
    )
    found = found.with_columns(pl.col("ended").fill_null(pl.col("began")))
    hanging = span_tree.hang(found)
    own, totals = _lasting(found, hanging) if measure == "time" else _burned(found, hanging, measure)
    parents = np.where(hanging.above == span_tree.NONE, span_tree.NONE, hanging.places[hanging.above])
    laid = pl.DataFrame(
        {"parent": parents, "depth": hanging.depths, "own": own, "total": totals},
        schema={"parent": pl.Int32, "depth": pl.Int32, "own": pl.Float64, "total": pl.Float64},
    )
    begin, end = ((pl.col(name) - pl.col("began").min()) / 1e6 for name in ("began", "ended"))
    named = found.select(
        "span_id", pl.col("name").fill_null("unnamed span"), _category().alias("category"),
        begin=begin, end=end,
    )  # fmt: skip
    order = pl.Series(np.argsort(hanging.places), dtype=pl.UInt32)
    return Tree(
        pl.concat([named, laid], how="horizontal")[order],
        whole=spans["whole"][0] if spans.height else 0,
        **spans.select(
            pl.col("is_call").sum().alias("calls"),
            *(pl.when(pl.col(name).count() > 0).then(pl.col(name).sum()) for name in ("tokens", "usd")),
        ).row(0, named=True),
    )


def _burned(spans: pl.DataFrame, hanging: span_tree.Hanging, measure: str) -> tuple[Any, Any]:
    """What each span burned itself, and with all below it."""
    own = spans[MEASURED[measure]].cast(pl.Float64).fill_null(0.0).to_numpy()
    return own, span_tree.burned(own, hanging)


def _lasting(spans: pl.DataFrame, hanging: span_tree.Hanging) -> tuple[Any, Any]:
    """How long no child of each span was running, and how long it lasted, in ms."""
    began, ended = spans["began"].to_numpy(), spans["ended"].to_numpy()
    return span_tree.uncovered(began, ended, hanging) / 1e6, (ended - began) / 1e6


def _category() -> pl.Expr:
    """The number of the category that a span is of: failing comes before everything."""
    said = (
        pl.when(pl.col("failed")).then(pl.lit("failed"))
        .when(pl.col("is_call")).then(pl.lit("LLM call"))
        .when(pl.col("operation") == "execute_tool").then(pl.lit("tool"))
        .when(pl.col("operation").is_in(["invoke_agent", "create_agent"])).then(pl.lit("agent"))
        .otherwise(pl.lit("other"))
    )  # fmt: skip
    return said.replace_strict(list(CATEGORIES), range(len(CATEGORIES)), return_dtype=pl.UInt8)
