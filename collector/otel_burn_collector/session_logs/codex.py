"""Which calls does a rollout of Codex tell? By `token_usage_record`, one a response, else by `token_count`.

Older versions have only `token_count`, which comes again whenever rate limits change and is cumulative: a call is where
the totals moved. A forked thread's rollout may begin with a copy of its parent's rows; those are not its own calls.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, Final

import msgspec

from otel_burn.exchange import Block, BlockKind, Response
from otel_burn.formats import openai_items
from otel_burn.formats.openai_usage import read_usage
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
from otel_burn_collector.session_logs.rows import Line, decoded, lines

AGENT: Final = "codex"
_COUNTS: Final = (
    "input_tokens", "cached_input_tokens", "cache_write_input_tokens", "output_tokens", "reasoning_output_tokens",
)  # fmt: skip
_MODEL_ITEMS: Final = frozenset(
    {"reasoning", "function_call", "custom_tool_call", "local_shell_call", "web_search_call"}
)
_KNOWN_PROVIDERS: Final = frozenset(PROVIDER_NAMES.values())
_UUID7: Final = 0x7
_FOLDERS: Final = frozenset({"sessions", "archived_sessions"})
_PLAIN: Final = re.compile(r"[0-9A-Za-z-]+")
_HEADER_END: Final = "\nOutput:\n"


class Row(msgspec.Struct):
    """A row of a rollout."""

    timestamp: Any = None
    ordinal: Any = None
    type: Any = None
    payload: Any = None


_ROWS: Final = msgspec.json.Decoder(Row)
_SKIPPED: Final = (b'"type":"event_msg","payload":{"type":"item_', b'"type":"world_state"')
"""Rows that repeat others, and of which there are many: not worth decoding."""


def read(file: IO[bytes], report: Report) -> Iterator[LoggedCall]:
    """The calls in a rollout, in their order."""
    return _Rollout(report, Path(str(getattr(file, "name", "")))).calls(file)


class _Rollout:
    def __init__(self, report: Report, path: Path) -> None:
        self._report = report
        self._path = path
        self._copies: Iterator[Mapping[str, Any]] | None = None
        """What its parent counted, where nothing else tells the parent's rows from its own."""
        self._session = Session(agent=AGENT)
        self._place: Node = beginning(AGENT)
        self._asked_at: Node = self._place
        self._model: str | None = None
        self._provider: str | None = None
        self._turn_ns: int | None = None
        """When the turn began, where its id tells."""
        self._asked_ns: int | None = None
        self._output: list[dict[str, Any]] = []
        """The items of the answer so far."""
        self._totals: tuple[int, ...] = ()
        self._recorded: Any = None
        """The usage of the last record: a count that says the same is of the same response."""
        self._copied = 0

    def calls(self, file: IO[bytes]) -> Iterator[LoggedCall]:
        readers = {
            "session_meta": self._meta, "turn_context": self._turn, "response_item": self._item,
            "compacted": self._compacted, "event_msg": self._event, "token_usage_record": self._record,
        }  # fmt: skip
        for line in lines(file, self._report):
            if any(mark in line.data[:160] for mark in _SKIPPED):
                continue
            row = decoded(line, _ROWS, self._report)
            if row is None:
                continue
            reader = readers.get(row.type) if isinstance(row.type, str) else None
            if reader is None:
                report_uncounted(row.type, as_dict(row.payload).get("usage"), line.number, self._report)
            elif not isinstance(row.payload, dict):
                self._report(Problem(line.number, f"its payload is {shown(row.payload)}"))
            elif (found := reader(row, row.payload, line)) is not None:
                yield found
        if self._copied and self._session.parent_id:
            reason = f"{self._copied:,} calls are its parent's ({self._session.parent_id}), and count there"
            self._report(Problem(0, reason, passing=True))

    def _meta(self, row: Row, said: Mapping[str, Any], _: Line) -> None:
        """The thread's own; a fork's copy of its parent's has a later place."""
        session = self._session
        if session.id:
            return
        source = as_dict(as_dict(as_dict(said.get("source")).get("subagent")).get("thread_spawn"))
        session.id = as_text(said.get("id")) or as_text(said.get("session_id")) or ""
        session.began_ns = maybe_nanoseconds(said.get("timestamp")) or maybe_nanoseconds(row.timestamp) or 0
        session.version = as_text(said.get("cli_version")) or ""
        session.project = as_text(said.get("cwd"))
        parents = (said.get("parent_thread_id"), source.get("parent_thread_id"), said.get("forked_from_id"))
        session.parent_id = next((found for each in parents if (found := as_text(each))), None)
        session.agent_name = as_text(source.get("agent_nickname")) or as_text(source.get("agent_role"))
        self._provider = as_text(said.get("model_provider"))

    def _turn(self, row: Row, said: Mapping[str, Any], _: Line) -> None:
        self._model = as_text(said.get("model")) or self._model
        self._session.project = self._session.project or as_text(said.get("cwd"))
        self._turn_ns = _time_of(said.get("turn_id"))
        self._asked_ns = maybe_nanoseconds(row.timestamp) or self._asked_ns

    def _item(self, row: Row, said: dict[str, Any], _: Line) -> None:
        if as_text(said.get("type")) in _MODEL_ITEMS or said.get("role") == "assistant":
            self._output.append(said)
            return
        self._settle()
        self._place = self._place.then(_blocks(said))
        self._asked_at = self._place
        self._asked_ns = maybe_nanoseconds(row.timestamp) or self._asked_ns

    def _settle(self) -> None:
        """What the model said is context from now on."""
        self._place = self._place.then(block for item in self._output for block in _blocks(item))
        self._output = []

    def _compacted(self, _row: Row, said: Mapping[str, Any], _: Line) -> None:
        """The history was replaced: by what stands there, or by a summary."""
        self._output = []
        history = as_list(said.get("replacement_history"))
        blocks: list[Block] = [block for item in history for block in _blocks(item)]
        if not history and (text := as_text(said.get("message"))):
            blocks = list(openai_items.item_blocks(text))
        self._place = self._asked_at = beginning(AGENT).then(blocks)

    def _event(self, row: Row, said: Mapping[str, Any], line: Line) -> LoggedCall | None:
        if said.get("type") == "task_started":
            self._turn_ns = _time_of(said.get("turn_id"))
            self._asked_ns = maybe_nanoseconds(row.timestamp) or self._asked_ns
        if said.get("type") != "token_count":
            return None
        info = as_dict(said.get("info"))
        totals = believed_counts(info.get("total_token_usage"), _COUNTS, line.number, self._report)
        said_last = info.get("last_token_usage")
        usage = believed_counts(said_last, _COUNTS, line.number, self._report)
        if not totals and not said_last:
            return None
        moved = _moved(self._totals, totals)
        if moved is None or (said_last and said_last == self._recorded):
            self._totals, self._recorded = _counted(totals) or self._totals, None
            return None
        if self._turn_ns is None and self._is_parents(info):
            self._totals = _counted(totals) or self._totals
            self._copied += 1
            return None
        key = "|".join(map(str, (self._session.id, *(totals.get(name) for name in _COUNTS))))
        self._totals = _counted(totals) or self._totals
        return self._call(row, line, usage or moved, key=key, response_id=None)

    def _record(self, row: Row, said: Mapping[str, Any], line: Line) -> LoggedCall | None:
        if moment(row.timestamp, line.number, self._report) is None:
            return None  # the count that follows tells it again
        totals = believed_counts(said.get("thread_token_usage"), _COUNTS, line.number, self._report)
        usage = believed_counts(said.get("usage"), _COUNTS, line.number, self._report)
        usage = usage or _moved(self._totals, totals) or {}
        self._totals, self._recorded = _counted(totals) or self._totals, said.get("usage")
        response_id = as_text(said.get("response_id"))
        key = f"{response_id or self._session.id}|{shown(row.ordinal) if not response_id else ''}|{_counted(totals)}"
        if response_id is None and not totals and not usage:
            self._report(Problem(line.number, "it names no response and tells no tokens: left out"))
            return None
        if self._is_of_another(as_text(said.get("thread_id"))):
            self._copied += 1
            return None
        return self._call(row, line, usage, key=key, response_id=response_id)

    def _call(
        self, row: Row, line: Line, usage: Mapping[str, Any], *, key: str, response_id: str | None
    ) -> LoggedCall | None:
        ended_ns = moment(row.timestamp, line.number, self._report)
        if ended_ns is None:
            return None
        if self._is_copy(ended_ns):
            self._copied += 1
            return None
        response = self._response(usage, response_id)
        started_ns = min(self._asked_ns or ended_ns, ended_ns)
        call = LoggedCall(
            session=self._session, key=key, started_ns=started_ns, ended_ns=ended_ns,
            provider=self._who(), request_model=self._model, response=response,
            agent=self._session.agent_name, context=self._asked_at, line=line.number, end=line.end,
        )  # fmt: skip
        self._settle()
        self._asked_at, self._asked_ns = self._place, ended_ns
        return call

    def _response(self, usage: Mapping[str, Any], response_id: str | None) -> Response:
        return Response(
            id=response_id,
            usage=read_usage(_wire(usage)),
            tool_calls=tuple(openai_items.tool_calls(self._output)),
            output=tuple(block for item in self._output for block in openai_items.item_blocks(item)),
        )

    def _is_of_another(self, thread: str | None) -> bool:
        """Whether *thread* is one that this one was forked from, or that began before it."""
        if thread is None or thread == self._session.id:
            return False
        theirs, ours = _time_of(thread), _time_of(self._session.id)
        return thread == self._session.parent_id or (
            theirs is not None and ours is not None and theirs < ours
        )

    def _is_copy(self, ended_ns: int) -> bool:
        """Whether the turn is older than the thread: then it is the parent's."""
        began = _time_of(self._session.id)
        if self._turn_ns is not None and began is not None:
            return self._turn_ns < began
        return ended_ns < self._session.began_ns

    def _is_parents(self, info: Mapping[str, Any]) -> bool:
        """Whether the parent's rollout has the same count at the same place: up to where the two part."""
        if self._copies is None:
            parent = self._session.parent_id
            self._copies = _counts_of(self._path, parent) if parent else iter(())
        if next(self._copies, None) == info:
            return True
        self._copies = iter(())
        return False

    def _who(self) -> str | None:
        """The provider is what the user's configuration calls it: Codex speaks to OpenAI where that says nothing."""
        named = PROVIDER_NAMES.get(self._provider or "", self._provider)
        return named if named in _KNOWN_PROVIDERS else "openai"


