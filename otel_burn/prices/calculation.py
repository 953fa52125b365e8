"""What does one call cost? Disjoint units times the rates of its day and conditions, summed exactly."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final, NamedTuple

from otel_burn.prices.buckets import buckets, compaction
from otel_burn.prices.lookup import ONE, Rates, Tariff, dollars, find_rates
from otel_burn.prices.sellers import find_model, is_local
from otel_burn.prices.version import RATE_VERSION
from otel_burn.usage import Usage

STAND_INS: Final = {
    "cache_read_tokens": "input_tokens",
    "cache_write_tokens": "input_tokens",
    "image_input_tokens": "input_tokens",
    "image_cache_read_tokens": "cache_read_tokens",
    "image_output_tokens": "output_tokens",
    "video_input_tokens": "input_tokens",
    "video_output_tokens": "output_tokens",
    "reasoning_tokens": "output_tokens",
}
"""Where a price list has no rate of its own for a unit, the whole that it is part of sets the rate. Not so for audio,
whose rate is a multiple of the text's, nor for longer cache writes."""

ONE_RATE: Final = {
    "audio_input_tokens": "input_tokens",
    "audio_cache_read_tokens": "cache_read_tokens",
    "audio_output_tokens": "output_tokens",
}
"""Google's list names audio where it costs more than text; a model without such a rate has one for all modalities."""

FREE: Final = frozenset({"images", "characters", "requests_low", "requests_medium", "requests_high"})
"""Quantities that are told for every call and billed by few models: nothing is missing where no rate names them."""

PER_HOUR: Final = {
    "audio_input_seconds": ("audio_milliseconds", 1000, ("input_audio_hours", "audio_hours")),
    "cache_storage_token_seconds": ("cache_storage_token_seconds", 1, ("cache_storage_token_hours",)),
}
"""What is measured in seconds and billed by the hour: the line's unit, how many a second has, the rates' units."""


class Line(NamedTuple):
    """One unit of a bill: *quantity* times *rate* (US dollars per one unit) is *usd*, exactly."""

    unit: str
    quantity: int
    rate: Decimal
    usd: Decimal
    rate_id: str = ""


class Price:
    """What a call cost. The lines sum to `usd` exactly; `reason` says why there is none, or why it is an estimate."""

    __slots__ = ("_billed", "_total", "rate_version", "reason", "status")

    def __init__(
        self, total: int | None, status: str, billed: list[tuple[str, int, int, str]], reason: str = ""
    ) -> None:
        self._total, self._billed = total, billed
        self.status = status
        """computed | estimated | unpriced | not_metered | reported"""
        self.reason = reason
        self.rate_version = RATE_VERSION

    @property
    def usd(self) -> Decimal | None:
        """US dollars, not rounded."""
        return None if self._total is None else dollars(self._total)

    @property
    def lines(self) -> tuple[Line, ...]:
        """The bill, a line for each unit and rate."""
        return tuple(
            Line(unit, quantity, dollars(rate), dollars(rate * quantity), name)
            for unit, quantity, rate, name in self._billed
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Price):
            return NotImplemented
        mine, theirs = (
            (one._total, one._billed, one.status, one.reason, one.rate_version) for one in (self, other)
        )
        return mine == theirs

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Price({self.usd}, {self.status!r}, {self.reason!r})"


def billed_model(
    provider: str | None, requested: str | None, responded: str | None, host: str | None = None
) -> str | None:
    """By which name a call is billed: the model that answered, as it is more exact than the alias that was asked for.

    On Bedrock the profile that was asked for tells the price (`global.` and regional ones differ), and the answer of
    `InvokeModel` names the bare model. A profile of one's own, or a deployment, has a name that no list has: then the
    other one.
    """
    names = [requested, responded] if (provider or "") in BY_REQUEST else [responded, requested]
    known = [name for name in names if name]
    if len(known) < 2 or known[0] == known[1]:
        return known[0] if known else None
    return next((name for name in known if find_model(provider, name, host)), known[0])


ROUTER: Final = re.compile(r"(?:^|/)(?:azure-)?model[-_]router$")
"""Azure's router, which bills its choice of a model beside the model."""

BY_REQUEST: Final = frozenset({"aws.bedrock", "aws", "bedrock"})


def price(
    *,
    provider: str | None,
    model: str | None,
    at: datetime,
    usage: Usage,
    service_tier: str | None = None,
    host: str | None = None,
    region: str | None = None,
    asked: str | None = None,
) -> Price:
    """Price one call at the rates of its own date.

    *provider* is `gen_ai.provider.name` or what an SDK writes instead; a *host* that the table knows
    (`api.groq.com`) outranks it, as OpenAI's SDK calls many others. *service_tier* is the one served (`batch` and
    `fast` too), *region* where it was served, as the provider names that; *asked* is what was asked for, where a router
    of the provider's chose *model*, and bills its choice. A naive *at* is taken as UTC. Where nothing
    but the model's name tells who bills (no provider, a router, a gateway of one's own), the price is that of its
    maker's list, and `estimated`.

    All or nothing: an unknown model, a tier without published rates, usage that is missing or contradicts
    itself, or any unit that has tokens but no rate (audio where only text is listed, one-hour cache
    writes) leaves the whole call `unpriced` with `usd` None, never a silent part of the bill.
    """
    name = model or ""
    if ROUTER.search(name):
        return _unpriced(f"nobody said which model answered for {name!r}")
    if is_local(provider, name):
        return Price(0, "not_metered", [], "it ran on a machine of the user's own")
    listed = find_model(provider, name, host, region) if name else None
    if listed is None:
        return _unpriced(f"no price list has the model {model!r} of the provider {provider!r}")
    moment = at.astimezone(UTC) if at.tzinfo is not UTC and at.tzinfo else at
    minute = f"{moment:%H:%M}" if listed.has_windows else ""
    rates = find_rates(listed, moment.date(), minute, service_tier, region)
    if rates is None:
        return _unpriced(
            f"{listed.model.name} has no rates for the service tier {service_tier!r} on that day"
        )
    if not rates.tariffs:
        return Price(0, "not_metered", [], f"{listed.model.name} is free of charge")
    routing = _routing_rate(provider, asked, moment.date(), host) if asked and ROUTER.search(asked) else None
    return bill(usage, rates, routing)


