"""What does a field of a log mean? The value where it is one, else an error that says what stood there."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

MOST_TOKENS: Final = 10**9
"""Of one response; the largest contexts are a hundredth of it."""
_EARLIEST_NS: Final = 1_577_836_800 * 10**9
"""2020: no log of these agents is older."""
_LATEST_NS: Final = 9_000_000_000 * 10**9
_MILLISECONDS: Final = 10**11
"""A number beyond it counts milliseconds, one below it seconds."""
_FRACTION: Final = re.compile(r"\.(\d+)")
_SHOWN: Final = 40


class BadFieldError(Exception):
    """A field that says something, and not what it should."""


def as_dict(value: Any) -> dict[str, Any]:
    """*value* where it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """*value* where it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def as_text(value: Any) -> str | None:
    """*value* where it is a text that says something."""
    return value if isinstance(value, str) and value else None


def checked_object(name: str, said: Any) -> dict[str, Any]:
    """*said* where it is an object; an empty one for null."""
    if said is not None and not isinstance(said, dict):
        raise BadFieldError(f"{name} is {shown(said)}")
    return said or {}


def checked_counts(said: Mapping[str, Any], names: Iterable[str]) -> None:
    """Raise unless each of *names* that *said* has is a number of tokens, or null."""
    for name in names:
        value = said.get(name)
        if value is not None:
            _check_count(name, value)


def _check_count(name: str, value: Any) -> None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole and not (isinstance(value, float) and value.is_integer()):
        raise BadFieldError(f"{name} is {shown(value)}, and no number of tokens")
    if not 0 <= value <= MOST_TOKENS:
        raise BadFieldError(f"{name} is {value:,.0f}, which no response has")


def nanoseconds(value: Any) -> int:
    """A moment, from ISO 8601 or a number of seconds or milliseconds since 1970."""
    try:
        found = _nanoseconds(value)
    except (ValueError, OverflowError):
        found = None
    if found is None or not _EARLIEST_NS <= found < _LATEST_NS:
        raise BadFieldError(f"its time is {shown(value)}")
    return found


def maybe_nanoseconds(value: Any) -> int | None:
    """A moment, where *value* is one."""
    try:
        return nanoseconds(value)
    except BadFieldError:
        return None


def _nanoseconds(value: Any) -> int | None:
    if isinstance(value, str):
        moment = datetime.fromisoformat(value)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        fraction = _FRACTION.search(value)
        digits = fraction[1][:9].ljust(9, "0") if fraction else "0"
        return int(moment.replace(microsecond=0).timestamp()) * 10**9 + int(digits)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return round(value * 10**6) if value > _MILLISECONDS else round(value * 10**9)
    return None


def shown(value: Any) -> str:
    """*value* in a message: of a text that may be content no more than that it is one."""
    if isinstance(value, str):
        return f"the text {value!r}" if len(value) <= _SHOWN else "a long text"
    return f"{value}"[:_SHOWN] if isinstance(value, int | float | None) else f"a {type(value).__name__}"
