"""Where do the frames come from that detectors read? Most from a query, some are made of others, once for all."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from otel_burn_analytics import conversations, runs, steps


@dataclass(frozen=True)
class Made:
    """A frame that is made of others: *make* takes them in the order of *of*."""

    make: Callable[..., pl.LazyFrame]
    of: tuple[str, ...]


MADE: Final[Mapping[str, Made]] = {
    "steps": Made(steps.steps, ("tool_calls", "llm_calls")),
    "compared_steps": Made(steps.compared, ("steps",)),
    "context_calls": Made(runs.numbered, ("llm_calls", "context_parts")),
    "block_runs": Made(runs.block_runs, ("context_calls", "context_parts", "interned_blocks")),
    "openings": Made(conversations.openings, ("context_parts", "interned_blocks")),
}


def read_frames(names: Iterable[str], query: Callable[[str], pl.DataFrame]) -> dict[str, pl.LazyFrame]:
    """The frames *names* and what they are made of; *query* answers for those that `sql/` has a file for."""
    frames: dict[str, pl.LazyFrame] = {}
    for name in names:
        _add(frames, name, query)
    return frames


def _add(frames: dict[str, pl.LazyFrame], name: str, query: Callable[[str], pl.DataFrame]) -> None:
    if name in frames:
        return
    made = MADE.get(name)
    if made is None:
        frames[name] = query(name).lazy()
        return
    for other in made.of:
        _add(frames, other, query)
    # Made once: planned into each detector, it would be computed as often as there are detectors.
    frames[name] = made.make(*(frames[other] for other in made.of)).collect().lazy()
