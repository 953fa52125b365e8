"""How do detectors meet the ledger? What changed is read, judged and stored here; the rest is as it was judged last."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final, Literal

import polars as pl

from otel_burn.errors import BurnError
from otel_burn_analytics.detector import Detector, Partition, conform
from otel_burn_analytics.finding import FINDINGS
from otel_burn_analytics.frames import read_frames
from otel_burn_analytics.queries import Scope, rows, sql
from otel_burn_analytics.registry import DETECTORS
from otel_burn_collector import ledger as storage
from otel_burn_collector.reader import Ledger

CHUNK_CALLS: Final = 50_000
"""LLM calls judged at a time, some 500,000 context blocks: half a gigabyte at the peak (benchmarks/detect.py)."""
CHUNK_KEYS: Final = 500
"""Their names travel in one request, which the store limits to a mebibyte."""
STORED_KEYS: Final = 10_000
"""Partitions that are replaced in one command: their names and states take a mebibyte."""

KEYS: Final[Mapping[Partition, pl.Expr]] = {
    "session": pl.col("session_id"),
    "tree": pl.coalesce("run_id", "trace_id"),
    "agent": pl.col("agent"),
}
"""Which column of `llm_calls` names a partition: as in `sql/partitions.sql`."""


@dataclass(frozen=True)
class Judgement:
    """What the detectors found, what they could see, and why it could not be stored if it could not."""

    findings: pl.DataFrame
    calls: int = 0
    calls_with_context: int = 0
    """Without a record of its context, nothing can be said of what a call carried or repeated."""
    judged: int = 0
    """How many partitions had changed and were judged; of the others this is what was found last."""
    unstored: str | None = None


@dataclass(frozen=True)
class Judged:
    """What was judged anew of one kind of partition, and is not stored yet."""

    detectors: Sequence[Detector]
    partitions: pl.DataFrame
    """Their keys and states."""
    findings: pl.DataFrame


def judge(
    ledger: Ledger,
    scope: Scope | None = None,
    *,
    session: str | None = None,
    detectors: Sequence[Detector] = DETECTORS,
    store: bool = True,
) -> Judgement:
    """The findings of every partition with calls in *scope*: those that changed are judged as a whole, and stored
    (unless not *store*)."""
    judgement, new = look(ledger, scope, session=session, detectors=detectors)
    return replace(judgement, unstored=keep(ledger, new)) if store else judgement


def look(
    ledger: Ledger,
    scope: Scope | None = None,
    *,
    session: str | None = None,
    detectors: Sequence[Detector] = DETECTORS,
) -> tuple[Judgement, list[Judged]]:
    """What `judge` returns, and what of it is to be kept: whoever shows findings can show them first."""
    params = {**(scope or Scope()).params, "session": session}
    found, anew = [FINDINGS.to_frame()], []
    with ledger.together():
        for kind in dict.fromkeys(detector.partition for detector in detectors):
            mine = [detector for detector in detectors if detector.partition == kind]
            partitions = _partitions(ledger, kind, params, mine)
            changed = partitions.filter("changed")
            new = _judged(ledger, mine, changed)
            found += [new, _known(ledger, mine, partitions.filter(~pl.col("changed")))]
            gone = _gone(ledger, kind, mine)
            anew.append(Judged(mine, pl.concat([changed.select("key", "state"), gone]), new))
        (seen,) = rows(ledger, "seen", params)
    findings = pl.concat(found)
    if session is not None:
        findings = findings.filter(pl.col("session_id").is_null() | (pl.col("session_id") == session))
    changes = sum(one.partitions["state"].count() for one in anew)
    return Judgement(findings, judged=changes, **seen), anew


def keep(ledger: Ledger, new: Iterable[Judged]) -> str | None:
    """Store what was judged anew; why that could not be done, if it could not."""
    reasons = (_store(ledger, one.detectors, one.partitions, one.findings) for one in new)
    return next((reason for reason in reasons if reason is not None), None)


def judge_session(
    ledger: Ledger, *, session: str, calls: int, started_at: object, ended_at: object
) -> pl.DataFrame:
    """What the detectors that look at one session alone find in it now: of the ledger only its time is read. Nothing is
    stored, and whether it was judged before does not matter."""
    mine = [
        detector
        for detector in DETECTORS
        # The last contexts of some sessions are looked for among all: 10 s of CPU in ten million calls.
        if detector.partition == "session" and "last_contexts" not in detector.needs
    ]
    whole = {"key": [session], "calls": [calls], "started_at": [started_at], "ended_at": [ended_at]}
    found = _judged(ledger, mine, pl.DataFrame(whole))
    return found.filter(pl.col("session_id") == session)


def _partitions(
    ledger: Ledger, kind: Partition, params: Mapping[str, object], detectors: Sequence[Detector]
) -> pl.DataFrame:
    """The partitions with calls in scope, the oldest first, and whether they *changed* since they were judged."""
    state = pl.concat_str(pl.lit(_rules(detectors)), "state")
    there = _frame(ledger, "partitions", {**params, "partition": kind}).with_columns(state=state)
    names = {"detectors": [detector.name for detector in detectors]}
    judged = _frame(ledger, "judged", names).rename({"partition": "key"})
    current = there.join(judged, on=["key", "state"]).group_by("key").agg(current=pl.len())
    known = pl.col("current").fill_null(0) == len(detectors)
    return there.join(current, on="key", how="left", maintain_order="left").with_columns(changed=~known)


def _gone(ledger: Ledger, kind: Partition, detectors: Sequence[Detector]) -> pl.DataFrame:
    """Partitions that *detectors* judged and that no longer have a call."""
    names = [detector.name for detector in detectors]
    return _frame(ledger, "gone", {"detectors": names, "partition": kind})


def _rules(detectors: Sequence[Detector]) -> str:
    """The versions of the rules, which are part of what a partition's judgement depends on."""
    return "".join(f"{detector.name}={detector.version} " for detector in detectors)


