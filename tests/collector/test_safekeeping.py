"""Can a ledger be backed up while it grows, restored, and does it outlive damage to any of its files?"""

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from otel_burn.errors import BurnError
from otel_burn_collector import safekeeping
from otel_burn_collector.examining import examine
from otel_burn_collector.journal import archive, segments
from otel_burn_collector.journal.records import Encoding, Kind, Position, encode
from otel_burn_collector.keeping import Keeping
from otel_burn_collector.offline import Offline
from otel_burn_collector.reader import open_ledger
from otel_burn_collector.settings import data_dir_of
from otel_burn_collector.store import backups
from otel_burn_collector.store.recovery import suspect

MakeSpans = Callable[..., bytes]
StartCollector = Callable[..., Any]


@pytest.fixture
def db(tmp_path: Path) -> Path:
    """Where the ledger of a test is."""
    return tmp_path / "burn.duckdb"


def put(db: Path, *bodies: bytes) -> None:
    """Journal and load, as an import without a collector does; each time in a segment of its own."""
    with Offline(db) as offline:
        for body in bodies:
            offline.put(Kind.TRACES, Encoding.PLAIN, body)


def spans(db: Path) -> int:
    with open_ledger(db) as ledger:
        rows = ledger.query("SELECT count(*) AS n, count(DISTINCT span_id) AS d FROM spans").to_pylist()
    assert rows[0]["n"] == rows[0]["d"]
    return int(rows[0]["n"])


def damages(db: Path) -> list[str]:
    with open_ledger(db) as ledger:
        found: list[str] = ledger.query("SELECT reason FROM journal.damage ORDER BY found_at")[
            "reason"
        ].to_pylist()
    return found


def ruin(path: Path, how: str) -> None:
    """Damage *path* the way that disks and crashes do."""
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    if how == "flip":
        data[middle] ^= 8
    elif how == "zero":
        data[middle if path.suffix == ".wal" else 12_288 :] = bytes(len(data))
    elif how == "cut":
        del data[middle:]
    elif how == "header":
        data[:12_288] = bytes(12_288)
    path.write_bytes(data)


def test_a_backup_holds_what_the_database_held(db: Path, make_spans: MakeSpans) -> None:
    """It opens by itself, every row was read, and it is the newest of those that are listed."""
    put(db, make_spans(*range(1, 51)))
    backup = safekeeping.back_up(db, None)
    assert backup.contents.rows['store."otlp_spans"'] == 50
    assert backups.listed(backups.folder_of(data_dir_of(db)))[0] == backup
    assert backup.path.stat().st_mode & 0o777 == 0o600
    with duckdb.connect(backup.path, read_only=True) as con:
        assert con.sql("SELECT count(*) FROM spans").fetchall() == [(50,)]


def test_a_backup_goes_where_it_is_told_and_overwrites_nothing(
    db: Path, tmp_path: Path, make_spans: MakeSpans
) -> None:
    """A file, or a new one in a folder."""
    put(db, make_spans(1))
    (tmp_path / "nas").mkdir()
    assert safekeeping.back_up(db, tmp_path / "mine.duckdb").path == tmp_path / "mine.duckdb"
    assert safekeeping.back_up(db, tmp_path / "nas").path.parent == tmp_path / "nas"
    with pytest.raises(BurnError, match=r"exists\. Name a new file"):
        safekeeping.back_up(db, tmp_path / "mine.duckdb")
    with pytest.raises(BurnError, match="cannot be written"):
        safekeeping.back_up(db, tmp_path / "mine.duckdb" / "in-a-file")
    assert not list(tmp_path.rglob("*.part"))


