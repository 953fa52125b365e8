"""What calls does a log tell? One function for all agents and forms, which says what is wrong and never fails."""

import sqlite3
import zlib
from collections.abc import Callable, Iterator
from typing import IO, Any, Final

import msgspec

from otel_burn_collector.session_logs import claude_code, codex, gemini_cli, openclaw, opencode
from otel_burn_collector.session_logs.calls import LoggedCall, Problem, Report
from otel_burn_collector.session_logs.rows import LONGEST, opened
from otel_burn_collector.session_logs.telling import DATABASE, FOLDER, ROWS, Log, database
from otel_burn_collector.zstandard import zstd

_ROWS: Final[dict[str, Callable[[IO[bytes], Report], Iterator[LoggedCall]]]] = {
    claude_code.AGENT: claude_code.read,
    codex.AGENT: codex.read,
    gemini_cli.AGENT: gemini_cli.read,
    openclaw.AGENT: openclaw.read,
}
_WHOLE: Final[dict[str, Callable[[dict[str, Any], Report], Iterator[LoggedCall]]]] = {
    gemini_cli.AGENT: gemini_cli.read_whole,
    opencode.AGENT: opencode.read_whole,
}
_DATABASE: Final[dict[str, Callable[[sqlite3.Connection, Report, int], Iterator[LoggedCall]]]] = {
    openclaw.AGENT: openclaw.read_database,
    opencode.AGENT: opencode.read_database,
}


UNREADABLE: Final = (OSError, EOFError, zlib.error, zstd.ZstdError, sqlite3.Error)
"""What reading a file may end with."""


def why(error: Exception) -> str:
    """Why reading ended, and what to do."""
    said = getattr(error, "strerror", None) or str(error)
    match error:
        case sqlite3.OperationalError() if "locked" in said or "busy" in said:
            return f"{said}: import again when its agent is not writing"
        case sqlite3.OperationalError():
            return f"{said}: another version of its agent may have made it"
        case sqlite3.Error():
            return f"the database is damaged: {said}"
        case EOFError() | zlib.error() | zstd.ZstdError():
            return "it is packed, and damaged or cut short"
    return said


def calls_in(log: Log, report: Report, since_ns: int = 0) -> Iterator[LoggedCall]:
    """The calls in *log*; of a database, those in sessions that were touched since, at least."""
    try:
        yield from _calls(log, report, since_ns)
    except UNREADABLE as error:
        report(Problem(0, f"it cannot be read to its end ({why(error)})"))


def _calls(log: Log, report: Report, since_ns: int) -> Iterator[LoggedCall]:
    if log.form == DATABASE:
        with database(log.path) as con:
            yield from _DATABASE[log.agent](con, report, since_ns)
    elif log.form == FOLDER:
        yield from opencode.read_folder(log.path, report)
    elif log.form == ROWS and log.agent in _ROWS:
        with opened(log.path) as file:
            yield from _ROWS[log.agent](file, report)
    elif (whole := _whole(log, report)) is not None:
        yield from _WHOLE[log.agent](whole, report)


def _whole(log: Log, report: Report) -> dict[str, Any] | None:
    if log.agent not in _WHOLE:
        report(Problem(0, "it has no rows that this version of otel-burn knows"))
        return None
    with opened(log.path) as file:
        data = file.read(LONGEST + 1)
    try:
        found = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        report(Problem(0, f"it is no whole JSON ({error})"))
        return None
    return found if isinstance(found, dict) else None
