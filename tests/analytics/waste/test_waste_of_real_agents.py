"""Is waste found that real SDKs make? Heartbeats, sub-agents and unused tools against the bundled provider, which keeps
the truth."""

import json
import runpy
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from otel_burn import names
from otel_burn.demo.dialogue import canonical, tokens
from otel_burn_analytics import findings
from otel_burn_collector.reader import open_ledger

AMOUNTS: Final = runpy.run_path(str(Path(__file__).parents[3] / "benchmarks" / "wasteful_amounts.py"))
BOOT, BEATS, WORKERS, TURNS, TOOLS = (
    AMOUNTS[name] for name in ("BOOT", "BEATS", "WORKERS", "TURNS", "TOOLS")
)
Row = dict[str, Any]
RATES: Final = {
    "anthropic": (3e-6, 15e-6, 0.3e-6, 6e-6),
    "openai": (1.25e-6, 10e-6, 0.125e-6, 0.0),
    "google": (0.3e-6, 2.5e-6, 0.03e-6, 0.0),
}
"""Dollars a token of claude-sonnet-4-5, gpt-5 and gemini-2.5-flash: input, output, cache read, write for an hour."""
PROVIDERS: Final = {"anthropic": "anthropic", "openai": "openai", "google": "gcp.gemini"}
vendors = pytest.mark.parametrize("vendor", RATES)


def only(found: Any, detector: str, agent: str) -> dict[str, Any]:
    """The one finding of *detector* about *agent*."""
    (row,) = [row for row in found.findings if (row["detector"], row["agent"]) == (detector, agent)]
    return row


def served(found: Any, vendor: str, agent: str) -> list[dict[str, Any]]:
    """The tokens of what a *vendor* served to the script of *agent*, in order."""
    mine = (one for one in found.served if (one["agent"], one["provider"]) == (agent, PROVIDERS[vendor]))
    return [one["tokens"] for one in mine]


@vendors
def test_a_heartbeat_is_found_to_the_beat(found: Any, vendor: str) -> None:
    """Six idle beats, each half an hour; what all but the first cost, to two in a hundred."""
    row = only(found, "heartbeats", f"molt-{vendor}")
    beats = served(found, vendor, "heartbeat")
    price, output, read, write = RATES[vendor]
    usd = [
        one["uncached"] * price
        + one["cache_read"] * read
        + one["cache_write_1h"] * write
        + one["output"] * output
        for one in beats
    ]
    assert len(beats) == len(row["call_ids"]) == BEATS
    assert float(row["wasted_usd_high"]) == pytest.approx(sum(usd[1:]), rel=0.02)
    assert (
        "6 beats every 30.0 minutes without a user: 6 of 6 beats found nothing to do, 0 failed"
        in row["evidence"]
    )
    assert row["confidence"] == 0.95


def test_a_cache_that_nobody_reads_is_found(found: Any) -> None:
    """The clock stands before the bootstrap: written each time, read never."""
    row = only(found, "cache_unread", "molt-anthropic")
    written = [one["cache_write_1h"] for one in served(found, "anthropic", "heartbeat")]
    assert row["wasted_tokens"] == pytest.approx(
        sum(written[:-2]), rel=0.02
    )  # the last ones may still be read


@vendors
def test_a_fan_out_is_found_to_the_token(found: Any, vendor: str) -> None:
    """Four workers with one bootstrap: three of them read it again."""
    row = only(found, "fan_out", f"lead-{vendor}")
    shared = (WORKERS - 1) * tokens(BOOT)
    price, _, read, _ = RATES[vendor]
    assert len(row["call_ids"]) == WORKERS
    assert row["wasted_tokens"] == pytest.approx(shared, rel=0.02)
    assert float(row["wasted_usd_high"]) == pytest.approx(shared * price, rel=0.02)
    assert float(row["wasted_usd_low"]) == pytest.approx(shared * (price - read), rel=0.02)
    assert row["evidence"].startswith(f"4 sub-agents worked for lead-{vendor}, up to ")


