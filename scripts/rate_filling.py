"""What does the second source know that the first one lacks? Fills only models whose base rates agree in both."""

from collections.abc import Mapping
from typing import Any

import rate_litellm
from rate_amending import Lists, current, standard
from rate_steps import Rate, scaled

from otel_burn.prices.table import matches

FEE_UNITS = frozenset(
    {"web_searches", "maps_searches", "search_units", "pages", "annotated_pages", "characters"}
)


def fill(lists: Lists, as_of: str) -> None:
    """Put into *lists* the units, tiers, data zones and models that only litellm has."""
    source = rate_litellm.head()["from"]
    by_name = {provider["provider"]: (provider, models) for provider, models in lists}
    for seller, name, zone, tiers in rate_litellm.entries():
        provider, models = by_name[seller]
        model = find(models, name)
        if model is None:
            model = _listed(name, _resold(by_name, provider, name, zone, tiers), source, as_of)
            if model is not None:
                models.append(model)
        elif zone is None and agrees(model, tiers[""], as_of):
            _add_units(model, tiers[""], as_of)
            for tier, usd in tiers.items():
                if tier:
                    _add_tier(model, rate_litellm.TIERS[tier], usd, source, as_of)
        if model is not None and zone is not None and tiers[""]:
            _add_tier(model, {"zone": zone}, tiers[""], source, as_of)


def find(models: list[dict[str, Any]], name: str) -> dict[str, Any] | None:
    """The first line of a list that *name* is covered by."""
    return next((model for model in models if matches(model["match"], name.lower())), None)


def agrees(model: Mapping[str, Any], theirs: Mapping[str, Rate], as_of: str) -> bool:
    """Whether both sources have the same input and output rates now."""
    ours = current(model, as_of)
    return all(ours.get(unit) == theirs.get(unit) for unit in ("input_tokens", "output_tokens"))


def _resold(
    by_name: Mapping[str, Any], provider: Mapping[str, Any], name: str, zone: str | None, tiers: Any
) -> dict[str, dict[str, Rate]] | None:
    """What to list *name* with; None where the list of the maker has it, and says the same."""
    for maker in provider.get("resells", ()):
        if model := find(by_name[maker][1], name):
            if zone is None:
                return None
            return {"": dict(current(model, "9999"))}
    return None if zone else dict(tiers)


def _listed(
    name: str, tiers: dict[str, dict[str, Rate]] | None, source: str, as_of: str
) -> dict[str, Any] | None:
    if not tiers or not tiers[""]:
        return None
    model = {
        "model": name,
        "match": {"equals": name.lower()},
        "prices": [{"usd": tiers[""], "source": source}],
    }
    for tier, usd in tiers.items():
        if tier:
            _add_tier(model, rate_litellm.TIERS[tier], usd, source, as_of)
    return model


def _add_units(model: dict[str, Any], theirs: Mapping[str, Rate], as_of: str) -> None:
    now = dict(current(model, as_of))
    for period in standard(model):
        for unit, rate in theirs.items():
            if unit in period["usd"] or unit in now or not period["usd"]:
                continue
            then = (
                rate
                if unit in FEE_UNITS
                else scaled(rate, now["input_tokens"], period["usd"]["input_tokens"])
            )
            if then is not None:
                period["usd"][unit] = then


def _add_tier(
    model: dict[str, Any], when: Mapping[str, str], usd: Mapping[str, Rate], source: str, as_of: str
) -> None:
    periods = [period for period in model["prices"] if period.get("when") == when]
    if periods:
        latest = [one for one in periods if one.get("from", "") <= as_of] or periods
        latest[-1]["usd"] = {**usd, **latest[-1]["usd"]}
    elif usd:
        model["prices"].append({"when": dict(when), "usd": dict(usd), "source": source, "at": as_of})
