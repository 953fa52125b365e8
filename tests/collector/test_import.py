"""Do files land whole and once, whether or not a collector runs, and is a bad one only named?"""

import base64
import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otel_burn_collector.reader import open_ledger
from otel_burn_collector.recognition import bodies_in

MakeSpans = Callable[..., bytes]
StartCollector = Callable[..., Any]


def otel_burn_import(db: Path, *paths: Path) -> subprocess.CompletedProcess[str]:
    """Run `otel-burn import` as a user does."""
    return subprocess.run(
        [sys.executable, "-m", "otel_burn", "import", "--db", str(db), *map(str, paths)],
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ,
    )


def count(db: Path, table: str = "spans") -> int:
    with open_ledger(db) as ledger:
        return int(ledger.query(f"SELECT count(*) AS n FROM {table}")["n"][0].as_py())


def json_spans(*numbers: int) -> str:
    spans = [{"traceId": "ab" * 16, "spanId": f"{number:016x}", "name": "json"} for number in numbers]
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]})


def logs_body() -> bytes:
    request = ExportLogsServiceRequest()
    request.resource_logs.add().scope_logs.add().log_records.add(time_unix_nano=5, event_name="e")
    return bytes(request.SerializeToString())


def metrics_body(name: str = "gen_ai.client.token.usage") -> bytes:
    request = ExportMetricsServiceRequest()
    metric = request.resource_metrics.add().scope_metrics.add().metrics.add(name=name)
    metric.sum.data_points.add(as_int=1, time_unix_nano=5)
    return bytes(request.SerializeToString())


def test_the_signal_is_told_by_the_content(make_spans: MakeSpans) -> None:
    """The three look alike at the top; a wrong file name does not mislead."""
    for name in ("x.bin", "traces.bin", "logs.pb", "metrics"):
        for signal, data in (("traces", make_spans(1)), ("logs", logs_body()), ("metrics", metrics_body())):
            bodies, others = bodies_in(name, data)
            assert ([body.signal.name for body in bodies], others) == ([signal], [])


@pytest.mark.parametrize("length", [123, 300])
def test_a_request_that_carries_somebodys_session_is_none_of_his_logs(tmp_path: Path, length: int) -> None:
    """Protobuf has content as it was said, and begins like a text: an empty line, and `{` where 123 bytes follow."""
    request = ExportTraceServiceRequest()
    said = '{"role":"assistant","content":[],"responseId":"resp_1"}'
    span = (
        request.resource_spans.add()
        .scope_spans.add()
        .spans.add(trace_id=b"t" * 16, span_id=b"s" * 8, name="chat")
    )
    span.attributes.add(key="m").value.string_value = said
    span.name += "x" * (length + 2 + (length > 127) - request.ByteSize())
    data = request.SerializeToString()
    assert (data[:1], data[1:2] == b"{") == (b"\n", length == 123)
    (tmp_path / "x.bin").write_bytes(data)
    assert otel_burn_import(tmp_path / "burn.duckdb", tmp_path / "x.bin").returncode == 0
    assert count(tmp_path / "burn.duckdb") == 1


def test_a_metric_with_a_name_as_long_as_a_trace_id(make_spans: MakeSpans) -> None:
    """Sixteen letters in the place of the sixteen bytes of an id make no span."""
    bodies, _ = bodies_in("traces.bin", metrics_body("sixteen_letters_"))
    assert [body.signal.name for body in bodies] == ["metrics"]


def test_every_kind_of_file_lands(tmp_path: Path, make_spans: MakeSpans) -> None:
    """Protobuf, JSON, JSON lines, lists, gzip of each, in a folder below; several signals in one object."""
    files = tmp_path / "files"
    (files / "below").mkdir(parents=True)
    (files / "a.bin").write_bytes(make_spans(1, 2))
    (files / "b.bin.gz").write_bytes(gzip.compress(make_spans(3)))
    (files / "c.json").write_text(json_spans(4))
    (files / "d.jsonl").write_text(f"{json_spans(5)}\n\n{json_spans(6)}\n")
    (files / "below" / "e.json.gz").write_bytes(gzip.compress(json_spans(7).encode()))
    (files / "f.json").write_text(f"[{json_spans(8)}, {json_spans(9)}]")
    both = json.loads(json_spans(10)) | {
        "resourceLogs": [{"scopeLogs": [{"logRecords": [{"timeUnixNano": "5"}]}]}]
    }
    (files / "g.json").write_text(json.dumps(both))
    (files / "h.json").write_text("\ufeff\n  " + json.dumps(json.loads(json_spans(11)), indent=2))
    db = tmp_path / "burn.duckdb"
    done = otel_burn_import(db, files)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"Imported 1 log record, 11 spans in 11 requests from 8 files into {db}.\n"
    assert (count(db), count(db, "logs")) == (11, 1)


def test_importing_again_changes_nothing(tmp_path: Path, make_spans: MakeSpans) -> None:
    """It is told what was known, and that is no failure."""
    file, db = tmp_path / "a.bin", tmp_path / "burn.duckdb"
    file.write_bytes(make_spans(1, 2))
    otel_burn_import(db, file)
    done = otel_burn_import(db, file, file)
    assert done.returncode == 0
    assert "nothing new" in done.stdout
    assert "Known already, and counted once: 2 requests." in done.stdout
    assert count(db) == 2