@vendors
def test_unused_tools_are_found_to_the_token(found: Any, vendor: str) -> None:
    """Three of six tools, two servers: in every call, used by none, and cheaper where the cache had them."""
    row = only(found, "unused_tools", f"writer-{vendor}")
    calls = served(found, vendor, "healthy")
    unused = sum(tokens(canonical(tool)) for tool in TOOLS[3:])
    price, _, read, _ = RATES[vendor]
    before = sum(tokens(canonical(tool)) for tool in TOOLS[:3])
    cached = [min(max(one["cache_read"] - before, 0), unused) for one in calls]
    usd = sum(part * read + (unused - part) * price for part in cached)
    assert len(row["call_ids"]) == len(calls) == TURNS
    assert row["wasted_tokens"] == pytest.approx(TURNS * unused, rel=0.02)
    assert float(row["wasted_usd_high"]) == pytest.approx(usd, rel=0.02)
    assert row["evidence"].startswith("3 of 6 tool definitions were sent with 5 calls")


def test_nothing_else_is_said_of_the_tools_that_were_used(found: Any) -> None:
    """Each detector speaks of its own agents alone."""
    for detector, agent in (("heartbeats", "molt"), ("fan_out", "lead"), ("unused_tools", "writer")):
        mine = {row["agent"] for row in found.findings if row["detector"] == detector}
        assert mine == {f"{agent}-{vendor}" for vendor in RATES}


def changed(spans: Sequence[Row], change: Callable[[str, str], str]) -> list[Row]:
    """*spans*, each attribute's value as *change* has it."""
    return [
        one | {"attributes": [(name, change(name, value)) for name, value in one["attributes"]]}
        for one in spans
    ]


def renamed(spans: Sequence[Row]) -> list[Row]:
    """Other names of tools, each for each."""
    told = (names.TOOL_CALLS_NAMES, names.CONTEXT_TOOLS)

    def rename(name: str, value: str) -> str:
        return json.dumps([one and f"{one}_v2" for one in json.loads(value)]) if name in told else value

    return changed(spans, rename)


def worded(spans: Sequence[Row]) -> list[Row]:
    """With what was said beside it, as content capture would have it."""
    words = ("gen_ai.input.messages", '[{"role": "user", "parts": [{"type": "text", "content": "go on"}]}]')
    return [one | {"attributes": [*one["attributes"], words]} for one in spans]


def twice(spans: Sequence[Row]) -> list[Row]:
    """Reported by another library as well, below each span of ours."""
    usage = (names.OPERATION_NAME, names.PROVIDER_NAME, names.REQUEST_MODEL, names.USAGE_INPUT_TOKENS)
    others = [
        one
        | {
            "span_id": f"{2**64 - 1 - number:016x}",
            "parent_span_id": one["span_id"],
            "scope_name": "opentelemetry.instrumentation.other",
            "attributes": [pair for pair in one["attributes"] if pair[0] in usage],
        }
        for number, one in enumerate(spans)
        if one["kind"] == "CLIENT"
    ]
    return [*spans, *others]


@pytest.mark.parametrize(
    "change",
    [renamed, worded, twice, lambda spans: spans[::-1]],
    ids=["renamed tools", "with words", "two instrumentations", "backwards"],
)
def test_what_else_is_told_changes_nothing(
    found: Any, arrived: Callable[[str, Sequence[Row]], Path], change: Callable[[Sequence[Row]], list[Row]]
) -> None:
    """Every detector says the same of the same calls, at the same cost."""
    with open_ledger(arrived("again", change(found.spans))) as ledger:
        again = findings.judge(ledger, store=False).findings.to_dicts()
    keys = ("finding_id", "tier", "agent", "call_ids", "wasted_tokens", "wasted_usd_low", "wasted_usd_high")

    def told(rows: Sequence[Row]) -> list[str]:
        return sorted(str([row["detector"], *(row[key] for key in keys)]) for row in rows)

    assert {"heartbeats", "fan_out", "unused_tools", "cache_unread"} <= {row["detector"] for row in again}
    assert told(again) == told(found.findings)
