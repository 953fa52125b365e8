"""What does the burn page ask? Sums, time, groups, pace and forecast of one scope."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

import polars as pl

from otel_burn_analytics.forecast import LOOKBACK_DAYS, Forecast, forecast
from otel_burn_collector.reader import Ledger
from otel_burn_dashboards.asking import ask, ask_spent
from otel_burn_dashboards.scope import DIMENSIONS, QUARTER, Scope, edges, naive
from otel_burn_dashboards.state import CLASS, TOOL

SERIES_SHOWN: Final = 6
"""Names that get a colour of their own in a chart over time."""
GROUPS_SHOWN: Final = 200
FINDINGS_SHOWN: Final = 3
NAMES_SHOWN: Final = 40
"""Names of each dimension that the filter offers; others can be typed."""
PACE: Final = timedelta(hours=1)
HISTORY_DAYS: Final = LOOKBACK_DAYS + 28
"""What a forecast and its tests look at."""


@dataclass(frozen=True)
class Totals:
    """What the calls in scope add up to. None is unknown, never 0."""

    calls: int
    failed: int
    sessions: int
    first_at: datetime | None
    last_at: datetime | None
    exact_calls: int
    priced_calls: int
    unpriced_calls: int
    input_tokens: int | None
    cache_read_tokens: int | None
    output_tokens: int | None
    known_tokens: int
    exact_tokens: int
    unpriced_tokens: int
    missed_tokens: int | None
    cost_usd: Decimal | None
    missed_usd: Decimal | None

    @property
    def answered(self) -> int:
        """Calls that a model answered; what was refused bills nothing."""
        return self.calls - self.failed


@dataclass(frozen=True)
class Pace:
    """What was burned since a moment, just now."""

    calls: int
    cost_usd: Decimal | None
    tokens: int
    sessions: int


@dataclass(frozen=True)
class Outlook:
    """What a month will have cost."""

    so_far: float
    history_days: int
    forecast: Forecast | None
    month_end: datetime


@dataclass(frozen=True)
class Burn:
    """Everything on the burn page."""

    totals: Totals
    before: Totals | None
    unpriced: pl.DataFrame
    pace: Pace
    outlook: Outlook
    step: int
    series: pl.DataFrame
    classes: pl.DataFrame
    groups: pl.DataFrame
    findings: pl.DataFrame


def burn(ledger: Ledger, *, scope: Scope, by: str, then: str, now: datetime) -> Burn:
    """What was burned in *scope*, and by whom."""
    sums = totals(ledger, scope)
    earlier = scope.before(now)
    step, marks = edges(*_ends(sums), scope)
    over_time = {"fine": step < QUARTER, "edges": [naive(edge) for edge in marks]}
    name = {"name": by if by not in (CLASS, TOOL) else "model"}
    return Burn(
        totals=sums,
        before=None if earlier is None else totals(ledger, earlier),
        unpriced=ask_spent(ledger, "unpriced", scope) if sums.unpriced_calls else _no_model(),
        pace=pace(ledger, since=now - PACE),
        outlook=outlook(ledger, scope, now),
        step=step,
        series=ask_spent(ledger, "series", scope, named=name, top=SERIES_SHOWN, **over_time),  # type: ignore[arg-type]
        classes=ask_spent(ledger, "classes", scope, **over_time),  # type: ignore[arg-type]
        groups=groups(ledger, scope, by=by, then=then),
        findings=ask(ledger, "urgent", scope.found | {"top": FINDINGS_SHOWN}),
    )


def totals(ledger: Ledger, scope: Scope) -> Totals:
    """The sums of *scope*."""
    (row,) = ask_spent(ledger, "totals", scope).to_dicts()
    return Totals(**row)


def groups(ledger: Ledger, scope: Scope, *, by: str, then: str) -> pl.DataFrame:
    """What each name of a dimension burned, told apart by another one where *then* names one."""
    if by == CLASS:
        return ask_spent(ledger, "bill", scope)
    if by == TOOL:
        return ask_spent(ledger, "tools", scope, top=GROUPS_SHOWN)
    second = then if then in DIMENSIONS else by
    return ask_spent(ledger, "groups", scope, named={"name": by, "then_name": second}, top=GROUPS_SHOWN)


def pace(ledger: Ledger, *, since: datetime) -> Pace:
    """What was burned since a moment."""
    (row,) = ask(ledger, "pace", {"from": naive(since)}).to_dicts()
    return Pace(**row)


def outlook(ledger: Ledger, scope: Scope, now: datetime) -> Outlook:
    """What this month will have cost on the reader's calendar: filters count, the time range does not."""
    zone = ZoneInfo(scope.zone)
    today = (now.astimezone(zone) - timedelta(hours=scope.day)).date()
    days = [today - timedelta(days=back) for back in range(HISTORY_DAYS, -1, -1)]
    marks = [datetime(day.year, day.month, day.day, scope.day, tzinfo=zone).astimezone(UTC) for day in days]
    asked = Scope(marks[0], None, scope.filters, scope.zone, scope.day)
    dollars = ask_spent(ledger, "days", asked, edges=[naive(mark) for mark in marks])["dollars"].to_list()
    first = next((at for at, spent in enumerate(dollars) if spent), len(dollars) - 1)
    whole = dollars[first:-1]  # today is not over
    month = [spent for day, spent in zip(days, dollars, strict=True) if day.month == today.month]
    next_month = (today.replace(day=1) + timedelta(days=32)).replace(day=1)
    ends = datetime(next_month.year, next_month.month, 1, scope.day, tzinfo=zone)
    return Outlook(sum(month), len(whole), forecast(whole, (next_month - today).days), ends)


def names(ledger: Ledger) -> list[tuple[str, str]]:
    """Dimensions and names that one can filter by."""
    return [(row[0], row[1]) for row in ask(ledger, "names", {"top": NAMES_SHOWN}).rows()]


def _ends(sums: Totals) -> tuple[datetime, datetime]:
    first, last = sums.first_at, sums.last_at
    if first is None or last is None:
        return (datetime(2000, 1, 1, tzinfo=UTC),) * 2
    return first.replace(tzinfo=UTC), last.replace(tzinfo=UTC)


def _no_model() -> pl.DataFrame:
    return pl.DataFrame(schema={"model": pl.String, "calls": pl.Int64, "tokens": pl.Int64})
