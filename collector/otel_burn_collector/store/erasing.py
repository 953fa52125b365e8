"""What besides rows holds what is forgotten? The file's free blocks, the journal, backups, and what was put aside.

DuckDB leaves deleted bytes in blocks that it may use again, so the file is written anew: that reads and writes all of
it once. A verified backup of the new file then holds everything that the journal's loaded segments and the older
backups hold, so these can go altogether.

A collector's store ends for it and does this before it opens the file again; its receiver goes on acknowledging, and
questions wait in the socket that the supervisor holds. Whatever is killed in between, it is done again from the start.
"""

import shutil
import time
from collections.abc import Mapping
from pathlib import Path

import duckdb

from otel_burn.errors import BurnError
from otel_burn_collector.journal import segments
from otel_burn_collector.journal.reader import ASIDE
from otel_burn_collector.store import backups

_PENDING = "SELECT max(segment) FROM journal.erasures WHERE erased_at IS NULL"


def want(con: duckdb.DuckDBPyConnection, key: str, segment: int, found: Mapping[str, int]) -> None:
    """Have every copy erased that holds what was deleted, up to *segment* of the journal."""
    con.execute(
        "INSERT INTO journal.erasures VALUES ($key, $segment, $found, make_timestamp_ns($now), NULL)",
        {"key": key, "segment": segment, "found": dict(found), "now": time.time_ns()},
    )


def pending(con: duckdb.DuckDBPyConnection) -> int | None:
    """Up to which segment of the journal copies have to be erased; None when they need not be."""
    ((segment,),) = con.execute(_PENDING).fetchall()
    return None if segment is None else int(segment)


def finish(con: duckdb.DuckDBPyConnection) -> None:
    """Note that every copy is gone, and with them what was put aside of damaged records."""
    con.execute("UPDATE journal.damage SET kept_in = NULL WHERE kept_in IS NOT NULL")
    con.execute(
        "UPDATE journal.erasures SET erased_at = make_timestamp_ns($now) WHERE erased_at IS NULL",
        {"now": time.time_ns()},
    )


def write_anew(db: Path) -> None:
    """Put a copy of *db*'s rows, and of nothing else, in its place; nobody may have it open."""
    draft = db.with_name(f"{db.name}.part")
    draft.unlink(missing_ok=True)
    with duckdb.connect(draft) as con:
        quoted = str(db).replace("'", "''")  # ATTACH takes no parameter
        con.execute(f"ATTACH '{quoted}' AS before (READ_ONLY)")
        ((name,),) = con.execute("SELECT current_database()").fetchall()
        con.execute(f'COPY FROM DATABASE before TO "{name}"')
        con.execute("DETACH before")
    before, after = backups.verify(db), backups.verify(draft)
    if before != after:
        draft.unlink()
        raise BurnError(
            f"{db} was not written anew: it holds {before}, the copy {after}. Nothing was changed."
        )
    draft.replace(db)
    segments.sync_folder(db.parent)


def drop_copies(db: Path, data_dir: Path, last: int) -> list[Path]:
    """Back *db* up, and delete every other copy of what it held, segments up to *last*; returns what was deleted."""
    folder, journal = backups.folder_of(data_dir), data_dir / "journal"
    made = backups.make(db, backups.new_path(folder))
    gone = [path for path in folder.iterdir() if path not in (made.path, backups.note(made.path))]
    for number in segments.numbers(journal):
        files = (segments.path(journal, number), segments.archived(journal, number))
        gone += [path for path in files if number <= last and path.exists()]
    gone += [path for path in (data_dir / "damaged", data_dir / "replaced", journal / ASIDE) if path.exists()]
    for path in gone:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    # Numbers go on after it, and whoever reads on from its end misses nothing.
    segments.path(journal, last).touch(mode=0o600)
    return gone
