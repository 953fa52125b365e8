"""What does one call cost? Usage to disjoint units, units times rates, exact sums."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Context, Decimal, Inexact

from otel_burn.prices.lookup import Tariff, find_model, find_rates, is_local
from otel_burn.prices.version import RATE_VERSION
from otel_burn.usage import Usage

EXACT = Context(prec=80, traps=[Inexact])
"""Money is never rounded, whatever decimal context the agent around us has set."""

STAND_INS: Mapping[str, str] = {
    "cache_read_tokens": "input_tokens",
    "cache_write_tokens": "input_tokens",
    "reasoning_tokens": "output_tokens",
}
"""Where a price list has no rate of its own for a unit, the whole that it is part of sets the rate. Not
so for audio, whose rate is a multiple of the text's, nor for one-hour cache writes."""


@dataclass(frozen=True, slots=True)
class Line:
    """One unit of a bill: *quantity* times *rate* (US dollars per one unit) is *usd*, exactly."""

    unit: str
    quantity: int
    rate: Decimal
    usd: Decimal


@dataclass(frozen=True, slots=True)
class Price:
    """What a call cost. The lines sum to `usd` exactly; `reason` says why there is none."""

    usd: Decimal | None
    status: str
    """computed | estimated | unpriced | not_metered"""
    lines: tuple[Line, ...]
    rate_version: str
    reason: str = ""


def billed_model(provider: str | None, requested: str | None, responded: str | None) -> str | None:
    """By which name a call is billed: the model that answered, as it is more exact than the alias that was asked for.

    On Bedrock the profile that was asked for tells the price (`global.` and regional ones differ), and the answer of
    `InvokeModel` names the bare model. A profile of one's own has a name that no list has.
    """
    if provider == "aws.bedrock" and requested and "application-inference-profile" not in requested:
        return requested
    return responded or requested


def price(
    *,
    provider: str | None,
    model: str | None,
    at: datetime,
    usage: Usage,
    service_tier: str | None = None,
    host: str | None = None,
) -> Price:
    """Price one call at the rates of its own date.

    *provider* is `gen_ai.provider.name` or what an SDK writes instead; a *host* that the table knows
    (`api.groq.com`) outranks it, as OpenAI's SDK calls many others. *service_tier* is the one served.
    A naive *at* is taken as UTC. Where nothing but the model's name tells who bills (no provider, a router,
    a gateway of one's own), the price is that of its maker's list, and `estimated`.

    All or nothing: an unknown model, a tier without published rates, usage that is missing or contradicts
    itself, or any unit that has tokens but no rate (audio where only text is listed, one-hour cache
    writes) leaves the whole call `unpriced` with `usd` None, never a silent part of the bill.
    """
    name = model or ""
    if is_local(provider, name):
        return Price(Decimal(0), "not_metered", (), RATE_VERSION)
    listed = find_model(provider, name, host) if name else None
    if listed is None:
        return _unpriced(f"no price list has the model {model!r} of the provider {provider!r}")
    if usage.input_tokens is None:
        return _unpriced("the provider reported no usage")
    moment = at.astimezone(UTC) if at.tzinfo else at
    minute = f"{moment:%H:%M}" if listed.has_windows else ""
    rates = find_rates(listed, moment.date(), minute, service_tier)
    if rates is None:
        return _unpriced(
            f"{listed.model.name} has no rates for the service tier {service_tier!r} on that day"
        )
    status = "estimated" if listed.guessed else "computed"
    return _bill(dict(_quantities(usage, rates)), rates, usage.input_tokens, status)


def _quantities(usage: Usage, rates: Mapping[str, Tariff]) -> Iterator[tuple[str, int]]:
    """Disjoint units: each token stands in exactly one of them."""
    read = usage.cache_read_tokens or 0
    write_1h = usage.cache_write_1h_tokens or 0
    write = usage.cache_write_tokens
    if write is None:
        write = (usage.cache_write_5m_tokens or 0) + write_1h
    audio_in, audio_out = usage.audio_input_tokens or 0, usage.audio_output_tokens or 0
    reasoning = (usage.reasoning_tokens or 0) if "reasoning_tokens" in rates else 0
    yield "input_tokens", (usage.input_tokens or 0) - read - write - audio_in
    yield "cache_read_tokens", read
    yield "cache_write_tokens", write - write_1h
    yield "cache_write_1h_tokens", write_1h
    yield "audio_input_tokens", audio_in
    yield "output_tokens", (usage.output_tokens or 0) - audio_out - reasoning
    yield "reasoning_tokens", reasoning
    yield "audio_output_tokens", audio_out
    yield "requests", 1 if "requests" in rates else 0


def _bill(
    quantities: Mapping[str, int], rates: Mapping[str, Tariff], input_tokens: int, status: str
) -> Price:
    lines = []
    total = Decimal(0)
    for unit, quantity in quantities.items():
        if quantity == 0:
            continue
        if quantity < 0:
            return _unpriced(f"the parts of the usage exceed the whole: {quantity} {unit} are left over")
        tariff = rates.get(unit) or rates.get(STAND_INS.get(unit, ""))
        if tariff is None:
            return _unpriced(f"the price list has no rate for {unit}, and the call has {quantity}")
        rate = tariff.at(input_tokens)
        usd = EXACT.multiply(rate, quantity)
        total = EXACT.add(total, usd)
        lines.append(Line(unit, quantity, rate, usd))
    return Price(total, status, tuple(lines), RATE_VERSION)


def _unpriced(reason: str) -> Price:
    return Price(None, "unpriced", (), RATE_VERSION, reason)
