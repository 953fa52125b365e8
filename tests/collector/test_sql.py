"""Can anybody read, and nobody do anything else, through SQL?"""

import asyncio
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import duckdb
import pyarrow as pa
import pytest

from otel_burn.errors import BurnError
from otel_burn_collector.discovery import status
from otel_burn_collector.store.database import open_store
from otel_burn_collector.store.overdue import Watch
from otel_burn_collector.store.queries import Limits, Query, QueryError
from otel_burn_collector.store.turns import BusyError, Turns

Collector = Any
MakeSpans = Callable[..., bytes]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[duckdb.DuckDBPyConnection, Path]]:
    """A database as the store opens it."""
    db = tmp_path_factory.mktemp("sql") / "burn.duckdb"
    con = open_store(db)
    yield con, db
    con.close()


def run(con: duckdb.DuckDBPyConnection, sql: str, limits: Limits | None = None, **params: object) -> Any:
    with Query(con, sql, params, limits=limits) as query:
        return query.table()


READS = [
    "SELECT 1",
    "FROM spans LIMIT 1",
    "TABLE journal.position",
    "VALUES (1), (2)",
    "SHOW TABLES",
    "DESCRIBE llm_calls",
    "SUMMARIZE spans",
    "WITH RECURSIVE x AS (SELECT 1 AS a UNION ALL SELECT a + 1 FROM x WHERE a < 3) SELECT * FROM x",
    "WITH x AS MATERIALIZED (SELECT 1) SELECT * FROM x UNION ALL SELECT 2",
    "SELECT * FROM range(3) r(i), LATERAL (SELECT i + 1) s(j) QUALIFY row_number() OVER () = 1",
    "SELECT * FROM information_schema.tables",
    "SELECT list_transform([1, 2], lambda x: x + 1), unnest(['a'])",
    "-- a comment\nSELECT 1;",
]


@pytest.mark.parametrize("sql", READS)
def test_a_select_runs(store: tuple[duckdb.DuckDBPyConnection, Path], sql: str) -> None:
    """Whatever only reads the ledger is allowed."""
    run(store[0], sql)


def test_the_configuration_is_locked(store: tuple[duckdb.DuckDBPyConnection, Path]) -> None:
    """Even the store itself cannot loosen it any more."""
    for setting in ("enable_external_access = true", "memory_limit = '1TB'", "threads = 99"):
        with pytest.raises(duckdb.InvalidInputException, match="locked"):
            store[0].execute(f"SET {setting}")


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (Limits(rows=1000), "over the limit of 1,000 rows"),
        (Limits(bytes=1 << 20), "rows or 1 MiB"),
        (Limits(seconds=0.2), "longer than 0.2 s"),
    ],
)
def test_a_query_has_limits(
    store: tuple[duckdb.DuckDBPyConnection, Path], limits: Limits, reason: str
) -> None:
    """Rows, bytes and time; the error says which and what to do."""
    with pytest.raises(QueryError, match=reason):
        run(store[0], "SELECT i FROM range(100000000000) r(i)", limits)
    run(store[0], "SELECT 1", limits)


def test_a_large_answer_streams(store: tuple[duckdb.DuckDBPyConnection, Path]) -> None:
    """The first rows of an answer that would never fit come at once."""
    with Query(store[0], "SELECT i FROM range(1000000000000) r(i)") as query:
        batch = next(query.batches())
    assert batch["i"].to_pylist()[:3] == [0, 1, 2]


