"""How is a chart drawn where no script may run? Stacked bars as SVG, each with its exact value as a title."""

from collections.abc import Callable, Mapping
from datetime import datetime
from html import escape
from typing import Final

import polars as pl

WIDTH: Final = 640
HEIGHT: Final = 220
LEFT: Final = 56
BOTTOM: Final = 22
LABELS: Final = 5
"""At most so many on an axis: they stand beside each other."""


def bars(
    stacked: pl.DataFrame, *, at: str, name: str, palette: Mapping[str, str], said: Callable[[float], str]
) -> str:
    """Bars over *at*, of rows with `low` and `high`; *said* is how a value reads."""
    places = stacked.get_column(at).unique().sort().to_list()
    highest = float(stacked.get_column("high").max() or 0) or 1.0  # type: ignore[arg-type]
    room = (WIDTH - LEFT) / max(len(places), 1)
    column = {place: LEFT + room * number for number, place in enumerate(places)}
    drawn = [
        _bar(
            row, column[row[at]], room, highest, palette[row[name]],
            f"{_at(row[at])} {row[name]}: {said(row['high'] - row['low'])}",
        )
        for row in stacked.to_dicts()
    ]  # fmt: skip
    told = places[:: max(1, -(-len(places) // LABELS))]
    labels = "".join(_label(column[place], _axis(place)) for place in told)
    inside = _lines(highest, said) + "".join(drawn) + labels
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT + BOTTOM}" role="img">{inside}</svg>'


def legend(palette: Mapping[str, str]) -> str:
    """Which colour is what."""
    return "".join(
        f'<span class="key"><i style="background:{color}"></i>{escape(name)}</span>'
        for name, color in palette.items()
    )


def _bar(row: Mapping[str, float], x: float, room: float, highest: float, color: str, said: str) -> str:
    low, high = (HEIGHT - HEIGHT * float(row[end]) / highest for end in ("low", "high"))
    if low - high < 0.05:
        return ""
    return (
        f'<rect x="{x + room * 0.04:.1f}" y="{high:.1f}" width="{room * 0.92:.1f}" height="{low - high:.1f}" '
        f'fill="{color}">'
        f"<title>{escape(said)}</title></rect>"
    )


def _lines(highest: float, said: Callable[[float], str]) -> str:
    drawn = []
    for part in (0.0, 0.5, 1.0):
        y = HEIGHT - HEIGHT * part
        drawn.append(f'<line x1="{LEFT}" x2="{WIDTH}" y1="{y}" y2="{y}" class="grid"/>')
        drawn.append(
            f'<text x="{LEFT - 6}" y="{max(y + 4, 11)}" text-anchor="end">{escape(said(highest * part))}</text>'
        )
    return "".join(drawn)


def _label(x: float, text: str) -> str:
    return f'<text x="{x:.0f}" y="{HEIGHT + 16}">{escape(text)}</text>'


def _axis(place: object) -> str:
    """A place as it fits under its bar."""
    said = _at(place)
    return said.partition(" ")[2] or said if isinstance(place, datetime) else said


def _at(place: object) -> str:
    if not isinstance(place, datetime):
        return f"turn {place}"
    return (
        f"{place:%Y-%m-%d}"
        if (place.hour, place.minute, place.second) == (0, 0, 0)
        else f"{place:%m-%d %H:%M:%S}"
    )