def _judged(ledger: Ledger, detectors: Sequence[Detector], partitions: pl.DataFrame) -> pl.DataFrame:
    """What *detectors*, all of one kind of partition, find in *partitions*."""
    found = [FINDINGS.to_frame()]
    for chunk in _chunks(partitions):
        frames = _frames(ledger, detectors, chunk)
        plans = [detector.judge(_seen(detector, frames)) for detector in detectors]
        found += pl.collect_all(plans, engine=engine(int(chunk["calls"].sum())))
    return pl.concat(found)


def engine(calls: int) -> Literal["in-memory", "streaming"]:
    """How so many calls are judged. In memory takes a quarter less CPU; a session that no chunk divides is streamed."""
    return "in-memory" if calls <= CHUNK_CALLS else "streaming"


def _frames(ledger: Ledger, detectors: Sequence[Detector], chunk: pl.DataFrame) -> dict[str, pl.LazyFrame]:
    """The frames that *detectors* need, with the rows of the partitions in *chunk*."""
    params = {
        "partition": detectors[0].partition,
        "keys": chunk["key"].to_list(),
        "from": chunk["started_at"].min(),
        # Python's times end at the microsecond, the ledger's do not: without this the newest call is left out.
        "to": chunk["ended_at"].max() + timedelta(microseconds=1),  # type: ignore[operator]
    }
    views = dict.fromkeys(view for detector in detectors for view in detector.needs)
    return read_frames(views, lambda view: _frame(ledger, view, params))


def _seen(detector: Detector, frames: Mapping[str, pl.LazyFrame]) -> Mapping[str, pl.LazyFrame]:
    """*frames* without what lies before the detector's lookback."""
    if detector.lookback is None:
        return frames
    newest = pl.col("started_at").max().over(KEYS[detector.partition])
    calls = frames["llm_calls"].filter(pl.col("started_at") >= newest - detector.lookback)
    ids = calls.select("call_id")
    return {
        view: frame.join(ids, on="call_id", how="semi") if "call_id" in frame.collect_schema() else frame
        for view, frame in frames.items()
    }


def _known(ledger: Ledger, detectors: Sequence[Detector], partitions: pl.DataFrame) -> pl.DataFrame:
    """What *detectors* said of *partitions* when they judged them last."""
    names = [detector.name for detector in detectors]
    found = [FINDINGS.to_frame()]
    for chunk in partitions.iter_slices(CHUNK_KEYS):
        params = {"detectors": names, "keys": chunk["key"].to_list()}
        found.append(conform(_frame(ledger, "findings_of", params).lazy(), FINDINGS).collect())
    return pl.concat(found)


def _store(
    ledger: Ledger, detectors: Sequence[Detector], partitions: pl.DataFrame, findings: pl.DataFrame
) -> str | None:
    """Put *findings* in the place of what was stored of *partitions* before. A report can do without: say why not."""
    try:
        for chunk in partitions.iter_slices(STORED_KEYS):
            mine = findings.join(chunk.select(partition="key"), on="partition", how="semi")
            ledger.replace_findings(
                detectors=[detector.name for detector in detectors],
                partitions=dict(chunk.select("key", "state").iter_rows()),
                findings=mine.to_arrow().select(storage.FINDINGS.names).cast(storage.FINDINGS),
            )
    except BurnError as error:
        return str(error)
    return None


def _frame(ledger: Ledger, name: str, params: Mapping[str, object]) -> pl.DataFrame:
    """The answer to the query *name*."""
    frame = pl.from_arrow(ledger.query(sql(name), params))
    assert isinstance(frame, pl.DataFrame)  # noqa: S101 - a table, never a column
    return frame


def _chunks(partitions: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """*partitions* in slices that fit into memory and into a request; one that is larger is alone."""
    start = calls = 0
    for at, size in enumerate(partitions["calls"]):
        if at > start and (calls + size > CHUNK_CALLS or at - start == CHUNK_KEYS):
            yield partitions[start:at]
            start, calls = at, 0
        calls += size
    if start < partitions.height:
        yield partitions[start:]
