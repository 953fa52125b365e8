"""What besides rows holds what is forgotten? The file's free blocks, the journal, backups, and what was put aside.

DuckDB leaves deleted bytes in blocks that it may use again, so the file is written anew: that reads and writes all of
it once. A verified backup of the new file then holds everything that the journal's loaded segments and the older
backups hold, so these can go altogether.
"""

import shutil
from pathlib import Path

import duckdb

from otel_burn.errors import BurnError
from otel_burn_collector.journal import segments
from otel_burn_collector.journal.reader import ASIDE
from otel_burn_collector.store import backups


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


def drop_copies(db: Path, data_dir: Path, journal: Path) -> list[Path]:
    """Back *db* up, and delete every other copy of what it held; returns what was deleted."""
    folder = backups.folder_of(data_dir)
    made = backups.make(db, backups.new_path(folder))
    gone = [path for path in folder.iterdir() if path not in (made.path, backups.note(made.path))]
    for number in segments.numbers(journal):
        gone += [
            path
            for path in (segments.path(journal, number), segments.archived(journal, number))
            if path.exists()
        ]
    gone += [path for path in (data_dir / "damaged", data_dir / "replaced", journal / ASIDE) if path.exists()]
    for path in gone:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    return gone
