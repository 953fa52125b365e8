"""Which calls does a session of OpenClaw tell? Rows of JSON in a file, or the same in SQLite since 2026.9.

Each answer is a row with the usage of its own response (`input` excludes what was cached); `*.trajectory.jsonl` and
`sessions.json` beside it repeat the last one's. A branched session copies rows with their ids.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from typing import IO, Any, Final

import msgspec

from otel_burn.exchange import Block, BlockKind, Response, ToolCall
from otel_burn.manifest import arguments_block, block, error_class, tool_call
from otel_burn.usage import Usage
from otel_burn_collector.providers import PROVIDER_NAMES
from otel_burn_collector.session_logs.believing import believed_counts, moment, report_uncounted
from otel_burn_collector.session_logs.calls import LoggedCall, Problem, Report, Session
from otel_burn_collector.session_logs.contexts import Node, beginning
from otel_burn_collector.session_logs.fields import (
    as_dict,
    as_list,
    as_text,
    maybe_nanoseconds,
)
from otel_burn_collector.session_logs.rows import Line, decoded_object, lines
from otel_burn_collector.zstandard import zstd

AGENT: Final = "openclaw"
EVENTS: Final = """
    SELECT rowid, session_id, seq, event_json, {zstd} AS event_zstd FROM transcript_events ORDER BY session_id, seq
"""
_COUNTS: Final = ("input", "output", "cacheRead", "cacheWrite", "reasoning")
_ANY: Final = msgspec.json.Decoder()
_NO_MODELS: Final = frozenset({"delivery-mirror", "gateway-injected"})
_FAILED: Final = frozenset({"error", "aborted"})
Message = dict[str, Any]


def read(file: IO[bytes], report: Report) -> Iterator[LoggedCall]:
    """The calls in a session that is rows."""
    transcript = _Transcript(report)
    for line in lines(file, report):
        if (row := decoded_object(line, _ANY, report)) is not None:
            yield from transcript.row(row, line)


def read_database(con: sqlite3.Connection, report: Report, since_ns: int = 0) -> Iterator[LoggedCall]:
    """The calls in a database of an agent."""
    columns = {row[1] for row in con.execute("PRAGMA table_info(transcript_events)")}
    zstd = "event_zstd" if "event_zstd" in columns else "NULL"
    transcript, session_id = _Transcript(report), None
    for number, name, _, text, packed in con.execute(EVENTS.format(zstd=zstd)):
        if name != session_id:
            transcript, session_id = _Transcript(report), name
        data = _unpacked(packed) if text is None else text
        data = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
        line = Line(number, 0, (data or b"") + b"\n")
        if (row := decoded_object(line, _ANY, report)) is not None:
            yield from transcript.row(row, line)


def _unpacked(packed: Any) -> bytes:
    try:
        return zstd.decompress(packed) if isinstance(packed, bytes) else b""
    except zstd.ZstdError:
        return b""  # no JSON, and reported as such


class _Transcript:
    def __init__(self, report: Report) -> None:
        self._report = report
        self._session = Session(agent=AGENT)
        self._root = beginning(AGENT)
        self._places: dict[str, tuple[Node, int | None]] = {}
        """By a row's id, the place behind it and its time."""

    def row(self, row: dict[str, Any], line: Line) -> Iterator[LoggedCall]:
        kind, message = row.get("type"), as_dict(row.get("message"))
        if kind == "session":
            self._header(row)
        before, asked_ns = self._places.get(as_text(row.get("parentId")) or "", (self._root, None))
        at = maybe_nanoseconds(message.get("timestamp")) or maybe_nanoseconds(row.get("timestamp"))
        if kind == "message" and message.get("role") == "assistant":
            yield from self._answer(row, message, line, before)
        elif "usage" in message:
            kind = message.get("role") if kind == "message" else kind
            report_uncounted(kind, message["usage"], line.number, self._report)
        elif kind == "message" and as_text(message.get("role")) is None:
            self._report(Problem(line.number, "it is a message of nobody: left out"))
        if kind == "compaction":
            before = self._root.then(_texts(row.get("summary"), BlockKind.USER))
        blocks = (
            tuple(_blocks(message))
            if kind == "message"
            else tuple(_texts(row.get("content"), BlockKind.USER))
        )
        if name := as_text(row.get("id")):
            self._places[name] = before.then(blocks), at or asked_ns

    def _header(self, row: dict[str, Any]) -> None:
        session = self._session
        session.id = session.id or as_text(row.get("id")) or ""
        session.began_ns = session.began_ns or maybe_nanoseconds(row.get("timestamp")) or 0
        session.project = session.project or as_text(row.get("cwd"))
        session.parent_id = as_text(row.get("parentSession"))

    def _answer(
        self, row: dict[str, Any], message: Message, line: Line, context: Node
    ) -> Iterator[LoggedCall]:
        usage, failed = self._usage(message, line), as_text(message.get("stopReason")) in _FAILED
        model, used = as_text(message.get("model")), usage and (usage.input_tokens or usage.output_tokens)
        if model in _NO_MODELS or ((failed or model is None) and not used):
            return  # nothing was served
        ended_ns = moment(row.get("timestamp"), line.number, self._report)
        if ended_ns is None:
            return
        asked = maybe_nanoseconds(message.get("timestamp"))  # when the request was made
        response_id = as_text(message.get("responseId"))
        provider = as_text(message.get("provider"))
        yield LoggedCall(
            session=self._session,
            key=f"{row.get('id')}|{message.get('timestamp')}",
            started_ns=asked if asked is not None and asked <= ended_ns else ended_ns,
            ended_ns=ended_ns,
            provider=PROVIDER_NAMES.get(provider or "", provider),
            response=_response(message, response_id, usage, failed=failed),
            reported_usd=_cost(message),
            context=context,
            line=line.number,
            end=line.end,
        )

    def _usage(self, message: Message, line: Line) -> Usage | None:
        said = believed_counts(message.get("usage"), _COUNTS, line.number, self._report)
        if said.get("input") is None:
            return None
        read, written = said.get("cacheRead"), said.get("cacheWrite")
        return Usage(
            input_tokens=said["input"] + (read or 0) + (written or 0),
            output_tokens=said.get("output"),
            cache_read_tokens=read,
            cache_write_tokens=written,
            reasoning_tokens=said.get("reasoning"),
        )


