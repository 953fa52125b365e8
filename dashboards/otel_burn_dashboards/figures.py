"""How do numbers and names read? Words for people; unknown is a word, never 0."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

UNKNOWN: Final = "unknown"
UNPRICED: Final = "unpriced"
NOTHING: Final = "-"

_DETECTORS: Final = {"loops": "repeated tool call", "context_bloat": "context bloat"}
"""Where a detector's name does not say it to a stranger."""
_SCALES: Final = ((10**12, "T"), (10**9, "B"), (10**6, "M"), (10**3, "k"))
_PUNCTUATION: Final = re.compile(r"([!-/:-@\[-`{-~])")


def usd(amount: Decimal | None) -> str:
    """Dollars with as many digits as tell amounts apart: $1,234.50, $12.34, $0.0123."""
    if amount is None:
        return UNKNOWN
    if 0 < amount < Decimal("0.00005"):
        return "< $0.0001"
    digits = 2 if abs(amount) >= 1 or amount == 0 else 4
    return f"${amount:,.{digits}f}"


def signed_usd(amount: Decimal | None) -> str:
    """Dollars more or less, with a sign; what is nothing has none."""
    if amount is None:
        return UNKNOWN
    sign = "+" if amount > 0 else "-" if amount < 0 else ""
    return sign + usd(abs(amount))


def exact_usd(amount: Decimal | None) -> str:
    """Dollars with all their digits, for whoever wants to know."""
    return UNKNOWN if amount is None else f"${amount.normalize():,f}"


def money(amount: float) -> str:
    """Dollars that are not exact: whole ones from a hundred up."""
    return f"${amount:,.0f}" if amount >= 100 else usd(Decimal(str(round(amount, 4))))


def usd_range(low: Decimal | None, high: Decimal | None) -> str:
    """A range of dollars, or the one amount when both ends read the same."""
    if high and not low:
        return f"up to {usd(high)}"
    return " to ".join(dict.fromkeys(usd(end) for end in (low, high)))


def count(number: int | None) -> str:
    """A whole number in full: 12,345."""
    return UNKNOWN if number is None else f"{number:,}"


def short(number: float | None) -> str:
    """A number at a glance: 950, 1.2 k, 34 k, 1.2 M."""
    if number is None:
        return UNKNOWN
    for size, name in _SCALES:
        if abs(number) >= size * (1 if size > 1000 else 10):
            scaled = number / size
            return f"{scaled:.1f} {name}" if abs(scaled) < 10 else f"{scaled:,.0f} {name}"
    return f"{number:,.0f}"


def share(part: float | None, whole: float | None) -> str:
    """A percentage, rounded down so that 100 % means all."""
    if part is None or not whole:
        return UNKNOWN
    percent = int(part * 1000 // whole) / 10
    return f"{percent:.0f} %" if percent in (0, 100) else f"{percent:.1f} %"


def clock(at: datetime | None, zone: str) -> str:
    """A moment on the reader's clock, to the second, with the zone's name."""
    return UNKNOWN if at is None else f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S %Z}"


def change(now: float | None, before: float | None) -> str | None:
    """How much more or less than before: `+12 %`, `new`; None where that is nothing, or cannot be said."""
    if now is None or before is None:
        return None
    if not before:
        return "new" if now else None
    percent = (now / before - 1) * 100
    if abs(percent) < 0.5:
        return None
    return f"{percent:+,.0f} %" if abs(percent) < 1000 else f"{now / before:,.0f} times"


def lasting(span: timedelta | None) -> str:
    """How long something took: 0.4 s, 12 s, 3 min 5 s, 2 h 10 min, 3 d 4 h."""
    if span is None:
        return UNKNOWN
    seconds = span.total_seconds()
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    whole = int(seconds)
    for size, name, below, part in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            rest = whole % size // below
            return f"{whole // size} {name}" + (f" {rest} {part}" if rest else "")
    return f"{whole} s"


def turns(numbers: Iterable[int]) -> str:
    """Turns as ranges: `turns 2 to 11, 14`."""
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][-1] + 1:
            runs[-1][1:] = [number]
        else:
            runs.append([number])
    shown = ", ".join(" to ".join(str(end) for end in run) for run in runs[:8])
    more = ", …" if len(runs) > 8 else ""
    return f"{'turn' if shown.isdigit() else 'turns'} {shown}{more}" if runs else "no turn"


def plain(text: object) -> str:
    """*text* for an element that reads Markdown: a name from the telemetry must not become an image or a link."""
    return _PUNCTUATION.sub(r"\\\1", str(text)).replace("\n", " ")


def detector(name: str | None) -> str:
    """What a detector finds, in words."""
    return _DETECTORS.get(name or "", phrase(name))


def brief(name: str, *, most: int = 28) -> str:
    """A name that fits into a narrow place: its beginning and its end tell names apart."""
    half = (most - 1) // 2
    return name if len(name) <= most else f"{name[:half]}…{name[-half:]}"


def ending(path: str) -> str:
    """What tells a folder or a repository from others: the end of its path."""
    return path.rstrip("/").rpartition("/")[2] or path


def phrase(name: str | None) -> str:
    """A name of ours as words: `tool_result` is a tool result."""
    return (name or NOTHING).replace("_", " ")
