"""Which detectors are there? Every one, in the order in which a reader meets them."""

from typing import Final

from otel_burn_analytics.detector import Detector
from otel_burn_analytics.detectors import (
    compaction_churn,
    context_bloat,
    cycles,
    failed_retries,
    heavy_blocks,
    loops,
    monologue,
    no_progress,
    redelegation,
    requery,
    rereads,
)

DETECTORS: Final[tuple[Detector, ...]] = (
    loops.DETECTOR,
    cycles.DETECTOR,
    failed_retries.DETECTOR,
    no_progress.DETECTOR,
    requery.DETECTOR,
    rereads.DETECTOR,
    redelegation.DETECTOR,
    monologue.DETECTOR,
    compaction_churn.DETECTOR,
    context_bloat.DETECTOR,
    heavy_blocks.DETECTOR,
)
