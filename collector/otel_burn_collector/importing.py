"""How do files get into the ledger? Recognised, then through the same door as everything else."""

import os
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from otel_burn.errors import BurnError
from otel_burn_collector.backlog import Progress, unseen
from otel_burn_collector.doors import Door, door_of
from otel_burn_collector.journal.records import Encoding, Kind
from otel_burn_collector.recognition import MAX_FILE_BYTES, NotOtlpError, bodies_in
from otel_burn_collector.session_logs.apart import WORTH_BYTES, take_apart
from otel_burn_collector.session_logs.calls import Problem
from otel_burn_collector.session_logs.places import files_below, usual_paths
from otel_burn_collector.session_logs.reading import UNREADABLE, why
from otel_burn_collector.session_logs.remembering import REMEMBERED
from otel_burn_collector.session_logs.taking import Looking, Taken, fresh_logs, take_logs
from otel_burn_collector.session_logs.telling import Log, tell
from otel_burn_collector.store import commands
from otel_burn_collector.store.progress import body_hash

REMEMBERED_AT_ONCE: Final = 10_000
"""Logs in one command, which ends a batch of the loader: a megabyte or two."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What shall be imported."""

    paths: Sequence[Path] = ()
    """None: what lies in the agents' usual places."""
    agents: Sequence[str] = ()
    """None: logs of every agent."""
    since_ns: int = 0
    dry_run: bool = False
    reading: Progress = unseen
    loading: Progress = unseen


@dataclass
class Imported:
    """What an import found and did."""

    files: int = 0
    """OTLP files of which something landed, now or before."""
    items: Counter[str] = field(default_factory=Counter)
    """What is new, by the name of what it is."""
    requests: int = 0
    known: int = 0
    skipped: list[tuple[Path, str]] = field(default_factory=list)
    others: int = 0
    """Files that lie beside session logs and are nothing that can be imported."""
    logs: Taken = field(default_factory=Taken)
    bodies: set[str] = field(default_factory=set)
    """The hashes of those that were new."""

    @property
    def landed(self) -> bool:
        """Whether anything did, now or before."""
        return bool(self.files or any(found.files for found in self.logs.agents.values()))


def import_wanted(db: Path, wanted: Wanted) -> Imported:
    """Import what is *wanted*; importing again changes nothing."""
    for path in wanted.paths:
        if not path.exists():
            raise BurnError(
                f"There is nothing at {path}. Name an OTLP file, a session log, or a folder with some."
            )
    imported = Imported()
    # Before anything is written: the database may be in the same folder.
    logs, others = _sorted_out(wanted, db, imported)
    with nullcontext() if wanted.dry_run else door_of(db, wanted.loading) as door:
        for file in others:
            if door is not None:
                _import_otlp(door, file, imported, beside_logs=bool(logs))
        _import_logs(door, logs, wanted, imported)
    return imported


def _sorted_out(wanted: Wanted, db: Path, imported: Imported) -> tuple[list[Log], list[Path]]:
    """The session logs among what is wanted, and the other files, which somebody named."""
    logs, others = [], []

    def trouble(path: Path, reason: str) -> None:
        imported.logs.problems.append((path, Problem(0, reason)))

    usual = [path for _, path in usual_paths(os.environ, Path.home())] if not wanted.paths else []
    for root in wanted.paths or usual:
        for file in files_below(root, trouble):
            try:
                log = None if file.absolute() == db else tell(file)
            except UNREADABLE as error:
                log = None
                if not (wanted.paths and isinstance(error, OSError | EOFError)):  # OTLP's reader says it, too
                    trouble(file, f"it cannot be read ({why(error)})")
                    continue
            if log is None:
                others.append(file)
                if not wanted.paths and _looks_like_a_log(file):
                    imported.logs.problems.append((file, Problem(0, _UNKNOWN, passing=True)))
            elif not wanted.agents or log.agent in wanted.agents:
                logs.append(log._replace(path=log.path.absolute()))
    return logs, others if wanted.paths and not wanted.agents else []


def _looks_like_a_log(file: Path) -> bool:
    """Whether *file*, which is none that we know, would be missed: OpenClaw's trajectories repeat its sessions."""
    return file.suffix == ".jsonl" and not file.name.endswith(".trajectory.jsonl") and file.stat().st_size > 0


_UNKNOWN: Final = "it is no session log that this version of otel-burn knows: nothing of it is counted"


def _import_logs(door: Door | None, logs: Iterable[Log], wanted: Wanted, imported: Imported) -> None:
    taken = imported.logs
    known = {row["path"]: row for row in door.rows(REMEMBERED)} if door else {}
    found = fresh_logs(logs, known, taken, wanted.since_ns)
    sink = _ThroughDoor(door, wanted.reading) if door else Looking(wanted.reading)
    take = take_apart if door and sum(one.state.size for one in found) >= WORTH_BYTES else take_logs
    imported.logs = take(found, sink, taken, since_ns=wanted.since_ns, now_ns=time.time_ns())


@dataclass
class _ThroughDoor:
    """What is taken out of logs goes where everything goes."""

    door: Door
    progress: Progress

    def requests(self, body: bytes) -> None:
        self.door.put(Kind.TRACES, Encoding.PLAIN, body)

    def logs(self, rows: Sequence[Mapping[str, Any]]) -> None:
        for first in range(0, len(rows), REMEMBERED_AT_ONCE):
            some = rows[first : first + REMEMBERED_AT_ONCE]
            self.door.put(Kind.COMMAND, Encoding.JSON, commands.imported(some))


def _import_otlp(door: Door, file: Path, imported: Imported, *, beside_logs: bool) -> None:
    try:
        found, others = bodies_in(file.name, _content(file))
    except NotOtlpError as error:
        found, others = [], [error]
    except OSError as error:
        found, others = [], [NotOtlpError(f"it cannot be read ({error.strerror})")]
    if found or not beside_logs:
        imported.skipped += [(file, str(one)) for one in others]
    else:
        imported.others += 1
    bodies = {body_hash(one.signal.kind, one.data): one for one in found}
    known = imported.bodies & bodies.keys()
    known |= door.known([*bodies.keys() - known]) if bodies else set()
    for key, body in bodies.items():
        if key not in known:
            door.put(body.signal.kind, body.encoding, body.data)
            imported.bodies.add(key)
            imported.requests += 1
            imported.items[body.signal.items] += body.items
    imported.known += len(known)
    imported.files += bool(bodies)


def _content(file: Path) -> bytes:
    if file.stat().st_size > MAX_FILE_BYTES:
        raise NotOtlpError("it is larger than 1 GiB")
    return file.read_bytes()
