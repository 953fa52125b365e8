"""Which calls is a page about? Time and filters, and the SQL that selects them: closed fragments, bound values."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

QUARTER: Final = 900
"""Seconds that `quarters` sums up."""

DIMENSIONS: Final[Mapping[str, str]] = {
    "model": "model",
    "provider": "provider",
    "project": "project",
    "agent": "agent",
    "session": "session_id",
    "user": "user_id",
    "work item": "work_id",
    "service": "service_name",
}
"""What calls can be told apart by, with the column of `quarters` that says it."""

NOT_RECORDED: Final = "not recorded"
FIRST_YEAR: Final = 1970
LAST_YEAR: Final = 2200

STEPS: Final = (1, 2, 5, 10, 30, 60, 120, 300, QUARTER, 1800, 3600, 7200, 21600, 43200)
"""Widths of a bar over time, in seconds, below a day: those that people count in."""
DAYS: Final = (1, 2, 7, 14, 30, 90, 365)
BARS: Final = 60
"""At most so many bars over time: more cannot be told apart on a laptop."""

_CALLS: Final = """
SELECT *, coalesce(response_model, request_model) AS model, started_at::TIMESTAMP AS began_at, 1 AS calls,
       (status IS NOT DISTINCT FROM 'error')::BIGINT AS failed,
       CASE WHEN status IS DISTINCT FROM 'error' THEN cost_usd END AS spent_usd
FROM llm_calls"""
"""Calls one by one, by the names that `quarters` has: for bars of less than a quarter of an hour."""
_QUARTERS: Final = "\nSELECT *, cost_usd AS spent_usd\nFROM quarters"


@dataclass(frozen=True)
class Scope:
    """The calls that a reader looks at, on the reader's clock."""

    since: datetime | None = None
    until: datetime | None = None
    filters: tuple[tuple[str, tuple[str, ...]], ...] = ()
    zone: str = "UTC"
    day: int = 0
    """The hour at which the reader's day begins."""

    @property
    def begin(self) -> datetime | None:
        """Where it begins: on a quarter of an hour, so that all sums are of the same calls."""
        return None if self.since is None else _quarter(self.since)

    @property
    def end(self) -> datetime | None:
        """Where it ends, likewise."""
        if self.until is None or _quarter(self.until) == self.until:
            return self.until
        return _quarter(self.until) + timedelta(seconds=QUARTER)

    @property
    def params(self) -> dict[str, object]:
        """The values that the SQL of `spent` is bound to."""
        values: dict[str, object] = {"since": naive(self.begin), "until": naive(self.end)}
        return values | {f"is_{DIMENSIONS[name]}": list(wanted) for name, wanted in self.filters}

    def spent(self, *, fine: bool = False, **named: str) -> str:
        """A `WITH spent AS (…)` of what was burned, *fine*: call by call; dimensions under the names given."""
        columns = "".join(
            f", coalesce({DIMENSIONS[dimension]}, '{NOT_RECORDED}') AS {name}"
            for name, dimension in named.items()
        )
        source = _CALLS if fine else _QUARTERS
        burned = f"SELECT *{columns}\n    FROM ({source}\n) AS burned"  # noqa: S608 - fragments of this file
        return f"WITH spent AS (\n    {burned}\n    WHERE {self._where()}\n)\n"

    @property
    def found(self) -> dict[str, object]:
        """What selects findings: they have times, an agent and a session, and no other dimension."""
        wanted = dict(self.filters)
        values = {f"{name}s": list(wanted[name]) if name in wanted else None for name in ("agent", "session")}
        return {"since": naive(self.begin), "until": naive(self.end), **values}

    def before(self, now: datetime) -> "Scope | None":
        """The period of the same length just before; None where there is no beginning."""
        if self.begin is None:
            return None
        length = (self.end or now) - self.begin
        return Scope(self.begin - length, self.begin, self.filters, self.zone, self.day)

    def _where(self) -> str:
        wanted = [
            "($since::TIMESTAMP IS NULL OR began_at >= $since::TIMESTAMP)",
            "($until::TIMESTAMP IS NULL OR began_at < $until::TIMESTAMP)",
        ]
        for name, _ in self.filters:
            column = DIMENSIONS[name]
            wanted.append(f"list_contains($is_{column}::VARCHAR[], coalesce({column}, '{NOT_RECORDED}'))")
        return " AND ".join(wanted)


def filters(where: Iterable[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What `model: gpt-5` and its like select, by dimension; what names no dimension selects nothing."""
    found: dict[str, list[str]] = {}
    for text in where:
        dimension, _, value = text.partition(": ")
        if dimension in DIMENSIONS and value:
            found.setdefault(dimension, []).append(value)
    return tuple((dimension, tuple(values)) for dimension, values in found.items())


def edges(first: datetime, last: datetime, scope: Scope) -> tuple[int, list[datetime]]:
    """How wide bars from *first* to *last* are, in seconds, and where each begins (UTC): days on the reader's clock."""
    span = (last - first).total_seconds()
    step = next((step for step in STEPS if span / step <= BARS), None)
    if step is None:
        days = next((days for days in DAYS if span / 86400 / days <= BARS), DAYS[-1])
        return days * 86400, list(_days(first, last, scope, days))
    start = datetime.fromtimestamp(first.timestamp() // step * step, UTC)
    return step, [start + timedelta(seconds=step * number) for number in range(int(span // step) + 2)]


def _days(first: datetime, last: datetime, scope: Scope, days: int) -> Iterable[datetime]:
    zone = ZoneInfo(scope.zone)
    local = first.astimezone(zone) - timedelta(hours=scope.day)
    day = local.date()
    while True:
        # Wall-clock arithmetic: a day of 23 or 25 hours is one day.
        edge = datetime(day.year, day.month, day.day, scope.day, tzinfo=zone).astimezone(UTC)
        if edge > last:
            return
        yield edge
        day += timedelta(days=days)


def moment(text: str, zone: str, day: int = 0) -> datetime | None:
    """The time, or the beginning of a day, that a reader typed on the reader's clock (UTC); None when it is neither."""
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    if not FIRST_YEAR <= at.year < LAST_YEAR:
        return None
    if len(text.strip()) == len("2026-11-01"):
        at = at.replace(hour=day)
    return (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)


def naive(at: datetime | None) -> datetime | None:
    """*at* as the ledger has times: UTC without saying so."""
    return None if at is None else at.astimezone(UTC).replace(tzinfo=None)


def _quarter(at: datetime) -> datetime:
    return datetime.fromtimestamp(at.timestamp() // QUARTER * QUARTER, UTC)
