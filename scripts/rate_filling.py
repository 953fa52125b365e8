"""What does the second source know that the first one lacks? Fills only models whose base rates agree in both."""

import re
from collections.abc import Mapping
from copy import deepcopy
from fractions import Fraction
from typing import Any

import rate_litellm
from rate_amending import Lists, current, standard
from rate_steps import Rate, scaled, steps

from otel_burn.prices.lookup import ZONE_FACTOR
from otel_burn.prices.table import matches

FEE_UNITS = frozenset(
    {"web_searches", "maps_searches", "search_units", "pages", "annotated_pages", "characters"}
)


PROFILE = re.compile(r"^(us|eu|apac|jp|au|ca|in|sa|us-gov|global)\.|^[a-z]{2}(-gov)?-[a-z]+-\d/")
"""How Amazon's names begin that say where a model runs."""


def fill(lists: Lists, as_of: str) -> None:
    """Put into *lists* the units, thresholds, tiers, data zones and models that only litellm has."""
    by_name = {provider["provider"]: (provider, models) for provider, models in lists}
    for entry in rate_litellm.entries():
        provider, models = by_name[entry.seller]
        model = find(models, entry.name)
        if model is not None and _is_dearer_elsewhere(entry, model, as_of):
            _list(models, _listed(entry, _own(entry), as_of), before=model)
        elif model is None:
            model = _listed(entry, _resold(by_name, provider, entry, as_of), as_of)
            _list(models, model)
        elif entry.zone is None and agrees(model, entry.tiers[""], as_of):
            _add_units(model, entry.tiers[""], as_of)
            for tier, usd in entry.tiers.items():
                if tier:
                    _add_tier(model, rate_litellm.TIERS[tier], usd, entry.source, as_of)
        if model is not None and entry.zone is not None and entry.tiers[""]:
            _add_tier(model, {"zone": entry.zone}, entry.tiers[""], entry.source, as_of)


def _list(models: list[dict[str, Any]], model: dict[str, Any] | None, before: Any = None) -> None:
    if model is not None:
        models.insert(len(models) if before is None else models.index(before), model)


def _is_dearer_elsewhere(entry: rate_litellm.Entry, model: dict[str, Any], as_of: str) -> bool:
    """Whether a region or a profile has rates of its own, which the line that covers the model everywhere lacks."""
    if entry.seller != "aws" or not PROFILE.match(entry.name) or not entry.tiers[""]:
        return False
    return not agrees(model, entry.tiers[""], as_of)


def find(models: list[dict[str, Any]], name: str) -> dict[str, Any] | None:
    """The first line of a list that *name* is covered by."""
    return next((model for model in models if matches(model["match"], name.lower())), None)


def agrees(model: Mapping[str, Any], theirs: Mapping[str, Rate], as_of: str) -> bool:
    """Whether both sources have the same input and output rates now, below any threshold; none is 0."""
    ours = current(model, as_of)
    return all(_base(ours, unit) == _base(theirs, unit) for unit in ("input_tokens", "output_tokens"))


def _base(usd: Mapping[str, Rate], unit: str) -> Fraction:
    return steps(usd.get(unit, "0"))[0][1]


def _own(entry: rate_litellm.Entry) -> list[dict[str, Any]]:
    return [{"usd": dict(entry.tiers[""]), "source": entry.source}] if entry.tiers[""] else []


def _resold(
    by_name: Mapping[str, Any], provider: Mapping[str, Any], entry: rate_litellm.Entry, as_of: str
) -> list[dict[str, Any]]:
    """The standard prices to list a model with: a reseller's own, or, for its own tiers, fees or zone, the maker's.

    None where the maker's list says all that there is to say.
    """
    for maker in provider.get("resells", ()):
        if model := find(by_name[maker][1], entry.name):
            if entry.zone:
                return deepcopy(standard(model))
            if not agrees(model, entry.tiers[""], as_of):
                return [] if _is_of_a_zone(model, entry.tiers[""], as_of) else _own(entry)
            fees = {unit: usd for unit, usd in entry.tiers[""].items() if unit in FEE_UNITS}
            if len(entry.tiers) == 1 and fees.items() <= current(model, as_of).items():
                return []
            return [{**one, "usd": _without_fees(one["usd"]) | fees} for one in standard(model) if one["usd"]]
    return [] if entry.zone else _own(entry)


def _without_fees(usd: Mapping[str, Rate]) -> dict[str, Rate]:
    return {unit: rate for unit, rate in usd.items() if unit not in FEE_UNITS}


def _is_of_a_zone(model: Mapping[str, Any], theirs: Mapping[str, Rate], as_of: str) -> bool:
    """Whether *theirs* are the maker's rates and a tenth: those of a data zone, under the name of the global model."""
    ours = current(model, as_of)
    both = [(_base(ours, unit), _base(theirs, unit)) for unit in ("input_tokens", "output_tokens")]
    return all(their in (0, our * ZONE_FACTOR) for our, their in both)


def _listed(entry: rate_litellm.Entry, prices: list[dict[str, Any]], as_of: str) -> dict[str, Any] | None:
    if not prices:
        return None
    model = {"model": entry.name, "match": _match(entry), "prices": prices}
    for tier, usd in entry.tiers.items():
        if tier and not entry.zone:
            _add_tier(model, rate_litellm.TIERS[tier], usd, entry.source, as_of)
    return model


def _match(entry: rate_litellm.Entry) -> dict[str, Any]:
    """By its name; on Google's list also without its maker's, as answers have it."""
    name = entry.name.lower()
    if entry.seller == "google" and "/" in name:
        return {"or": [{"equals": name}, {"equals": name.partition("/")[2]}]}
    return {"equals": name}


def _add_units(model: dict[str, Any], theirs: Mapping[str, Rate], as_of: str) -> None:
    now = dict(current(model, as_of))
    flat = all(isinstance(rate, str) for period in standard(model) for rate in period["usd"].values())
    for period in standard(model):
        for unit, rate in theirs.items():
            if flat and _is_stepped(period["usd"].get(unit), rate):
                period["usd"][unit] = rate
            if unit in period["usd"] or unit in now or not period["usd"]:
                continue
            then = (
                rate
                if unit in FEE_UNITS
                else scaled(rate, now["input_tokens"], period["usd"]["input_tokens"])
            )
            if then is not None:
                period["usd"][unit] = then


def _is_stepped(ours: Rate | None, theirs: Rate) -> bool:
    """Whether *theirs* is *ours* with dearer steps on top."""
    if not isinstance(ours, str) or isinstance(theirs, str):
        return False
    (_, base), *above = steps(theirs)
    return base == steps(ours)[0][1] and all(usd > base for _, usd in above)


def _add_tier(
    model: dict[str, Any], when: Mapping[str, str], usd: Mapping[str, Rate], source: str, as_of: str
) -> None:
    periods = [period for period in model["prices"] if period.get("when") == when]
    if periods:
        latest = [one for one in periods if one.get("from", "") <= as_of] or periods
        ours = latest[-1]["usd"]
        stepped = {unit: rate for unit, rate in usd.items() if _is_stepped(ours.get(unit), rate)}
        latest[-1]["usd"] = {**usd, **ours, **stepped}
    elif usd:
        model["prices"].append({"when": dict(when), "usd": dict(usd), "source": source, "at": as_of})
