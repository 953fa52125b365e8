"""Does every command that reads or writes a ledger do so where no pandas is, which only the explorer needs?"""

import json
import subprocess
import sys
from pathlib import Path

MAIN = """
import sys
from otel_burn_collector.without_pandas import refuse_pandas
refuse_pandas()
from otel_burn.cli import main
for line in sys.stdin:
    assert main(line.strip().split(" ")) == 0, line
assert "pandas" not in sys.modules
"""
COMMANDS = """
import --db {db} {otlp}
explain --db {db} {call}
explain --json --db {db} {call}
report --db {db}
report --json --db {db}
findings --json --db {db}
export focus --db {db}
prices unmatched --db {db}
prices reprice --db {db} --since 2026-01-01 --dry-run
doctor --db {db}
sql --db {db} --format json FROM\tllm_calls
sql --db {db} --format json FROM\tspans
"""
START = 1_795_345_760_000_000_123
"""Nanoseconds that make no whole microsecond: Python's times have none, and Arrow asks pandas for those."""


def test_a_ledger_is_written_and_read_without_pandas(tmp_path: Path) -> None:
    """Also where times have nanoseconds, of calls, of what is said beside them, and of tools that ran."""
    trace, span = "7" * 32, "8" * 16
    call = {
        "traceId": trace,
        "spanId": span,
        "name": "chat",
        "startTimeUnixNano": str(START),
        "endTimeUnixNano": str(START + 10**9),
        "attributes": _attributes(
            {
                "gen_ai.operation.name": "chat",
                "gen_ai.provider.name": "openai",
                "gen_ai.request.model": "gpt-5-mini",
            }
        ),
    }
    said = {"eventName": "gen_ai.user.message", "traceId": trace, "spanId": span, "timeUnixNano": str(START)}
    said |= {"body": {"stringValue": '{"content": "Why?"}'}}
    ran = {"conversation.id": "s", "tool_name": "shell", "call_id": "c", "arguments": "{}", "output": "done"}
    tool = {"eventName": "codex.tool_result", "timeUnixNano": str(START + 1), "attributes": _attributes(ran)}
    otlp = tmp_path / "otlp"
    otlp.mkdir()
    spans = [{"scope": {"name": "opentelemetry.instrumentation.openai_v2"}, "spans": [call]}]
    records = [
        {"scope": {"name": "opentelemetry.instrumentation.openai_v2"}, "logRecords": [said]},
        {"scope": {"name": "codex_otel.log_only"}, "logRecords": [tool]},
    ]
    (otlp / "traces.json").write_text(json.dumps({"resourceSpans": [{"scopeSpans": spans}]}))
    (otlp / "logs.json").write_text(json.dumps({"resourceLogs": [{"scopeLogs": records}]}))
    commands = COMMANDS.format(db=tmp_path / "burn.duckdb", otlp=otlp, call=span)
    done = subprocess.run(
        [sys.executable, "-c", MAIN], input=commands.strip(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "makes no rows" not in done.stderr
    assert span in done.stdout


def _attributes(said: dict[str, str]) -> list[dict[str, object]]:
    return [{"key": key, "value": {"stringValue": value}} for key, value in said.items()]