def _routing_rate(provider: str | None, asked: str, day: date, host: str | None) -> Tariff | None:
    listed = find_model(provider, asked, host)
    rates = listed and find_rates(listed, day, "", None, None)
    return rates.tariffs.get("input_tokens") if rates else None


def bill(usage: Usage, rates: Rates, routing: Tariff | None = None) -> Price:
    """What *usage* costs at these *rates*, and at that of *routing* for each token that was read."""
    if usage.input_tokens is None and not usage.units:
        return _unpriced("the provider reported no usage")
    billed: list[tuple[str, int, int, str]] = []
    parts = (usage, own) if usage.units and (own := compaction(usage)) else (usage,)
    notes = rates.notes
    for part in parts:
        said = buckets(part, reasoning_apart="reasoning_tokens" in rates.tariffs)
        by_length = bool(part.units.get("audio_input_seconds")) and _by_the_hour("audio_input_seconds", rates)
        problem = said.problem or _add_lines(billed, said.units, rates, part.input_tokens or 0, by_length)
        if problem:
            return _unpriced(problem)
        notes = (*notes, said.note) if said.note else notes
    if usage.units and (problem := _add_fees(billed, usage, rates)):
        return _unpriced(problem)
    notes = (*notes, *_add_request(billed, rates.tariffs))
    if not billed and any(usage.units.values()):
        return _unpriced(f"the price list has no rate for {', '.join(sorted(usage.units))}")
    if routing is not None and usage.input_tokens:
        billed.append(("routed_input_tokens", usage.input_tokens, routing.base, routing.id))
    total = sum([rate * quantity for _, quantity, rate, _ in billed])
    return Price(total, "estimated" if notes else "computed", billed, "; ".join(notes))


def _add_lines(
    billed: list[tuple[str, int, int, str]],
    units: list[tuple[str, int]],
    rates: Rates,
    given: int,
    by_length: bool = False,
) -> str:
    """Add a line for each unit, or say why that cannot be done; *by_length*, tokens without a rate cost nothing."""
    tariffs = rates.tariffs
    grounded = "grounded_prompts" in tariffs
    for unit, quantity in units:
        if grounded and unit == "web_searches":
            unit, quantity = "grounded_prompts", 1
        tariff = tariffs.get(unit) or _stand_in(unit, rates)
        if tariff is None:
            if unit in FREE or (by_length and unit.endswith("_tokens")):
                continue
            return f"the price list has no rate for {unit}, and the call has {quantity}"
        billed.append((unit, quantity, *tariff.at(given)))
    return ""


def _stand_in(unit: str, rates: Rates) -> Tariff | None:
    other = STAND_INS.get(unit) or (ONE_RATE.get(unit) if rates.seller == "google" else None)
    if other is None:
        return None
    return rates.tariffs.get(other) or _stand_in(other, rates)


def _add_fees(billed: list[tuple[str, int, int, str]], usage: Usage, rates: Rates) -> str:
    """Lines for what is measured in seconds and billed by the hour."""
    for unit, (named, per_second, hours) in PER_HOUR.items():
        seconds = usage.units.get(unit)
        tariff = _tariff_of_hours(hours, rates)
        if seconds and tariff is not None:
            rate = tariff.base // (3600 * per_second)
            billed.append((named, round(seconds * per_second), rate, tariff.id))
        elif seconds and not usage.input_tokens:
            return f"the price list has no rate for {unit}, and the call has {seconds}"
    return ""


def _tariff_of_hours(hours: tuple[str, ...], rates: Rates) -> Tariff | None:
    return next((rates.tariffs[name] for name in hours if name in rates.tariffs), None)


def _by_the_hour(unit: str, rates: Rates) -> bool:
    return _tariff_of_hours(PER_HOUR[unit][2], rates) is not None


def _add_request(billed: list[tuple[str, int, int, str]], tariffs: Mapping[str, Tariff]) -> tuple[str, ...]:
    """A line for the request itself, unless a line for how much it searched, or how often, stands for it."""
    if any(unit.startswith("requests_") or unit == "web_searches" for unit, *_ in billed):
        return ()
    if (least := tariffs.get("requests_low")) is not None:
        billed.append(("requests_low", 1, least.base, least.id))
        return ("the answer does not say how much it searched, so the request costs the least",)
    if (request := tariffs.get("requests")) is not None:
        billed.append(("requests", 1, request.base, request.id))
    return ()


def _unpriced(reason: str) -> Price:
    return Price(None, "unpriced", [], reason)


__all__ = ["ONE", "Line", "Price", "bill", "billed_model", "price"]
