"""Which calls does opencode's storage tell? SQLite, before that a folder of small JSON files, or a session's export.

An assistant's message is a response; in older versions it may be several, each ended by a `step-finish` part. `input`
excludes what was cached, `output` excludes the reasoning. The call that titles a session is in none of it.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

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
    shown,
)

AGENT: Final = "opencode"
_SESSIONS: Final = "SELECT * FROM session WHERE time_updated >= ? ORDER BY id"
_MESSAGES: Final = "SELECT rowid, id, data FROM message WHERE session_id = ? ORDER BY time_created, id"
_PARTS: Final = "SELECT id, data FROM part WHERE message_id = ? ORDER BY id"
_PROVIDERS: Final[Mapping[str, str]] = {
    **PROVIDER_NAMES,
    "amazon-bedrock": "aws.bedrock",
    "google-vertex": "gcp.vertex_ai",
    "google-vertex-anthropic": "gcp.vertex_ai",
}
_COUNTS: Final = ("input", "output", "reasoning")
_CACHE_COUNTS: Final = ("read", "write")
_ANY: Final = msgspec.json.Decoder()
Data = dict[str, Any]


class Message(NamedTuple):
    """A message with its parts."""

    number: int
    id: str
    data: Data
    parts: list[tuple[str, Data]]


def read_database(con: sqlite3.Connection, report: Report, since_ns: int = 0) -> Iterator[LoggedCall]:
    """The calls in the sessions of a database that were touched since."""
    con.row_factory = sqlite3.Row
    for row in con.execute(_SESSIONS, (since_ns // 10**6,)).fetchall():
        said = dict(row)
        session = Session(
            agent=AGENT,
            id=str(said["id"]),
            version=as_text(said.get("version")) or "",
            began_ns=maybe_nanoseconds(said.get("time_created")) or 0,
            project=as_text(said.get("directory")),
            parent_id=as_text(said.get("parent_id")),
        )
        yield from _Conversation(session, report).calls(_database_messages(con, session.id, report))


def _database_messages(con: sqlite3.Connection, session_id: str, report: Report) -> Iterator[Message]:
    for number, name, data in con.execute(_MESSAGES, (session_id,)):
        parts = ((key, _decoded(part, number, report)) for key, part in con.execute(_PARTS, (name,)))
        yield Message(number, str(name), _decoded(data, number, report), list(parts))


def read_folder(folder: Path, report: Report) -> Iterator[LoggedCall]:
    """The calls in `storage/message/<session>`, with what stands beside it."""
    storage = folder.parent.parent
    found = next(iter(storage.glob(f"session/*/{folder.name}.json")), None)
    said = _file(found, report) if found else {}
    session = Session(
        agent=AGENT,
        id=folder.name,
        version=as_text(said.get("version")) or "",
        began_ns=maybe_nanoseconds(as_dict(said.get("time")).get("created")) or 0,
        project=as_text(said.get("directory")),
        parent_id=as_text(said.get("parentID")),
    )
    yield from _Conversation(session, report).calls(_folder_messages(folder, storage, report))


def _folder_messages(folder: Path, storage: Path, report: Report) -> Iterator[Message]:
    for number, file in enumerate(sorted(folder.glob("*.json")), 1):
        parts = sorted((storage / "part" / file.stem).glob("*.json"))
        yield Message(
            number, file.stem, _file(file, report), [(part.stem, _file(part, report)) for part in parts]
        )


def read_whole(export: Data, report: Report) -> Iterator[LoggedCall]:
    """The calls in what `opencode export` writes."""
    said = as_dict(export.get("info"))
    session = Session(
        agent=AGENT,
        id=as_text(said.get("id")) or "",
        version=as_text(said.get("version")) or "",
        began_ns=maybe_nanoseconds(as_dict(said.get("time")).get("created")) or 0,
        project=as_text(said.get("directory")),
        parent_id=as_text(said.get("parentID")),
    )
    messages = [
        Message(number, str(as_dict(each.get("info")).get("id")), as_dict(each.get("info")), _listed(each))
        for number, each in enumerate(map(as_dict, as_list(export.get("messages"))), 1)
    ]
    yield from _Conversation(session, report).calls(messages)


def _listed(message: Data) -> list[tuple[str, Data]]:
    return [(str(part.get("id")), part) for part in map(as_dict, as_list(message.get("parts")))]


def _decoded(data: Any, number: int, report: Report) -> Data:
    try:
        return _object(_ANY.decode(data if isinstance(data, str | bytes) else b""))
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        report(Problem(number, f"its data is no JSON object ({error})"))
        return {}


def _object(value: Any) -> Data:
    if not isinstance(value, dict):
        raise msgspec.DecodeError(f"it is {shown(value)}")
    return value


def _file(path: Path, report: Report) -> Data:
    try:
        return _object(_ANY.decode(path.read_bytes()))
    except (OSError, msgspec.DecodeError, UnicodeError, RecursionError) as error:
        report(Problem(0, f"{path.name} cannot be read ({error})"))
        return {}


class _Conversation:
    def __init__(self, session: Session, report: Report) -> None:
        self._session = session
        self._report = report
        self._place: Node = beginning(AGENT)
        self._asked_ns: int | None = None

    def calls(self, messages: Iterable[Message]) -> Iterator[LoggedCall]:
        for message in messages:
            if message.data.get("role") == "assistant":
                yield from self._answer(message)
            else:
                if message.data.get("role") != "user":
                    kind, tokens = message.data.get("role"), message.data.get("tokens")
                    report_uncounted(kind, tokens, message.number, self._report)
                self._place = self._place.then(_user_blocks(message))

    def _answer(self, message: Message) -> Iterator[LoggedCall]:
        steps = _steps(message)
        if message.data.get("summary") is True:  # it stands for all that came before it
            call = self._call(message, steps[0])
            self._place = beginning(AGENT)
            steps, found = steps[:1], [call]
        else:
            found = []
        for step in steps:
            call = found[0] if found else self._call(message, step)
            if call is not None:
                yield call
            self._place = self._place.then(_said(step.parts)).then(_results(step.parts))

    def _call(self, message: Message, step: "_Step") -> LoggedCall | None:
        said, times = message.data, as_dict(message.data.get("time"))
        error = as_text(as_dict(said.get("error")).get("name"))
        usage = self._usage(step, message.number)
        if times.get("completed") is None and error is None and not step.finished:
            self._report(Problem(message.number, "the response is not finished: it counts once it is", True))
            return None
        if error is not None and not (usage and (usage.input_tokens or usage.output_tokens)):
            return None  # nothing was served
        started_ns = moment(times.get("created"), message.number, self._report)
        if started_ns is None:
            return None
        ended_ns = maybe_nanoseconds(times.get("completed")) or started_ns
        provider = as_text(said.get("providerID")) or as_text(as_dict(said.get("model")).get("providerID"))
        self._session.project = self._session.project or as_text(as_dict(said.get("path")).get("cwd"))
        return LoggedCall(
            session=self._session,
            key=step.key,
            started_ns=started_ns,
            ended_ns=max(started_ns, ended_ns),
            provider=_PROVIDERS.get(provider or "", provider),
            response=_response(said, step, usage, error),
            agent=as_text(said.get("agent")) or as_text(said.get("mode")),
            reported_usd=step.cost,
            context=self._place,
            line=message.number,
        )

    def _usage(self, step: "_Step", number: int) -> Usage | None:
        found = (self._counted(tokens, number) for tokens in step.tokens)
        return next((usage for usage in found if usage is not None), None)

    def _counted(self, tokens: Any, number: int) -> Usage | None:
        said = believed_counts(tokens, _COUNTS, number, self._report)
        cache = believed_counts(said.get("cache"), _CACHE_COUNTS, number, self._report, name="cache")
        if not cache and said.get("cache") not in (None, {}):
            return None  # the input would lack what the cache read
        given, made, thought = (said.get(name) for name in _COUNTS)
        read, written = (cache.get(name) for name in _CACHE_COUNTS)
        if not any((given, made, read, written)):
            return None  # zero everywhere is what it writes when it was told nothing
        return Usage(
            input_tokens=None if given is None else given + (read or 0) + (written or 0),
            output_tokens=None if made is None else made + (thought or 0),
            cache_read_tokens=read,
            cache_write_tokens=written,
            reasoning_tokens=thought,
        )


class _Step(NamedTuple):
    """A response within a message."""

    key: str
    tokens: tuple[Any, ...]
    """What it used, by its end and by its message, which one knows it first."""
    cost: float | None
    parts: list[Data]
    finished: bool


def _steps(message: Message) -> list[_Step]:
    ends = [number for number, (_, part) in enumerate(message.parts) if part.get("type") == "step-finish"]
    if not ends:
        parts = [part for _, part in message.parts]
        return [_Step(message.id, (message.data.get("tokens"),), _cost(message.data), parts, False)]
    steps, begin = [], 0
    for end in ends:
        key, part = message.parts[end]
        parts = [each for _, each in message.parts[begin:end]]
        steps.append(_Step(key, (part.get("tokens"),), _cost(part), parts, True))
        begin = end + 1
    if len(steps) == 1:  # named by its end all the same: the message may go on
        (step,), parts = steps, [each for _, each in message.parts]
        told = *step.tokens, message.data.get("tokens")
        return [step._replace(tokens=told, cost=step.cost or _cost(message.data), parts=parts)]
    return steps


def _cost(said: Data) -> float | None:
    cost = said.get("cost")
    return float(cost) if isinstance(cost, int | float) and cost > 0 else None


def _response(said: Data, step: _Step, usage: Usage | None, error: str | None) -> Response:
    reason = as_text(said.get("finish"))
    model = as_text(said.get("modelID")) or as_text(as_dict(said.get("model")).get("modelID"))
    return Response(
        model=model,
        usage=usage,
        finish_reasons=(reason,) if reason else (),
        tool_calls=tuple(_tool_calls(step.parts)),
        output=tuple(_said(step.parts)),
        complete=error is None,
        error_type=error,
    )


def _user_blocks(message: Message) -> Iterator[Block]:
    for _, part in message.parts:
        if text := as_text(part.get("text")):
            yield block(BlockKind.USER, text)
        elif part.get("type") == "file":
            image = str(part.get("mime", "")).startswith("image/")
            yield block(BlockKind.IMAGE if image else BlockKind.DOCUMENT, part.get("url"))


def _said(parts: Iterable[Data]) -> Iterator[Block]:
    for part in parts:
        match part.get("type"):
            case "text" if part.get("text"):
                yield block(BlockKind.ASSISTANT, part["text"])
            case "reasoning" if part.get("text"):
                yield block(BlockKind.REASONING, part["text"])
            case "tool":
                name, call_id = _named(part)
                yield arguments_block(call_id, name, as_dict(part.get("state")).get("input"))


def _results(parts: Iterable[Data]) -> Iterator[Block]:
    for part in parts:
        state = as_dict(part.get("state"))
        failed = state.get("status") == "error"
        if part.get("type") != "tool" or state.get("status") not in ("completed", "error"):
            continue
        said = state.get("error") if failed else state.get("output")
        text = said if isinstance(said, str) else json.dumps(said)
        code = as_dict(state.get("metadata")).get("exit")
        failed = failed or (isinstance(code, int) and code != 0)
        name, call_id = _named(part)
        error = error_class(text, flagged=failed)
        yield block(BlockKind.TOOL_RESULT, text, tool=name, tool_call_id=call_id, error=error)


def _tool_calls(parts: Iterable[Data]) -> Iterator[ToolCall]:
    for part in parts:
        if part.get("type") == "tool":
            name, call_id = _named(part)
            yield tool_call(call_id, name, as_dict(part.get("state")).get("input"))


def _named(part: Data) -> tuple[str, str]:
    return as_text(part.get("tool")) or "", as_text(part.get("callID")) or ""