def _response(message: Message, response_id: str | None, usage: Usage | None, *, failed: bool) -> Response:
    reason = as_text(message.get("stopReason"))
    return Response(
        id=response_id,
        model=as_text(message.get("model")),
        usage=usage,
        finish_reasons=(reason,) if reason else (),
        tool_calls=tuple(_tool_calls(message)),
        output=tuple(_blocks(message)),
        complete=not failed,
        error_type=reason if failed else None,
    )


def _cost(message: Message) -> float | None:
    total = as_dict(as_dict(message.get("usage")).get("cost")).get("total")
    return float(total) if isinstance(total, int | float) and total > 0 else None


def _tool_calls(message: Message) -> Iterator[ToolCall]:
    for part in map(as_dict, as_list(message.get("content"))):
        if part.get("type") == "toolCall":
            yield tool_call(str(part.get("id", "")), str(part.get("name", "")), part.get("arguments"))


def _blocks(message: Message) -> Iterable[Block]:
    match message.get("role"):
        case "user":
            return _texts(message.get("content"), BlockKind.USER)
        case "assistant":
            return _said(message)
        case "toolResult":
            return (_result(message),)
    return ()


def _said(message: Message) -> Iterator[Block]:
    for part in map(as_dict, as_list(message.get("content"))):
        if part.get("type") == "toolCall":
            yield arguments_block(str(part.get("id", "")), str(part.get("name", "")), part.get("arguments"))
        elif part.get("type") == "thinking":
            yield block(BlockKind.REASONING, as_text(part.get("thinking")) or "")
        else:
            yield from _texts([part], BlockKind.ASSISTANT)


def _result(message: Message) -> Block:
    """Only its `details` tell that a command failed."""
    content = message.get("content")
    texts = [as_dict(part).get("text") for part in as_list(content)]
    text = content if isinstance(content, str) else "\n".join(filter(None, map(as_text, texts)))
    code = as_dict(message.get("details")).get("exitCode")
    failed = message.get("isError") is True or (isinstance(code, int) and code != 0)
    return block(
        BlockKind.TOOL_RESULT,
        text if all(isinstance(each, str) for each in texts) else content,
        tool=as_text(message.get("toolName")) or "",
        tool_call_id=as_text(message.get("toolCallId")) or "",
        error=error_class(text, flagged=failed),
    )


def _texts(content: Any, kind: BlockKind) -> Iterator[Block]:
    if isinstance(content, str) and content:
        yield block(kind, content)
    for part in map(as_dict, as_list(content)):
        text = as_text(part.get("text"))
        if text is not None:
            yield block(kind, text)
        elif part.get("type") == "image":
            yield block(BlockKind.IMAGE, part.get("data"))
