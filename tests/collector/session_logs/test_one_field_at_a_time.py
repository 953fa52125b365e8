"""Does a captured log with nonsense in one field land as before but for that field, which is reported or says less?

`OTEL_BURN_MUTATIONS=all` puts every odd value into every field; a few of them do in CI.
"""

import copy
import itertools
import json
import os
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from otel_burn_collector.session_logs.calls import LoggedCall, Problem

EVERYTHING = os.environ.get("OTEL_BURN_MUTATIONS") == "all"
ABSENT: Final = object()
ODD: Final = (
    None, ABSENT, True, -1, 10**12, 2**63, 1e300, 1.5, float("nan"), "", "x", "12", "\x00ü", "y" * 100_000, [], [[]],
    {"a": []}, "2026-13-45T99:99", "1970-01-01T00:00:00Z", "2100-01-01T00:00:00Z", ["x", "x"],
)  # fmt: skip
LONGEST_TEXT = 300
"""Of a captured text that stays: what was said does not matter here."""
Row = dict[str, Any]
Path_ = tuple[str | int, ...]
Told = tuple[int | None, ...] | None


class Source(NamedTuple):
    """A captured log as rows of JSON."""

    rows: list[Row]
    write: Callable[[Sequence[str]], Path]
    """Writes rows as texts."""
    place: Callable[[int], int]
    """By which number problems name a row."""


JSON_LINES = {
    "claude-code": ("claude-code-2.1.330", "*-*-*-*-*.jsonl"),
    "codex": ("codex-0.169.0", "rollout-*.jsonl"),
    "gemini-cli": ("gemini-cli-0.61.0", "session-*.jsonl"),
    "openclaw": ("openclaw-2026.4.29__chat-send", "*-*-*-*-????????????.jsonl"),
}
DATABASES = {
    "openclaw-database": ("openclaw-2026.9.6", "openclaw-agent.sqlite"),
    "opencode-database": ("opencode-1.18.33", "opencode.db"),
}


@pytest.fixture(params=[*JSON_LINES, *DATABASES])
def source(request: pytest.FixtureRequest, captures: Path, tmp_path: Path) -> Source:
    """The log of each agent."""
    folder, pattern = (JSON_LINES | DATABASES)[request.param]
    (path,) = (captures / folder / "session_files").rglob(pattern)
    if request.param == "openclaw-database":
        return _openclaw(path, tmp_path)
    if request.param == "opencode-database":
        return _opencode(path, tmp_path)
    rows = [_short(json.loads(line)) for line in path.read_bytes().splitlines()]
    target = tmp_path / path.name

    def write(texts: Sequence[str]) -> Path:
        target.write_text("\n".join(texts) + "\n")
        return target

    return Source(rows, write, lambda number: number + 1)


def _openclaw(path: Path, tmp_path: Path) -> Source:
    found = _select(
        path, "SELECT session_id, seq, event_json FROM transcript_events ORDER BY session_id, seq"
    )
    target = tmp_path / path.name

    def write(texts: Sequence[str]) -> Path:
        target.unlink(missing_ok=True)
        with sqlite3.connect(target) as con:
            con.execute("PRAGMA synchronous = OFF")
            con.execute("CREATE TABLE transcript_events (session_id, seq, event_json)")
            said = [(*key, text) for (*key, _), text in zip(found, texts, strict=True)]
            con.executemany("INSERT INTO transcript_events VALUES (?, ?, ?)", said)
        con.close()
        return target

    return Source([_short(json.loads(row[-1])) for row in found], write, lambda number: number + 1)


def _opencode(path: Path, tmp_path: Path) -> Source:
    session = _select(path, "SELECT id, time_updated, time_created, directory FROM session")
    messages = _select(
        path, "SELECT id, session_id, time_created, data FROM message ORDER BY time_created, id"
    )
    parts = _select(path, "SELECT id, message_id, session_id, data FROM part ORDER BY id")
    number_of = {row[0]: number for number, row in enumerate(messages, 1)}
    places = [*number_of.values(), *(number_of[row[1]] for row in parts)]
    target = tmp_path / path.name

    def write(texts: Sequence[str]) -> Path:
        target.unlink(missing_ok=True)
        with sqlite3.connect(target) as con:
            con.execute("PRAGMA synchronous = OFF")
            con.execute("CREATE TABLE session (id, time_updated, time_created, directory)")
            con.execute("CREATE TABLE message (id TEXT PRIMARY KEY, session_id, time_created, data)")
            con.execute("CREATE TABLE part (id TEXT PRIMARY KEY, message_id, session_id, data)")
            con.executemany("INSERT INTO session VALUES (?, ?, ?, ?)", session)
            for table, rows, data in (
                ("message", messages, texts[: len(messages)]),
                ("part", parts, texts[len(messages) :]),
            ):
                said = [(*key, text) for (*key, _), text in zip(rows, data, strict=True)]
                con.executemany(f"INSERT INTO {table} VALUES (?, ?, ?, ?)", said)
        con.close()
        return target

    rows = [_short(json.loads(row[-1])) for row in (*messages, *parts)]
    return Source(rows, write, places.__getitem__)


