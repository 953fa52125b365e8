"""Can anybody read, and nobody do anything else, through SQL?"""

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from otel_burn.errors import BurnError
from otel_burn_collector.store.database import open_store
from otel_burn_collector.store.queries import Limits, Query, QueryError

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

WRITES = [
    "INSERT INTO journal.position VALUES (1, 1, NULL, now())",
    "WITH x AS (INSERT INTO journal.position VALUES (1, 1, NULL, now()) RETURNING 1) SELECT * FROM x",
    "WITH x AS (UPDATE journal.position SET segment = 1 RETURNING 1) SELECT * FROM x",
    "WITH x AS (DELETE FROM journal.position RETURNING 1) SELECT * FROM x",
    "SELECT 1 WHERE 1 IN (WITH x AS (DELETE FROM journal.position RETURNING 1 AS a) SELECT a FROM x)",
    "SELECT 1 LIMIT (WITH x AS (DELETE FROM journal.position RETURNING 1 AS a) SELECT a FROM x)",
    "MERGE INTO journal.position USING (SELECT 1) ON false WHEN NOT MATCHED THEN INSERT VALUES (1, 1, NULL, now())",
    "DROP TABLE journal.position",
    "CREATE TABLE t (i INT)",
    "CREATE TEMP TABLE t (i INT)",
    "CREATE MACRO m() AS 1",
    "SELECT 1; DROP TABLE journal.position",
    "SELECT 1) t; DROP TABLE journal.position; SELECT * FROM (SELECT 1",
    "EXPLAIN ANALYZE DELETE FROM journal.position",
    "PRAGMA database_list",
    "CALL force_checkpoint()",
    "CHECKPOINT",
    "SELECT * FROM checkpoint()",
    "SELECT * FROM Force_Checkpoint()",
    "SELECT * FROM system.main.checkpoint()",
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "PREPARE p AS SELECT 1",
    "EXECUTE p",
    "USE memory",
    "SET threads = 1",
    "RESET threads",
    "SET lock_configuration = false",
    "SELECT * FROM enable_logging()",
    "SELECT write_log('x')",
    "LOAD json",
    "INSTALL httpfs",
    "ATTACH ':memory:' AS m",
    "DETACH burn",
    "CONNECT 'x'",
    "EXPORT DATABASE '/tmp/x'",
    "IMPORT DATABASE '/tmp/x'",
    "VACUUM",
    "",
    "-- nothing",
    "not sql",
    "\x00",
]

ESCAPES = [
    "SELECT * FROM read_text('{file}')",
    "SELECT * FROM READ_BLOB('{file}')",
    "SELECT * FROM '{file}'",
    "SELECT * FROM glob('{folder}/*')",
    "SELECT * FROM read_csv('{file}')",
    "SELECT * FROM sniff_csv('{file}')",
    "SELECT * FROM read_json('{file}')",
    "SELECT * FROM read_duckdb('{db}')",
    "SELECT (SELECT content FROM read_text('{file}'))",
    "SELECT * FROM query('SELECT * FROM read_text(''{file}'')')",
    "SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
    "SELECT getenv('HOME')",
    "SELECT * FROM duckdb_secrets()",
    "SELECT * FROM which_secret('s3://x', 's3')",
    "SELECT * FROM arrow_scan(1, 1, 1)",
    "SELECT * FROM pandas_scan(1)",
    "SELECT * FROM secret_of_ours",
    "COPY journal.position TO '{folder}/stolen.csv'",
    "WITH x AS (COPY journal.position TO '{folder}/stolen.csv') SELECT 1",
    # Access to its own files is the one that DuckDB leaves open: this one overwrote the write-ahead log.
    "WITH x AS (COPY journal.position TO '{db}.wal') SELECT 1",
    "SELECT * FROM read_blob('{db}')",
    "SELECT * FROM read_text('{db}.wal')",
]


@pytest.mark.parametrize("sql", READS)
def test_a_select_runs(store: tuple[duckdb.DuckDBPyConnection, Path], sql: str) -> None:
    """Whatever only reads the ledger is allowed."""
    run(store[0], sql)


@pytest.mark.parametrize("sql", WRITES)
def test_nothing_else_runs(store: tuple[duckdb.DuckDBPyConnection, Path], sql: str) -> None:
    """No statement but one SELECT, no SELECT that writes, and nothing that stalls the writer."""
    con, _ = store
    before = con.execute("SELECT count(*) FROM duckdb_tables()").fetchall()
    with pytest.raises(QueryError):
        run(con, sql)
    assert con.execute("SELECT count(*) FROM journal.position").fetchall() == [(0,)]
    assert con.execute("SELECT count(*) FROM duckdb_tables()").fetchall() == before


@pytest.mark.parametrize("sql", ESCAPES)
def test_no_select_leaves_the_database(
    store: tuple[duckdb.DuckDBPyConnection, Path], sql: str, tmp_path: Path
) -> None:
    """No file is read or written, not even the database's own; no variable of the process is seen."""
    con, db = store
    file = tmp_path / "secret.csv"
    file.write_text("secret\n42\n")
    secret_of_ours = pa.table({"secret": [42]})
    con.execute(
        "INSERT INTO journal.damage VALUES (1, 1, 1, 'so that the log has something', now()::TIMESTAMP_NS)"
    )
    log = Path(f"{db}.wal").read_bytes()
    with pytest.raises(QueryError):
        run(con, sql.format(file=file, folder=tmp_path, db=db))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["secret.csv"]
    assert Path(f"{db}.wal").read_bytes() == log
    assert secret_of_ours.num_rows == 1


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