def test_a_bad_copy_is_no_backup(db: Path, make_spans: MakeSpans, monkeypatch: pytest.MonkeyPatch) -> None:
    """One flipped bit in any block is found by reading, and nothing is left that looks like a backup."""
    put(db, make_spans(*range(1, 2001)))
    real, dice = backups._copy, random.Random(5)

    def copy(source: Path, target: Path) -> None:
        real(source, target)
        data = bytearray(target.read_bytes())
        used = [at for at in range(12_288, len(data), 512) if any(data[at : at + 64])]
        data[dice.choice(used)] ^= 1
        target.write_bytes(data)

    monkeypatch.setattr(backups, "_copy", copy)
    refused = 0
    for _ in range(4):
        try:
            safekeeping.back_up(db, None)
        except backups.BadCopyError:
            refused += 1
    assert refused >= 3  # a bit may lie in what no row uses
    made = backups.listed(backups.folder_of(data_dir_of(db)))
    assert len(made) == 4 - refused
    assert len(list(backups.folder_of(data_dir_of(db)).iterdir())) == 2 * len(made)


def test_restoring_loads_what_came_after(db: Path, make_spans: MakeSpans) -> None:
    """From the archive as from plain segments; what was there before is kept aside."""
    put(db, make_spans(1, 2))
    backup = safekeeping.back_up(db, None)
    put(db, make_spans(3))
    put(db, make_spans(4, 5))
    archive.compress(data_dir_of(db) / "journal", 2)
    restored = safekeeping.restore(db, backup.path)
    assert (restored.spans, restored.loaded, restored.missing) == (5, 3, ())
    assert spans(db) == 5
    assert restored.aside is not None
    assert (restored.aside / db.name).exists()


def test_restoring_says_what_is_not_there_any_more(db: Path, make_spans: MakeSpans) -> None:
    """A segment that was dropped since the backup is named, then and in `doctor` ever after."""
    put(db, make_spans(1))
    backup = safekeeping.back_up(db, None)
    put(db, make_spans(2))
    put(db, make_spans(3))
    segments.path(data_dir_of(db) / "journal", 2).unlink()
    restored = safekeeping.restore(db, backup.path)
    assert restored.spans == 2
    assert ["segment 2" in one and "not there any more" in one for one in restored.missing] == [True]
    (said,) = [said for level, about, said in examine(db) if (level, about) == ("problem", "damage")]
    assert "the segments from here on are not there any more" in said


def test_a_torn_end_is_no_damage_to_tell_of(db: Path, make_spans: MakeSpans) -> None:
    """A killed receiver leaves one: it is on record, but was never acknowledged, so `doctor` has no problem."""
    put(db, make_spans(1))
    with segments.path(data_dir_of(db) / "journal", 2).open("xb") as torn:
        torn.write(encode(Kind.TRACES, Encoding.PLAIN, 0, make_spans(2))[:-5])
    put(db, make_spans(3))
    assert damages(db) == ["the segment ends within a record"]
    assert [about for level, about, _ in examine(db) if level == "problem"] == []


def test_what_is_no_backup_is_not_restored(db: Path, tmp_path: Path, make_spans: MakeSpans) -> None:
    """The database stays as it is."""
    put(db, make_spans(1))
    (tmp_path / "junk").write_bytes(b"junk" * 5000)
    with pytest.raises(BurnError, match="does not open"):
        safekeeping.restore(db, tmp_path / "junk")
    assert spans(db) == 1


def test_a_backup_of_another_ledger_is_not_restored(db: Path, tmp_path: Path, make_spans: MakeSpans) -> None:
    """Positions of its journal mean nothing in ours: what is acknowledged here and not loaded would be passed over."""
    put(db, make_spans(1))
    other = tmp_path / "other" / "burn.duckdb"
    put(other, make_spans(2))
    theirs = safekeeping.back_up(other, None)
    with pytest.raises(BurnError, match=r"is of another ledger .* move .* aside"):
        safekeeping.restore(db, theirs.path)
    assert spans(db) == 1
    assert safekeeping.restore(tmp_path / "new" / "burn.duckdb", theirs.path).spans == 1


