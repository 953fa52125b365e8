"""Can a call be traced back to who reported it, why that is one call, and what it cost?"""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from otel_burn.errors import BurnError
from otel_burn_collector.explain_command import lines
from otel_burn_collector.explaining import explain
from otel_burn_collector.importing import Wanted, import_wanted
from otel_burn_collector.reader import open_ledger

START = 1_795_345_760 * 10**9
CHAT = {
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": "claude-opus-4-8",
    "gen_ai.provider.name": "anthropic",
}
USED = {"gen_ai.usage.input_tokens": 1000, "gen_ai.usage.output_tokens": 20}


def _value(value: Any) -> dict[str, Any]:
    return {"intValue": value} if isinstance(value, int) else {"stringValue": value}


def _span(scope: str, span: int, parent: int, said: Mapping[str, Any]) -> dict[str, Any]:
    attributes = [{"key": key, "value": _value(value)} for key, value in said.items()]
    times = {"startTimeUnixNano": str(START + span), "endTimeUnixNano": str(START + 10**9 - span)}
    ids = {
        "traceId": f"{7:032x}",
        "spanId": f"{span:016x}",
        "parentSpanId": f"{parent:016x}" if parent else "",
    }
    return {
        "scope": {"name": scope, "version": "1.2"},
        "spans": [ids | times | {"name": "c", "attributes": attributes}],
    }


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A call that three instrumentations reported, one of which says less than all of it, and another call."""
    folder = tmp_path_factory.mktemp("explain")
    short = {"gen_ai.usage.input_tokens": 100, "gen_ai.usage.cache_read.input_tokens": 900}
    scopes = [
        _span("framework", 1, 0, CHAT | USED | {"gen_ai.conversation.id": "s1"}),
        _span("com.anthropic.sdk.python", 2, 1, CHAT | USED | {"gen_ai.response.id": "msg_1"}),
        _span("openlit.anthropic", 3, 2, CHAT | USED | short | {"gen_ai.response.id": "msg_1"}),
        _span("framework", 4, 0, CHAT | USED | {"gen_ai.response.id": "msg_2"}),
    ]
    (folder / "traces.json").write_text(json.dumps({"resourceSpans": [{"scopeSpans": scopes}]}))
    import_wanted(folder / "burn.duckdb", Wanted(paths=[folder / "traces.json"]))
    return folder / "burn.duckdb"


def test_a_call_is_explained_by_its_reports(db: Path) -> None:
    """Who reported it, what joined them, what was corrected, and whose word each field is."""
    with open_ledger(db) as ledger:
        explained = explain(ledger, "msg_1")
    sources = [report["source"] for report in explained["reports"]]
    assert sources == ["com.anthropic.sdk.python@1.2", "framework@1.2", "openlit.anthropic@1.2"]
    assert {report["joined_by"] for report in explained["reports"]} == {
        "same response id",
        "one runs in the other",
    }
    openlit = explained["reports"][2]
    assert (openlit["input_tokens"], "leaves out" in openlit["corrections"][0]) == (1000, True)
    assert explained["fields"]["session_id"] == "framework@1.2"
    assert explained["usage"]["input_tokens"] == "com.anthropic.sdk.python@1.2"
    assert explained["usage"]["cache_read_tokens"] == "openlit.anthropic@1.2"
    assert sum(line["usd"] for line in explained["call"]["cost_lines"]) == explained["call"]["cost_usd"]


def test_the_beginning_of_an_id_is_enough(db: Path) -> None:
    """A prefix, a span or a response names a call; what names none or several is refused with what to do."""
    with open_ledger(db) as ledger:
        whole = explain(ledger, "msg_1")["call"]["call_id"]
        assert explain(ledger, whole[:5])["call"]["call_id"] == whole
        assert explain(ledger, f"{2:016x}")["call"]["call_id"] == whole
        with pytest.raises(BurnError, match="No call is named 'nobody'"):
            explain(ledger, "nobody")
        with pytest.raises(BurnError, match="No call is named ''"):
            explain(ledger, "")


def test_what_is_printed_says_all_of_it(db: Path) -> None:
    """Every report, every rule, every correction and the bill, as text."""
    with open_ledger(db) as ledger:
        text = "\n".join(lines(explain(ledger, "msg_1")))
    for said in ("framework@1.2", "one runs in the other", "leaves out", "cache_read_tokens", "computed"):
        assert said in text


def test_the_command_prints_json(db: Path) -> None:
    """`otel-burn explain --json` is an object for machines; an unknown call is a sentence and exit code 1."""
    command = [sys.executable, "-m", "otel_burn", "explain", "--db", str(db)]
    done = subprocess.run(
        [*command, "--json", "msg_2"], capture_output=True, text=True, check=True, timeout=120
    )
    assert json.loads(done.stdout)["call"]["response_id"] == "msg_2"
    failed = subprocess.run([*command, "nobody"], capture_output=True, text=True, check=False, timeout=120)
    assert (failed.returncode, failed.stdout) == (1, "")
    assert "No call is named" in failed.stderr
