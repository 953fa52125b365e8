"""Which calls does a transcript of Claude Code tell? One row a content block, so a response is several rows.

`message.id` names a response; a forked session repeats the rows of the one that it came from under its own session id:
both are told, and the ledger keeps the one whose session began first. Rows hang on each other by `parentUuid`: that
way, and not the order in the file, leads to what stood before an answer.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import IO, Any, Final

import msgspec

from otel_burn.exchange import Block, Response
from otel_burn.formats import anthropic_messages
from otel_burn.formats.body import Body
from otel_burn.formats.format import About
from otel_burn_collector.session_logs.believing import (
    believed_counts,
    moment,
    report_uncounted,
    without_id,
)
from otel_burn_collector.session_logs.calls import LoggedCall, Problem, Report, Session
from otel_burn_collector.session_logs.contexts import Node, beginning
from otel_burn_collector.session_logs.fields import (
    as_dict,
    as_list,
    as_text,
    maybe_nanoseconds,
)
from otel_burn_collector.session_logs.rows import Line, decode, decoded, lines

AGENT: Final = "claude-code"
_SYNTHETIC: Final = "<synthetic>"
"""The model of messages that Claude Code makes up itself, for errors and interruptions."""
_MIXED: Final = 64
"""Responses after which no more rows of one come."""
_COUNTS: Final = (
    "input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens",
)  # fmt: skip
_PARTS: Final = {
    "cache_creation": ("ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens"),
    "output_tokens_details": ("thinking_tokens",),
}
_PROVIDERS: Final = {"msg_bdrk_": "aws.bedrock", "msg_vrtx_": "gcp.vertex_ai", "msg_": "anthropic"}
"""Whose response it is, by how its id begins."""
(_READ_MESSAGE,) = (part.read for part in anthropic_messages.FORMAT.context if part.key == "messages")
_ABOUT: Final = About("", Body(b""))


class Row(msgspec.Struct):
    """What of a row is read; anything may be anything."""

    type: Any = None
    uuid: Any = None
    parentUuid: Any = None  # noqa: N815 - as the log has it
    timestamp: Any = None
    sessionId: Any = None  # noqa: N815
    isSidechain: Any = None  # noqa: N815
    agentId: Any = None  # noqa: N815
    cwd: Any = None
    version: Any = None
    requestId: Any = None  # noqa: N815
    isApiErrorMessage: Any = None  # noqa: N815
    message: msgspec.Raw = msgspec.Raw()


class _Response:
    """A response as its rows come in."""

    def __init__(
        self, name: str, session: Session, row: Row, line: int, asked_ns: int | None, context: Node
    ) -> None:
        self.name, self.line = name, line
        self.message: dict[str, Any] = {}
        self.parts: list[Any] = []
        self.row = row
        """The first one."""
        self.ended_ns: int | None = None
        self._session, self._context = session, context
        self._asked_ns = self._first_ns = asked_ns
        self._rows = self._end = 0

    def add(self, message: dict[str, Any], usage: Mapping[str, Any], row: Row, line: Line) -> None:
        """The next row. The *usage* of older versions' first rows is a placeholder: the largest output counts.

        The other row counts for what that one does not tell.
        """
        known = as_dict(self.message.get("usage"))
        less, more = (known, usage) if _output(usage) >= _output(known) else (usage, known)
        kept = {name: message.get(name) or self.message.get(name) for name in ("model", "stop_reason")}
        told = {name: count for name, count in more.items() if count is not None}
        self.message = message | kept | {"usage": {**less, **told}}
        self.parts += as_list(message.get("content"))
        told_ns = maybe_nanoseconds(row.timestamp)
        if self.ended_ns is None:
            self._first_ns = told_ns
        if told_ns is not None:
            self.ended_ns = max(self.ended_ns or 0, told_ns)
        self._rows += 1
        self._end = line.end

    @property
    def _started_ns(self) -> int:
        asked, first = self._asked_ns, self._first_ns or 0
        return asked if asked is not None and asked <= first else first

    def call(self, response: Response) -> LoggedCall:
        """The call, which got *response*."""
        return LoggedCall(
            session=self._session,
            key=self.name,
            started_ns=self._started_ns,
            ended_ns=self.ended_ns or 0,
            provider=_provider(response),
            response=response,
            request_id=as_text(self.row.requestId),
            rows=self._rows,
            context=self._context,
            line=self.line,
            end=self._end,
        )


_ROWS: Final = msgspec.json.Decoder(Row)
_MESSAGES: Final = msgspec.json.Decoder()


def read(file: IO[bytes], report: Report) -> Iterator[LoggedCall]:
    """The calls in a transcript, in the order in which they ended."""
    return _Transcript(report).calls(file)


class _Transcript:
    def __init__(self, report: Report) -> None:
        self._report = report
        self._sessions: dict[tuple[str, str | None], Session] = {}
        self._session = Session(agent=AGENT)
        self._root = beginning(AGENT)
        self._places: dict[str, tuple[Node, int | None]] = {}
        """By a row's uuid, the place behind it and its time."""
        self._open: dict[str, _Response] = {}
        """By name, responses whose rows may come in: those of parallel agents in one file mix."""
        self._told: set[str] = set()
        self._tells_reasons = False
        """Whether responses say why they ended: older versions never did, newer ones unless they broke off."""

    def calls(self, file: IO[bytes]) -> Iterator[LoggedCall]:
        for line in lines(file, self._report):
            row = decoded(line, _ROWS, self._report)
            if row is None:
                continue
            self._begin(row)
            if row.type == "assistant":
                yield from self._answer(row, line)
                continue
            if b'"usage"' in line.data and row.type != "user":
                self._look_at(row, line)
            if row.uuid is not None:
                self._place(row, self._blocks(row, line) if row.type == "user" else ())
        for response in self._open.values():
            yield from self._call(response)

    def _begin(self, row: Row) -> None:
        chain = as_text(row.agentId) if row.isSidechain is True else None
        key = as_text(row.sessionId) or self._session.id, chain
        session = self._sessions.get(key)
        if session is None:
            session = self._sessions[key] = Session(agent=AGENT, id=key[0], chain=chain)
        self._session = session
        session.began_ns = session.began_ns or maybe_nanoseconds(row.timestamp) or 0
        session.version = as_text(row.version) or session.version
        session.project = session.project or as_text(row.cwd)

    def _before(self, row: Row) -> tuple[Node, int | None]:
        return self._places.get(as_text(row.parentUuid) or "", (self._root, None))

    def _place(self, row: Row, blocks: Iterable[Block]) -> None:
        before, at = self._before(row)
        if uuid := as_text(row.uuid):
            self._places[uuid] = before.then(blocks), maybe_nanoseconds(row.timestamp) or at

    def _blocks(self, row: Row, line: Line) -> Iterable[Block]:
        return _READ_MESSAGE(self._message(row, line))

    def _message(self, row: Row, line: Line) -> dict[str, Any]:
        try:
            return as_dict(decode(_MESSAGES, row.message)) if memoryview(row.message).nbytes else {}
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            self._report(Problem(line.number, f"its message cannot be read ({error})"))
            return {}

    def _answer(self, row: Row, line: Line) -> Iterator[LoggedCall]:
        message = self._message(row, line)
        name = as_text(message.get("id"))
        is_made_up = message.get("model") == _SYNTHETIC or row.isApiErrorMessage is True
        if name is None or is_made_up:
            if not is_made_up:
                without_id(line.number, self._report)
            self._place(row, ())
            return
        if name not in self._told:
            self._open_response(name, row, line)
        if response := self._open.get(name):
            usage = believed_counts(message.get("usage"), _COUNTS, line.number, self._report, _PARTS)
            response.add(message, usage, row, line)
        self._tells_reasons = self._tells_reasons or bool(message.get("stop_reason"))
        self._place(row, _READ_MESSAGE({"role": "assistant", "content": message.get("content")}))
        if len(self._open) > _MIXED:
            yield from self._call(self._open.pop(next(iter(self._open))))

    def _open_response(self, name: str, row: Row, line: Line) -> None:
        context, asked_ns = self._before(row)
        self._told.add(name)
        self._open[name] = _Response(name, self._session, row, line.number, asked_ns, context)

    def _look_at(self, row: Row, line: Line) -> None:
        message = self._message(row, line)
        if message.get("role") == "assistant":
            report_uncounted(row.type, message.get("usage"), line.number, self._report)

    def _call(self, told: _Response) -> Iterator[LoggedCall]:
        if told.ended_ns is None and moment(told.row.timestamp, told.line, self._report) is None:
            return
        found = anthropic_messages.read_response(told.message | {"content": told.parts}, _ABOUT)
        if not found.finish_reasons and self._tells_reasons:
            found = replace(found, complete=False)
        yield told.call(found)
        for number, more in enumerate(found.more, 1):
            call = told.call(more)
            yield replace(call, key=f"{told.name}|{number}", request_id=None, context=None)


def _output(usage: Mapping[str, Any]) -> float:
    said = usage.get("output_tokens")
    return said if isinstance(said, int | float) else -1


def _provider(response: Response) -> str | None:
    """Other providers answer in Anthropic's format, too: of them only the model is known."""
    if "claude" not in (response.model or ""):
        return None
    starts = (who for start, who in _PROVIDERS.items() if (response.id or "").startswith(start))
    return next(starts, "anthropic")
