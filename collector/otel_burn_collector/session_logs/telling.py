"""Whose session log is it? Told by what stands in the file, whatever its name and place."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from otel_burn_collector.session_logs.rows import UTF16_MARKS, opened

ROWS: Final = "rows"
WHOLE: Final = "whole"
DATABASE: Final = "database"
FOLDER: Final = "folder"

_HEAD: Final = 256 << 10
_SQLITE: Final = b"SQLite format 3\x00"
_BUSY_SECONDS: Final = 5.0


class Log(NamedTuple):
    """A session log, or several in one database."""

    path: Path
    agent: str
    form: str


_OTLP: Final = re.compile(rb'"resource_?(?:[sS]pans|[lL]ogs|[mM]etrics)"\s*:')
_MARKS: Final = (
    (
        "codex",
        re.compile(
            rb'"type"\s*:\s*"(?:session_meta|turn_context|response_item|event_msg|token_usage_record)"'
        ),
    ),
    ("gemini-cli", re.compile(rb'"sessionId"\s*:\s*"[^"]*"\s*,\s*"projectHash"')),
    ("opencode", re.compile(rb'"id"\s*:\s*"ses_')),
    ("openclaw", re.compile(rb'^\s*\{"type"\s*:\s*"session"')),
    (
        "openclaw",
        re.compile(
            rb'"role"\s*:\s*"(?:assistant|toolResult)".{0,4000}"(?:responseId|cacheRead)"\s*:', re.DOTALL
        ),
    ),
    ("claude-code", re.compile(rb'"(?:parentUuid|leafUuid)"|"type"\s*:\s*"file-history-snapshot"')),
    ("claude-code", re.compile(rb'"type"\s*:\s*"(?:queue-operation|last-prompt|summary)"')),
    ("gemini-cli", re.compile(rb'"type"\s*:\s*"gemini".*?"tokens"\s*:\s*\{', re.DOTALL)),
)
"""What only one agent writes; within a text its quotes would have backslashes. The first that fits."""
_PROTOBUF: Final = re.compile(rb"\n[^\x00-\x08\x0e-\x1f]{0,255}[\x00-\x08\x0e-\x1f]")
"""How an OTLP request in protobuf begins: its first field, and soon a length or a tag that no text has. What it carries
looks like anybody's."""
_NO_LOGS: Final = re.compile(rb'"traceSchema"\s*:\s*"openclaw-trajectory"')
_TABLES: Final = {
    "openclaw": {"transcript_events"},
    "opencode": {"session", "message", "part"},
}


def tell(path: Path) -> Log | None:
    """The session log at *path*; None where it is none, or empty. Raises OSError, and sqlite3.Error."""
    if path.is_dir():
        return Log(path, "opencode", FOLDER) if _is_message_folder(path) else None
    with path.open("rb") as file:
        is_database = file.read(len(_SQLITE)) == _SQLITE
    if is_database:
        agent = _agent_of_database(path)
        return Log(path, agent, DATABASE) if agent else None
    with opened(path) as file:
        head = file.read(_HEAD)
    if head.startswith(UTF16_MARKS):  # its reader says that it is none of its own
        head = head.decode("utf-16", "ignore").encode("utf-8", "ignore")
    if _PROTOBUF.match(head) or _OTLP.search(head) or _NO_LOGS.search(head):
        return None
    agent = next((agent for agent, mark in _MARKS if mark.search(head)), None)
    if agent is None or (agent == "opencode" and b'"messages"' not in head):
        return None
    return Log(path, agent, ROWS if _is_rows(head) else WHOLE)


def _is_message_folder(path: Path) -> bool:
    return path.name.startswith("ses_") and path.parent.name == "message"


def _is_rows(head: bytes) -> bool:
    """Whether the first line is a value of its own, or too long to tell."""
    first = head.lstrip(b"\xef\xbb\xbf \r\n").split(b"\n", 1)
    if len(first) == 1:
        return b'"messages"' not in head
    try:
        msgspec.json.decode(first[0])
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return first[0].strip() not in (b"{", b"[")
    return True


def _agent_of_database(path: Path) -> str | None:
    with database(path) as con:
        tables = {name for (name,) in con.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    return next((agent for agent, wanted in _TABLES.items() if wanted <= tables), None)


@contextmanager
def database(path: Path) -> Iterator[sqlite3.Connection]:
    """The database at *path*, to be read only; its agent may go on writing."""
    con = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=_BUSY_SECONDS)
    try:
        try:
            con.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchall()
        except sqlite3.OperationalError as error:
            # A write-ahead log wants a file beside it; where none can be made, nobody writes either.
            if "unable to open" not in str(error) and "readonly" not in str(error):
                raise
            con.close()
            con = sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True)
        con.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
        yield con
    finally:
        con.close()
