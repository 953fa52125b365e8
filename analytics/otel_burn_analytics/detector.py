"""What is a detector? A function from lazy frames to findings, and what it declares about itself.

How to add one, in one file under `detectors/`:

1. Write `find_x(tool_calls, llm_calls, *, threshold=…)`: one parameter for each view that it reads, by its name, lazy
   frames to a lazy frame with the columns `finding.FINDINGS`. No I/O, no clock, no `collect`.
2. Declare `DETECTOR = Detector(name=…, find=find_x, needs={"tool_calls": SCHEMA, …})`, and list it in
   `registry.DETECTORS`. The columns of `needs` are there when `find` runs, in these types; what the ledger does not
   know is NULL. The view's rows come from `sql/<view>.sql`, so a new kind of frame is a new SQL file.
3. Sum up with `charging.charged`: it prices the calls of each finding by the ledger's own shares.
4. Make `finding_id` by `finding.identity(name, …)` from what does not change while the finding grows: the partition
   and the first call. `findings.judge` judges only partitions that changed, replaces all of a partition at once, and
   what people say of findings (`store.marks`) is kept apart, by `finding_id`, so it survives.

The module's docstring is the detector's page (`docs/detectors/`): the question it answers, then the paragraphs
*Rule*, *Defaults*, *Dollars*, *Needs*, *Blind spots* and *Complexity*.
"""

import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import polars as pl

from otel_burn_analytics.finding import FINDINGS

Partition = Literal["session", "tree", "agent"]
"""What a detector has to see as a whole.

`session`: a conversation. `tree`: everything below one task, sub-agents in sessions of their own included: a run of
`otel-burn run` (`run_id`), else a trace. `agent`: all calls of an agent's name, within the detector's lookback.
"""


@dataclass(frozen=True, kw_only=True)
class Detector:
    """A detector, as the registry lists it."""

    name: str
    find: Callable[..., pl.LazyFrame]
    """Takes a lazy frame for each view of `needs`, by its name."""
    needs: Mapping[str, pl.Schema]
    """The columns that it reads of each view."""
    partition: Partition = "session"
    lookback: timedelta | None = None
    """How far before the newest call of its partition it looks; None: to the beginning."""
    version: int = 1
    """Raise it when the rule changes: what an older version judged is judged again."""

    @property
    def page(self) -> str:
        """What its module says of it: the question that it answers, then the paragraphs named above."""
        find = getattr(self.find, "func", self.find)  # one function may serve two partitions
        return inspect.getdoc(sys.modules[find.__module__]) or ""

    def judge(self, frames: Mapping[str, pl.LazyFrame]) -> pl.LazyFrame:
        """The findings in *frames*, one for each view; columns that a frame lacks are NULL."""
        given = {view: conform(frames[view], schema) for view, schema in self.needs.items()}
        return conform(self.find(**given), FINDINGS)


def conform(frame: pl.LazyFrame, schema: pl.Schema) -> pl.LazyFrame:
    """*frame* with the columns of *schema* alone, in its types; NULL where it has none."""
    there = set(frame.collect_schema().names())
    return frame.select(
        (pl.col(name) if name in there else pl.lit(None)).cast(kind).alias(name)
        for name, kind in schema.items()
    )
