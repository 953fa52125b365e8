"""Which frames do the detectors of waste read? A world of calls, as the ledger would hand it over."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from otel_burn_analytics import conversations, runs
from otel_burn_analytics.finding import MONEY, TIME

START = datetime(2026, 11, 23, 9)  # noqa: DTZ001 - the ledger's times are UTC without a zone
RATES = {"read": 0.3e-6, "write": 3.75e-6, "rest": 3e-6, "output": 15e-6}
"""Of claude-sonnet-4-5, dollars a token."""

Frames = dict[str, pl.LazyFrame]

TEXTS = (
    "call_id", "session_id", "agent", "agent_id", "work_id", "trace_id", "span_id", "run_id", "parent_session_id",
    "parent_span_id", "user_id", "project", "service_tier", "provider", "operation", "request_model", "response_model",
    "status", "error_type", "finish_reason", "usage_status", "reasoning_level", "cost_status", "context_status",
)  # fmt: skip
COUNTS = (
    "http_status", "attempts", "input_tokens", "uncached_input_tokens", "cache_read_tokens", "cache_write_tokens",
    "cache_write_1h_tokens", "output_tokens", "reasoning_tokens", "context_bytes",
)  # fmt: skip
SCHEMAS: dict[str, dict[str, Any]] = {
    "llm_calls": {
        **dict.fromkeys(TEXTS, pl.String),
        **dict.fromkeys(COUNTS, pl.Int64),
        **dict.fromkeys(("duration_ms", "read_usd", "write_usd", "rest_usd"), pl.Float64),
        "started_at": TIME,
        "cost_usd": MONEY,
    },
    "context_parts": dict(runs.CONTEXT_PARTS),
    "interned_blocks": dict(runs.INTERNED_BLOCKS),
    "tool_calls": {
        "call_id": pl.String, "session_id": pl.String, "tool_name": pl.String, "seq": pl.Int64, "started_at": TIME
    },
}  # fmt: skip


@dataclass(frozen=True)
class Block:
    """A block of a context, four bytes a token; what it is not told it is not."""

    kind: str
    hash: str | None
    tokens: int
    tool: str | None = None
    tool_call_id: str | None = None


@dataclass(frozen=True)
class Call:
    """An LLM call; its input is that of its context unless said otherwise."""

    context: Sequence[Block] | None = None
    at: float | None = None
    """Seconds after the first call; ten more than the last one by default."""
    session: str = "s1"
    agent: str = "coder"
    input: int | None = None
    read: int = 0
    write: int = 0
    output: int = 50
    priced: bool = True
    metered: bool = True
    asks: Sequence[str] = ()
    """Tools that it asked for."""
    more: dict[str, Any] = field(default_factory=dict)
    """Other columns of `llm_calls`."""

    @property
    def tokens(self) -> int | None:
        """Its input."""
        if not self.metered:
            return None
        return sum(block.tokens for block in self.context or ()) if self.input is None else self.input


@dataclass
class Tree:
    """Contexts, their common beginnings stored once, as branches."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    children: dict[tuple[int, object], int] = field(default_factory=dict)
    branches: list[int] = field(default_factory=list)
    """Of each node its branch."""

    def path(self, context: Sequence[Block]) -> list[dict[str, int]]:
        """The parts of a context; what of it is new is added."""
        node, upto, parts = -1, 0, []
        for position, block in enumerate(context, start=1):
            upto += block.tokens * 4
            # Content without a hash is nobody else's.
            key = (node, (block.kind, block.hash) if block.hash else object())
            if key not in self.children:
                self._grow(node, key, position, upto, block)
            node = self.children[key]
            branch = self.branches[node]
            if not parts or parts[-1]["branch"] != branch:
                parts.append({"branch": branch, "first": position, "last": position})
            parts[-1]["last"] = position
        return parts

    def _grow(self, node: int, key: tuple[int, object], position: int, upto: int, block: Block) -> None:
        goes_on = node >= 0 and not any(parent == node for parent, _ in self.children)
        branch = self.branches[node] if goes_on else len(set(self.branches))
        self.children[key] = len(self.branches)
        self.branches.append(branch)
        self.rows.append(
            {
                "branch": branch, "position": position, "kind": block.kind,
                "hash": block.hash or f"only {len(self.rows)}", "bytes": block.tokens * 4, "upto": upto,
                "tool_name": block.tool, "tool_call_id": block.tool_call_id,
            }
        )  # fmt: skip


