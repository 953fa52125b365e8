"""What does a URL say? Each page's state, from query parameters and back."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Final, Self

RANGES: Final[Mapping[str, timedelta | None]] = {
    "1h": timedelta(hours=1),
    "24h": timedelta(days=1),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "all": None,
}
"""Time ranges, as they stand in the URL: how far back from now."""

RANGE_NAMES: Final = {
    "1h": "the last hour",
    "24h": "the last 24 hours",
    "7d": "the last 7 days",
    "30d": "the last 30 days",
    "all": "all time",
}
"""The same in a sentence. Streamlit would put what it shows into the URL, so the controls show the keys."""

DIMENSIONS: Final = ("model", "agent", "session", "project")
MEASURES: Final = ("dollars", "tokens", "calls")
WHOLE_SESSION: Final = "all"

_ALLOWED: Final[Mapping[str, tuple[str, ...]]] = {
    "range": tuple(RANGES),
    "by": DIMENSIONS,
    "measure": MEASURES,
}
"""Parameters with a closed set of values; anything else falls back to the default."""


@dataclass(frozen=True)
class View:
    """What the URL selects. A parameter that is missing, or says something we don't know, is the default."""

    range: str = "all"
    by: str = "model"
    measure: str = "dollars"
    session: str = ""
    turn: str = WHOLE_SESSION
    sql: str = ""

    @classmethod
    def of(cls, params: Mapping[str, str]) -> Self:
        """The view that *params* describe."""
        known = {field.name: params[field.name] for field in fields(cls) if field.name in params}
        return cls(**{name: value for name, value in known.items() if value in _ALLOWED.get(name, (value,))})

    @property
    def params(self) -> dict[str, str]:
        """The query parameters that describe this view: only what differs from the defaults."""
        values = {field.name: str(getattr(self, field.name)) for field in fields(self)}
        defaults = {field.name: field.default for field in fields(self)}
        return {name: value for name, value in values.items() if value != defaults[name]}

    def since(self, now: datetime) -> datetime | None:
        """The beginning of the time range, or None for all time."""
        length = RANGES[self.range]
        return now - length if length else None
