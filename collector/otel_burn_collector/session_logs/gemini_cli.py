"""Which calls does a chat of Gemini CLI tell? A message is written again when its tools have run: the last row counts.

`{"$set": {"messages": [...]}}` replaces the history (a compression, a rewind): what was answered before it was billed
all the same. Older versions keep one JSON object with all `messages` instead of rows. `input` includes `cached`, and
`output` excludes the thoughts.
"""

import re
from collections.abc import Iterable, Iterator
from typing import IO, Any, Final

import msgspec

from otel_burn.exchange import Block, BlockKind, Response, ToolCall
from otel_burn.formats import gemini_content
from otel_burn.manifest import block, tool_call
from otel_burn.usage import Usage
from otel_burn_collector.session_logs.believing import (
    believed_counts,
    moment,
    report_uncounted,
    without_id,
)
from otel_burn_collector.session_logs.calls import LoggedCall, Report, Session
from otel_burn_collector.session_logs.contexts import Node, beginning
from otel_burn_collector.session_logs.fields import (
    as_dict,
    as_list,
    as_text,
    maybe_nanoseconds,
)
from otel_burn_collector.session_logs.rows import Line, decoded_object, lines

AGENT: Final = "gemini-cli"
_COUNTS: Final = ("input", "output", "cached", "thoughts", "tool", "total")
_PROCESS: Final = re.compile(r"\nProcess Group PGID: \d+")
_ANY: Final = msgspec.json.Decoder()
Message = dict[str, Any]


def read(file: IO[bytes], report: Report) -> Iterator[LoggedCall]:
    """The calls in a chat that is rows, in their order."""
    chat = _Chat(report)
    for line in lines(file, report):
        row = decoded_object(line, _ANY, report)
        if row is None:
            continue
        replaced = as_dict(row.get("$set")).get("messages")
        if isinstance(replaced, list):
            yield from chat.flush()
            chat.begin_again(as_dict(message) for message in replaced)
        elif "sessionId" in row and "type" not in row:
            chat.header(row)
        elif "type" in row or "tokens" in row:
            yield from chat.message(row, line)
    yield from chat.flush()


def read_whole(chat: dict[str, Any], report: Report) -> Iterator[LoggedCall]:
    """The calls in a chat that is one object."""
    found = _Chat(report)
    found.header(chat)
    for number, message in enumerate(as_list(chat.get("messages")), 1):
        yield from found.message(as_dict(message), Line(number, 0, b""))
    yield from found.flush()


