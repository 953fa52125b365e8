"""Where do the provider's numbers and the ledger's differ, and why probably? By day and model."""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from otel_burn.prices.sellers import find_model
from otel_burn_collector.provider_exports import TOKENS, Export, Used, read_export
from otel_burn_collector.reader import open_ledger

LEDGER: Final = """
    SELECT started_at::DATE AS day, coalesce(response_model, request_model, '') AS model, count(*) AS calls,
           sum(cost_usd) AS usd, count(*) FILTER (cost_status = 'unpriced') AS unpriced,
           sum(input_tokens)::BIGINT AS input_tokens, sum(cache_read_tokens)::BIGINT AS cache_read_tokens,
           sum(cache_write_tokens)::BIGINT AS cache_write_tokens,
           sum(cache_write_1h_tokens)::BIGINT AS cache_write_1h_tokens, sum(output_tokens)::BIGINT AS output_tokens
    FROM llm_calls
    WHERE provider = $provider AND started_at >= $first AND started_at < $last::DATE + INTERVAL 1 DAY
    GROUP BY ALL
"""
ROW: Final = pa.schema(
    {
        "day": pa.date32(),
        "model": pa.string(),
        "provider_usd": pa.decimal128(38, 12),
        "ledger_usd": pa.decimal128(38, 12),
        "difference_usd": pa.decimal128(38, 12),
        "provider_calls": pa.int64(),
        "ledger_calls": pa.int64(),
        "provider_tokens": pa.int64(),
        "ledger_tokens": pa.int64(),
        "likely_cause": pa.string(),
    }
)
CLOSE: Final = Decimal("0.005")
"""Differences below half a per cent are nothing."""
RATIOS: Final = (
    (Decimal("0.5"), "half of our price: a batch, or flex, that the answer did not tell"),
    (Decimal("0.8"), "four fifths of our price: a batch of xAI's kind, or a discount of your contract"),
    (Decimal("1.1"), "a tenth more than our price: a data residency or regional endpoint that nobody told"),
    (Decimal("2"), "twice our price: priority, fast mode or a long prompt that nobody told"),
)
"""What the provider charges, over what we compute, where the tokens agree."""


def reconcile(db: Path, file: Path, provider: str | None) -> tuple[pa.Table, Export]:
    """Each day and model of the export in *file*, or of the ledger in the same days, with the difference."""
    export = read_export(file, provider)
    days = [day for day, _ in export.used]
    rows: list[dict[str, Any]] = []
    if days:
        params = {"provider": export.provider, "first": min(days), "last": max(days)}
        with open_ledger(db) as ledger:
            rows = ledger.query(LEDGER, params).to_pylist()
    return pa.Table.from_pylist(list(_compared(export, rows)), schema=ROW), export


def _compared(export: Export, rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    theirs: dict[tuple[date, str], Used] = {}
    ours: dict[tuple[date, str], dict[str, Any]] = {}
    for (day, model), used in export.used.items():
        theirs.setdefault((day, _named(export.provider, model)), Used()).add(used)
    for row in rows:
        _add(ours.setdefault((row["day"], _named(export.provider, row["model"])), {}), row)
    for key in sorted({*theirs, *ours}):
        yield _difference(key, theirs.get(key), ours.get(key))


def _named(provider: str, model: str) -> str:
    """How the price list calls *model*: a snapshot and its alias are one."""
    listed = find_model(provider, model) if model else None
    return listed.model.name if listed else model or "(no model)"


def _add(total: dict[str, Any], row: Mapping[str, Any]) -> None:
    for name in ("calls", "usd", "unpriced", *TOKENS):
        if row[name] is not None:
            total[name] = total.get(name, 0) + row[name]


def _difference(key: tuple[date, str], their: Used | None, our: dict[str, Any] | None) -> dict[str, Any]:
    usd = None if our is None else our.get("usd")
    told = their.usd if their else None
    difference = None if told is None else (usd or Decimal(0)) - told
    return {
        "day": key[0],
        "model": key[1],
        "provider_usd": told,
        "ledger_usd": usd,
        "difference_usd": difference,
        "provider_calls": their and their.requests,
        "ledger_calls": our and our["calls"],
        "provider_tokens": _tokens(their.tokens) if their and their.tokens else None,
        "ledger_tokens": _tokens(our) if our else None,
        "likely_cause": _cause(their, our),
    }


def _tokens(counts: Mapping[str, int]) -> int:
    return counts.get("input_tokens", 0) + counts.get("output_tokens", 0)


def _cause(their: Used | None, our: dict[str, Any] | None) -> str:
    """Why they differ, as far as the numbers tell; empty where they agree."""
    if our is None:
        return "the ledger saw none of it: another key, machine or tool calls this model"
    if their is None:
        return "the provider's export has none of it: other keys or days, or calls through somebody else"
    if their.tokens:
        found = _token_cause(their.tokens, our)
        if found:
            return found
    elif their.requests is not None and not _near(their.requests, our["calls"]):
        return _more_or_less(their.requests, our["calls"], "calls")
    return _money_cause(their, our)


def _token_cause(told: Mapping[str, int], our: Mapping[str, Any]) -> str:
    if not _near(_tokens(told), _tokens(our)):
        return _more_or_less(_tokens(told), _tokens(our), "tokens")
    for name, what in (
        ("cache_read_tokens", "cache reads"),
        ("cache_write_1h_tokens", "one-hour cache writes"),
        ("cache_write_tokens", "cache writes"),
        ("output_tokens", "output"),
    ):
        if name in told and not _near(told[name], our.get(name, 0)):
            return f"the tokens agree, their kinds do not: {told[name]:,} {what} there, {our.get(name, 0):,} here"
    return ""


def _money_cause(their: Used, our: Mapping[str, Any]) -> str:
    if our.get("unpriced"):
        return f"{our['unpriced']:,} calls have no price here: `otel-burn prices unmatched`"
    usd = our.get("usd")
    if their.usd is None or usd is None or _near(their.usd, usd):
        return ""
    if usd:
        ratio = their.usd / usd
        for expected, cause in RATIOS:
            if abs(ratio / expected - 1) < CLOSE * 2:
                return cause
    what = (
        "a fee that no answer tells, or a higher rate"
        if their.usd > usd
        else "a discount, credits, or a lower rate"
    )
    return f"the money differs, the tokens do not explain it: {what}"


def _more_or_less(there: int, here: int, what: str) -> str:
    if there > here:
        return (
            f"{there - here:,} {what} more there: calls that the ledger did not see, or around midnight UTC"
        )
    return f"{here - there:,} {what} more here: another organisation's calls, late billing, or a double count"


def _near(one: int | Decimal, other: int | Decimal) -> bool:
    return abs(Decimal(one) - Decimal(other)) <= CLOSE * max(abs(Decimal(one)), abs(Decimal(other)))
