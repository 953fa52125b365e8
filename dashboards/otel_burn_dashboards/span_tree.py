"""How do the spans of a trace hang together? Whole columns at a time: 50,000 spans take a twentieth of a second."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

Rows = npt.NDArray[np.int64]
Amounts = npt.NDArray[np.float64]
NONE: Final = -1


class Hanging(NamedTuple):
    """How spans hang together, by row: which one is above, how deep it lies, and its place when parents come first."""

    above: Rows
    depths: Rows
    places: Rows
    levels: Sequence[Rows]
    """The rows of each depth, those of one parent together."""


def hang(spans: pl.DataFrame) -> Hanging:
    """How *spans* (`span_id`, `parent_span_id`), in the order of siblings, hang together. Time grows with the spans and
    with how deep they lie: one below the other, the worst, 50,000 take 3 s."""
    above = _cut(_above(spans))
    levels = _levels(above)
    depths, sizes = np.zeros_like(above), np.ones_like(above)
    for depth, level in enumerate(levels):
        depths[level] = depth
    for level in reversed(levels[1:]):
        np.add.at(sizes, above[level], sizes[level])
    places = np.zeros_like(above)
    for level in levels:
        before = np.cumsum(sizes[level]) - sizes[level]
        parents = above[level]
        is_first = np.concatenate([[True], parents[1:] != parents[:-1]])
        before -= np.maximum.accumulate(np.where(is_first, before, 0))
        places[level] = before + np.where(parents == NONE, 0, places[parents] + 1)
    return Hanging(above, depths, places, levels)


def burned(own: Amounts, hanging: Hanging) -> Amounts:
    """What each span burned with all below it."""
    totals = own.copy()
    for level in reversed(hanging.levels[1:]):
        np.add.at(totals, hanging.above[level], totals[level])
    return totals


def uncovered(began: Rows, ended: Rows, hanging: Hanging) -> Rows:
    """How long no child of each span was running, parallel ones counted once; rows are by their beginning."""
    children = np.flatnonzero(hanging.above != NONE)
    parents = hanging.above[children]
    ends = np.minimum(ended[children], ended[parents])
    reached = pl.DataFrame({"parent": parents, "end": ends}).select(
        pl.col("end").cum_max().shift(1).over("parent").fill_null(np.iinfo(np.int64).min)
    )
    begins = np.maximum(np.maximum(began[children], began[parents]), reached.to_series().to_numpy())
    own = ended - began
    np.subtract.at(own, parents, np.maximum(0, ends - begins))
    return own


def _above(spans: pl.DataFrame) -> Rows:
    """The row of each span's parent, -1 where it is not here or is the span itself."""
    ids = spans.select("span_id").with_row_index("above").unique("span_id", keep="last")
    found = spans.select("parent_span_id").join(
        ids, left_on="parent_span_id", right_on="span_id", how="left", maintain_order="left"
    )
    above = found["above"].cast(pl.Int64).fill_null(NONE).to_numpy().copy()
    above[above == np.arange(above.size)] = NONE
    return above


def _cut(above: Rows) -> Rows:
    """*above* without circles: the first span of each stands at the top."""
    reached = above.copy()
    for _ in range(above.size.bit_length()):
        reached = np.where(reached == NONE, NONE, reached[reached])
    seen: dict[int, int] = {}
    for start in np.flatnonzero(reached != NONE).tolist():
        row = start
        while row != NONE and row not in seen:
            seen[row] = start
            row = int(above[row])
        if row != NONE and seen[row] == start:
            above[_first_of_circle(row, above)] = NONE
    return above


def _first_of_circle(row: int, above: Rows) -> int:
    circle = [row]
    while (row := int(above[row])) != circle[0]:
        circle.append(row)
    return min(circle)


def _levels(above: Rows) -> list[Rows]:
    """The rows of each depth, from the top."""
    by_parent = np.argsort(above, kind="stable")
    starts = np.searchsorted(above[by_parent], np.arange(NONE, above.size + 1))
    levels: list[Rows] = []
    parents: Any = np.array([NONE])
    while True:
        begins, lengths = starts[parents + 1], starts[parents + 2] - starts[parents + 1]
        total = int(lengths.sum())
        if not total:
            return levels
        within = np.arange(total) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        parents = by_parent[np.repeat(begins, lengths) + within]
        levels.append(parents)