def test_a_file_put_in_the_place_of_another_is_not_opened_for_writing(
    db: Path, tmp_path: Path, make_spans: MakeSpans
) -> None:
    """Whoever copies the file of another ledger beside our journal is told; with our own backup all goes on."""
    put(db, make_spans(1))
    ours = safekeeping.back_up(db, None)
    put(tmp_path / "other.duckdb", make_spans(2))
    shutil.copy(tmp_path / "other.duckdb", db)
    with pytest.raises(BurnError, match="is of another ledger"):
        put(db, make_spans(3))
    shutil.copy(ours.path, db)
    put(db, make_spans(3))
    assert spans(db) == 2


def test_only_so_many_backups_are_kept(db: Path, make_spans: MakeSpans) -> None:
    """The newest."""
    put(db, make_spans(1))
    made = [safekeeping.back_up(db, None) for _ in range(Keeping.keep_backups + 2)]
    kept = backups.listed(backups.folder_of(data_dir_of(db)))
    assert kept == made[: -Keeping.keep_backups - 1 : -1]


@pytest.mark.parametrize("how", ["header", "zero"])
@pytest.mark.parametrize("with_backup", [True, False], ids=["backup", "no backup"])
def test_a_damaged_file_is_made_anew(db: Path, make_spans: MakeSpans, how: str, with_backup: bool) -> None:
    """From the newest backup or from nothing, and the journal; told in the log and in `journal.damage`."""
    put(db, make_spans(1, 2))
    if with_backup:
        safekeeping.back_up(db, None)
    put(db, make_spans(3))
    ruin(db, how)
    put(db, make_spans(4))
    assert spans(db) == 4
    (said,) = damages(db)
    assert "is damaged or no DuckDB database" in said
    assert ("the backup" in said) == with_backup
    (aside,) = (data_dir_of(db) / "damaged").iterdir()
    assert (aside / db.name).exists()


def test_a_backup_that_is_damaged_too_is_passed_over(db: Path, make_spans: MakeSpans) -> None:
    """The next older one is taken."""
    put(db, make_spans(1))
    safekeeping.back_up(db, None)
    put(db, make_spans(2))
    ruin(safekeeping.back_up(db, None).path, "zero")
    ruin(db, "header")
    put(db, make_spans(3))
    assert spans(db) == 3


@pytest.mark.parametrize("how", ["flip", "zero", "cut"])
def test_a_damaged_log_costs_nothing(db: Path, make_spans: MakeSpans, how: str) -> None:
    """DuckDB refuses a log with a flipped bit or with zeros; the file without it, and the journal, have everything."""
    put(db, make_spans(1))
    _killed_after_loading(db, make_spans(*range(2, 40)))
    log = db.with_name(f"{db.name}.wal")
    assert log.stat().st_size > 1000
    ruin(log, how)
    put(db, make_spans(100))
    assert spans(db) == 40