def _blocks(item: Any) -> Iterator[Block]:
    """The blocks of an item. What a command printed is known without the header, which differs from run to run."""
    output = as_dict(item).get("output")
    _, mark, text = output.partition(_HEADER_END) if isinstance(output, str) else ("", "", "")
    for block in openai_items.item_blocks(item):
        if mark and block.kind is BlockKind.TOOL_RESULT:
            (lasting,) = openai_items.item_blocks(item | {"output": text})
            block = replace(lasting, error=block.error)
        yield block


def _counts_of(path: Path, thread: str) -> Iterator[Mapping[str, Any]]:
    """What the rollout of *thread*, which lies near that at *path*, counted: each time that the totals moved."""
    root = next((each for each in path.parents if each.name in _FOLDERS), path.parent)
    found = next(root.rglob(f"*{thread}.jsonl"), None) if _PLAIN.fullmatch(thread) else None
    if found is None:
        return
    known: tuple[int, ...] = ()
    with found.open("rb") as file:
        for line in lines(file, lambda _: None):
            row = decoded(line, _ROWS, lambda _: None) if b'"token_count"' in line.data[:200] else None
            info = as_dict(as_dict(row.payload).get("info")) if row is not None else {}
            totals = as_dict(info.get("total_token_usage"))
            if totals and _moved(known, totals) is not None:
                known = _counted(totals)
                yield info


