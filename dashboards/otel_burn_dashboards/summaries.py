"""What do the numbers say at a glance, and how sure are they? Frames and totals in, figures and sentences out."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, NamedTuple

import polars as pl

from otel_burn_analytics.report import Totals
from otel_burn_dashboards.figures import (
    UNKNOWN,
    UNPRICED,
    count,
    lasting,
    moment,
    plural,
    share,
    short,
    usd,
)
from otel_burn_dashboards.queries import Burn

UNPRICED_NAMED: Final = 3
"""Models without a price that are named; a sentence with more is not read."""


class Figure(NamedTuple):
    """A number with its name, and what it means."""

    label: str
    value: str
    about: str


@dataclass(frozen=True)
class Coverage:
    """How much of the sums rests on what: sentences, and a warning where money is missing."""

    sentences: tuple[str, ...]
    warning: str | None


def burn_figures(totals: Totals) -> tuple[Figure, ...]:
    """The headline of the burn page."""
    unpriced = totals.answered - totals.priced_calls
    return (
        Figure("Spend", _spend(totals.cost_usd, unpriced), "US dollars, of the calls that have a price"),
        Figure(
            "LLM calls", count(totals.calls), f"In {plural(totals.sessions, 'session')}, failed calls too"
        ),
        Figure("Failed", count(totals.failed), "Calls that no model answered"),
        *_tokens(totals.input_tokens, totals.cache_read_tokens, totals.output_tokens),
    )


def session_figures(about: Mapping[str, Any]) -> tuple[Figure, ...]:
    """The headline of a session."""
    return (
        Figure(
            "Spend",
            _spend(about["cost_usd"], about["unpriced_calls"]),
            "US dollars, of the calls that have a price",
        ),
        Figure("LLM calls", count(about["calls"]), "The session's turns, failed calls too"),
        Figure("Lasted", lasting(_length(about)), "From the first call's start to the last call's end"),
        *_tokens(about["input_tokens"], about["cache_read_tokens"], about["output_tokens"]),
    )


def session_facts(about: Mapping[str, Any]) -> tuple[str, ...]:
    """Whose session it was, and when."""
    facts = (
        ("agent", about["agent"]),
        ("project", about["project"]),
        ("work item", about["work_id"]),
        ("part of session", about["parent_session_id"]),
        ("run", None if about["run_id"] == about["session_id"] else about["run_id"]),
        ("started", moment(about["started_at"])),
    )
    unnamed = ("no session id was reported, so this is the whole run",)
    return tuple(f"{name} {value}" for name, value in facts if value) + (
        unnamed if about["session_source"] == "run" else ()
    )


def burn_coverage(burn: Burn) -> Coverage:
    """How sure the burn page's numbers are."""
    totals = burn.totals
    unpriced_tokens = int(burn.unpriced.get_column("tokens").sum())
    priced = None if totals.known_tokens is None else totals.known_tokens - unpriced_tokens
    sentences = (
        f"{share(priced, totals.known_tokens)} of the tokens have a price",
        f"{share(totals.exact_tokens, totals.known_tokens)} of the tokens are as the provider reported them",
        f"usage is exact for {totals.exact_calls:,} of {plural(totals.answered, 'answered call')}",
    )
    return Coverage(sentences, _without_price(burn.unpriced))


def session_coverage(turns: pl.DataFrame) -> Coverage:
    """How sure a session's numbers are."""
    answered = turns.filter(pl.col("status").ne_missing("error"))
    priced = answered.filter(pl.col("cost_usd").is_not_null()).height
    exact = answered.filter(pl.col("usage_status") == "exact").height
    failed = turns.height - answered.height
    of = plural(answered.height, "answered call")
    sentences = (f"{priced:,} of {of} have a price", f"usage is exact for {exact:,} of {answered.height:,}")
    unpriced = (
        answered.filter(pl.col("cost_usd").is_null() & pl.col("cost_status").ne_missing("not_metered"))
        .group_by(pl.col("model").fill_null("unknown model"))
        .agg(
            calls=pl.len(),
            tokens=(pl.col("input_tokens").fill_null(0) + pl.col("output_tokens").fill_null(0)).sum(),
        )
        .sort("tokens", "model", descending=[True, False])
    )
    return Coverage(
        sentences + ((f"{plural(failed, 'call')} failed",) if failed else ()), _without_price(unpriced)
    )


def _spend(dollars: Decimal | None, unpriced: int) -> str:
    """The dollars that are known; refused calls cost nothing, which is no price for those that were answered."""
    return UNPRICED if unpriced and not dollars else usd(dollars)


def _tokens(read: int | None, cached: int | None, written: int | None) -> tuple[Figure, ...]:
    return (
        Figure("Input tokens", short(read), f"Everything the models read, cache included: {count(read)}"),
        Figure("From cache", share(cached, read), "Input that the provider's cache served"),
        Figure(
            "Output tokens",
            short(written),
            f"Everything the models wrote, reasoning included: {count(written)}",
        ),
    )


def _length(about: Mapping[str, Any]) -> Any:
    started, ended = about["started_at"], about["ended_at"]
    return ended - started if started and ended else None


def _reported(tokens: int) -> str:
    return f"{short(tokens)} tokens without a price" if tokens else "no reported tokens"


def _without_price(models: pl.DataFrame) -> str | None:
    """Of which models the cost is unknown: how much they burned without a price, or that nobody reported it."""
    if models.is_empty():
        return None
    named = [
        f"{row['model']} ({plural(row['calls'], 'call')}, {_reported(row['tokens'])})"
        for row in models.head(UNPRICED_NAMED).to_dicts()
    ]
    more = models.height - len(named)
    others = f" and {plural(more, 'more model')}" if more else ""
    return f"The cost of {', '.join(named)}{others} is {UNKNOWN}, and in none of the sums."
