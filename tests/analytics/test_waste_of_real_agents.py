"""Is waste found that real SDKs make? Heartbeats, sub-agents and unused tools against the bundled provider, which keeps
the truth."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from otel_burn.demo.dialogue import canonical, tokens
from otel_burn.demo.provider import ScriptedProvider
from otel_burn_analytics import findings
from otel_burn_collector.reader import open_ledger

INPUT, OUTPUT, READ, WRITE_1H = 3e-6, 15e-6, 0.3e-6, 6e-6
"""Dollars a token of claude-sonnet-4-5."""
BOOT, BEATS, WORKERS, TURNS = "Rule: look before you write. " * 1_200, 6, 4, 5
TOOLS: Final = [
    {
        "name": name,
        "description": f"{name} does what its name says, on whatever it is given. " * 120,
        "input_schema": {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
    }
    for name in (
        "list_files", "read_file", "write_file", "mcp__github__search", "mcp__github__merge", "mcp__db__query"
    )
]  # fmt: skip

AGENT: Final = """
import json, sys, time
from concurrent.futures import ThreadPoolExecutor
offset = 0
real = time.time_ns
time.time_ns = lambda: real() + offset  # half an hour passes between two beats; nobody waits for it
import otel_burn
from anthropic import Anthropic

BOOT, BEATS, WORKERS, TURNS, TOOLS = json.loads(sys.argv[1])
client = Anthropic()

def ask(system, messages, **more):
    return client.messages.create(
        model="claude-sonnet-4-5", max_tokens=300, system=system, messages=messages, **more)

def user(text):
    return {"role": "user", "content": text}

for beat in range(BEATS):
    kept = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
    boot = [{"type": "text", "text": f"You are Molt, an assistant that never sleeps. It is {beat:02d}:00."},
            {"type": "text", "text": BOOT, **kept}]
    with otel_burn.agent("molt"), otel_burn.session(f"beat-{beat}"):
        ask(boot, [user("Heartbeat. If nothing needs attention, answer HEARTBEAT_OK.")])
    offset += 1_800_000_000_000

with otel_burn.session("task"), otel_burn.agent("lead"):
    ask("You lead.", [user("Split the work.")])
    def work(number):
        with otel_burn.agent("worker"):
            ask("You work. " + BOOT, [user(f"Part {number} of the work.")])
    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(work, range(WORKERS)))
    ask("You lead.", [user("Split the work."), {"role": "assistant", "content": "Done."}, user("Now sum up.")])

messages = [user("Write the notes.")]
with otel_burn.session("notes"), otel_burn.agent("writer"):
    for _ in range(TURNS):
        answer = ask("You write release notes", messages, tools=TOOLS)
        said = [block.model_dump(exclude_none=True) for block in answer.content]
        messages.append({"role": "assistant", "content": said})
        results = [{"type": "tool_result", "tool_use_id": block.id, "content": "done"}
                   for block in answer.content if block.type == "tool_use"]
        messages.append({"role": "user", "content": results or "Thank you."})
"""


def stop(db: Path) -> None:
    """End the collector that the run started."""
    noted = db.parent / f"{db.name}.d" / "collector.json"
    if not noted.exists():
        return
    pid = json.loads(noted.read_text())["pid"]
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + 20
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)


@pytest.fixture(scope="module")
def found(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[list[dict[str, Any]], list[dict[str, Any]]]]:
    """What the detectors found in a run of three agents, and what the provider served."""
    home = tmp_path_factory.mktemp("home")
    db, script = home / "burn.duckdb", home / "agents.py"
    script.write_text(AGENT)
    told = json.dumps([BOOT, BEATS, WORKERS, TURNS, TOOLS])
    with ScriptedProvider(pace=0.05) as provider:
        environment = {**os.environ, **provider.environment, "OTEL_BURN_HOME": str(home)}
        environment.pop("OTEL_BURN_ENDPOINT", None)
        run = [
            sys.executable,
            "-m",
            "otel_burn",
            "run",
            "--db",
            str(db),
            "--",
            sys.executable,
            str(script),
            told,
        ]
        done = subprocess.run(run, env=environment, capture_output=True, text=True, check=False, timeout=120)
    try:
        assert done.returncode == 0, done.stderr
        with open_ledger(db) as ledger:
            judged = findings.judge(ledger, store=False)
        yield judged.findings.to_dicts(), provider.served
    finally:
        stop(db)


Found = tuple[list[dict[str, Any]], list[dict[str, Any]]]


def only(found: Found, detector: str) -> dict[str, Any]:
    """The one finding of *detector*."""
    (row,) = [row for row in found[0] if row["detector"] == detector]
    return row


def test_a_heartbeat_is_found_to_the_beat(found: Found) -> None:
    """Six idle beats, each half an hour; what all but the first cost, to two in a hundred."""
    row = only(found, "heartbeats")
    beats = [one["tokens"] for one in found[1] if one["agent"] == "heartbeat"]
    usd = [
        one["uncached"] * INPUT + one["cache_write_1h"] * WRITE_1H + one["output"] * OUTPUT for one in beats
    ]
    assert len(beats) == len(row["call_ids"]) == BEATS
    assert float(row["wasted_usd_high"]) == pytest.approx(sum(usd[1:]), rel=0.02)
    assert (
        "6 beats every 30.0 minutes without a user: 6 of 6 beats found nothing to do, 0 failed"
        in row["evidence"]
    )
    assert row["confidence"] == 0.95


def test_a_cache_that_nobody_reads_is_found(found: Found) -> None:
    """The clock stands before the bootstrap: written each time, read never."""
    row = only(found, "cache_unread")
    written = [one["tokens"]["cache_write_1h"] for one in found[1] if one["agent"] == "heartbeat"]
    assert row["wasted_tokens"] == pytest.approx(
        sum(written[:-2]), rel=0.02
    )  # the last ones may still be read


def test_a_fan_out_is_found_to_the_token(found: Found) -> None:
    """Four workers with one bootstrap: three of them read it again."""
    row = only(found, "fan_out")
    shared = (WORKERS - 1) * tokens("You work. " + BOOT)
    assert len(row["call_ids"]) == WORKERS
    assert row["wasted_tokens"] == pytest.approx(shared, rel=0.02)
    assert float(row["wasted_usd_high"]) == pytest.approx(shared * INPUT, rel=0.02)
    assert float(row["wasted_usd_low"]) == pytest.approx(shared * (INPUT - READ), rel=0.02)
    assert row["evidence"].startswith("4 sub-agents worked for lead, up to ")


def test_unused_tools_are_found_to_the_token(found: Found) -> None:
    """Three of six tools, two servers: in every call, used by none."""
    row = only(found, "unused_tools")
    unused = TURNS * sum(tokens(canonical(tool)) for tool in TOOLS[3:])
    assert len(row["call_ids"]) == TURNS
    assert row["wasted_tokens"] == pytest.approx(unused, rel=0.02)
    assert float(row["wasted_usd_high"]) == pytest.approx(unused * INPUT, rel=0.02)
    assert row["evidence"].startswith("3 of 6 tool definitions were sent with 5 calls")


def test_nothing_else_is_said_of_the_tools_that_were_used(found: Found) -> None:
    """Each detector speaks of its own agent alone."""
    agents = {(row["detector"], row["agent"]) for row in found[0]}
    assert {agent for detector, agent in agents if detector == "heartbeats"} == {"molt"}
    assert {agent for detector, agent in agents if detector == "fan_out"} == {"lead"}
    assert {agent for detector, agent in agents if detector == "unused_tools"} == {"writer"}
