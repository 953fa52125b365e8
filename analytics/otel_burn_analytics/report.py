"""What did it burn? Queries over the ledger become one `Report`: plain data, ready for a terminal or for JSON."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import polars as pl

from otel_burn_analytics import processes
from otel_burn_analytics.findings import judge
from otel_burn_analytics.processes import Processes
from otel_burn_analytics.queries import Scope, rows
from otel_burn_collector.reader import Ledger

DIMENSIONS: Final = ("model", "session", "agent", "work", "tool", "project")

CLASSES: Final = {
    "uncached": ("uncached_input_tokens", ("input_tokens",)),
    "cache read": ("cache_read_tokens", ("cache_read_tokens",)),
    "cache write": (
        "cache_write_tokens",
        ("cache_write_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens"),
    ),
    "output": ("output_tokens", ("output_tokens", "reasoning_tokens")),
}
"""Classes of tokens: the ledger's column that counts them, and the units of the price list that bill them."""

TIERS: Final = {"loop": 0, "waste": 0, "warn": 1}
"""By urgency: what to act on comes before what to look at."""


@dataclass(frozen=True)
class TokenClass:
    """Tokens that are billed alike; None where nobody reported them, or nothing of them was billed by rates."""

    name: str
    tokens: int | None
    usd: Decimal | None


@dataclass(frozen=True)
class Spend:
    """Calls and dollars that are known in one way (`computed`, `reported`, `unpriced` ...)."""

    status: str
    calls: int
    usd: Decimal | None


@dataclass(frozen=True)
class Unpriced:
    """Calls of a model whose cost is unknown: it has no price, or they have no usage."""

    provider: str
    model: str
    calls: int
    without_usage: bool


@dataclass(frozen=True)
class Totals:
    """What the calls in scope add up to. None is unknown, never 0."""

    calls: int
    failed: int
    cancelled: int
    attempts: int | None
    sessions: int
    agents: int
    first_at: datetime | None
    last_at: datetime | None
    input_tokens: int | None
    uncached_input_tokens: int | None
    cache_read_tokens: int | None
    cache_write_tokens: int | None
    output_tokens: int | None
    reasoning_tokens: int | None
    cost_usd: Decimal | None
    answered: int
    exact_calls: int
    known_tokens: int | None
    exact_tokens: int | None
    priced_calls: int


@dataclass(frozen=True)
class Row:
    """One model, session, agent, work item, tool or project. Without a name it was not recorded."""

    name: str | None
    calls: int
    failed: int
    input_tokens: int | None
    cache_read_tokens: int | None
    output_tokens: int | None
    cost_usd: Decimal | None
    unpriced_calls: int


@dataclass(frozen=True)
class Report:
    """What was burned, how sure that is, and what to do about it."""

    run: str | None
    since: datetime | None
    by: str
    freshness: str
    totals: Totals
    classes: tuple[TokenClass, ...]
    spend: tuple[Spend, ...]
    unpriced: tuple[Unpriced, ...]
    rows: tuple[Row, ...]
    groups: int
    """How many rows there are; `rows` has the most expensive of them."""
    findings: tuple[dict[str, Any], ...]
    """The most urgent ones. They overlap: never sum them."""
    findings_in_all: int
    judged_calls: int
    """Calls of the sessions in scope; detectors see those of them whose context is recorded."""
    judged_calls_with_context: int
    processes: Processes | None
    notes: tuple[str, ...]
    """What a reader has to know besides."""


def make(ledger: Ledger, scope: Scope, *, by: str = "model", top: int = 15, findings: int = 5) -> Report:
    """The report on *scope* with its *top* rows by *by* and its most urgent *findings*; judges the sessions in it."""
    judgement = judge(ledger, scope)
    (totals,) = rows(ledger, "totals", scope.params)
    groups = rows(
        ledger, "tools" if by == "tool" else "groups", {**scope.params, "top": top} | _dimension(by)
    )
    unstored = judgement.unstored
    return Report(
        run=scope.run,
        since=scope.since,
        by=by,
        freshness=ledger.freshness().sentence,
        totals=Totals(**totals),
        classes=_classes(totals, rows(ledger, "bill", scope.params)),
        spend=tuple(Spend(**row) for row in rows(ledger, "spend", scope.params)),
        unpriced=tuple(Unpriced(**row) for row in rows(ledger, "unpriced", scope.params)),
        rows=tuple(Row(**{name: row[name] for name in Row.__dataclass_fields__}) for row in groups),
        groups=groups[0]["groups"] if groups else 0,
        findings=tuple(urgent(judgement.findings).head(findings).to_dicts()),
        findings_in_all=judgement.findings.height,
        judged_calls=judgement.calls,
        judged_calls_with_context=judgement.calls_with_context,
        processes=processes.of_run(scope.run) if scope.run else None,
        notes=(f"The findings could not be stored: {unstored}",) if unstored else (),
    )


def noted(report: Report, notes: tuple[str, ...]) -> Report:
    """*report* with *notes* before its own."""
    return replace(report, notes=notes + report.notes)


def urgent(findings: pl.DataFrame) -> pl.DataFrame:
    """*findings*, the most urgent first: what to act on before what to look at, then by dollars, then by tokens."""
    rank = pl.col("tier").replace_strict(TIERS, default=len(TIERS), return_dtype=pl.Int64())
    return findings.sort(
        rank,
        "wasted_usd_high",
        "wasted_tokens",
        "finding_id",
        descending=[False, True, True, False],
        nulls_last=True,
    )


def _dimension(by: str) -> dict[str, object]:
    return {} if by == "tool" else {"by": by}


def _classes(totals: Mapping[str, Any], bill: Iterable[Mapping[str, Any]]) -> tuple[TokenClass, ...]:
    billed = {line["unit"]: line["usd"] for line in bill}
    known = {unit for _, units in CLASSES.values() for unit in units}
    classes = [
        TokenClass(name, totals[column], _sum(billed, units)) for name, (column, units) in CLASSES.items()
    ]
    if others := _sum(billed, sorted(set(billed) - known)):
        classes.append(TokenClass("other", None, others))
    return tuple(classes)


def _sum(billed: Mapping[str, Decimal], units: Iterable[str]) -> Decimal | None:
    found = [billed[unit] for unit in units if unit in billed]
    return sum(found, Decimal(0)) if found else None