def _counted(totals: Mapping[str, Any]) -> tuple[int, ...]:
    return (
        tuple(value if isinstance(value := totals.get(name), int) else 0 for name in _COUNTS)
        if totals
        else ()
    )


def _moved(known: tuple[int, ...], totals: Mapping[str, Any]) -> Mapping[str, int] | None:
    """What was added since the *known* totals; None where nothing was."""
    now = _counted(totals)
    if now and now == known:
        return None
    since = [new - old for new, old in zip(now, known, strict=False)] if known else list(now)
    if any(each < 0 for each in since):  # counted anew
        since = list(now)
    return dict(zip(_COUNTS, since, strict=False))


def _wire(usage: Mapping[str, Any]) -> dict[str, Any]:
    """The usage as the API that it comes from has it."""
    if not usage:
        return {}
    details = {
        "cached_tokens": usage.get("cached_input_tokens"),
        "cache_write_tokens": usage.get("cache_write_input_tokens"),
    }
    return {
        "input_tokens": usage.get("input_tokens"),
        "output_tokens": usage.get("output_tokens"),
        "input_tokens_details": details,
        "output_tokens_details": {"reasoning_tokens": usage.get("reasoning_output_tokens")},
    }


def _time_of(uuid: Any) -> int | None:
    """When an id of version 7 was made, to the millisecond."""
    digits = uuid.replace("-", "") if isinstance(uuid, str) else ""
    try:
        number = int(digits, 16) if len(digits) == 32 else 0
    except ValueError:
        return None
    return (number >> 80) * 10**6 if number >> 76 & 0xF == _UUID7 else None
