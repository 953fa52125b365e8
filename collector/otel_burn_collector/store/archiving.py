"""Which archived segments may go? Those that a verified backup holds: after some days, or when space is short."""

import logging
import os
import time
from collections.abc import Sequence
from pathlib import Path

from otel_burn_collector.journal import segments
from otel_burn_collector.keeping import Keeping
from otel_burn_collector.store.backups import Backup

DAY = 86_400.0

log = logging.getLogger(__name__)


def drop_covered(journal: Path, made: Sequence[Backup], keeping: Keeping) -> list[int]:
    """Delete the archived segments that may go, oldest first; returns which. What no backup holds is never touched."""
    covered = made[0].contents.position.segment if made else 0
    dropped: list[int] = []
    for number in segments.numbers(journal):
        path = segments.archived(journal, number)
        if number >= covered or not path.exists():
            break  # what is dropped has no gap in it
        if not (_old(path, keeping) or _pressed(journal, keeping)):
            break
        path.unlink()
        dropped.append(number)
    if dropped:
        log.info("journal segments %d to %d are in the backups and were dropped", dropped[0], dropped[-1])
    return dropped


def _old(path: Path, keeping: Keeping) -> bool:
    return time.time() - path.stat().st_mtime > keeping.archive_days * DAY


def _pressed(journal: Path, keeping: Keeping) -> bool:
    """Whether telemetry will soon be refused for want of space."""
    disk = os.statvfs(journal)
    return disk.f_bavail * disk.f_frsize < 2 * keeping.min_free
