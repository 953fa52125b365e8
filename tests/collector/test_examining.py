"""Does `otel-burn doctor` say what the telemetry leaves out, and what nobody understood?"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from otel_burn_collector.examining import examine
from otel_burn_collector.importing import Wanted, import_wanted

START = 1_795_345_760 * 10**9


def _attributes(said: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"key": key, "value": {"intValue": value} if isinstance(value, int) else {"stringValue": value}}
        for key, value in said.items()
    ]


CALL = {
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": "gpt-5",
    "gen_ai.usage.input_tokens": 1000,
    "gen_ai.usage.output_tokens": 20,
    "gen_ai.usage.total_tokens": 1020,
    "gen_ai.usage.details.whatever": 3,
    "gen_ai.usage.warp_tokens": 7,
}
EMPTY = {
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": "gpt-5",
    "gen_ai.usage.input_tokens": 0,
    "gen_ai.usage.output_tokens": 0,
}


def _spans() -> dict[str, Any]:
    spans = [
        {
            "traceId": f"{number:032x}",
            "spanId": f"{number:016x}",
            "startTimeUnixNano": str(START),
            "endTimeUnixNano": str(START + 10**9),
            "name": "chat",
            "attributes": _attributes(said),
        }
        for number, said in enumerate((CALL, EMPTY), 1)
    ]
    return {"scopeSpans": [{"scope": {"name": "strange", "version": "9"}, "spans": spans}]}


def _metric(kind: str, value: int, *, at: int) -> dict[str, Any]:
    point = {
        "attributes": _attributes({"gen_ai.request.model": "gpt-5", "gen_ai.token.type": kind}),
        "startTimeUnixNano": str(START),
        "timeUnixNano": str(START + at * 10**9),
        "count": "1",
        "sum": value,
    }
    return {
        "name": "gen_ai.client.token.usage",
        "histogram": {"aggregationTemporality": 2, "dataPoints": [point]},
    }


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two calls, one without usage, a name that nobody knows, and metrics that have seen another call."""
    folder = tmp_path_factory.mktemp("examine")
    points = [_metric("input", 1000, at=1), _metric("input", 1500, at=2), _metric("output", 20, at=2)]
    resource = {"attributes": _attributes({"service.name": "shop"})}
    metrics = {"resource": resource, "scopeMetrics": [{"scope": {"name": "strange"}, "metrics": points}]}
    body = {"resourceSpans": [{"resource": resource} | _spans()], "resourceMetrics": [metrics]}
    (folder / "otlp.json").write_text(json.dumps(body))
    import_wanted(folder / "burn.duckdb", Wanted(paths=[folder / "otlp.json"]))
    return folder / "burn.duckdb"


def test_what_nobody_understood_is_an_alarm(db: Path) -> None:
    """A name of usage that no dialect reads is a problem; known sums and details are none."""
    ((level, about, said),) = [each for each in examine(db) if each[0] == "problem"]
    assert (level, about) == ("problem", "unknown usage")
    assert "gen_ai.usage.warp_tokens" in said
    assert "strange 9" in said


def test_what_metrics_show_beyond_the_calls_is_said(db: Path) -> None:
    """Cumulative points count once; the difference is named by service, model and class."""
    (said,) = [each[2] for each in examine(db) if each[1] == "not accounted for"]
    assert "500 more input tokens of gpt-5" in said
    assert "output" not in said


def test_what_was_corrected_or_is_missing_is_said(db: Path) -> None:
    """Zeros that stand for unknown are no usage, and the call is listed as one without."""
    said = {about: text for _, about, text in examine(db)}
    assert "0 tokens in and out" in said["corrected"]
    assert "strange@9 reports 1 call" in said["without usage"]


def test_the_doctor_says_it(db: Path, tmp_path: Path) -> None:
    """The command shows it, with exit code 1 for the alarm; a database that is not there is no problem."""
    command = [sys.executable, "-m", "otel_burn", "doctor", "--json", "--db"]
    done = subprocess.run([*command, str(db)], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 1
    assert {"unknown usage", "not accounted for"} <= {each["about"] for each in json.loads(done.stdout)}
    assert examine(tmp_path / "none.duckdb") == []


def test_a_record_of_an_agent_that_changed_its_name_is_an_alarm(tmp_path: Path) -> None:
    """Another version of Claude Code calls its calls otherwise: they are not counted, and that is a problem."""
    told = {"model": "claude-opus-5-5", "input_tokens": 3, "output_tokens": 9, "session.id": "s1"}
    records = [
        {"timeUnixNano": str(START + number), "attributes": _attributes(told | {"event.name": name})}
        for number, name in enumerate(("api_request", "api_answer", "api_answer"))
    ]
    scope = {"scope": {"name": "com.anthropic.claude_code.events", "version": "9"}, "logRecords": records}
    (tmp_path / "otlp.json").write_text(json.dumps({"resourceLogs": [{"scopeLogs": [scope]}]}))
    for _ in range(2):
        import_wanted(tmp_path / "burn.duckdb", Wanted(paths=[tmp_path / "otlp.json"]))
    ((_, about, said),) = [each for each in examine(tmp_path / "burn.duckdb") if each[0] == "problem"]
    assert about == "unknown usage"
    assert "claude_code.events 9 says input_tokens in api_answer (2 times, lastly 3)" in said
