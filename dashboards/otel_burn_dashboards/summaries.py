"""What do the numbers say at a glance, and how sure are they? Frames and totals in, figures and sentences out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, timedelta
from decimal import Decimal
from typing import Any, Final, NamedTuple

import polars as pl

from otel_burn.wording import plural
from otel_burn_analytics.forecast import NEEDED_DAYS
from otel_burn_dashboards.burning import Burn, Outlook, Pace, Totals
from otel_burn_dashboards.figures import (
    UNKNOWN,
    UNPRICED,
    change,
    clock,
    count,
    exact_usd,
    lasting,
    money,
    share,
    short,
    usd,
)

UNPRICED_NAMED: Final = 3
"""Models without a price that are named; a sentence with more is not read."""


class Figure(NamedTuple):
    """A number with its name, and what it means."""

    label: str
    value: str
    about: str
    change: str | None = None
    """Against the period before."""
    bad_up: bool = False
    """Whether more of it is worse."""


@dataclass(frozen=True)
class Coverage:
    """How much of the sums rests on what: sentences, and a warning where money is missing."""

    sentences: tuple[str, ...]
    warning: str | None


def burn_figures(burn: Burn) -> tuple[Figure, ...]:
    """The headline of the burn page, against the period before where the range has one."""
    now, before = burn.totals, burn.before

    def against(name: str) -> str | None:
        return None if before is None else change(_number(getattr(now, name)), _number(getattr(before, name)))

    spend = f"{_PRICES} {exact_usd(now.cost_usd)}"
    tokens = f"Read {count(now.input_tokens)}, written {count(now.output_tokens)}"
    calls = f"In {plural(now.sessions, 'session')}; {plural(now.failed, 'call')} failed"
    return (
        Figure("Spend", _spend(now.cost_usd, now.unpriced_calls), spend, against("cost_usd"), bad_up=True),
        Figure("Tokens", short(now.known_tokens), tokens, against("known_tokens"), bad_up=True),
        Figure("LLM calls", count(now.calls), calls, against("calls")),
        Figure(
            "From cache", share(now.cache_read_tokens, now.input_tokens),
            f"Input that the provider's cache served: {count(now.cache_read_tokens)} of {count(now.input_tokens)}",
        ),
        Figure(
            "Cache misses", _missed(now),
            f"{_MISSED} {count(now.missed_tokens)} tokens, {exact_usd(now.missed_usd)}.",
        ),
        _pace(burn.pace),
        _outlook(burn.outlook),
    )  # fmt: skip


_PRICES: Final = (
    "US dollars of the calls that have a price: at the providers' list prices, or as they told it. Discounts and "
    "subscriptions are not known."
)
_MISSED: Final = (
    "What input cost that the turn before had sent or received already, and that no cache served. By counts, as nobody "
    "looks into prompts; part of the spend:"
)


def _missed(totals: Totals) -> str:
    return (
        UNPRICED
        if totals.missed_tokens and totals.missed_usd is None
        else usd(totals.missed_usd or Decimal(0))
    )


def _pace(pace: Pace) -> Figure:
    about = (
        f"In the last 60 minutes: {plural(pace.calls, 'call')}, {count(pace.tokens)} tokens, of all filters"
    )
    if not pace.calls:
        return Figure("Burning now", "idle", "No call began in the last 60 minutes")
    value = UNPRICED if pace.cost_usd is None else f"{usd(pace.cost_usd)}/h"
    return Figure("Burning now", value, about)


def _outlook(outlook: Outlook) -> Figure:
    end = f"{outlook.month_end - timedelta(days=1):%B %-d}"
    told = outlook.forecast
    if told is None:
        have = plural(outlook.history_days, "whole day")
        return Figure(
            "This month", "too little history", f"A projection needs {NEEDED_DAYS} days; there is {have}."
        )
    low, mid, high = (outlook.so_far + part for part in (told.p10, told.p50, told.p90))
    about = (
        f"By {end}: {money(low)} (p10), {money(mid)} (p50), {money(high)} (p90); so far {money(outlook.so_far)}. "
        f"Tried on {plural(told.tests, 'week')} of the past: off by {told.error:.0%} (median), "
        f"{told.inside} of {told.tests} in the range."
    )
    return Figure("This month", f"{money(low)} to {money(high)}", about)


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def session_figures(about: Mapping[str, Any]) -> tuple[Figure, ...]:
    """The headline of a session."""
    return (
        Figure(
            "Spend",
            _spend(about["cost_usd"], about["unpriced_calls"]),
            f"{_PRICES} {exact_usd(about['cost_usd'])}",
        ),
        Figure("LLM calls", count(about["calls"]), "The session's turns, failed calls too"),
        Figure("Lasted", lasting(_length(about)), "From the first call's start to the last call's end"),
        *_tokens(about["input_tokens"], about["cache_read_tokens"], about["output_tokens"]),
    )


def session_facts(about: Mapping[str, Any], zone: str) -> tuple[str, ...]:
    """Whose session it was, and when."""
    facts = (
        ("agent", about["agent"]),
        ("project", about["project"]),
        ("work item", about["work_id"]),
        ("part of session", about["parent_session_id"]),
        ("run", None if about["run_id"] == about["session_id"] else about["run_id"]),
        ("started", _started(about["started_at"], zone)),
    )
    unnamed = ("no session id was reported, so this is the whole run",)
    return tuple(f"{name} {value}" for name, value in facts if value) + (
        unnamed if about["session_source"] == "run" else ()
    )


def burn_coverage(burn: Burn) -> Coverage:
    """How sure the burn page's numbers are."""
    totals = burn.totals
    priced = totals.known_tokens - totals.unpriced_tokens
    sentences = (
        f"{share(priced, totals.known_tokens)} of the tokens have a price",
        f"{share(totals.exact_tokens, totals.known_tokens)} are as the provider reported them",
        f"usage is exact for {totals.exact_calls:,} of {plural(totals.answered, 'answered call')}",
        *((f"{plural(totals.failed, 'call')} failed",) if totals.failed else ()),
    )
    return Coverage(sentences, without_price(burn.unpriced))


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
        sentences + ((f"{plural(failed, 'call')} failed",) if failed else ()), without_price(unpriced)
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


def _started(at: Any, zone: str) -> str:
    return clock(None if at is None else at.replace(tzinfo=UTC), zone)


def _length(about: Mapping[str, Any]) -> Any:
    started, ended = about["started_at"], about["ended_at"]
    return ended - started if started and ended else None


def _reported(tokens: int) -> str:
    return f"{short(tokens)} tokens without a price" if tokens else "no reported tokens"


def without_price(models: pl.DataFrame) -> str | None:
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
