"""What do the detectors find while agents still run? Sessions are judged again as soon as calls of theirs are loaded.

This is a reader's process, not the collector's: it asks the collector for what changed and hands findings back through
its command endpoint, so there stays one writer, and judging never holds up receiving.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import polars as pl

from otel_burn_analytics.detector import Detector
from otel_burn_analytics.findings import keep, look
from otel_burn_analytics.queries import Scope
from otel_burn_analytics.registry import DETECTORS
from otel_burn_collector.reader import Ledger

PAUSE_SECONDS: Final = 1.0
"""Between two looks: with the two seconds in which the collector makes a call queryable, and the judging of what
changed, a finding shows within five seconds of its call (benchmarks/follow.py)."""
RUNNING: Final = timedelta(minutes=15)
"""A session without a call for so long is not running: late spans of it are judged by the next `otel-burn findings`."""


def follow(
    ledger: Ledger,
    *,
    detectors: Sequence[Detector] = DETECTORS,
    pause: Callable[[], None] = lambda: time.sleep(PAUSE_SECONDS),
) -> Iterator[pl.DataFrame]:
    """Again and again, the findings that are new or have changed their tier since the last look; it never ends."""
    known: dict[str, str] = {}
    while True:
        judgement, judged = look(ledger, Scope(since=datetime.now(UTC) - RUNNING), detectors=detectors)
        found = judgement.findings
        new = found.filter(
            [known.get(row["finding_id"]) != row["tier"] for row in found.iter_rows(named=True)]
        )
        known |= dict(found.select("finding_id", "tier").iter_rows())
        yield new
        keep(ledger, judged)
        pause()
