"""Which frames do the detectors' tests read? Built from a step a tool call, in a world whose clock ticks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest

from otel_burn_analytics.detectors import context_bloat, loops

START = datetime(2026, 11, 23, 9)
TICK = timedelta(seconds=10)
USAGE = {"input_tokens": 1_000, "output_tokens": 50, "cost_usd": Decimal("0.010000000002")}

LoopFrames = tuple[pl.LazyFrame, pl.LazyFrame]


@dataclass(frozen=True)
class Step:
    """A tool call: `read f(a) = x`, with an error class instead of a result where `!` stands for `=`."""

    effect: str
    tool: str
    args: str | None
    result: str | None
    error: str | None


def step(text: str) -> Step:
    """The step that *text* spells; `?` is what nobody recorded."""
    for sign in (" = ", " ! "):
        if sign in text:
            call, outcome = text.split(sign)
            effect, request = call.split(" ", 1)
            tool, args = request.rstrip(")").split("(")
            known = None if outcome == "?" else outcome
            failed = known if sign == " ! " else None
            text_hash = f"text of {known}" if failed else known
            return Step(effect, tool, None if args == "?" else args or "nothing", text_hash, failed)
    raise ValueError(text)


def tool_frames(
    *steps: str, session: str = "s1", agent: str = "coder", together: int = 1, priced: bool = True
) -> LoopFrames:
    """The frames of a session in which each LLM call asks for *together* of the *steps*."""
    rows, calls = [], []
    for seq, one in enumerate(map(step, steps)):
        turn = seq // together
        call_id = f"{session}-call-{turn}"
        rows.append(
            {
                "call_id": call_id, "session_id": session, "agent_id": None, "turn": turn, "seq": seq,
                "effect": one.effect, "tool_call_id": f"{session}-tool-{seq}", "tool_name": one.tool,
                "args_hash": one.args, "result_hash": one.result, "result_bytes": 120 if one.result else None,
                "error_class": one.error, "started_at": START + turn * TICK,
            }
        )  # fmt: skip
        if seq % together == 0:
            call = {"call_id": call_id, "trace_id": f"{session}-trace", "span_id": f"{session}-span-{turn}"}
            usage = USAGE if priced else {**USAGE, "cost_usd": None}
            calls.append({**call, "agent": agent, "work_id": None, **usage})
    return (
        pl.LazyFrame(rows, schema=loops.TOOL_CALLS),
        pl.LazyFrame(calls, schema=loops.LLM_CALLS),
    )


@dataclass(frozen=True)
class Block:
    """A block of a context; what it is not told it is not."""

    kind: str
    hash: str | None
    tokens: int | None
    tool: str | None = None


def context_frames(
    *contexts: Sequence[Block], session: str = "s1", agent: str = "coder", rate: str | None = "0.000001"
) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    """The frames of a session with a call for each of *contexts*, every token at *rate* dollars."""
    rows, calls = [], []
    for turn, context in enumerate(contexts):
        call_id = f"{session}-call-{turn}"
        calls.append(
            {
                "call_id": call_id, "session_id": session, "agent": agent, "agent_id": None, "work_id": "T-1",
                "trace_id": f"{session}-trace", "span_id": f"{session}-span-{turn}", "started_at": START + turn * TICK,
            }
        )  # fmt: skip
        for position, block in enumerate(context, start=1):
            known = rate is not None and block.tokens is not None
            usd = Decimal(rate or 0) * (block.tokens or 0) if known else None
            rows.append(
                {
                    "call_id": call_id, "position": position, "kind": block.kind, "tool_name": block.tool,
                    "tokens": block.tokens, "cost_usd": usd, "hash": block.hash,
                }
            )  # fmt: skip
    return (
        pl.LazyFrame(rows, schema=context_bloat.CONTEXT_BLOCKS),
        pl.LazyFrame(calls, schema=context_bloat.LLM_CALLS),
    )


@pytest.fixture(name="tool_frames", scope="session")
def tool_frames_fixture() -> Callable[..., LoopFrames]:
    """Builds the frames that `find_loops` reads."""
    return tool_frames


@pytest.fixture(name="context_frames", scope="session")
def context_frames_fixture() -> Callable[..., LoopFrames]:
    """Builds the frames that `find_context_bloat` reads."""
    return context_frames


@pytest.fixture(name="block", scope="session")
def block_fixture() -> type[Block]:
    """A block of a context."""
    return Block