def test_a_copy_in_the_same_import_counts_once(tmp_path: Path) -> None:
    """What it says does not hang on how far loading is meanwhile."""
    for name in ("one.json", "copy.json"):
        (tmp_path / name).write_text(json_spans(1, 2))
    said = otel_burn_import(tmp_path / "burn.duckdb", tmp_path / "one.json", tmp_path / "copy.json").stdout
    assert "Imported 2 spans in 1 request from 2 files" in said
    assert "Known already, and counted once: 1 request." in said
    assert count(tmp_path / "burn.duckdb") == 2


def test_bad_files_are_named_and_the_rest_lands(tmp_path: Path, make_spans: MakeSpans) -> None:
    """Each with its reason; exit code 0 as long as something landed."""
    bad = {
        "cut.bin": make_spans(1, 2, 3)[:-2],
        "garbage.bin": b"\xff\xfe\x00garbage",
        "text.txt": b"hello, this is a readme",
        "empty.bin": b"",
        "cut.json": json_spans(1).encode()[:-5],
        "other.json": b'{"a": 1}',
        "cut.gz": gzip.compress(make_spans(4))[:-6],
        "enum.json": json_spans(5).replace('"name": "json"', '"kind": "SPAN_KIND_CLIENT"').encode(),
    }
    for name, data in bad.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "good.bin").write_bytes(make_spans(9))
    (tmp_path / "half.jsonl").write_text(f"{json_spans(10)}\n{{broken\n{json_spans(11)}\n")
    db = tmp_path / "db" / "burn.duckdb"
    done = otel_burn_import(db, tmp_path)
    assert done.returncode == 0
    skipped = {
        Path(line.split(":")[0].removeprefix("skipped ")).name: line for line in done.stdout.splitlines()[:-1]
    }
    assert set(skipped) == {*bad, "half.jsonl"}
    assert "line 2 is no JSON" in skipped["half.jsonl"]
    assert "wants enum values as numbers" in skipped["enum.json"]
    assert "gzip is cut short" in skipped["cut.gz"]
    assert count(db) == 3


def test_nothing_landed_is_a_failure(tmp_path: Path) -> None:
    """Exit code 1, for scripts; so is a path that isn't there, with a sentence."""
    (tmp_path / "readme.txt").write_text("no telemetry")
    assert otel_burn_import(tmp_path / "burn.duckdb", tmp_path / "readme.txt").returncode == 1
    done = otel_burn_import(tmp_path / "burn.duckdb", tmp_path / "nowhere")
    assert done.returncode == 1
    assert done.stderr.startswith(f"otel-burn: There is nothing at {tmp_path / 'nowhere'}.")


def test_a_running_collector_gets_the_files(
    start_collector: StartCollector, tmp_path: Path, make_spans: MakeSpans
) -> None:
    """They are loaded when the command returns, and known afterwards, however they arrived."""
    collector = start_collector()
    (tmp_path / "a.bin").write_bytes(make_spans(1, 2))
    (tmp_path / "b.json").write_text(json_spans(3))
    assert collector.send(make_spans(1, 2)).status == 200
    collector.ledger()
    first = otel_burn_import(collector.db, tmp_path / "a.bin", tmp_path / "b.json")
    assert "Imported 1 span in 1 request from 2 files" in first.stdout
    assert "counted once: 1 request." in first.stdout
    assert count(collector.db) == 3


def test_what_was_imported_survives_a_lost_database(
    start_collector: StartCollector, tmp_path: Path, make_spans: MakeSpans
) -> None:
    """An import without a collector goes through the journal too."""
    (tmp_path / "a.bin").write_bytes(make_spans(1, 2))
    db = tmp_path / "burn.duckdb"
    otel_burn_import(db, tmp_path / "a.bin")
    db.unlink()
    with start_collector(db=db).ledger() as ledger:
        assert ledger.query("SELECT count(*) AS n FROM spans").to_pylist() == [{"n": 2}]


def test_every_capture_imports(captures: Path, tmp_path: Path) -> None:
    """All OTLP bodies of all captured agents land; nothing of them is skipped, nothing is damaged."""
    db = tmp_path / "burn.duckdb"
    done = otel_burn_import(db, *sorted(captures.glob("*/otlp")))
    assert done.returncode == 0
    bodies = sum(len(index.read_text().splitlines()) for index in captures.glob("*/otlp/index.jsonl"))
    assert f"in {bodies} requests from {bodies} files" in done.stdout
    skipped = [line for line in done.stdout.splitlines() if line.startswith("skipped ")]
    assert all("index.jsonl" in line for line in skipped)
    assert count(db, "journal.damage") == 0
    assert count(db) > 4000
    again = otel_burn_import(db, *sorted(captures.glob("*/otlp")))
    assert f"counted once: {bodies} requests." in again.stdout


def test_a_signal_named_in_a_command_is_what_is_journalled(
    start_collector: StartCollector, make_spans: MakeSpans, asking: Callable[..., Any]
) -> None:
    """The command endpoint takes what `import` recognised, with the token."""
    collector = start_collector()
    said = {
        "verb": "import",
        "signal": "logs",
        "encoding": "protobuf",
        "body": base64.b64encode(logs_body()).decode(),
    }
    bearer = {"Authorization": f"Bearer {collector.running.token}"}
    assert asking(collector.url, "/command", json.dumps(said).encode(), bearer).status == 200
    with collector.ledger() as ledger:
        assert ledger.query("SELECT event_name FROM logs").to_pylist() == [{"event_name": "e"}]


@pytest.mark.parametrize("data", [b"", b"\n\n", b"{}", b"[]", b"{", b"\x1f\x8b"])
def test_nothing_is_never_something(data: bytes) -> None:
    """Files without any request say one reason."""
    bodies, others = bodies_in("traces.json", data)
    assert bodies == []
    assert len(others) <= 1