def test_the_endpoint_answers_and_refuses(
    collector: Collector, asking: Callable[..., Any], make_spans: MakeSpans
) -> None:
    """Arrow for a SELECT, a sentence for anything else, nothing without the token."""
    collector.send(make_spans(*range(1, 101), trace=7))
    collector.ledger()
    url, bearer = collector.running.sql_url, {"Authorization": f"Bearer {collector.running.token}"}

    def post(said: Any, headers: dict[str, str] = bearer) -> Any:
        return asking(url, "/sql", json.dumps(said).encode(), headers)

    answer = post(
        {"sql": "SELECT span_id FROM spans WHERE name <> $n", "params": {"n": "span 1"}, "limit": 7}
    )
    assert (answer.status, answer.headers["content-type"]) == (200, "application/vnd.apache.arrow.stream")
    assert pa.ipc.open_stream(answer.body).read_all().num_rows == 7
    assert post({"sql": "SELECT 1"}, {}).status == 401
    assert post({"sql": "SELECT 1"}, {"Authorization": "Bearer no"}).status == 401
    for said, reason in [
        ({"sql": "DROP TABLE x"}, "Only SELECT can run here, and this is DROP."),
        ({"sql": "SELECT nothing FROM spans"}, 'column "nothing" not found'),
        ({"sql": "SELECT error('late') FROM spans"}, "late"),
        ({"nosql": 1}, "cannot be read"),
        ({"sql": "SELECT 1", "limit": -1}, "`limit` is -1"),
        ({"sql": "SELECT $a", "params": {"a": {"pickle": "x"}}}, "a parameter is"),
    ]:
        answer = post(said)
        assert answer.status == 400
        assert reason in answer.json["error"]


def test_parameters_keep_their_types(collector: Collector) -> None:
    """Moments, exact numbers and lists arrive as what they are; times are UTC."""
    moment = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)
    with collector.ledger() as ledger:
        table = ledger.query(
            "SELECT $at::TIMESTAMP AS at, $usd AS usd, len($ids) AS n, $none IS NULL AS none",
            {"at": moment, "usd": Decimal("0.100000000001"), "ids": ["a", "b"], "none": None},
        )
    assert table.to_pylist() == [
        {"at": moment.replace(tzinfo=None), "usd": Decimal("0.100000000001"), "n": 2, "none": True}
    ]


def test_readers_read_while_spans_are_loaded(collector: Collector, make_spans: MakeSpans) -> None:
    """Several readers at once: counts never go back, and no query fails."""
    done = threading.Event()
    failures: list[BaseException] = []

    def watch() -> None:
        seen = 0
        try:
            with collector.ledger() as ledger:
                while not done.is_set():
                    now = ledger.query("SELECT count(*) AS n FROM spans WHERE service_name = 'loading'")["n"][
                        0
                    ].as_py()
                    assert now >= seen
                    seen = now
        except BaseException as error:  # noqa: BLE001 - the thread's, told to the test
            failures.append(error)

    readers = [threading.Thread(target=watch) for _ in range(3)]
    for reader in readers:
        reader.start()
    for number in range(20):
        body = make_spans(*range(number * 100 + 1, number * 100 + 101), service="loading", trace=500)
        assert collector.send(body).status == 200
    with collector.ledger() as ledger:
        found = ledger.query("SELECT count(*) AS n FROM spans WHERE service_name = 'loading'").to_pylist()
    done.set()
    for reader in readers:
        reader.join()
    assert failures == []
    assert found == [{"n": 2000}]


def test_an_error_reaches_the_user_as_a_sentence(collector: Collector) -> None:
    """Through the reader it is a BurnError."""
    with collector.ledger() as ledger, pytest.raises(BurnError, match="Only SELECT can run here"):
        ledger.query("DELETE FROM spans")


def test_an_answer_that_breaks_off_is_no_answer(collector: Collector) -> None:
    """An error after the first rows must not look like the end of the rows."""
    late = "SELECT CASE WHEN i = 5000000 THEN error('late') ELSE i END AS i FROM range(6000000) r(i)"
    with collector.ledger() as ledger:
        with pytest.raises(BurnError, match="broke off its answer"):
            ledger.query(late)
        assert ledger.query("SELECT 1 AS n").to_pylist() == [{"n": 1}]


SLOW = "SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE a.range + b.range = -1"


def running(collector: Collector) -> int:
    """How many queries the store says it runs."""
    return int(status(collector.running.sql_url)["queries_running"])


