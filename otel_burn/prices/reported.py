"""What does an answer itself say that it cost? Routers and some providers tell it in the usage."""

from decimal import Decimal, InvalidOperation
from typing import Any, Final

from otel_burn.formats.fields import Json, decoded, mapping

TICKS: Final = 10**10
"""xAI's unit of money in a dollar."""


def reported_usd(usage_raw: str | None) -> Decimal | None:
    """The cost that a usage object as JSON names; most have none, and are not decoded."""
    if usage_raw is None or "cost" not in usage_raw:
        return None
    return reported(decoded(usage_raw.encode()))


def reported(usage: Json) -> Decimal | None:
    """What the answer says that it cost, in dollars: OpenRouter, Perplexity, xAI, and gateways that do the same.

    With a key of one's own at OpenRouter, `cost` is its fee, and the provider's bill stands beside it; where it does
    not, nobody said what the call costs.
    """
    if (ticks := _amount(usage.get("cost_in_usd_ticks"))) is not None:
        return ticks / TICKS
    said = usage.get("cost")
    cost = _amount(said.get("total_cost") if isinstance(said, dict) else said)
    if cost is None:
        return _amount(usage.get("total_cost"))
    if usage.get("is_byok") is not True:
        return cost
    upstream = _amount(mapping(usage, "cost_details").get("upstream_inference_cost"))
    return None if upstream is None else cost + upstream


def _amount(said: Any) -> Decimal | None:
    if isinstance(said, bool) or not isinstance(said, int | float | str | Decimal):
        return None
    try:
        amount = Decimal(str(said))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and amount >= 0 else None