def _select(path: Path, sql: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True) as con:
        found = con.execute(sql).fetchall()
    con.close()
    return found


def _short(value: Any) -> Any:
    if isinstance(value, str):
        return value[:LONGEST_TEXT]
    if isinstance(value, dict):
        return {key: _short(each) for key, each in value.items()}
    return [_short(each) for each in value[:4]] if isinstance(value, list) else value


def fields(value: Any, before: Path_ = ()) -> Iterator[Path_]:
    """The ways to every value within *value*, and to itself; of lists, to the first two."""
    yield before
    inner = (
        value.items() if isinstance(value, dict) else enumerate(value[:2]) if isinstance(value, list) else ()
    )
    for key, each in inner:
        yield from fields(each, (*before, key))


def put(value: Any, way: Path_, odd: Any) -> Any:
    """*value* with *odd* in one place."""
    if not way:
        return odd
    value = copy.copy(value)
    if len(way) == 1 and odd is ABSENT:
        del value[way[0]]
    else:
        value[way[0]] = put(value[way[0]], way[1:], odd)
    return value


def told(call: LoggedCall) -> Told:
    """The counts of a call."""
    used = call.response.usage
    return used and (
        used.input_tokens, used.output_tokens, used.cache_read_tokens, used.cache_write_tokens, used.reasoning_tokens,
    )  # fmt: skip


def says_less(found: Told, whole: Told) -> bool:
    """Whether *found* has no number that *whole* has not."""
    if found is None or whole is None:
        return found is None
    return all(ours is None or ours == theirs for ours, theirs in zip(found, whole, strict=True))


def mutations(
    source: Source, without: Callable[[int], Counter[Told]], base: Counter[Told]
) -> Iterator[tuple[int, Path_, Any]]:
    """Rows, ways into them and odd values: all values where the row's calls depend on it, else one after the other."""
    seen: set[tuple[Any, ...]] = set()
    turn = itertools.cycle(ODD)
    for number, row in enumerate(source.rows):
        matters = without(number) != base
        for way in fields(row):
            kinds = [
                value if isinstance(value, str) else None for value in (row.get("type"), row.get("role"))
            ]
            shape = (*kinds, matters, *("#" if isinstance(key, int) else key for key in way))
            if shape in seen and not EVERYTHING:
                continue
            seen.add(shape)
            for odd in ODD if EVERYTHING or matters else (next(turn),):
                if not (odd is ABSENT and not way):
                    yield number, way, odd


def _text(row: Row, way: Path_, odd: Any) -> str:
    return json.dumps(put(row, way, odd))


@pytest.mark.recorded
def test_nonsense_in_one_field_costs_no_more_than_that_field(source: Source, read: Any) -> None:
    """Every other call lands; its own lands, says less, or is reported by its place. An id is what it says."""
    texts = [json.dumps(row) for row in source.rows]

    def reading(texts: Sequence[str]) -> tuple[Counter[Told], list[Problem]]:
        calls, problems = read(source.write(texts))
        return Counter(map(told, calls)), problems

    base, problems = reading(texts)
    assert (len(base) > 1, problems) == (True, [])
    lefts: dict[int, Counter[Told]] = {}

    def without(number: int) -> Counter[Told]:
        if number not in lefts:
            lefts[number] = reading([*texts[:number], "{}", *texts[number + 1 :]])[0]
        return lefts[number]

    wrong = []
    for number, way, odd in mutations(source, without, base):
        text = _text(source.rows[number], way, odd)
        found, problems = reading([*texts[:number], text, *texts[number + 1 :]])
        reported = any(problem.line == source.place(number) for problem in problems)
        lost, more = base - found, found - base
        others = lost & without(number)
        silent = bool(lost) and not (
            reported or sum(more.values()) == sum(lost.values()) or _says_nothing(way, odd)
        )
        made_up = [
            each for each in more
            if not any(says_less(each, whole) for whole in base) and not (odd is None or odd is ABSENT)
        ]  # fmt: skip
        copied = sum(more.values()) > sum(lost.values()) and not (reported or _names(way, odd))
        if others or silent or made_up or copied:
            wrong.append((number, way, "absent" if odd is ABSENT else repr(odd)[:30], dict(lost), dict(more)))
    assert not wrong, "\n".join(map(str, wrong))


def _says_nothing(way: Path_, odd: Any) -> bool:
    """Whether nothing tells that the row should have been a call."""
    return not way and isinstance(odd, dict)


def _names(way: Path_, odd: Any) -> bool:
    return bool(way) and str(way[-1]).lower().endswith("id") and isinstance(odd, str) and bool(odd)
