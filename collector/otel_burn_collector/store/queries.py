"""How does one SELECT become Arrow, without taking the store down? Read-only, streamed, limited."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import duckdb
import pyarrow as pa

from otel_burn.errors import BurnError
from otel_burn_collector.store.guard import RefusedSqlError, check_sql

BATCH_ROWS = 16_384


@dataclass(frozen=True)
class Limits:
    """What one query may take."""

    rows: int = 50_000_000
    bytes: int = 4 << 30
    seconds: float = 120.0
    """From its start until its last row is handed over: as long it holds a transaction, and checkpoints wait."""

    @property
    def too_long(self) -> str:
        """What is said of a query that took longer."""
        return f"The query took longer than {self.seconds:g} s. Ask for less at a time."


class QueryError(BurnError):
    """A query that could not be answered, said in a sentence."""


class Query:
    """One SELECT in a read-only transaction of its own: its batches, within limits, until it is closed."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        sql: str,
        params: Mapping[str, object] | None = None,
        *,
        limits: Limits | None = None,
        first: int | None = None,
        on_start: Callable[["Query"], None] = lambda _: None,
    ) -> None:
        """Run *sql*; of its rows only the *first* are wanted. *on_start* gets the query before it takes time."""
        self._limits = limits or Limits()
        self._first = first
        self._cursor = con.cursor()
        self._interrupted_at: float | None = None
        self._stopped_why: str | None = None
        self.started_at = time.monotonic()
        self.closed = False
        self._timer = threading.Timer(self._limits.seconds, self._stop)
        self._timer.daemon = True
        self._timer.start()
        on_start(self)
        try:
            self._reader = self._open(sql, params)
        except BaseException:
            self.close()
            raise

    @property
    def schema(self) -> pa.Schema:
        """The columns of the answer."""
        return self._reader.schema

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows of the answer."""
        rows = size = 0
        while (batch := self._next()) is not None:
            if self._first is not None:
                batch = batch.slice(0, self._first - rows)
            rows += batch.num_rows
            size += batch.nbytes
            if rows > self._limits.rows or size > self._limits.bytes:
                raise QueryError(
                    f"The answer is over the limit of {self._limits.rows:,} rows or "
                    f"{self._limits.bytes >> 20:,} MiB. Aggregate, or add a LIMIT."
                )
            yield batch
            if self._first is not None and rows >= self._first:
                return

    def table(self) -> pa.Table:
        """The whole answer."""
        return pa.Table.from_batches(self.batches(), schema=self.schema)

    def interrupt(self, why: str = "nobody waited for its answer any more") -> None:
        """Stop it, from another thread."""
        self._stopped_why = self._stopped_why or why
        self._stop()

    @property
    def overdue(self) -> float:
        """Seconds since it was told to stop, and has not: planning, and one vector at a time, are not interrupted."""
        return 0.0 if self._interrupted_at is None else time.monotonic() - self._interrupted_at

    def close(self) -> None:
        """End the transaction; again is harmless."""
        self._timer.cancel()
        self._cursor.close()
        self.closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open(self, sql: str, params: Mapping[str, object] | None) -> Any:
        try:
            self._cursor.execute("BEGIN TRANSACTION READ ONLY")
            check_sql(self._cursor, sql)
            # `execute` would hold the whole answer in memory; only a relation streams.
            return self._cursor.sql(sql, params=dict(params or {})).to_arrow_reader(BATCH_ROWS)
        except RefusedSqlError as error:
            raise QueryError(str(error)) from error
        except (duckdb.Error, MemoryError) as error:
            raise self._sentence(error) from error

    def _stop(self) -> None:
        if self._interrupted_at is None:
            self._interrupted_at = time.monotonic()
        with contextlib.suppress(duckdb.Error):  # it has ended in the meantime
            self._cursor.interrupt()

    def _next(self) -> pa.RecordBatch | None:
        try:
            return self._reader.read_next_batch()
        except StopIteration:
            return None
        except (duckdb.Error, pa.ArrowException, OSError, MemoryError) as error:
            raise self._sentence(error) from error

    def _sentence(self, error: Exception) -> QueryError:
        if self._stopped_why:
            return QueryError(f"The query was stopped: {self._stopped_why}.")
        if isinstance(error, duckdb.InterruptException) or "INTERRUPT" in str(error):
            return QueryError(self._limits.too_long)
        if isinstance(error, MemoryError) or "Out of Memory" in str(error):
            return QueryError(
                "The query needs more memory than there is. Aggregate, filter, or ask for less at a time."
            )
        return QueryError(f"The query failed. {str(error).strip()}")


def ipc_stream(query: Query) -> Iterator[bytes]:
    """The answer as chunks of an Arrow IPC stream; closes *query* at the end."""
    chunks = _Chunks()
    try:
        with pa.ipc.new_stream(pa.PythonFile(chunks, mode="w"), query.schema) as writer:
            for batch in query.batches():
                writer.write_batch(batch)
                yield chunks.take()
        yield chunks.take()
    finally:
        query.close()


class _Chunks:
    """A file that forgets what was taken from it."""

    closed = False

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        taken, self._parts = b"".join(self._parts), []
        return taken

    def flush(self) -> None:
        """Nothing waits anywhere."""

    def close(self) -> None:
        """Nothing to close."""