class _Chat:
    def __init__(self, report: Report) -> None:
        self._report = report
        self._session = Session(agent=AGENT)
        self._place: Node = beginning(AGENT)
        self._asked_ns: int | None = None
        self._open: tuple[Message, Line, int] | None = None
        """The answer that may be written again, its row, and how many there were."""
        self._told: set[str] = set()

    def header(self, row: Message) -> None:
        session = self._session
        session.id = session.id or as_text(row.get("sessionId")) or ""
        session.began_ns = session.began_ns or maybe_nanoseconds(row.get("startTime")) or 0
        directories = as_list(row.get("directories"))
        session.project = session.project or (as_text(directories[0]) if directories else None)
        if row.get("kind") == "subagent":
            session.chain = "subagent"

    def begin_again(self, messages: Iterable[Message]) -> None:
        """The history is *messages* from now on; answers among them are known already."""
        self._place = beginning(AGENT)
        for message in messages:
            self._place = self._place.then(_blocks(message))
            if name := as_text(message.get("id")):
                self._told.add(name)

    def message(self, row: Message, line: Line) -> Iterator[LoggedCall]:
        name = as_text(row.get("id"))
        if row.get("type") != "gemini":
            report_uncounted(row.get("type"), row.get("tokens"), line.number, self._report)
        elif name is None:
            without_id(line.number, self._report)
            return
        if self._open is not None and self._open[0].get("id") == name:
            if maybe_nanoseconds(row.get("timestamp")) is None:
                row = row | {"timestamp": self._open[0].get("timestamp")}
            self._open = row, line, self._open[2] + 1
            return
        yield from self.flush()
        if row.get("type") == "gemini" and name not in self._told:
            self._open = row, line, 1
            return
        self._place = self._place.then(_blocks(row))
        self._asked_ns = maybe_nanoseconds(row.get("timestamp")) or self._asked_ns

    def flush(self) -> Iterator[LoggedCall]:
        """The answer that was open."""
        if self._open is None:
            return
        (row, line, rows), self._open = self._open, None
        self._told.add(str(row.get("id")))
        call = self._call(row, line)
        self._place = self._place.then(_blocks(row))
        if call is not None:
            call.rows = rows + bool(row.get("toolCalls"))
            self._asked_ns = call.ended_ns
            yield call

    def _call(self, row: Message, line: Line) -> LoggedCall | None:
        ended_ns = moment(row.get("timestamp"), line.number, self._report)
        if ended_ns is None:
            return None
        return LoggedCall(
            session=self._session,
            key=str(row.get("id")),
            started_ns=min(self._asked_ns or ended_ns, ended_ns),
            ended_ns=ended_ns,
            provider="gcp.gemini",
            response=Response(
                model=as_text(row.get("model")),
                usage=self._usage(row, line),
                tool_calls=tuple(_tool_calls(row)),
                output=tuple(_answer(row)),
            ),
            context=self._place,
            line=line.number,
            end=line.end,
        )

    def _usage(self, row: Message, line: Line) -> Usage | None:
        said = believed_counts(row.get("tokens"), _COUNTS, line.number, self._report)
        given, made = said.get("input"), said.get("output")
        if given is None and made is None:
            return None
        thoughts, tool = said.get("thoughts"), said.get("tool")
        made = None if made is None else int(made) + int(thoughts or 0)
        if given is not None and made is not None and tool and said.get("total") == given + made + tool:
            given += tool  # the total tells whether the input has it
        return Usage(
            input_tokens=None if given is None else int(given),
            output_tokens=made,
            cache_read_tokens=said.get("cached"),
            reasoning_tokens=thoughts,
        )


def _answer(row: Message) -> Iterator[Block]:
    for thought in as_list(row.get("thoughts")):
        said = as_dict(thought)
        yield block(BlockKind.REASONING, f"{said.get('subject', '')}\n{said.get('description', '')}")
    yield from _texts(row.get("content"), BlockKind.ASSISTANT)
    for call in as_list(row.get("toolCalls")):
        said = as_dict(call)
        yield from gemini_content.blocks(
            {"parts": [{"functionCall": {"name": said.get("name"), "args": said.get("args")}}]},
            BlockKind.ASSISTANT,
        )


def _tool_calls(row: Message) -> Iterator[ToolCall]:
    """The wire pairs a call with its result by the function's name, and so do we: ids are the CLI's own."""
    for call in as_list(row.get("toolCalls")):
        said = as_dict(call)
        name = as_text(said.get("name")) or ""
        yield tool_call(name, name, said.get("args"))


def _blocks(row: Message) -> Iterator[Block]:
    if row.get("type") == "gemini":
        yield from _answer(row)
    elif row.get("type") == "user":
        yield from _texts(row.get("content"), BlockKind.USER)


def _texts(content: Any, kind: BlockKind) -> Iterable[Block]:
    if isinstance(content, str):
        return gemini_content.blocks(content, kind)
    parts = content if isinstance(content, list) else [content]
    return gemini_content.blocks({"parts": [_lasting(part) for part in parts]}, kind)


def _lasting(part: Any) -> Any:
    """*part* without the process number that a command's output carries: it differs from run to run."""
    if isinstance(part, str):
        return {"text": part}
    answer = as_dict(as_dict(part).get("functionResponse"))
    said = as_dict(answer.get("response"))
    output = as_text(said.get("output"))
    if output is None:
        return part
    response = said | {"output": _PROCESS.sub("", output)}
    return part | {"functionResponse": answer | {"response": response}}