def world(*calls: Call) -> Frames:
    """The frames that detectors read, with these calls in them, typed as the ledger's are."""
    tree, rows, parts, asked = Tree(), [], [], []
    at = -10.0
    for number, call in enumerate(calls):
        at = at + 10 if call.at is None else call.at
        call_id = f"{call.session}-call-{number}"
        rows.append(_call_row(call, call_id, at))
        parts += [{"call_id": call_id, **part} for part in tree.path(call.context or ())]
        asked += [_asked(call, call_id, name, len(asked) + place, at) for place, name in enumerate(call.asks)]
    found = {"llm_calls": rows, "context_parts": parts, "interned_blocks": tree.rows, "tool_calls": asked}
    typed = {
        name: pl.LazyFrame(rows, schema=SCHEMAS[name], infer_schema_length=None)
        for name, rows in found.items()
    }
    return derived(typed)


def derived(views: Frames) -> Frames:
    """*views* and the frames that are made of them."""
    known = runs.numbered(views["llm_calls"], views["context_parts"]).collect().lazy()
    blocks = runs.block_runs(known, views["context_parts"], views["interned_blocks"]).collect().lazy()
    opened = conversations.openings(views["context_parts"], views["interned_blocks"]).collect().lazy()
    return {**views, "context_calls": known, "block_runs": blocks, "openings": opened}


def _time(at: float) -> datetime:
    return START + timedelta(seconds=at)


def _asked(call: Call, call_id: str, name: str, seq: int, at: float) -> dict[str, Any]:
    return {
        "call_id": call_id, "session_id": call.session, "tool_name": name, "seq": seq, "started_at": _time(at)
    }  # fmt: skip


def _call_row(call: Call, call_id: str, at: float) -> dict[str, Any]:
    total = call.tokens
    rest = None if total is None else total - call.read - call.write
    usd = {
        "read_usd": call.read * RATES["read"],
        "write_usd": call.write * RATES["write"],
        "rest_usd": None if rest is None else rest * RATES["rest"],
    }
    known = call.priced and total is not None
    cost = sum(usd.values()) + call.output * RATES["output"] if known else None
    return {
        "call_id": call_id, "session_id": call.session, "agent": call.agent, "agent_id": None, "work_id": "T-1",
        "trace_id": f"{call.session}-trace", "span_id": f"{call_id}-span", "run_id": None,
        "parent_session_id": None, "parent_span_id": None, "user_id": None, "project": None, "service_tier": None,
        "started_at": _time(at), "duration_ms": 2_000.0, "provider": "anthropic", "operation": "chat",
        "request_model": "claude-sonnet-4-5", "response_model": "claude-sonnet-4-5", "status": "ok",
        "error_type": None, "http_status": 200, "attempts": 1, "finish_reason": "stop",
        "usage_status": "exact" if total is not None else "missing",
        "input_tokens": total, "uncached_input_tokens": rest,
        "cache_read_tokens": call.read if total is not None else None,
        "cache_write_tokens": call.write if total is not None else None,
        "cache_write_1h_tokens": 0, "output_tokens": call.output if total is not None else None, "reasoning_tokens": 0,
        "reasoning_level": None,
        "cost_usd": None if cost is None else Decimal(f"{cost:.12f}"),
        "cost_status": "computed" if known else "unpriced",
        **(usd if known else dict.fromkeys(usd)),
        "context_status": "full" if call.context else None,
        "context_bytes": sum(block.tokens * 4 for block in call.context) if call.context else None,
        **call.more,
    }  # fmt: skip


@pytest.fixture(name="world", scope="session")
def world_fixture() -> Callable[..., Frames]:
    """Builds the frames of a list of calls."""
    return world


@pytest.fixture(name="call", scope="session")
def call_fixture() -> type[Call]:
    """An LLM call."""
    return Call


@pytest.fixture(name="block", scope="session")
def block_type_fixture() -> type[Block]:
    """A block of a context."""
    return Block
