"""How does a user back a ledger up, and put a backup in its place? The same way with a collector and without."""

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from otel_burn.errors import BurnError
from otel_burn_collector.client import Client, CollectorGoneError
from otel_burn_collector.discovery import find_collector
from otel_burn_collector.offline import Offline, journal_folder
from otel_burn_collector.store import backups, commands, erasing, recovery
from otel_burn_collector.store.backups import Backup
from otel_burn_collector.store.belonging import refuse_strangers
from otel_burn_collector.store.database import DamagedError, open_reading

VISIBLE_SECONDS, PURGE_SECONDS = 60.0, 600.0
ERASE_SECONDS = 3600.0
ERASED = "SELECT found FROM journal.erasures WHERE key = $key AND erased_at IS NOT NULL"
UNFINISHED = "FROM store.retention WHERE purged_before IS NULL OR purged_before < wanted_before"


@dataclass(frozen=True)
class Restored:
    """What a restored ledger holds, and where what was there before is now."""

    spans: int
    loaded: int
    """Of them, from the journal."""
    missing: tuple[str, ...]
    """What was acknowledged after the backup and is not there any more."""
    aside: Path | None


def back_up(db: Path, target: Path | None) -> Backup:
    """Back *db* up to *target* (a file or a folder), else among the collector's own backups."""
    path = None if target is None else _free(target.absolute())
    running = find_collector(db)
    if running is not None:
        return Client(running).back_up(path)
    if not db.exists():
        raise BurnError(f"There is no database at {db}. Name another with --db.")
    with Offline(db) as offline:
        return offline.back_up(path)


def restore(db: Path, backup: Path) -> Restored:
    """Put *backup* in the place of *db*, and load what the journal has since."""
    running = find_collector(db)
    if running is not None:
        raise BurnError(
            f"A collector of {db} runs (process {running.pid}). Stop it, restore, and start it again: "
            "meanwhile agents keep what they record in their spool."
        )
    held = backups.verify(backup)
    _nobody_has(db)
    data_dir = journal_folder(db).parent
    refuse_strangers(backup, held.ledger, data_dir)
    aside = recovery.set_aside(db, data_dir / "replaced") if db.exists() else None
    db.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    backups.place(backup, db)
    with Offline(db) as offline:
        offline.load()
        spans, missing = offline.summary()
    return Restored(spans, spans - held.rows.get('store."otlp_spans"', 0), tuple(missing), aside)


def retain(db: Path, before: Mapping[str, int]) -> None:
    """Purge everything of each layer before its moment (ns); it is gone on return."""
    command, running = commands.retain(before), find_collector(db)
    if running is None:
        with Offline(db) as offline:
            offline.retain(command)
        return
    client = Client(running)
    if client.wait_loaded(client.command(command), VISIBLE_SECONDS):
        deadline = time.monotonic() + PURGE_SECONDS
        while time.monotonic() < deadline:
            if not client.query(UNFINISHED, {}).num_rows:
                return
            time.sleep(0.2)
    raise BurnError("The collector has the command and carries it out; it takes longer than was waited for.")


def forget(db: Path, field: str, value: str) -> Mapping[str, int]:
    """Forget a user, a session or a project: rows, free blocks, journal, backups; returns how much went."""
    running = find_collector(db)
    if running is not None:
        return _forgotten(Client(running), field, value)
    if not db.exists():
        raise BurnError(f"There is no database at {db}. Name another with --db.")
    with Offline(db) as offline:
        found, last = offline.forget(field, value)
    erasing.write_anew(db)
    erasing.drop_copies(db, journal_folder(db).parent, last)
    return found


def _forgotten(client: Client, field: str, value: str) -> Mapping[str, int]:
    """How much a running collector has forgotten, once the last copy is gone."""
    key = uuid4().hex
    client.command(commands.forget(field, value, key))
    deadline = time.monotonic() + ERASE_SECONDS
    while time.monotonic() < deadline:
        with suppress(CollectorGoneError, BurnError):  # the store ends, to write its file anew
            for row in client.query(ERASED, {"key": key}).to_pylist():
                return dict(row["found"])
        time.sleep(0.2)
    raise BurnError("The collector has the command and carries it out; it takes longer than was waited for.")


def _free(target: Path) -> Path:
    path = backups.new_path(target) if target.is_dir() else target
    if path.exists():
        raise BurnError(f"{path} exists. Name a new file, or a folder.")
    return path


def _nobody_has(db: Path) -> None:
    try:
        open_reading(db).close()
    except DamagedError:
        return  # which is why it is replaced
    except BurnError:
        if db.exists():
            raise
