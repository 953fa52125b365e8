"""How do detectors meet the ledger? Frames are read at this edge, and findings are stored from here."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from otel_burn.errors import BurnError
from otel_burn_analytics.detectors import context_bloat, loops
from otel_burn_analytics.finding import FINDINGS
from otel_burn_analytics.queries import Scope, rows, sql
from otel_burn_collector import ledger as storage
from otel_burn_collector.reader import Ledger

CHUNK_CALLS = 5_000
"""LLM calls judged at a time, some 500,000 context blocks: half a gigabyte at the peak (benchmarks/detect.py)."""
CHUNK_SESSIONS = 500
"""Their ids travel in one request, which the store limits to a mebibyte."""


@dataclass(frozen=True)
class Detector:
    """A detector with the frames it reads: rows of a view, and the calls they belong to, by session."""

    name: str
    find: Callable[[pl.LazyFrame, pl.LazyFrame], pl.LazyFrame]
    view: str
    rows: pl.Schema
    calls: pl.Schema


DETECTORS = (
    Detector(loops.DETECTOR, loops.find_loops, "tool_calls", loops.TOOL_CALLS, loops.LLM_CALLS),
    Detector(
        context_bloat.DETECTOR,
        context_bloat.find_context_bloat,
        "context_blocks",
        context_bloat.CONTEXT_BLOCKS,
        context_bloat.LLM_CALLS,
    ),
)


@dataclass(frozen=True)
class Judgement:
    """What the detectors found, what they could see, and why it could not be stored if it could not."""

    findings: pl.DataFrame
    calls: int = 0
    calls_with_context: int = 0
    """Without a record of its context, nothing can be said of what a call carried or repeated."""
    unstored: str | None = None


def judge(
    ledger: Ledger, scope: Scope | None = None, *, session: str | None = None, store: bool = True
) -> Judgement:
    """The findings of every session with calls in *scope*, each judged as a whole and stored (unless not *store*)."""
    params = {**(scope or Scope()).params, "session": session}
    judged = Judgement(FINDINGS.to_frame())
    for sessions in _chunks(rows(ledger, "sessions", params)):
        judged = _judge_sessions(ledger, sessions, judged, store=store)
    return judged


def _judge_sessions(ledger: Ledger, sessions: Sequence[str], before: Judgement, *, store: bool) -> Judgement:
    """*before* and what is found in *sessions*."""
    calls = _read(ledger, "llm_calls", sessions)
    frames = {detector.view: _read(ledger, detector.view, sessions) for detector in DETECTORS}
    found, unstored = [before.findings], before.unstored
    for detector in DETECTORS:
        findings = _find(detector, frames[detector.view], calls)
        if store:
            unstored = unstored or _store(ledger, detector, sessions, findings)
        found.append(findings)
    return Judgement(
        findings=pl.concat(found),
        calls=before.calls + calls.height,
        calls_with_context=before.calls_with_context + frames["context_blocks"]["call_id"].n_unique(),
        unstored=unstored,
    )


def _find(detector: Detector, frame: pl.DataFrame, calls: pl.DataFrame) -> pl.DataFrame:
    return detector.find(
        _checked(frame, detector.rows, detector.view).lazy(),
        _checked(calls, detector.calls, "llm_calls").lazy(),
    ).collect()


def _store(ledger: Ledger, detector: Detector, sessions: Sequence[str], findings: pl.DataFrame) -> str | None:
    """Put *findings* in the place of what was stored of *sessions* before. A report can do without: say why not."""
    table = findings.to_arrow().select(storage.FINDINGS.names).cast(storage.FINDINGS)
    try:
        ledger.replace_findings(detector=detector.name, partitions=sessions, findings=table)
    except BurnError as error:
        return str(error)
    return None


def _read(ledger: Ledger, view: str, sessions: Sequence[str]) -> pl.DataFrame:
    frame = pl.from_arrow(ledger.query(sql(view), {"sessions": list(sessions)}))
    assert isinstance(frame, pl.DataFrame)  # noqa: S101 - a table, never a column
    return frame


def _checked(frame: pl.DataFrame, schema: pl.Schema, view: str) -> pl.DataFrame:
    """*frame* in the types of the detector's contract."""
    missing = set(schema) - set(frame.columns)
    assert not missing, f"sql/{view}.sql leaves out {sorted(missing)}"  # noqa: S101 - ours to get right
    return frame.select(pl.col(name).cast(kind) for name, kind in schema.items())


def _chunks(sessions: Sequence[dict[str, Any]]) -> Iterator[list[str]]:
    """Session ids in lists that fit into memory and into a request."""
    chunk: list[str] = []
    calls = 0
    for session in sessions:
        if chunk and (calls + session["calls"] > CHUNK_CALLS or len(chunk) == CHUNK_SESSIONS):
            yield chunk
            chunk, calls = [], 0
        chunk.append(session["session_id"])
        calls += session["calls"]
    if chunk:
        yield chunk
