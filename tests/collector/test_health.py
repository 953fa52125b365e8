"""Can whoever runs a collector as a service see how it is?"""

import json
import os
import re
import signal
from collections.abc import Callable
from typing import Any

import pytest

Collector = Any
MakeSpans = Callable[..., bytes]
Asking = Callable[..., Any]
StartCollector = Callable[..., Collector]

LINE = re.compile(r'(otel_burn_[a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\]|\\.)*",?)*)\})? ([0-9.e+-]+)')


def metrics(collector: Collector, asking: Asking) -> dict[str, float]:
    """What Prometheus would read: every line has to be in its format, every name explained before its first line."""
    answer = asking(collector.url, "/metrics")
    assert (answer.status, answer.headers["content-type"]) == (
        200,
        "text/plain; version=0.0.4; charset=utf-8",
    )
    found: dict[str, float] = {}
    explained: set[str] = set()
    for line in answer.body.decode().splitlines():
        if line.startswith("# "):
            explained.add(line.split()[2])
            continue
        name, labels, value = LINE.fullmatch(line).groups()  # type: ignore[union-attr]
        assert name in explained
        found[f"{name}{{{labels}}}" if labels else name] = float(value)
    return found


def test_both_processes_count(collector: Collector, make_spans: MakeSpans, asking: Asking) -> None:
    """What came in, what was refused and why, what is loaded and what waits, queries, memory, sizes."""
    before = metrics(collector, asking)
    body = make_spans(*range(1, 11), trace=31)
    assert collector.send(body).status == 200
    assert collector.send(b"\xff").status == 400
    with collector.ledger() as ledger:
        ledger.query("SELECT 1")
        with pytest.raises(Exception, match="Only SELECT"):
            ledger.query("DROP VIEW spans")
    now = metrics(collector, asking)

    def risen(name: str) -> float:
        return now[name] - before.get(name, 0)

    assert risen('otel_burn_requests_total{protocol="http",signal="traces",status="200"}') == 1
    assert risen('otel_burn_requests_total{protocol="http",signal="traces",status="400"}') == 1
    assert risen('otel_burn_received_bytes_total{signal="traces"}') == len(body)
    assert risen('otel_burn_rows{table="spans"}') == 10
    assert risen('otel_burn_queries_total{outcome="answered"}') >= 1
    assert risen('otel_burn_queries_total{outcome="refused"}') == 1
    assert now["otel_burn_load_lag_seconds"] == now["otel_burn_journal_waiting_bytes"] == 0
    assert now["otel_burn_damage"] == now["otel_burn_queries_running"] == 0
    for process in ("receiver", "store"):
        assert 10e6 < now[f'otel_burn_memory_bytes{{process="{process}"}}'] < 4e9
    assert now['otel_burn_database_bytes{file="database"}'] > 0


def test_it_is_ready_while_it_can_take_and_load(
    start_collector: StartCollector, asking: Asking, make_spans: MakeSpans, wait_until: Callable[..., None]
) -> None:
    """503 with the reason while the store is stuck; what waits and for how long is seen; ready again by itself."""
    collector = start_collector()
    ready = asking(collector.url, "/readyz")
    assert (ready.status, ready.json) == (200, {"ready": True, "reasons": []})
    store = collector.child("store")
    os.kill(store, signal.SIGSTOP)
    assert collector.send(make_spans(1)).status == 200
    ready = asking(collector.url, "/readyz")
    assert ready.status == 503
    assert ready.json["reasons"] == ["The store does not answer; it may be starting again."]
    assert 'otel_burn_requests_total{protocol="http"' in asking(collector.url, "/metrics").body.decode()
    os.kill(store, signal.SIGCONT)
    wait_until(lambda: asking(collector.url, "/readyz").status == 200)


def test_a_full_disk_is_not_ready(
    start_collector: StartCollector, asking: Asking, make_spans: MakeSpans
) -> None:
    """What senders hear, watchers hear too."""
    collector = start_collector("--min-free", "900TiB")
    assert collector.send(make_spans(1)).status == 503
    ready = asking(collector.url, "/readyz")
    assert ready.status == 503
    assert "MiB free" in json.dumps(ready.json["reasons"])


def test_its_log_is_one_object_a_line(
    start_collector: StartCollector,
    make_spans: MakeSpans,
    monkeypatch: pytest.MonkeyPatch,
    wait_until: Callable[..., None],
) -> None:
    """Start, a process that died, stop; from all three processes; neither the token nor what was sent."""
    monkeypatch.setenv("OTEL_BURN_TOKEN", "a-secret-token")
    collector = start_collector("--log-format", "json", "--log-level", "debug")
    body = make_spans(1, service="canary-service")
    assert collector.send(body).status == 200
    collector.ledger()
    os.kill(collector.child("store"), signal.SIGKILL)
    wait_until(lambda: b"started again" in collector.log.read_bytes())
    wait_until(lambda: collector.ledger())
    assert collector.stop() == 0
    lines = [json.loads(line) for line in collector.log.read_text().splitlines()]
    assert all({"at", "level", "process", "logger", "message"} <= set(line) for line in lines)
    said = [line["message"] for line in lines if line["process"] == "supervisor"]
    assert said[0].startswith("Collector: http://127.0.0.1:")
    assert any("the store ended and is started again" in one for one in said)
    assert said[-1].startswith("Stopping")
    assert "a-secret-token" not in collector.log.read_text()
    assert "canary-service" not in collector.log.read_text()
