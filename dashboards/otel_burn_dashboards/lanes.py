"""In which row of a flame does a span stand? Below its parent, and beside none that ran at the same time."""

from collections.abc import Sequence
from typing import Final

MOST: Final = 48
"""Rows that are looked through for a free one: what is beyond could hardly be seen, and stands in the last."""


def rows(
    began: Sequence[int], ended: Sequence[int], parents: Sequence[int], order: Sequence[int]
) -> list[int]:  # fmt: skip
    """The row of each span, from 0. Whatever is below a span keeps together, in as many rows as it needs."""
    begins, ends, heights, offsets = list(began), list(ended), [1] * len(began), [0] * len(began)
    below: dict[int, list[int]] = {}
    for place in order:
        below.setdefault(parents[place], []).append(place)
    for place in reversed(order):
        if place in below:
            inner = below[place]
            _pack(inner, begins, ends, heights, offsets)
            begins[place] = min(begins[place], min(begins[one] for one in inner))
            ends[place] = max(ends[place], max(ends[one] for one in inner))
            heights[place] = 1 + max(offsets[one] + heights[one] for one in inner)
    _pack(below.get(-1, ()), begins, ends, heights, offsets)
    for place in order:
        if parents[place] >= 0:
            offsets[place] += offsets[parents[place]] + 1
    return offsets


def _pack(
    siblings: Sequence[int], begins: Sequence[int], ends: Sequence[int], heights: Sequence[int], offsets: list[int]
) -> None:  # fmt: skip
    """Give each of *siblings* the first rows that are free from its beginning on."""
    free: list[int] = []
    for place in siblings:
        begin, height, row, run = begins[place], heights[place], 0, 0
        while run < height and row + run < min(len(free), MOST):
            if free[row + run] <= begin:
                run += 1
            else:
                row, run = row + run + 1, 0
        offsets[place] = row
        end = max(ends[place], begin + 1)
        if height == 1 and row < len(free):
            free[row] = end
        else:
            free += [0] * (row + height - len(free))
            free[row : row + height] = [end] * height
