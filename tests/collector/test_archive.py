"""Is what was loaded kept small and whole, for as long as nothing else holds it?"""

import os
import random
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from otel_burn_collector.journal import archive, segments
from otel_burn_collector.journal.reader import JournalReader
from otel_burn_collector.journal.records import Damage, Encoding, Kind, Position, Record
from otel_burn_collector.journal.room import Room
from otel_burn_collector.journal.writer import JournalBusyError, JournalWriter
from otel_burn_collector.keeping import Keeping
from otel_burn_collector.store.archiving import drop_covered
from otel_burn_collector.store.backups import Backup, Contents

START = Position(0, 0)


def write(folder: Path, *payloads: bytes, segment_bytes: int = 1 << 30) -> list[Position]:
    writer = JournalWriter(folder, segment_bytes=segment_bytes)
    ends = [writer.append(Kind.TRACES, Encoding.PLAIN, payload).result(10) for payload in payloads]
    writer.close()
    return ends


def read(folder: Path, position: Position = START) -> list[Record | Damage]:
    reader, found = JournalReader(folder, position), []
    while more := reader.read():
        found += more
    return found


def payloads(found: list[Record | Damage]) -> list[bytes]:
    return [item.payload for item in found if isinstance(item, Record)]


def noise(seed: int, count: int) -> list[bytes]:
    """Records of some ten kB that do not compress."""
    dice = random.Random(seed)
    return [dice.randbytes(dice.randrange(20_000)) for _ in range(count)]


def test_an_archived_segment_reads_as_it_was(tmp_path: Path) -> None:
    """Records and positions are the same, from the beginning and from the middle; the file is for its owner only."""
    many = [b"span " * 500, *noise(1, 300), b"last"]
    ends = write(tmp_path, *many)
    archive.compress(tmp_path, 1)
    assert segments.plain(tmp_path) == []
    assert segments.archived(tmp_path, 1).stat().st_mode & 0o777 == 0o600
    assert payloads(read(tmp_path)) == many
    assert [item.end for item in read(tmp_path)] == ends
    assert payloads(read(tmp_path, ends[200])) == many[201:]


def test_plain_segments_go_on_after_archived_ones(tmp_path: Path) -> None:
    """The order is that of the numbers, whatever form a segment has; the writer numbers after both."""
    write(tmp_path, b"one")
    archive.compress(tmp_path, 1)
    write(tmp_path, b"two")
    assert segments.numbers(tmp_path) == [1, 2]
    assert payloads(read(tmp_path)) == [b"one", b"two"]


@pytest.mark.skipif(shutil.which("zstd") is None, reason="needs the zstd program")
def test_zstd_reads_it(tmp_path: Path) -> None:
    """Nobody needs otel-burn to get at what was received."""
    write(tmp_path, *noise(2, 200))
    whole = segments.path(tmp_path, 1).read_bytes()
    archive.compress(tmp_path, 1)
    command = ["zstd", "-dc", str(segments.archived(tmp_path, 1))]
    assert subprocess.run(command, capture_output=True, check=True).stdout == whole


@pytest.mark.parametrize("how", ["flip", "zero", "cut"])
def test_a_damaged_archive_costs_what_it_held(tmp_path: Path, how: str) -> None:
    """Of a segment of several parts, all records outside the damaged one are read, at their places."""
    many = noise(3, 500)
    ends = write(tmp_path, *many)
    assert ends[-1].offset > 4 * archive.PART_BYTES
    archive.compress(tmp_path, 1)
    file = segments.archived(tmp_path, 1)
    data = bytearray(file.read_bytes())
    middle = len(data) // 2
    if how == "flip":
        data[middle] ^= 4
    elif how == "zero":
        data[middle : middle + 5000] = bytes(5000)
    else:
        del data[middle:]
    file.write_bytes(data)
    write(tmp_path, b"after")
    good = payloads(read(tmp_path))
    assert good[-1] == b"after"
    lost = sum(len(one) for one in many) - sum(len(one) for one in good[:-1])
    assert 0 < lost < (2 if how != "cut" else 4) * archive.PART_BYTES
    assert set(good[:-1]) < set(many)


