"""What does a URL say? The state of every page, from query parameters and back."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final, Self
from zoneinfo import available_timezones

from otel_burn_dashboards.scope import DIMENSIONS, Scope, filters, moment

RANGES: Final[Mapping[str, timedelta | None]] = {
    "1h": timedelta(hours=1),
    "24h": timedelta(days=1),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "all": None,
    "custom": None,
}
"""Time ranges, as they stand in the URL: how far back from now."""

RANGE_NAMES: Final = {
    "1h": "the last hour",
    "24h": "the last 24 hours",
    "7d": "the last 7 days",
    "30d": "the last 30 days",
    "all": "all time",
    "custom": "the chosen time",
}
"""The same in a sentence. Streamlit would put what it shows into the URL, so the controls show the keys."""

CLASS: Final = "token class"
TOOL: Final = "tool"
BY: Final = (*DIMENSIONS, TOOL, CLASS)
"""What the burn can be broken down by. A tool and a class of tokens are parts of a call, so nothing goes with them."""
THEN: Final = ("nothing else", *DIMENSIONS)
MEASURES: Final = ("dollars", "tokens", "calls")
WHOLE_SESSION: Final = "all"
ANY: Final = "all"
AXES: Final = ("time", "tokens", "dollars")
PERIOD: Final = "period"
PAIRS: Final = ("session", PERIOD, *(name for name in DIMENSIONS if name != "session"))
"""What can be compared."""

_ALLOWED: Final[Mapping[str, tuple[str, ...]]] = {
    "range": tuple(RANGES),
    "by": BY,
    "then": THEN,
    "measure": MEASURES,
    "day": tuple(str(hour) for hour in range(24)),
    "live": ("", "true"),
    "axis": AXES,
    "pair": PAIRS,
}
"""Parameters with a closed set of values; anything else falls back to the default."""


@dataclass(frozen=True)
class View:
    """What the URL selects. A parameter that is missing, or says something we don't know, is the default."""

    range: str = "all"
    begin: str = ""
    end: str = ""
    where: tuple[str, ...] = ()
    zone: str = "UTC"
    day: str = "0"
    live: str = ""
    by: str = "model"
    then: str = THEN[0]
    measure: str = "dollars"
    tier: str = ANY
    detector: str = ANY
    expected: str = ""
    finding: str = ""
    session: str = ""
    turn: str = WHOLE_SESSION
    block: str = ""
    trace: str = ""
    span: str = ""
    axis: str = "time"
    pair: str = "session"
    left: str = ""
    right: str = ""
    sql: str = ""

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> Self:
        """The view that *params* describe; those that can be given often are lists."""
        known: dict[str, Any] = {}
        for name in (field.name for field in fields(cls)):
            if name in params:
                value = params[name]
                known[name] = tuple(value) if name == "where" else str(value)
        return cls(**{name: value for name, value in known.items() if _fits(name, value)})

    def to(self, **changes: Any) -> dict[str, Any]:
        """The query parameters of a page about something else: the reader's frame goes along, a selection doesn't."""
        kept = {name: getattr(self, name) for name in FRAME}
        return replace(View(**kept), **changes).params

    @property
    def params(self) -> dict[str, Any]:
        """The query parameters that describe this view: only what differs from the defaults."""
        defaults = {field.name: field.default for field in fields(self)}
        values = {name: getattr(self, name) for name in defaults}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in values.items()
            if value != defaults[name]
        }

    def scope(self, now: datetime) -> Scope:
        """Which calls the view is about."""
        since, until = self.bounds(now)
        return Scope(since, until, filters(self.where), self.zone, int(self.day))

    def bounds(self, now: datetime) -> tuple[datetime | None, datetime | None]:
        """Where the time range begins and ends (UTC); None is open."""
        if self.range == "custom":
            return moment(self.begin, self.zone, int(self.day)), moment(self.end, self.zone, int(self.day))
        length = RANGES[self.range]
        return (now - length if length else None), None

    @property
    def misread(self) -> list[str]:
        """What of the time range and the filters says nothing, in sentences with the remedy."""
        said = [MISREAD_FILTER.format(text) for text in self.where if not filters([text])]
        if self.range != "custom":
            return said
        ends = (self.begin, self.end)
        since, until = self.bounds(datetime.now(UTC))
        said += [
            MISREAD_TIME.format(text)
            for text, at in zip(ends, (since, until), strict=True)
            if text and not at
        ]
        return said + ([MISREAD_RANGE] if since and until and since >= until else [])


MISREAD_FILTER: Final = (
    f"The filter {{}} is not applied, as it names nothing to filter by. Write model: gpt-5, or another of "
    f"{', '.join(DIMENSIONS)}."
)
MISREAD_TIME: Final = "{} is no time, so the range is open there. Write 2026-11-01, or 2026-11-01 09:00."
MISREAD_RANGE: Final = "The time range ends before it begins, so nothing is in it."

FRAME: Final = ("range", "begin", "end", "where", "zone", "day", "live")
"""What the header of every page has."""


@cache
def zones() -> tuple[str, ...]:
    """The time zones that one can choose, UTC first."""
    named = {
        name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "SystemV/"))
    }
    return ("UTC", *sorted(named))


def filter_names(names: Iterable[tuple[str, str]]) -> list[str]:
    """Dimensions with a value of theirs, as they stand in the URL: `model: gpt-5`."""
    return [f"{dimension}: {value}" for dimension, value in names]


def _fits(name: str, value: Any) -> bool:
    if name == "zone":
        return value in zones()
    return value in _ALLOWED.get(name, (value,))
