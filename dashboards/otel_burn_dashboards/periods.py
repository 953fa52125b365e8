"""Which period does a name mean? `last 7 days`, `this month`, `2026-11-01 until 2026-11-08`, on the reader's clock."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from otel_burn_dashboards.scope import QUARTER, Scope, moment

UNTIL: Final = " until "
EXAMPLE: Final = "2026-11-01 until 2026-11-08"

Bounds = tuple[datetime, datetime | None]


def bounds(name: str, scope: Scope, now: datetime) -> Bounds | None:
    """Where the period *name* begins and ends (UTC) on the clock of *scope*; None when it names no period."""
    if name in PERIODS:
        return PERIODS[name](scope, now)
    begin, _, end = name.partition(UNTIL)
    since, until = (moment(text, scope.zone, scope.day) for text in (begin, end))
    return (since, until) if since and until and since < until else None


def _back(days: int, times: int, _scope: Scope, now: datetime) -> Bounds:
    """The last *days*, or so many *times* before; on quarters of an hour, so that no call is in both."""
    end = datetime.fromtimestamp(now.timestamp() // QUARTER * QUARTER, UTC)
    since = end - timedelta(days=days * (times + 1))
    return since, since + timedelta(days=days) if times else None


def _day(back: int, scope: Scope, now: datetime) -> Bounds:
    today = _today(scope, now)
    return _begins(today - timedelta(days=back), scope), _begins(today - timedelta(days=back - 1), scope)


def _month(back: int, scope: Scope, now: datetime) -> Bounds:
    first = _today(scope, now).replace(day=1)
    for _ in range(back):
        first = (first - timedelta(days=1)).replace(day=1)
    return _begins(first, scope), _begins((first + timedelta(days=32)).replace(day=1), scope)


PERIODS: Final[Mapping[str, Callable[[Scope, datetime], Bounds]]] = {
    "7 days before": partial(_back, 7, 1),
    "last 7 days": partial(_back, 7, 0),
    "yesterday": partial(_day, 1),
    "today": partial(_day, 0),
    "24 hours before": partial(_back, 1, 1),
    "last 24 hours": partial(_back, 1, 0),
    "30 days before": partial(_back, 30, 1),
    "last 30 days": partial(_back, 30, 0),
    "last month": partial(_month, 1),
    "this month": partial(_month, 0),
}
"""Periods that have a name, each after the one that one compares it with."""


def _today(scope: Scope, now: datetime) -> date:
    return (now.astimezone(ZoneInfo(scope.zone)) - timedelta(hours=scope.day)).date()


def _begins(day: date, scope: Scope) -> datetime:
    return datetime(day.year, day.month, day.day, scope.day, tzinfo=ZoneInfo(scope.zone)).astimezone(UTC)
