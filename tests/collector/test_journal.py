"""Does the journal give back what was put in, and step over what a crash or a bad disk left?"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_burn.errors import BurnError
from otel_burn_collector.journal import segments
from otel_burn_collector.journal.patient import PatientReader
from otel_burn_collector.journal.reader import JournalReader
from otel_burn_collector.journal.records import Damage, Encoding, Kind, Position, Record, encode, scan
from otel_burn_collector.journal.writer import JournalBusyError, JournalWriter

START = Position(0, 0)


def write(folder: Path, *payloads: bytes, segment_bytes: int = 1 << 20) -> list[Position]:
    writer = JournalWriter(folder, segment_bytes=segment_bytes)
    ends = [writer.append(Kind.TRACES, Encoding.PLAIN, payload).result(10) for payload in payloads]
    writer.close()
    return ends


def read(folder: Path, position: Position = START) -> list[Record | Damage]:
    reader = JournalReader(folder, position)
    found = []
    while more := reader.read():
        found += more
    return found


def payloads(found: list[Record | Damage]) -> list[bytes]:
    return [item.payload for item in found if isinstance(item, Record)]


def damages(found: list[Record | Damage]) -> list[Damage]:
    return [item for item in found if isinstance(item, Damage)]


def flip(file: Path, at: int) -> None:
    data = bytearray(file.read_bytes())
    data[at] ^= 0x10
    file.write_bytes(data)


def test_what_is_put_in_comes_out_in_order(tmp_path: Path) -> None:
    """Records come back with their kind, encoding and payload; positions grow."""
    writer = JournalWriter(tmp_path)
    futures = [
        writer.append(Kind.LOGS, Encoding.JSON | Encoding.GZIP, b"one"),
        writer.append(Kind.COMMAND, Encoding.PLAIN, b""),
    ]
    ends = [future.result(10) for future in futures]
    writer.close()
    found = read(tmp_path)
    assert [(item.kind, item.encoding, item.payload) for item in found if isinstance(item, Record)] == [
        (Kind.LOGS, Encoding.JSON | Encoding.GZIP, b"one"),
        (Kind.COMMAND, Encoding.PLAIN, b""),
    ]
    assert [item.end for item in found] == ends == sorted(ends)


def test_reading_goes_on_where_it_stopped(tmp_path: Path) -> None:
    """From the position after a record only later ones are read, across segments."""
    ends = write(tmp_path, b"one", b"two")
    write(tmp_path, b"three")
    assert payloads(read(tmp_path, ends[0])) == [b"two", b"three"]
    assert read(tmp_path, read(tmp_path)[-1].end) == []


def test_a_patient_reader_waits_for_a_whole_block_and_for_the_end(tmp_path: Path) -> None:
    """Nothing of little, everything of enough, the rest at the end, and then none."""
    with ThreadPoolExecutor(1) as pool:
        writer, reader = JournalWriter(tmp_path), PatientReader(tmp_path, START)

        def put(payload: bytes) -> None:
            writer.append(Kind.TRACES, Encoding.PLAIN, payload).result()
            reader.put(len(payload))

        put(b"a" * 600)
        read = pool.submit(reader.read, 1000)
        with pytest.raises(TimeoutError):
            read.result(0.2)
        put(b"b" * 600)
        first = read.result(60)
        put(b"c")
        last = pool.submit(reader.read, 1000)
        with pytest.raises(TimeoutError):
            last.result(0.2)
        reader.end()
        writer.close()
        found = [*first, *last.result(60), *reader.read(1000)]
        assert [payload[:1] for payload in payloads(found)] == [b"a", b"b", b"c"]
        assert reader.read(1000) == []


def test_every_start_opens_a_segment_of_its_own(tmp_path: Path) -> None:
    """No file is ever opened for appending again; one that stayed empty is removed."""
    write(tmp_path, b"one")
    write(tmp_path)
    write(tmp_path, b"two")
    assert segments.numbers(tmp_path) == [1, 2]
    assert payloads(read(tmp_path)) == [b"one", b"two"]


def test_a_journal_goes_on_after_the_segment_that_the_database_knows(tmp_path: Path) -> None:
    """A journal folder that was deleted must not start below what is loaded, or nothing would load."""
    writer = JournalWriter(tmp_path, after=41)
    end = writer.append(Kind.TRACES, Encoding.PLAIN, b"new").result(10)
    writer.close()
    assert end.segment == 42
    assert payloads(read(tmp_path, Position(41, 1000))) == [b"new"]


def test_a_segment_ends_at_its_size(tmp_path: Path) -> None:
    """The writer rolls to the next number; nothing is lost between."""
    many = [bytes([number]) * 100 for number in range(20)]
    write(tmp_path, *many, segment_bytes=300)
    assert len(segments.numbers(tmp_path)) > 3
    assert payloads(read(tmp_path)) == many


def test_a_torn_end_waits_while_it_may_still_be_written(tmp_path: Path) -> None:
    """In the last segment an unfinished record is no damage: its rest may be on its way."""
    write(tmp_path, b"one", b"two")
    file = segments.path(tmp_path, 1)
    whole = file.read_bytes()
    file.write_bytes(whole[:-2])
    reader = JournalReader(tmp_path, START)
    assert payloads(reader.read()) == [b"one"]
    assert reader.read() == []
    file.write_bytes(whole)
    assert payloads(reader.read()) == [b"two"]


def test_a_torn_end_before_a_later_segment_is_reported_and_passed(tmp_path: Path) -> None:
    """What a killed receiver left unfinished was never acknowledged; what came later is read."""
    write(tmp_path, b"one", b"two")
    file = segments.path(tmp_path, 1)
    file.write_bytes(file.read_bytes()[:-2])
    write(tmp_path, b"three")
    found = read(tmp_path)
    assert payloads(found) == [b"one", b"three"]
    assert [damage.reason for damage in damages(found)] == ["the segment ends within a record"]


@pytest.mark.parametrize(
    "at", [0, 5, 10, 18, 22, 26], ids=["magic", "encoding", "time", "length", "crc", "header crc"]
)
def test_a_flipped_bit_in_a_header_costs_one_record(tmp_path: Path, at: int) -> None:
    """The reader finds the next record and says what it stepped over."""
    ends = write(tmp_path, b"one", b"two", b"three")
    flip(segments.path(tmp_path, 1), ends[0].offset + at)
    found = read(tmp_path)
    assert payloads(found) == [b"one", b"three"]
    assert [(damage.start, damage.end) for damage in damages(found)] == [(ends[0], ends[1])]


def test_a_flipped_bit_in_a_payload_costs_one_record(tmp_path: Path) -> None:
    """The checksum tells, and the next record is where the header says."""
    ends = write(tmp_path, b"one", b"two", b"three")
    flip(segments.path(tmp_path, 1), ends[1].offset - 1)
    found = read(tmp_path)
    assert payloads(found) == [b"one", b"three"]
    assert "checksum" in damages(found)[0].reason


def test_damage_longer_than_a_block_is_passed(tmp_path: Path) -> None:
    """A record with a damaged header may be larger than what is read at a time."""
    ends = write(tmp_path, b"one", b"x" * 5000, b"three")
    flip(segments.path(tmp_path, 1), ends[0].offset)
    reader = JournalReader(tmp_path, START)
    found: list[Record | Damage] = []
    while more := reader.read(block_bytes=1024):
        found += more
    assert payloads(found) == [b"one", b"three"]


@settings(max_examples=200)
@given(
    parts=st.lists(st.binary(max_size=40), min_size=1, max_size=6),
    at=st.integers(min_value=0),
    bit=st.integers(0, 7),
)
def test_one_flipped_bit_costs_one_record_at_most(parts: list[bytes], at: int, bit: int) -> None:
    """Wherever a bit flips, every other record is read, and what is read is what was written."""
    data = bytearray(b"".join(encode(Kind.TRACES, Encoding.PLAIN, 1, part) for part in parts))
    at %= len(data)
    data[at] ^= 1 << bit
    good = payloads(list(scan(bytes(data), 1, 0)))
    assert len(parts) - len(good) in (0, 1)
    assert all(part in parts for part in good)


def test_a_full_disk_refuses_and_then_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What could not be written is not acknowledged; what comes after the disk has space again is read."""
    writer = JournalWriter(tmp_path)
    writer.append(Kind.TRACES, Encoding.PLAIN, b"one").result(10)
    real: Callable[[int, bytes], int] = os.write

    def full(file: int, data: bytes) -> int:
        real(file, data[:7])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(JournalBusyError, match="No space left on device"):
        writer.append(Kind.TRACES, Encoding.PLAIN, b"lost").result(10)
    monkeypatch.undo()
    writer.append(Kind.TRACES, Encoding.PLAIN, b"two").result(10)
    writer.close()
    assert payloads(read(tmp_path)) == [b"one", b"two"]


def test_a_journal_has_one_writer(tmp_path: Path) -> None:
    """A second writer is refused with what to do."""
    writer = JournalWriter(tmp_path)
    with pytest.raises(BurnError, match=r"in use by another otel-burn process.*--data-dir"):
        JournalWriter(tmp_path)
    writer.close()
    JournalWriter(tmp_path).close()


def test_a_journal_is_for_its_owner_only(tmp_path: Path) -> None:
    """Prompts may be in it."""
    folder = tmp_path / "journal"
    write(folder, b"one")
    assert folder.stat().st_mode & 0o777 == 0o700
    assert segments.path(folder, 1).stat().st_mode & 0o777 == 0o600


def test_a_record_of_a_newer_version_is_passed(tmp_path: Path) -> None:
    """An older collector reports a kind that it doesn't know, and reads on."""
    data = encode(9, Encoding.PLAIN, 1, b"future") + encode(Kind.TRACES, Encoding.PLAIN, 1, b"now")  # type: ignore[arg-type]
    found = list(scan(data, 1, 0))
    assert payloads(found) == [b"now"]
    assert "newer otel-burn" in damages(found)[0].reason
