"""What does a row of raw usage cost? From a line of a file to a price, or to what is wrong with it."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from otel_burn.anomalies import anomaly
from otel_burn.prices.aliases import Aliases, Target
from otel_burn.prices.calculation import Line, Price, billed_model, price
from otel_burn.prices.raw import Raw, read
from otel_burn.prices.version import RATE_VERSION
from otel_burn.usage import Usage

Row = Mapping[str, Any]
NO_OUTPUT: Final = (
    "embed", "rerank", "moderation", "cachedcontent", "transcri", "whisper", "ocr", "search", "count",
)  # fmt: skip
"""In the names of APIs and models whose answers have no output tokens."""


class RowError(ValueError):
    """A row that cannot be read, in words."""


def price_row(row: Row, aliases: Aliases) -> dict[str, Any]:
    """The price of one row: {id, usd, status, lines}, with a `reason` where there is something to say."""
    at = moment(row)
    provider, model = _text(row, "provider"), _text(row, "model")
    api = _text(row, "api")
    raw = read(row.get("usage"), provider=provider, api=api, model=model)
    told = _priced(row, raw, at, provider, model, api, aliases)
    return {"id": row.get("id"), **told}


def _priced(
    row: Row, raw: Raw, at: datetime, provider: str, model: str, api: str, aliases: Aliases
) -> dict[str, Any]:
    if raw.reported is not None:
        return _answer(raw.reported, "reported", (), "the provider said so")
    names = [_text(row, "alias") or model, raw.model]
    found = next((target for name in names if (target := aliases.find(name))), None)
    target = found or Target(model="")
    seller = target.provider or provider
    billed = target.model or billed_model(seller, names[0] or None, raw.model)
    tier, notes = _tier(row, raw, api)
    region = raw.region or target.region or _text(row, "region") or None
    parts = [(billed, raw.usage or Usage()), *raw.more]
    asked = [names[0] or None, *(None for _ in raw.more)]
    prices = [
        price(
            provider=seller,
            model=name,
            at=at,
            usage=usage or Usage(),
            service_tier=tier,
            region=region,
            asked=first,
        )
        for (name, usage), first in zip(parts, asked, strict=True)
    ]
    if raw.usage is None and prices[0].status != "not_metered":
        return _answer(None, "unknown_usage", (), raw.problem)
    return _summed(prices, [*notes, *_doubts(raw, f"{api} {billed}")])


def _summed(prices: list[Price], notes: list[str]) -> dict[str, Any]:
    missing = next((one for one in prices if one.usd is None), None)
    if missing is not None:
        return _answer(None, missing.status, (), missing.reason)
    status = max({one.status for one in prices}, key=("not_metered", "computed", "estimated").index)
    reasons = [*notes, *(one.reason for one in prices if one.reason)]
    if notes and status == "computed":
        status = "estimated"
    lines = tuple(line for one in prices for line in one.lines)
    return _answer(sum((one.usd for one in prices if one.usd), Decimal(0)), status, lines, "; ".join(reasons))


def _tier(row: Row, raw: Raw, api: str) -> tuple[str | None, list[str]]:
    """The tier that served the call, as the answer says; what was asked for is no more than a hint.

    A batch is told by its endpoint: the answers in it say `default`.
    """
    said = _text(row, "service_tier")
    if "batch" in (said.lower(), (raw.tier or "").lower()) or "batch" in api.lower():
        return "batch", []
    if raw.tier:
        return raw.tier, []
    if said or not raw.asked_tier:
        return said or None, []
    return raw.asked_tier, [f"the answer does not say which tier served; {raw.asked_tier!r} was asked for"]


def _doubts(raw: Raw, called: str) -> Iterator[str]:
    if raw.usage is None:
        return
    if found := anomaly(raw.usage, raw.total):
        yield found
    fees_only = raw.usage.input_tokens is None and raw.usage.units
    if (
        raw.usage.output_tokens is None
        and not fees_only
        and not any(word in called.lower() for word in NO_OUTPUT)
    ):
        yield "the provider reported no output"


def moment(row: Row) -> datetime:
    """When the call was made."""
    said = row.get("at")
    try:
        at = datetime.fromisoformat(said) if isinstance(said, str) else None
    except ValueError:
        at = None
    if at is None:
        raise RowError(f"`at` is {said!r}; give the time of the call, as 2026-11-15T12:00:00Z")
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _text(row: Row, key: str) -> str:
    value = row.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise RowError(f"`{key}` is {value!r}, not a text")
    return value


def _answer(usd: Decimal | None, status: str, lines: tuple[Line, ...], reason: str) -> dict[str, Any]:
    told: dict[str, Any] = {
        "usd": usd if usd is None else _short(usd),
        "status": status,
        "lines": [_line(line) for line in lines],
    }
    if reason:
        told["reason"] = reason
    if lines:
        told["rate_version"] = RATE_VERSION
    return told


def _line(line: Line) -> dict[str, Any]:
    return {
        "unit": line.unit,
        "quantity": line.quantity,
        "rate": _short(line.rate),
        "usd": _short(line.usd),
        "rate_id": line.rate_id,
    }


def _short(amount: Decimal) -> Decimal:
    """*amount* without zeros behind its last digit."""
    text = format(amount, "f")
    return Decimal(text.rstrip("0").rstrip(".") if "." in text else text)
