"""Which detectors are there? Every one, in the order in which a reader meets them."""

from typing import Final

from otel_burn_analytics.detector import Detector
from otel_burn_analytics.detectors import context_bloat, cycles, failed_retries, heavy_blocks, loops

DETECTORS: Final[tuple[Detector, ...]] = (
    loops.DETECTOR,
    cycles.DETECTOR,
    failed_retries.DETECTOR,
    context_bloat.DETECTOR,
    heavy_blocks.DETECTOR,
)