def test_a_segment_that_is_gone_is_said(tmp_path: Path) -> None:
    """Between the position of an old backup and what is left of the archive nothing is passed over in silence."""
    for number in range(4):
        write(tmp_path, b"%d" % number)
    segments.path(tmp_path, 2).unlink()
    found = read(tmp_path)
    assert payloads(found) == [b"0", b"2", b"3"]
    (gap,) = [item for item in found if isinstance(item, Damage)]
    assert (gap.start, gap.end) == (Position(2, 0), Position(3, 0))
    assert "not there any more" in gap.reason


def test_damaged_bytes_are_put_aside(tmp_path: Path) -> None:
    """Exactly they, in a file of their own."""
    ends = write(tmp_path, b"one", b"two", b"three")
    file = segments.path(tmp_path, 1)
    data = bytearray(file.read_bytes())
    data[ends[1].offset - 1] ^= 1
    file.write_bytes(data)
    reader = JournalReader(tmp_path, START)
    (damage,) = [item for item in reader.read() if isinstance(item, Damage)]
    kept = reader.set_aside(damage).kept_in
    assert kept is not None
    assert Path(kept).read_bytes() == bytes(data[ends[0].offset : ends[1].offset])
    assert Path(kept).stat().st_mode & 0o777 == 0o600


def backup_of(folder: Path, segment: int) -> Backup:
    return Backup(folder / "backup", datetime.now(UTC), Contents(Position(segment, 10)))


def test_only_what_a_backup_holds_is_dropped(tmp_path: Path) -> None:
    """After some days, from the oldest on; a segment that the backup ends in stays."""
    for number in range(5):
        write(tmp_path, b"%d" % number)
        archive.compress(tmp_path, number + 1)
    old = 9 * 86_400
    for number in (1, 2, 3, 4):
        os.utime(
            segments.archived(tmp_path, number), (0, segments.archived(tmp_path, 5).stat().st_mtime - old)
        )
    keeping = Keeping(archive_days=7, min_free=0)
    assert drop_covered(tmp_path, [], keeping) == []
    assert drop_covered(tmp_path, [backup_of(tmp_path, 3)], keeping) == [1, 2]
    assert drop_covered(tmp_path, [backup_of(tmp_path, 3)], keeping) == []
    assert segments.numbers(tmp_path) == [3, 4, 5]


def test_when_space_is_short_age_does_not_matter_but_the_backup_does(tmp_path: Path) -> None:
    """What only the archive holds is not dropped for any need."""
    for number in range(3):
        write(tmp_path, b"%d" % number)
        archive.compress(tmp_path, number + 1)
    assert drop_covered(tmp_path, [backup_of(tmp_path, 3)], Keeping(min_free=1 << 60)) == [1, 2]
    assert segments.numbers(tmp_path) == [3]


def test_too_much_waiting_is_refused_until_it_is_loaded(tmp_path: Path) -> None:
    """With the sentence of both numbers; the loader's word opens the door again."""
    writer = JournalWriter(tmp_path, room=Room(tmp_path, min_free=0, max_waiting=1 << 20))
    end = writer.append(Kind.TRACES, Encoding.PLAIN, bytes(2 << 20)).result(10)
    wait_for(lambda: refused(writer, "2 MiB wait to be loaded, and no more than 1 MiB may"))
    segments.say_loaded(tmp_path, end)
    wait_for(lambda: not refused(writer, ""))
    writer.close()


def test_a_nearly_full_disk_is_refused_before_it_is_full(tmp_path: Path) -> None:
    """What waits counts twice: it takes as much space again once it is loaded."""
    writer = JournalWriter(tmp_path, room=Room(tmp_path, min_free=1 << 60, max_waiting=1 << 40))
    assert refused(writer, "MiB free, and")
    writer.close()


def refused(writer: JournalWriter, words: str) -> bool:
    try:
        writer.append(Kind.TRACES, Encoding.PLAIN, b"one").result(10)
    except JournalBusyError as error:
        return words in str(error)
    return False


def wait_for(so: Callable[[], Any]) -> None:
    import time

    deadline = time.monotonic() + 10
    while not so():
        assert time.monotonic() < deadline
        time.sleep(0.02)
