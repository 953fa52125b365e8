"""Do prices by columns equal those of one call after another, to the last digit, in every field?"""

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_burn.prices.aliases import Aliases, Target
from otel_burn_collector.ledger import pricing

MODELS = (
    ("anthropic", "claude-opus-5-5"),
    ("anthropic", "claude-haiku-5-5"),
    ("anthropic", "claude-sonnet-5-5"),
    ("openai", "gpt-6.1-sol"),
    ("openai", "o3"),
    ("openai", "o1-pro"),
    ("openai", "gpt-5.4-2099-01-01"),
    ("openai", "prod"),
    ("openai", "mystery-9"),
    ("azure.ai.openai", "model-router"),
    ("gcp.gemini", "gemini-2.5-pro"),
    ("gcp.gemini", "gemma-3-27b-it"),
    ("gcp.vertex_ai", "claude-opus-5-5"),
    ("deepseek", "deepseek-v4-flash"),
    ("deepseek", "deepseek-chat"),
    ("x_ai", "grok-4.7"),
    ("aws.bedrock", "us.anthropic.claude-opus-4-5-20251101-v1:0"),
    ("perplexity", "sonar-deep-research"),
    ("perplexity", "sonar"),
    ("openrouter", "google/gemini-3.5-flash"),
    ("litellm", "gpt-5"),
    ("ollama", "llama3.2"),
    ("zai", "GLM-5.3-Flash"),
    (None, None),
)
BEGIN, END = (int(datetime(*day, tzinfo=UTC).timestamp() * 1e6) for day in ((2025, 1, 1), (2027, 3, 1)))
TOKENS = st.one_of(
    st.none(),
    st.integers(0, 1000),
    st.integers(0, 400_000),
    st.sampled_from([100_000, 100_001, 199_999, 200_000, 200_001, 272_000, 272_001, 2**22, 10**12]),
)
CALL = st.fixed_dictionaries(
    {
        "model": st.sampled_from(MODELS),
        "response_model": st.sampled_from([None, "gpt-4o-2024-08-06", "claude-opus-5-5"]),
        "at_us": st.integers(BEGIN, END),
        "host": st.sampled_from([None, "api.openai.com", "127.0.0.1"]),
        "service_tier": st.sampled_from([None, "default", "priority", "batch", "flex", "fast", "scale"]),
        "region": st.sampled_from([None, "us", "eu", "global", "us-east5"]),
        "status": st.sampled_from(["ok", "ok", "ok", "error"]),
        "http_status": st.sampled_from([None, 200, 500]),
        "reported_usd": st.sampled_from([None, 1]),
        "failures": st.just(None),
        "input_tokens": TOKENS,
        "output_tokens": TOKENS,
        "cache_read_tokens": TOKENS,
        "cache_write_tokens": TOKENS,
        "cache_write_5m_tokens": st.one_of(st.none(), st.integers(0, 500)),
        "cache_write_1h_tokens": st.one_of(st.none(), st.integers(0, 500)),
        "reasoning_tokens": st.one_of(st.none(), st.integers(0, 50)),
        "audio_input_tokens": st.sampled_from([None, 0, 5]),
        "audio_output_tokens": st.none(),
        "extras": st.sampled_from([None, None, '{"web_search_requests": 2}', '{"provider_usd": 0.25}']),
        "usage_status": st.sampled_from(["exact", "exact", "partial"]),
        "dialect": st.sampled_from([None, "otel_burn", "openai-v2"]),
        "attempts": st.sampled_from([1, 1, 2]),
    }
)
TEXT = ("call_id", "provider", "request_model", "response_model", "host", "service_tier", "region", "status",
        "extras", "usage_status", "dialect")  # fmt: skip


def used(calls: list[dict[str, Any]]) -> pa.Table:
    """The rows of `read_used.sql` for *calls*, some of them with two attempts."""
    rows = []
    for number, call in enumerate(calls):
        provider, model = call["model"]
        row = {key: value for key, value in call.items() if key not in ("model", "attempts")}
        rows += [{**row, "call_id": f"{number:05}", "provider": provider, "request_model": model}] * call[
            "attempts"
        ]
    kinds = {name: pa.string() for name in TEXT} | {
        "reported_usd": pa.decimal128(38, 12),
        "failures": pa.list_(pa.string()),
    }
    schema = pa.schema([(name, kinds.get(name, pa.int64())) for name in rows[0]])
    return pa.Table.from_pylist(rows, schema=schema)


@settings(max_examples=60)
@given(calls=st.lists(CALL, min_size=1, max_size=60))
def test_columns_and_single_calls_agree(calls: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    """Amounts, statuses, reasons, lines with their rates and ids, and what goes to which part of the prompt."""
    names = Aliases({"prod": Target("claude-sonnet-5-5", "anthropic", "us")})
    monkeypatch.setattr(pricing.aliases, "current", lambda: names)
    table, bills = used(calls), []
    for least in (1, 10**9):
        monkeypatch.setattr(pricing, "WORTH_COLUMNS", least)
        rows = pricing.priced(table).to_pylist()
        bills.append({row["call_id"]: _comparable(row) for row in rows})
    assert bills[0] == bills[1]
    assert len(bills[0]) == len(calls)


def _comparable(row: dict[str, Any]) -> dict[str, Any]:
    """*row* without the difference between 0 and nothing in parts of a call that has no lines."""
    lines = row["cost_lines"] or None
    parts = {name: row[name] if lines else None for name in ("read_pico", "write_pico", "rest_pico")}
    return {**row, **parts, "cost_lines": lines, "rate_version": row["rate_version"] if lines else None}


def test_most_calls_are_priced_by_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ordinary calls of the usual models need no path of their own."""
    usual = {"host": None, "service_tier": None, "region": None, "failures": None, "reported_usd": None}
    tokens = dict.fromkeys(
        ("cache_write_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens", "reasoning_tokens",
         "audio_input_tokens", "audio_output_tokens", "extras", "response_model", "http_status")
    )  # fmt: skip
    calls = [
        {**usual, **tokens, "model": model, "at_us": BEGIN + number, "status": "ok", "usage_status": "exact",
         "input_tokens": 1000, "output_tokens": 10, "cache_read_tokens": 500, "attempts": 1}
        for number, model in enumerate(MODELS[:6] * 20)
    ]  # fmt: skip
    monkeypatch.setattr(pricing, "_bill", None)
    assert pricing.priced(used(calls)).num_rows == 120
