"""Does a collector start, refuse to start, and end as its user expects?"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from otel_burn.errors import BurnError
from otel_burn_collector.discovery import find_collector
from otel_burn_collector.settings import data_dir_of
from otel_burn_collector.store.database import open_reading, open_store

StartCollector = Callable[..., Any]
WaitUntil = Callable[..., None]


def otel_burn(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does."""
    return subprocess.run(
        [sys.executable, "-m", "otel_burn", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ | environment,
    )


def refusal(*arguments: str) -> str:
    """The one sentence with which `otel-burn collector` refuses to start."""
    begin = time.monotonic()
    done = otel_burn("collector", "--grpc-port", "0", *arguments)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("otel-burn: ")
    assert time.monotonic() - begin < 30
    return done.stderr.removeprefix("otel-burn: ").strip()


@contextlib.contextmanager
def stranger() -> Iterator[int]:
    """A port on which somebody else listens, who says nothing sensible."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        code = (
            "import http.server,socket,sys;s=socket.socket(fileno=int(sys.argv[1]));"
            "h=http.server.HTTPServer(('',0),http.server.BaseHTTPRequestHandler,False);h.socket=s;h.serve_forever()"
        )
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(server.fileno())],
            pass_fds=[server.fileno()],
            stderr=subprocess.DEVNULL,
        )
        try:
            yield server.getsockname()[1]
        finally:
            process.kill()
            process.wait()


def test_a_port_in_use_by_a_stranger(tmp_path: Path) -> None:
    """Which port, that it is not ours, and how to choose another; nothing is left behind."""
    with stranger() as port:
        said = refusal("--db", str(tmp_path / "burn.duckdb"), "--http-port", str(port))
    assert said == (
        f"Port {port} of 127.0.0.1 is in use by another program, which is no otel-burn collector. "
        "Choose another with --http-port (0: a free one)."
    )
    assert not (tmp_path / "burn.duckdb").exists()


def test_a_port_in_use_by_a_collector(start_collector: StartCollector, tmp_path: Path) -> None:
    """It is named with its database."""
    collector = start_collector()
    port = collector.url.rpartition(":")[2]
    said = refusal("--db", str(tmp_path / "other.duckdb"), "--http-port", port)
    assert (
        f"Port {port} of 127.0.0.1 is in use by an otel-burn collector of the database {collector.db}."
        in said
    )


def test_a_database_has_one_collector(start_collector: StartCollector) -> None:
    """The running one is named; so is it for --detach."""
    collector = start_collector()
    for options in ([], ["--detach"]):
        said = refusal("--db", str(collector.db), "--http-port", "0", *options)
        assert (
            f"A collector of {collector.db} runs already, at {collector.url} (process {collector.process.pid})"
            in said
        )
        assert "--db" in said


def test_a_database_that_another_program_has_open(tmp_path: Path) -> None:
    """The program is named."""
    db = tmp_path / "burn.duckdb"
    code = f"import duckdb, sys; c = duckdb.connect({str(db)!r}); print('open', flush=True); sys.stdin.read()"
    holder = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdout is not None
    holder.stdout.readline()
    try:
        said = refusal("--db", str(db), "--http-port", "0")
    finally:
        holder.communicate()
    assert f"The database {db} is open in another program (" in said
    assert f"process {holder.pid}). Close that program" in said


def test_a_damaged_database(start_collector: StartCollector, make_spans: Any) -> None:
    """It is put aside, and everything that the journal has is there again; the log says so."""
    collector = start_collector()
    collector.send(make_spans(*range(1, 11)))
    collector.ledger()
    assert collector.stop() == 0
    collector.db.write_bytes(b"\x00" * 9000 + collector.db.read_bytes()[9000:])
    with start_collector(db=collector.db).ledger() as ledger:
        assert ledger.query("SELECT count(*) AS n FROM spans").to_pylist() == [{"n": 10}]
    assert "is damaged or no DuckDB database" in collector.log.read_text()


@pytest.mark.parametrize("keep", [0, 5000, 20_000, 100_000])
def test_a_file_that_is_no_database(tmp_path: Path, keep: int) -> None:
    """Junk, and a database cut at any place, are told from a missing one; reading says the same as writing."""
    db = tmp_path / "burn.duckdb"
    open_store(db).close()
    db.write_bytes(db.read_bytes()[:keep] or b"junk" * 5000)
    for attempt in (open_store, open_reading):
        with pytest.raises(BurnError, match="is damaged or no DuckDB database"):
            attempt(db)


def test_a_database_of_a_newer_version(start_collector: StartCollector) -> None:
    """The version is refused, not misread."""
    import duckdb

    collector = start_collector()
    assert collector.stop() == 0
    con = duckdb.connect(collector.db)
    con.execute("UPDATE store.schema_version SET version = version + 1")
    con.close()
    assert "a newer version wrote it. Upgrade otel-burn" in refusal(
        "--db", str(collector.db), "--http-port", "0"
    )


def test_files_are_for_their_owner_only(start_collector: StartCollector) -> None:
    """The token and what was received are nobody else's; collector.json goes when the collector does."""
    collector = start_collector()
    folder = data_dir_of(collector.db)
    said = json.loads((folder / "collector.json").read_text())
    assert set(said) >= {"pid", "http_url", "sql_url", "token", "db", "version"}
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "collector.json").stat().st_mode & 0o777 == 0o600
    assert (folder / "journal").stat().st_mode & 0o777 == 0o700
    assert collector.stop() == 0
    assert not (folder / "collector.json").exists()


