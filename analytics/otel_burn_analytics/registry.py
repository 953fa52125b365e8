"""Which detectors are there? Every one, in the order in which a reader meets them."""

from typing import Final

from otel_burn_analytics.detector import Detector
from otel_burn_analytics.detectors import (
    cache_misses,
    cache_unread,
    cache_unused,
    compaction_churn,
    context_bloat,
    cycles,
    duplicate_blocks,
    failed_retries,
    fan_out,
    heartbeats,
    heavy_blocks,
    loops,
    monologue,
    no_progress,
    reasoning,
    redelegation,
    requery,
    rereads,
    retry_storms,
    thrown_away,
    unused_tools,
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
    duplicate_blocks.DETECTOR,
    unused_tools.DETECTOR,
    cache_misses.DETECTOR,
    cache_unused.DETECTOR,
    cache_unread.DETECTOR,
    heartbeats.DETECTOR,
    fan_out.DETECTOR,
    fan_out.ACROSS,
    retry_storms.DETECTOR,
    thrown_away.DETECTOR,
    reasoning.DETECTOR,
)
