"""Which rows does a file of JSON lines have, and where? One at a time, whatever the file's size or state."""

import gzip
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final, NamedTuple

import msgspec

from otel_burn_collector.session_logs.calls import Problem, Report
from otel_burn_collector.zstandard import zstd

LONGEST: Final = 64 << 20
"""Bytes of a line that is read; agents have written snapshots of 700 MB into one."""
_STEP: Final = 1 << 20
_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
_UTF8_MARK: Final = b"\xef\xbb\xbf"


class Line(NamedTuple):
    """A whole line."""

    number: int
    end: int
    """Where it ends, in bytes of the unpacked file."""
    data: bytes


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """The file at *path*, unpacked where it is packed by gzip or zstd."""
    with path.open("rb") as file:
        magic = file.read(4)
        file.seek(0)
        if magic.startswith(_GZIP):
            with gzip.open(file) as unpacked:
                yield io.BufferedReader(unpacked)
        elif magic == _ZSTD:
            with zstd.open(file) as unpacked:
                yield io.BufferedReader(unpacked)
        else:
            yield file


def lines(file: IO[bytes], report: Report) -> Iterator[Line]:
    """The lines of *file* that can be read; what is wrong with the others is reported."""
    at = number = 0
    while data := file.readline(LONGEST):
        number += 1
        at += len(data)
        if len(data) == LONGEST and not data.endswith(b"\n"):
            at += _skip(file)
            report(Problem(number, f"it is longer than {LONGEST >> 20} MiB"))
            continue
        if number == 1:
            if data.startswith(UTF16_MARKS):
                report(Problem(1, "the file is in UTF-16; these logs are in UTF-8"))
                return
            data = data.removeprefix(_UTF8_MARK)
        if data.strip():
            yield Line(number, at, data)


def _skip(file: IO[bytes]) -> int:
    skipped = 0
    while data := file.readline(_STEP):
        skipped += len(data)
        if data.endswith(b"\n"):
            break
    return skipped


_HALVES: Final = re.compile(
    rb"\\[^u]|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)
"""Half a surrogate pair, as an emoji leaves that was cut in two; JavaScript writes it, and no decoder takes it."""


def decode(decoder: "msgspec.json.Decoder[Any]", data: bytes | msgspec.Raw) -> Any:
    """What *data* says, half a surrogate pair in it replaced."""
    try:
        return decoder.decode(data)
    except msgspec.DecodeError:
        whole = _HALVES.sub(lambda found: rb"\ufffd" if found[1] else found[0], bytes(data))
        if whole == data:
            raise
        return decoder.decode(whole)


def decoded(line: Line, decoder: "msgspec.json.Decoder[Any]", report: Report) -> Any:
    """The value in *line*; None where there is none, which is reported."""
    try:
        return decode(decoder, line.data)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        report(_problem(line, error))
        return None


def decoded_object(line: Line, decoder: "msgspec.json.Decoder[Any]", report: Report) -> dict[str, Any] | None:
    """The object in *line*; None where there is none, which is reported."""
    found = decoded(line, decoder, report)
    if isinstance(found, dict):
        return found
    if found is not None or line.data.strip() == b"null":
        report(Problem(line.number, "it is no JSON object"))
    return None


def _problem(line: Line, error: Exception) -> Problem:
    if not line.data.endswith(b"\n"):
        return Problem(line.number, "it is still being written, or was cut: it counts once it is whole", True)
    if b"\x00" in line.data:
        return Problem(line.number, "it has NUL bytes, as a crash leaves them")
    if isinstance(error, UnicodeError) or "utf-8" in str(error):
        return Problem(line.number, "it is not in UTF-8")
    if isinstance(error, RecursionError):
        return Problem(line.number, "it is nested too deep")
    return Problem(line.number, f"it is no JSON object of this kind ({error})")
