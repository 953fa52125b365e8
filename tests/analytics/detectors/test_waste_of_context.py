"""Are carried results, unused tools, copies and unused caches found, with their cost, and nothing in healthy work?"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from otel_burn_analytics.detector import Detector
from otel_burn_analytics.detectors import (
    cache_unread,
    cache_unused,
    duplicate_blocks,
    heavy_blocks,
    unused_tools,
)

Frames = dict[str, pl.LazyFrame]
MONEY_OF_A_TOKEN = Decimal("0.000003")


def carrying(call: Any, block: Any, **more: Any) -> list[Any]:
    """A file of 9,000 tokens comes with the second call and stays for ten more."""
    head, file = block("system", "p", 300), block("tool_result", "file", 9_000, "read_file")
    return [call([head, *([file] if n else []), block("user", f"u{n}", 100)], **more) for n in range(12)]


def equipped(call: Any, block: Any, **more: Any) -> list[Any]:
    """Two MCP servers, of which one is never asked, and a tool that is."""
    names = ["read_file", *(f"mcp__github__t{n}" for n in range(4)), "mcp__db__query", "mcp__db__write"]
    tools = [block("tool_definition", name, 400, name) for name in names]
    return [
        call([*tools, block("user", f"u{n}", 50)], asks=["read_file", "mcp__db__query"], **more)
        for n in range(6)
    ]


def copying(call: Any, block: Any, **more: Any) -> list[Any]:
    """The same file is read three times, and all three copies stay."""
    file, context, calls = block("tool_result", "file", 3_000, "read_file"), [block("system", "p", 100)], []
    for n in range(9):
        context = [*context, block("user", f"u{n}", 20), *([file] if n in (0, 2, 4) else [])]
        calls.append(call(context, **more))
    return calls


def uncached(call: Any, block: Any, **more: Any) -> list[Any]:
    """A prompt that grows, at full price."""
    context, calls = [block("system", "p", 8_000)], []
    for n in range(5):
        context = [*context, block("user", f"u{n}", 500)]
        calls.append(call(context, **more))
    return calls


def unread(call: Any, block: Any, **more: Any) -> list[Any]:
    """A bootstrap behind the time of day, written to the cache each half hour."""
    boot = block("system", "boot", 15_000)
    return [
        call([block("system", f"it is {n}", 20), boot], write=15_000, at=1_800 * n, **more) for n in range(7)
    ]


CASES: dict[str, tuple[Detector, Callable[..., list[Any]], str, int, Decimal, str]] = {
    "heavy": (
        heavy_blocks.DETECTOR, carrying,
        "A result of read_file of 36,000 bytes (about 9,000 tokens) came with call 2 and was carried in 10 calls after "
        "that: 90,000 tokens, $0.2700.", 90_000, Decimal("0.27"), "s1-call-7",
    ),
    "tools": (
        unused_tools.DETECTOR, equipped,
        "5 of 7 tool definitions were sent with 6 calls, and no call of the session used one of them: 12,000 tokens, "
        "$0.0360. Most: github (4 tools, 9,600 tokens); db (1 tool, 2,400 tokens).",
        12_000, Decimal("0.036"), "s1-call-4",
    ),
    "copies": (
        duplicate_blocks.DETECTOR, copying,
        "7 calls carried content that stood in the same prompt already: 36,000 tokens, $0.1080. Most of it: a result "
        "of read_file (3,000 tokens, 2 copies too many).", 36_000, Decimal("0.108"), "s1-call-6",
    ),
    "unused cache": (
        cache_unused.DETECTOR, uncached,
        "4 calls of claude-sonnet-4-5 repeated 37,000 tokens of the call before at full price",
        37_000, Decimal("0.0999"), "s1-call-3",
    ),
    "unread cache": (
        cache_unread.DETECTOR, unread,
        "6 calls in 1 session wrote 90,000 tokens to the provider's cache that no later call read before they expired, "
        "of 105,000", 90_000, Decimal("0.0675"), "s1-call-2",
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("detector", "make", "says", "tokens", "usd", "at"), CASES.values(), ids=CASES.keys()
)
def test_finds_it(
    world: Any, call: Any, block: Any, detector: Detector, make: Any, says: str, tokens: int, usd: Decimal, at: str
) -> None:  # fmt: skip
    """What, how much of it, what it cost, and when one could have known."""
    (row,) = detector.judge(world(*make(call, block))).collect().to_dicts()
    assert says in row["evidence"]
    assert (row["wasted_tokens"], row["wasted_usd_high"]) == (tokens, usd)
    assert 0 <= row["wasted_usd_low"] <= usd
    assert row["first_detectable_call_id"] == at
    assert row["tier"] == "waste"
    assert row["fix"]


@pytest.mark.parametrize(("detector", "make"), [case[:2] for case in CASES.values()], ids=CASES.keys())
def test_other_work_in_any_order_changes_nothing(
    world: Any, call: Any, block: Any, detector: Detector, make: Any
) -> None:
    """Other sessions and agents beside it, rows shuffled: the same finding to the last word."""
    alone = detector.judge(world(*make(call, block))).collect()
    other = [call([block("user", f"o{n}", 300)], session="s2", agent="other") for n in range(3)]
    # Later, as calls are numbered through.
    mixed = world(*make(call, block), *other)
    shuffled = {
        name: frame.collect().sample(fraction=1, shuffle=True, seed=7).lazy() for name, frame in mixed.items()
    }
    assert_frame_equal(detector.judge(shuffled).collect(), alone)


@pytest.mark.parametrize(("detector", "make"), [case[:2] for case in CASES.values()], ids=CASES.keys())
def test_what_nobody_knows_is_no_error(
    world: Any, call: Any, block: Any, detector: Detector, make: Any
) -> None:
    """No usage: no finding. No price: tokens and no dollars. No row: no finding."""
    assert detector.judge(world(*make(call, block, metered=False))).collect().is_empty()
    unpriced = detector.judge(world(*make(call, block, priced=False))).collect()
    assert unpriced["wasted_usd_high"].is_null().all()
    frames: Frames = {name: frame.limit(0) for name, frame in world(*make(call, block)).items()}
    assert detector.judge(frames).collect().is_empty()


@pytest.mark.parametrize(("detector", "make"), [case[:2] for case in CASES.values()], ids=CASES.keys())
def test_it_is_known_when_it_says(world: Any, call: Any, block: Any, detector: Detector, make: Any) -> None:
    """Cut off at the first detectable call there is a finding already, unless a cache must wait to expire."""
    calls = make(call, block)
    (row,) = detector.judge(world(*calls)).collect().to_dicts()
    at = int(row["first_detectable_call_id"].rsplit("-", 1)[1])
    late = detector is cache_unread.DETECTOR
    found = detector.judge(world(*calls[: at + 1 + late])).collect()
    assert found["finding_id"].to_list() == [row["finding_id"]]
    assert detector.judge(world(*calls[:at])).collect().is_empty()


HEALTHY: dict[str, Callable[[Any, Any], list[Any]]] = {
    "a chat": lambda call, block: [
        call([block("system", "p", 300), *(block("user", f"u{m}", 200) for m in range(n + 1))]) for n in range(6)
    ],
    "a conversation that is cached": lambda call, block: [
        call([block("system", "p", 9_000), *(block("user", f"u{m}", 300) for m in range(n + 1))],
             read=9_000 + 300 * n if n else 0, write=300 if n else 9_300) for n in range(8)
    ],
    "single questions": lambda call, block: [call([block("user", f"q{n}", 9_000)], session=f"s{n}") for n in range(6)],
    "tools that are used": lambda call, block: [
        call([block("tool_definition", "r", 3_000, "read"), block("user", f"u{n}", 50)], asks=["read"], read=3_000)
        for n in range(6)
    ],
    "a result that is dropped again": lambda call, block: [
        call([block("system", "p", 300), block("tool_result", f"f{n // 3}", 9_000, "read")]) for n in range(12)
    ],
}  # fmt: skip


@pytest.mark.parametrize("make", HEALTHY.values(), ids=HEALTHY.keys())
def test_healthy_work_is_left_alone(world: Any, call: Any, block: Any, make: Any) -> None:
    """None of these detectors says anything."""
    frames = world(*make(call, block))
    for detector in {case[0].name: case[0] for case in CASES.values()}.values():
        if make is HEALTHY["a result that is dropped again"] and detector is cache_unused.DETECTOR:
            continue  # it is re-sent at full price, which is worth a word
        assert detector.judge(frames).collect()["evidence"].to_list() == []


def test_tools_whose_use_nobody_names_are_left_alone(world: Any, call: Any, block: Any) -> None:
    """There are results, and no names: the tools may have been used."""
    tools = [block("tool_definition", f"t{n}", 3_000, f"t{n}") for n in range(2)]
    calls = [call([*tools, block("tool_result", f"r{n}", 50)]) for n in range(6)]
    assert unused_tools.DETECTOR.judge(world(*calls)).collect().is_empty()


def test_by_token_counts_alone_it_says_that_it_guesses(world: Any, call: Any) -> None:
    """A reduced form, with less confidence, and only a warning."""
    (row,) = (
        cache_unused.DETECTOR.judge(world(*(call(input=9_000 + n) for n in range(5)))).collect().to_dicts()
    )
    assert (row["tier"], row["confidence"]) == ("warn", 0.5)
    assert "a guess by size" in row["evidence"]


def test_what_was_read_from_cache_costs_what_it_cost(world: Any, call: Any, block: Any) -> None:
    """The same file, carried in a prompt that the cache serves, costs a tenth."""
    cheap = carrying(call, block)
    served = [
        one if n == 0 else type(one)(one.context, read=9_300 if n > 1 else 0) for n, one in enumerate(cheap)
    ]
    (row,) = heavy_blocks.DETECTOR.judge(world(*served)).collect().to_dicts()
    assert row["wasted_usd_high"] == Decimal("0.027")
