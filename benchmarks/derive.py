"""What does deriving cost, step by step? Times the statements of `ledger.apply` on ledgers of several sizes.

    python benchmarks/derive.py [--ledger 100000] [--steps]
    python benchmarks/derive.py --session 2000 [--steps]

Batches of 1, 512 and 20,000 spans (benchmarks/ingest_spans.py), of which none, one in ten and all are LLM calls, on
a ledger that has *--ledger* spans, one in ten a call. CPU of all threads, decoding left out. `--steps` lists
statements; `--session` instead adds calls, one by one and fifty at once, to a session in one trace that has so many
already, with their contexts, answers and tool calls as otel_burn reports them.
"""

import argparse
import json
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb
import ingest_spans
import pyarrow as pa

from otel_burn_collector import ledger
from otel_burn_collector.batch import LOGS, METRICS, SPANS, Batch
from otel_burn_collector.decode import decode
from otel_burn_collector.journal.records import Encoding, Kind, Position, Record
from otel_burn_collector.store.database import open_store

SIZES = (1, 512, 20_000)
SHARES = (0.0, 0.1, 1.0)
REPEATS = {1: 7, 512: 5, 20_000: 2}
STEPS = files("otel_burn_collector.ledger").joinpath("sql/steps")


class Timed:
    """A connection that notes what each of the ledger's steps costs."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con
        self._names = {
            step.read_text(encoding="utf-8"): step.name.removesuffix(".sql") for step in STEPS.iterdir()
        }
        self.cost: Counter[str] = Counter()
        self.runs: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._con, name)

    def execute(self, sql: str, *parameters: Any) -> Any:
        """Run a step."""
        with self._noted(sql):
            return self._con.execute(sql, *parameters)

    def sql(self, sql: str) -> Any:
        """Run a step that reads."""
        with self._noted(sql):
            return self._con.execute(sql)

    @contextmanager
    def _noted(self, sql: str) -> Iterator[None]:
        begin = time.process_time()
        yield
        name = self._names.get(sql, "other")
        self.cost[name] += time.process_time() - begin
        self.runs[name] += 1


def main() -> None:
    """Measure, and print rows for benchmarks/RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ledger", type=int, default=100_000)
    parser.add_argument("--steps", action="store_true")
    parser.add_argument("--session", type=int, default=0)
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    parser.add_argument("--shares", type=float, nargs="*", default=SHARES)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        con = open_store(Path(folder) / "burn.duckdb")
        if arguments.session:
            measure_session(con, arguments.session, steps=arguments.steps)
        else:
            measure(con, arguments)
        con.close()


