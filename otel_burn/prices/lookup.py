"""Which rates hold for a model on a day, in a tier and a region? Cached: a call costs two look-ups."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Context, Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Final

from otel_burn.prices.sellers import Listed
from otel_burn.prices.table import Period, Uplift, rate_id, unit_steps

DIGITS: Final = 24
"""Behind the point of a dollar: rates are whole numbers of 10⁻²⁴ dollars, so that no sum is rounded."""
ONE: Final = 10**DIGITS
_EXACT: Final = Context(prec=100, Emin=-10_000, Emax=10_000)
"""Not the one that the agent around us has set, which may round."""

STANDARD: Final = frozenset(
    {"", "default", "standard", "standard_only", "auto", "on_demand", "none", "unspecified", "reserved"}
)
"""Service tiers that are billed at the list price."""

TIERS: Final[Mapping[str, tuple[Mapping[str, str], ...]]] = {
    "batch": ({"processing": "batch"},),
    "flex": ({"service_tier": "flex"},),
    "on_demand_flex": ({"service_tier": "flex"},),
    "priority": ({"service_tier": "priority"},),
    "on_demand_priority": ({"service_tier": "priority"},),
    "ultrafast": ({"service_tier": "ultrafast"},),
    "balanced": ({"service_tier": "balanced"},),
    "fast": ({"speed": "fast"}, {"service_tier": "fast"}, {"service_tier": "priority"}),
}
"""Service tiers as responses name them to the condition in the table; the first that a model has counts."""

NOWHERE: Final = frozenset(
    {
        "", "global", "default", "not_available", "unknown", "none", "auto", "alias", "router", "localhost",
        "worldwide",
    }
)  # fmt: skip
"""Regions that are none."""

ZONE_FACTOR: Final = Fraction(11, 10)
"""What Azure's data zones cost where the zone's own rates are in no list."""

CACHED: Final = 8192


@dataclass(frozen=True, slots=True)
class Tariff:
    """A unit's rate below its first threshold, and the higher ones, the highest threshold first, in 10⁻²⁴ dollars."""

    base: int
    id: str
    above: tuple[tuple[int, int, str], ...] = ()
    """More input tokens than, the rate, the rate's id."""

    def at(self, input_tokens: int) -> tuple[int, str]:
        """The rate of a call that read *input_tokens*, cache included, and its id."""
        for over, rate, name in self.above:
            if input_tokens > over:
                return rate, name
        return self.base, self.id


@dataclass(frozen=True, slots=True, eq=False)
class Rates:
    """What one unit of everything costs under some conditions."""

    tariffs: Mapping[str, Tariff]
    seller: str
    notes: tuple[str, ...]
    """Why the price is an estimate; none: it isn't."""


@lru_cache(maxsize=CACHED)
def find_rates(listed: Listed, day: date, minute: str, tier: str | None, region: str | None) -> Rates | None:
    """Every unit's rate on *day* (UTC) at *minute* ("HH:MM"), or None when the tier's rates are unknown."""
    name, when = (tier or "").lower().strip(), day.isoformat()
    standard = _standard(listed, when, day.isoweekday(), minute)
    tariffs = _tariffs(listed, standard)
    notes = [listed.guess] if listed.guess else []
    if name not in STANDARD:
        found = _of_tier(listed, name, when)
        if not found:
            return None
        for period in reversed(found):
            tariffs |= _tariffs(listed, period)
        if found[0].by_ratio and found[0].valid_from < when:
            notes += _ratio_note(name, found[0])
    factor, note = _factor(listed, standard, when, (region or "").lower().strip())
    return Rates(
        {
            unit: _times(tariff, factor) if unit.endswith("_tokens") else tariff
            for unit, tariff in tariffs.items()
        },
        listed.seller.name,
        (*notes, *note),
    )


def _ratio_note(tier: str, period: Period) -> list[str]:
    return [f"the {tier} rates of that day follow from their ratio to the standard rates ({period.source})"]


def _standard(listed: Listed, day: str, weekday: int, minute: str) -> Period:
    standard = [period for period in listed.model.periods if not period.when]
    active = [period for period in standard if period.covers(day, weekday, minute)]
    # A price that begins later is still the best known one for a call before it.
    return active[-1] if active else standard[0]


def _of_tier(listed: Listed, name: str, day: str) -> list[Period]:
    """The latest rates of a tier, then those that it has for what the former don't name.

    A reseller's tiers are its own affair: the maker's list does not tell them.
    """
    if not listed.own:
        return []
    found = []
    for condition in TIERS.get(name, ()):
        active = [p for p in listed.model.periods if p.when == condition and p.valid_from <= day]
        found += active[-1:]
    return found


def _factor(listed: Listed, standard: Period, day: str, region: str) -> tuple[Fraction, list[str]]:
    """What the region multiplies tokens by, and why that is an estimate."""
    if listed.seller.name == "azure":
        return _zone(listed, standard, day, region)
    for uplift in listed.seller.uplifts:
        if uplift.valid_from <= day and uplift.models.search(listed.model.name) and _holds(uplift, region):
            return Fraction(uplift.factor), []
    return Fraction(1), []


def _holds(uplift: Uplift, region: str) -> bool:
    place = region.split()[0].strip(".") if region.split() else ""
    return place not in NOWHERE and (place in uplift.regions or "*" in uplift.regions)


def _zone(listed: Listed, standard: Period, day: str, region: str) -> tuple[Fraction, list[str]]:
    if "zone" not in region.replace("datazone", "data zone").split():
        return Fraction(1), []
    when = {"zone": region.split()[0]}
    known = [one for one in listed.model.periods if one.when == when and one.valid_from <= day]
    if known:
        ours, zones = (next(unit_steps(one.usd["input_tokens"]))[1] for one in (standard, known[-1]))
        return Fraction(zones) / Fraction(ours), []
    return ZONE_FACTOR, ["no list has the data zone's own rates"]


def _tariffs(listed: Listed, period: Period) -> dict[str, Tariff]:
    return {unit: _tariff(listed, period, unit) for unit in period.usd}


def _tariff(listed: Listed, period: Period, unit: str) -> Tariff:
    steps = [
        (over, int(Fraction(usd) * ONE), rate_id(listed.list_name, listed.model, period, unit, over, usd))
        for over, usd in unit_steps(period.usd[unit])
    ]
    above = tuple((over, usd, name) for over, usd, name in reversed(steps) if over is not None)
    return Tariff(steps[0][1], steps[0][2], above)


def _times(tariff: Tariff, factor: Fraction) -> Tariff:
    if factor == 1:
        return tariff
    above = tuple((over, _multiplied(rate, factor), name) for over, rate, name in tariff.above)
    return Tariff(_multiplied(tariff.base, factor), tariff.id, above)


def _multiplied(rate: int, factor: Fraction) -> int:
    return round(rate * factor)


def dollars(amount: int) -> Decimal:
    """An amount in 10⁻²⁴ dollars as dollars, exactly."""
    return _EXACT.scaleb(Decimal(amount), -DIGITS)
