"""Where does the CPU of a span go between the journal and a row that can be queried? Stage by stage, in one process.

    python benchmarks/ingest_stages.py [--spans 60000] [--calls 0.1] [--least 0.2]

Loads a journal with the store's own code and charges the process's CPU, all threads, to the statement or function that
took it. What the loader does besides stands as `between`. Rows below *least* µs a span are summed up.
"""

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

from ingest_spans import REQUEST_SPANS, requests

from otel_burn_collector import ledger
from otel_burn_collector.decode.span_rows import span_rows
from otel_burn_collector.journal.reader import JournalReader
from otel_burn_collector.journal.records import Encoding, Kind
from otel_burn_collector.journal.writer import JournalWriter
from otel_burn_collector.store import loading, preparing
from otel_burn_collector.store.database import open_store
from otel_burn_collector.store.progress import read_progress


class Stages:
    """Seconds of CPU by stage; what an inner stage takes is not the outer one's."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self._open = ["between"]
        self._since = time.process_time()

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """Charge what happens within to *name*."""
        self._charge()
        self._open.append(name)
        try:
            yield
        finally:
            self._charge()
            self._open.pop()

    def _charge(self) -> None:
        now = time.process_time()
        self.seconds[self._open[-1]] += now - self._since
        self._since = now


class Charged:
    """A connection, or a relation of one, whose calls are charged to the file that their SQL is from."""

    def __init__(self, inner: Any, stages: Stages, name: str = "") -> None:
        self._inner, self._stages, self._name = inner, stages, name

    def __getattr__(self, attribute: str) -> Any:
        found = getattr(self._inner, attribute)
        if not callable(found):
            return found

        def call(*given: Any, **named: Any) -> Any:
            name = self._name or (statement_name(given[0]) if attribute in ("execute", "sql") else attribute)
            with self._stages(name):
                result = found(*given, **named)
            is_lazy = type(result).__name__ == "DuckDBPyRelation"
            return Charged(result, self._stages, name) if is_lazy else result

        return call


def statement_name(sql: str) -> str:
    """The file that *sql* is from, else its first words."""
    return _NAMES.get(sql) or " ".join(sql.split()[:3])


_FUNCTIONS: tuple[tuple[Any, str], ...] = (
    (JournalReader, "read"),
    (preparing, "decode"),
    (ledger, "incoming"),
)
_STEPS = files("otel_burn_collector.ledger").joinpath("sql/steps")
_NAMES = {each.read_text(): each.name.removesuffix(".sql") for each in _STEPS.iterdir()}


def main() -> None:
    """Load, and print a row a stage."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spans", type=int, default=60_000)
    parser.add_argument("--calls", type=float, default=0.1)
    parser.add_argument("--least", type=float, default=0.2)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bodies = list(requests(arguments.spans, arguments.calls))
        stages, size = load(Path(folder), bodies)
    with stages("plainly"):
        for body in bodies[:8]:
            span_rows(body, 1)
    plainly = stages.seconds.pop("plainly") / 8 / REQUEST_SPANS * 1e6
    print_stages(stages, len(bodies) * REQUEST_SPANS, arguments.least)
    print(f"| for comparison: decoding message by message, through Python's lists | {plainly:.1f} |")
    print(f"| database, B/span | {size / len(bodies) / REQUEST_SPANS:.0f} |")


def load(folder: Path, bodies: list[bytes]) -> tuple[Stages, int]:
    """The stages of loading *bodies*, and the size of the database afterwards."""
    writer = JournalWriter(folder / "journal")
    for future in [writer.append(Kind.TRACES, Encoding.PLAIN, body) for body in bodies]:
        future.result()
    writer.close()
    con = open_store(folder / "burn.duckdb")
    stages = Stages()
    for owner, name in _FUNCTIONS:
        setattr(owner, name, charged(getattr(owner, name), stages))
    preparing.Preparing.take = preparing.Preparing._find  # type: ignore[method-assign] # one thing after the other
    loading.load_all(Charged(con, stages), JournalReader(folder / "journal", read_progress(con).position))
    with stages("CHECKPOINT"):
        con.execute("CHECKPOINT")
    con.close()
    return stages, (folder / "burn.duckdb").stat().st_size


def charged(function: Callable[..., Any], stages: Stages) -> Callable[..., Any]:
    """*function*, charged under its name."""

    def call(*given: Any, **named: Any) -> Any:
        with stages(function.__name__.strip("_")):
            return function(*given, **named)

    return call


def print_stages(stages: Stages, spans: int, least: float) -> None:
    """The stages that take at least *least* µs a span, the dearest first."""
    micros = {name: seconds / spans * 1e6 for name, seconds in stages.seconds.most_common()}
    print("| stage | µs/span |\n|---|---|")
    for name, each in micros.items():
        if each >= least:
            print(f"| {name} | {each:.1f} |")
    print(f"| everything below {least} | {sum(each for each in micros.values() if each < least):.1f} |")
    print(f"| all | {sum(micros.values()):.1f} |")


if __name__ == "__main__":
    main()