def _killed_after_loading(db: Path, body: bytes) -> None:
    """Load *body* in a process that ends without closing the database."""
    import subprocess
    import sys

    code = (
        "import os, sys; from pathlib import Path; from otel_burn_collector.offline import Offline\n"
        "from otel_burn_collector.journal.records import Encoding, Kind\n"
        "offline = Offline(Path(sys.argv[1])); offline.put(Kind.TRACES, Encoding.PLAIN, sys.stdin.buffer.read())\n"
        "offline.load(); os._exit(9)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(db)], input=body)
    assert done.returncode == 9


def test_a_suspected_file_is_read_before_it_is_trusted(db: Path, make_spans: MakeSpans) -> None:
    """A false alarm changes nothing; a block that cannot be read has the file made anew."""
    put(db, make_spans(*range(1, 2001)))
    safekeeping.back_up(db, None)
    suspect(data_dir_of(db), "a query met a wrong checksum")
    put(db, make_spans(5000))
    assert damages(db) == []
    _flip_in_spans(db)
    suspect(data_dir_of(db), "a query met a wrong checksum")
    put(db, make_spans(5001))
    assert spans(db) == 2002
    assert ["is damaged" in one for one in damages(db)] == [True]


def _flip_in_spans(db: Path) -> None:
    """Flip a bit where reading the spans meets it."""
    whole = db.read_bytes()
    for at in range(len(whole) - 1000, 12_288, -40_000):
        data = bytearray(whole)
        data[at] ^= 1
        db.write_bytes(data)
        try:
            backups.verify(db)
        except backups.BadCopyError as error:
            if "is damaged" in str(error):
                return
    raise AssertionError("no block with rows was found")


def test_a_file_of_somebody_else_is_left_alone(db: Path) -> None:
    """Without anything of ours beside it, what is no database is not moved."""
    db.write_bytes(b"somebody's thesis " * 1000)
    with pytest.raises(BurnError, match="is damaged or no DuckDB database"):
        Offline(db)
    assert db.read_bytes().startswith(b"somebody's thesis")


def test_a_collector_backs_up_while_it_takes_in(
    start_collector: StartCollector, make_spans: MakeSpans, tmp_path: Path
) -> None:
    """The same command; what is sent meanwhile is loaded, and the copy holds one moment of it."""
    collector = start_collector()
    for number in range(10):
        assert collector.send(make_spans(*range(number * 10 + 1, number * 10 + 11), trace=3)).status == 200
    with collector.ledger():
        pass
    backup = safekeeping.back_up(collector.db, tmp_path / "mine.duckdb")
    assert backup.contents.rows['store."otlp_spans"'] == 100
    assert collector.send(make_spans(1000)).status == 200
    with collector.ledger() as ledger:
        assert ledger.query("SELECT count(*) AS n FROM spans").to_pylist() == [{"n": 101}]
    with pytest.raises(BurnError, match=r"A collector of .* runs"):
        safekeeping.restore(collector.db, backup.path)
    assert collector.stop() == 0
    other = tmp_path / "other" / "burn.duckdb"
    assert safekeeping.restore(other, backup.path).spans == 100
    shutil.rmtree(other.parent)


def test_a_collector_heals_a_database_that_is_damaged_under_it(
    start_collector: StartCollector, make_spans: MakeSpans, wait_until: Callable[..., None]
) -> None:
    """A query meets a bad block: the store is started again, the file made anew, and everything is there."""
    collector = start_collector()
    body = make_spans(*range(1, 3001))
    assert collector.send(body).status == 200
    with collector.ledger():
        pass
    safekeeping.back_up(collector.db, None)
    assert collector.stop() == 0
    _flip_in_spans(collector.db)
    again = start_collector(db=collector.db)
    with open_ledger(again.db) as ledger:
        try:
            ledger.query("SELECT count(*) AS n, max(name), max(span_id), max(attributes::VARCHAR) FROM spans")
        except BurnError as error:
            assert "checksum" in str(error)
    wait_until(lambda: (data_dir_of(again.db) / "damaged").exists())
    assert spans(again.db) == 3000


def test_positions_in_a_backup_name_the_segment(db: Path, make_spans: MakeSpans) -> None:
    """Which is what says how much of the archive it covers."""
    put(db, make_spans(1))
    put(db, make_spans(2))
    assert safekeeping.back_up(db, None).contents.position >= Position(2, 1)


def test_retain_deletes_what_is_old(db: Path, make_spans: MakeSpans) -> None:
    """Without a collector; what is sent again afterwards is known."""
    body = make_spans(1, 2, 3)
    put(db, body)
    safekeeping.retain(db, {"spans": 1_790_000_000_000_000_003})
    assert spans(db) == 1
    put(db, make_spans(1, 2, 3, 4))
    assert spans(db) == 2


def test_a_collector_retains_while_it_takes_in(
    start_collector: StartCollector, make_spans: MakeSpans
) -> None:
    """By its options, and by the same command."""
    collector = start_collector("--keep-spans", "0")
    assert collector.send(make_spans(1, 2, 3)).status == 200
    safekeeping.retain(collector.db, {"spans": 1_790_000_000_000_000_003})
    assert spans(collector.db) == 1
    assert collector.send(make_spans(1, 9)).status == 200
    with collector.ledger() as ledger:
        assert ledger.query("SELECT count(*) AS n FROM spans").to_pylist() == [{"n": 2}]