def measure(con: duckdb.DuckDBPyConnection, arguments: argparse.Namespace) -> None:
    """Time batches of each size and share on a ledger of that size."""
    spans = Spans()
    for _ in range(arguments.ledger // 20_000):
        apply(con, spans.batch(20_000, 0.1))
    con.execute("CHECKPOINT")
    print("| ledger | batch | LLM calls | CPU ms a batch | CPU µs a span | above 0 % per call µs |")
    print("|---|---|---|---|---|---|")
    for size in arguments.sizes:
        bare = 0.0
        for share in arguments.shares:
            costs, timed = [], Timed(con)
            for _ in range(REPEATS.get(size, 3)):
                batch = spans.batch(size, share)
                costs.append(apply(timed, batch))
            cost = sorted(costs)[len(costs) // 2]
            bare = bare or cost
            calls = max(1, round(size * share))
            print(
                f"| {arguments.ledger:,} | {size:,} | {share:.0%} | {cost * 1e3:.1f} | {cost / size * 1e6:.1f} "
                f"| {(cost - bare) / calls * 1e6 if share else 0:.0f} |",
                flush=True,
            )
            if arguments.steps:
                show(timed, len(costs))


def measure_session(con: duckdb.DuckDBPyConnection, calls: int, *, steps: bool) -> None:
    """Time what more calls of a long session cost."""
    apply(con, session(0, 1))
    first = apply(con, session(1, calls))
    timed = Timed(con)
    single = sorted(apply(timed, session(calls + number, calls + number + 1)) for number in range(9))[4]
    many = apply(con, session(calls + 9, calls + 59))
    print("| calls in the trace | all at once, ms a call | one more, ms | fifty more, ms a call |")
    print("|---|---|---|---|")
    print(f"| {calls:,} | {first / calls * 1e3:.2f} | {single * 1e3:.0f} | {many / 50 * 1e3:.1f} |")
    if steps:
        show(timed, 9)


def session(first: int, last: int) -> Batch:
    """Calls *first* to *last* of an agent's session: each goes on from the one before by an answer and a result."""
    spans = pa.Table.from_pylist([session_call(number) for number in range(first, last)], schema=SPANS)
    return Batch(spans=spans, logs=LOGS.empty_table(), metrics=METRICS.empty_table())


def session_call(number: int) -> dict[str, Any]:
    """The span of a call, which lists its context as a delta."""
    at = 1_790_000_000_000_000_000 + number * 10_000_000_000
    said: dict[str, Any] = ingest_spans.CALL_TEXTS | ingest_spans.CALL_NUMBERS | manifest(number)
    said |= {"gen_ai.conversation.id": "session", "gen_ai.response.id": f"chatcmpl-{number}", "app.note": ""}
    attributes = [(name, text if isinstance(text, str) else json.dumps(text)) for name, text in said.items()]
    return dict.fromkeys(SPANS.names) | {
        "trace_id": "1" * 32,
        "span_id": f"{number + 1:016x}",
        "parent_span_id": "f" * 16,
        "name": "chat gpt-5",
        "kind": "CLIENT",
        "started_at": at,
        "ended_at": at + 900_000_000,
        "status": "UNSET",
        "service_name": "agent",
        "scope_name": "otel_burn",
        "attributes": attributes,
        "resource": [("service.name", "agent"), ("service.instance.id", "process")],
    }


def manifest(number: int) -> dict[str, Any]:
    """What otel_burn says of the context of call *number*: two blocks more than before, a tool call and its result."""
    added = 2 if number else 1
    blocks = 1 + 2 * number
    said: dict[str, Any] = {
        "burn.context.version": 2,
        "burn.context.status": "delta" if number else "full",
        "burn.context.chain": f"{blocks:016x}",
        "burn.context.blocks": blocks,
        "burn.context.kinds": ["tool_call", "tool_result"][:added] if number else ["user"],
        "burn.context.hashes": [f"{blocks - 1:016x}", f"{blocks:016x}"][-added:],
        "burn.context.bytes": [120, 900][-added:],
        "burn.context.tool_call_ids": [f"call-{number - 1}"] * added if number else [""],
        "burn.output.kinds": ["tool_call"],
        "burn.output.hashes": [f"{blocks + 1:016x}"],
        "burn.output.bytes": [120],
        "burn.tool_calls.ids": [f"call-{number}"],
        "burn.tool_calls.names": ["read_file"],
        "burn.tool_calls.args_hashes": [f"{number:016x}"],
        "burn.tool_calls.effects": ["read"],
    }
    if number:
        said |= {"burn.context.base": f"{blocks - 2:016x}", "burn.context.base_blocks": blocks - 2}
    return said


def show(timed: Timed, batches: int) -> None:
    """Print the dearest steps."""
    total = sum(timed.cost.values())
    for name, cost in timed.cost.most_common(70):
        if cost > total / 300:
            print(f"    {name:24} {cost / batches * 1e3:9.2f} ms  {timed.runs[name] / batches:.1f} runs")


def apply(con: Any, batch: Batch) -> float:
    """Load a batch in a transaction; the seconds of processor time that it takes."""
    begin = time.process_time()
    con.begin()
    ledger.apply(con, batch)
    con.commit()
    return time.process_time() - begin


class Spans:
    """Batches of spans that were not there before, in traces of 32."""

    def __init__(self) -> None:
        self._requests = 0

    def batch(self, spans: int, share: float) -> Batch:
        """So many spans, that share of them LLM calls."""
        last = self._requests + max(1, -(-spans // ingest_spans.REQUEST_SPANS))
        bodies = [ingest_spans.request(number, share) for number in range(self._requests, last)]
        self._requests = last
        return sliced(decoded(bodies), spans)


def decoded(bodies: list[bytes]) -> Batch:
    """What the collector's decoder makes of export requests."""
    nowhere = Position(0, 0)
    return decode([Record(Kind.TRACES, Encoding.PLAIN, 0, body, nowhere, nowhere) for body in bodies])


def sliced(batch: Batch, spans: int) -> Batch:
    """The first *spans* of a batch, if it has more; the last, calls, where there is one alone."""
    first = len(batch.spans) - 1 if spans == 1 else 0
    return Batch(spans=batch.spans.slice(first, spans), logs=batch.logs, metrics=batch.metrics)


if __name__ == "__main__":
    main()