def test_another_data_folder(start_collector: StartCollector, tmp_path: Path, make_spans: Any) -> None:
    """The journal goes there; clients still find the collector beside its database."""
    collector = start_collector("--data-dir", str(tmp_path / "data"))
    collector.send(make_spans(1))
    collector.ledger()
    assert list((tmp_path / "data" / "journal").glob("*.segment"))
    assert not (data_dir_of(collector.db) / "journal").exists()


def test_detached_it_serves_and_ends_when_idle(tmp_path: Path, wait_until: WaitUntil) -> None:
    """The command returns once the collector serves; unneeded, it ends by itself and leaves nothing."""
    db = tmp_path / "burn.duckdb"
    ports = ("--http-port", "0", "--grpc-port", "0")
    done = otel_burn("collector", "--db", str(db), *ports, "--idle-timeout", "1.5", "--detach")
    assert done.returncode == 0, done.stderr
    running = find_collector(db)
    assert running is not None
    assert running.http_url in done.stdout
    assert os.getsid(running.pid) == running.pid
    wait_until(lambda: not Path(f"/proc/{running.pid}").exists() or _is_zombie(running.pid))
    assert find_collector(db) is None
    assert not (data_dir_of(db) / "collector.json").exists()
    assert (data_dir_of(db) / "collector.log").stat().st_mode & 0o777 == 0o600


def test_it_does_not_end_while_somebody_asks(start_collector: StartCollector) -> None:
    """Questions and telemetry both count as use."""
    collector = start_collector("--idle-timeout", "1")
    for _ in range(10):
        with collector.ledger() as ledger:
            ledger.query("SELECT 1")
        time.sleep(0.2)
    assert collector.process.poll() is None
    assert collector.process.wait(30) == 0


def test_a_failed_detached_start_says_why(tmp_path: Path) -> None:
    """The sentence of the background process reaches the terminal."""
    db = tmp_path / "burn.duckdb"
    db.write_bytes(b"junk" * 5000)
    said = refusal("--db", str(db), "--http-port", "0", "--detach")
    assert "is damaged or no DuckDB database" in said


def test_a_place_where_nothing_can_be_made(tmp_path: Path) -> None:
    """A sentence, not a traceback."""
    (tmp_path / "file").touch()
    said = refusal("--db", str(tmp_path / "file" / "burn.duckdb"), "--http-port", "0", "--detach")
    assert "cannot be made" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_cleanly_on_a_signal(start_collector: StartCollector, number: signal.Signals) -> None:
    """Exit code 0, no traceback, and its processes are gone."""
    collector = start_collector()
    children = [collector.child("receiver"), collector.child("store")]
    collector.process.send_signal(number)
    assert collector.process.wait(30) == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in children)
    assert "Traceback" not in collector.log.read_text()


def test_what_killed_agents_left_is_taken_in(
    start_collector: StartCollector, tmp_path: Path, make_spans: Any
) -> None:
    """Spool files without a living owner are delivered, once."""
    from otel_burn.spool import Spool

    folder = tmp_path / "home" / "spool"
    spool = Spool(folder, "left")
    spool.append(make_spans(1, 2, 3))
    spool.release()
    collector = start_collector()
    deadline = time.monotonic() + 20
    while list(folder.glob("*.spool")):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    with collector.ledger() as ledger:
        assert ledger.query("SELECT count(*) AS n FROM spans").to_pylist() == [{"n": 3}]


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True