def test_a_client_that_goes_stops_its_query(collector: Collector, wait_until: Callable[..., None]) -> None:
    """Ctrl-C of `otel-burn sql` interrupts what it asked for, long before the limit."""
    command = [sys.executable, "-m", "otel_burn", "sql", SLOW, "--db", str(collector.db)]
    client = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_until(lambda: running(collector) == 1)
    client.send_signal(signal.SIGINT)
    assert client.wait(30) == 130
    assert client.communicate() == (b"", b"")
    wait_until(lambda: running(collector) == 0)


def test_a_slow_reader_holds_up_nobody(
    start_collector: Callable[..., Collector], make_spans: MakeSpans, asking: Callable[..., Any]
) -> None:
    """Clients that ask and never read: loading and other readers go on, and their transactions end with the limit."""
    collector = start_collector("--query-seconds", "3")
    many = json.dumps({"sql": "SELECT i FROM range(100000000000) r(i)"}).encode()
    stalled = [ask_and_do_not_read(collector, many) for _ in range(3)]
    assert collector.send(make_spans(*range(1, 101))).status == 200
    with collector.ledger() as ledger:
        assert ledger.query("SELECT count(*) AS n FROM spans").to_pylist() == [{"n": 100}]
    deadline = time.monotonic() + 20
    while running(collector):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    for one in stalled:
        one.close()


def ask_and_do_not_read(collector: Collector, body: bytes) -> socket.socket:
    """A connection on which a question was asked whose answer nobody reads."""
    parts = urlsplit(collector.running.sql_url)
    one = socket.create_connection((parts.hostname, parts.port))
    head = f"POST /sql HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {collector.running.token}\r\n"
    one.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    assert one.recv(12) == b"HTTP/1.1 200"
    return one


def test_too_many_at_once_are_told_to_come_again() -> None:
    """Some run, some wait, the rest hears at once that trying again helps; a turn that ends lets the next one in."""

    async def crowd() -> list[str]:
        turns, said = Turns(running=1, waiting=1, patience=0.2), []
        async with turns.turn():
            waiting = asyncio.ensure_future(take(turns))
            await asyncio.sleep(0)
            said.append(await take(turns))
            said.append(await waiting)
        said.append(await take(turns))
        return said

    async def take(turns: Turns) -> str:
        try:
            async with turns.turn():
                return "had a turn"
        except BusyError as error:
            return str(error)

    assert asyncio.run(crowd()) == [
        "1 queries are running and 1 wait. Try again soon.",
        "1 queries are running, and none ended within 0.2 s. Try again soon.",
        "had a turn",
    ]


def test_a_crowd_of_queries_is_answered(collector: Collector) -> None:
    """More readers than turns: all are served."""
    with ThreadPoolExecutor(24) as pool:
        found = list(
            pool.map(
                lambda n: collector.ledger().query("SELECT $n AS n", {"n": n})["n"][0].as_py(), range(48)
            )
        )
    assert found == list(range(48))


def test_memory_is_taken_from_the_oldest_query(store: tuple[duckdb.DuckDBPyConnection, Path]) -> None:
    """What would leave loading without memory is stopped, and says so."""
    con, _ = store
    watch = Watch(con, list, grace=60, most_memory=-1)
    with Query(con, "SELECT i FROM range(100000000000) r(i)") as old, Query(con, "SELECT 1") as new:
        watch.look([new, old])
        with pytest.raises(QueryError, match="The query was stopped: memory is short"):
            old.table()
        assert new.table().num_rows == 1


def test_a_query_that_does_not_stop_ends_the_store(store: tuple[duckdb.DuckDBPyConnection, Path]) -> None:
    """Told to stop, still there after its grace: the process ends with a code of its own."""
    con, _ = store
    codes: list[int] = []
    watch = Watch(con, list, grace=0.05, die=codes.append)
    with Query(con, "SELECT 1") as query:
        watch.look([query])
        assert codes == []
        query.interrupt()
        time.sleep(0.1)
        watch.look([query])
    assert codes == [75]
