"""What do we know that no source says? Applies rate_overlay.json, and dates tiers as far back as their model."""

import json
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from fractions import Fraction
from pathlib import Path
from typing import Any

from rate_steps import Rate, exact, scaled, scaled_all, steps, written

Lists = list[tuple[dict[str, Any], list[dict[str, Any]]]]
OVERLAY = Path(__file__).with_name("rate_overlay.json")


def declare(lists: Lists) -> None:
    """Put the sellers into *lists* that the first source lacks."""
    lists += [(dict(seller), []) for seller in _overlay()["sellers"]]
    lists.sort(key=lambda each: each[0]["provider"])


def correct(lists: Lists) -> None:
    """Put our own lists and the rates of former days into *lists*."""
    overlay = _overlay()
    for line in overlay["lines"]:
        _add_line(lists, line)
    for amendment in overlay["prices"]:
        for model in _models(lists, amendment):
            prices = [_period(one, amendment["source"]) for one in amendment["prices"]]
            model["prices"] = [
                one for many in (_windows(each, overlay["peak"]) for each in prices) for one in many
            ]
    for amendment in overlay["history"]:
        for model in _models(lists, amendment):
            model["prices"] = list(_split(model["prices"], amendment))


def extend(lists: Lists, as_of: str) -> None:
    """Add our tiers, fees and uplifts, and date all tiers."""
    overlay = _overlay()
    for amendment in overlay["fees"]:
        usd = _amounts(amendment["usd"])
        for model in _models(lists, amendment):
            for period in standard(model):
                period["usd"] = {**usd, **period["usd"]} if period["usd"] else {}
    for amendment in overlay["parts"]:
        for model in _models(lists, amendment):
            _add_parts(model, amendment)
    for amendment in overlay["tiers"]:
        for model in _models(lists, amendment):
            _add_tier(model, amendment, as_of)
    for provider, models in lists:
        provider |= {"uplifts": found} if (found := _uplifts(overlay, provider["provider"])) else {}
        for model in models:
            model["prices"] = [*standard(model), *_dated_tiers(model, as_of)]


def standard(model: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The prices of a model without conditions, oldest first."""
    return [period for period in model["prices"] if "when" not in period]


def current(model: Mapping[str, Any], day: str) -> dict[str, Rate]:
    """The standard rates on *day*, outside of any window."""
    plain = [one for one in standard(model) if "utc" not in one]
    found = [one for one in plain if one.get("from", "") <= day] or plain
    usd: dict[str, Rate] = found[-1]["usd"]
    return usd


def _overlay() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(OVERLAY.read_text(encoding="utf-8"))
    return found


def _models(lists: Lists, amendment: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    wanted, found = amendment["models"], 0
    for provider, models in lists:
        for model in models if provider["provider"] == amendment["provider"] else ():
            if model["model"] in wanted if isinstance(wanted, list) else re.search(wanted, model["model"]):
                found += 1
                yield model
    if not found:
        raise ValueError(
            f"rate_overlay.json amends {amendment['provider']} {wanted}, which no list has any more"
        )


def _add_line(lists: Lists, line: Mapping[str, Any]) -> None:
    """Put a model on a list that another line covers, as it costs the same but for what is amended."""
    models = next(models for provider, models in lists if provider["provider"] == line["provider"])
    (place,) = (n for n, model in enumerate(models) if model["model"] == line["like"])
    models.insert(0, {**deepcopy(models[place]), "model": line["model"], "match": line["match"]})


def _amounts(usd: Mapping[str, str]) -> dict[str, Rate]:
    return {unit: exact(Fraction(rate), _per(unit)) for unit, rate in usd.items()}


def _per(unit: str) -> int:
    return 10**6 if unit.endswith(("_tokens", "_token_hours")) else 1


def _period(one: Mapping[str, Any], source: str) -> dict[str, Any]:
    return {
        **{key: value for key, value in one.items() if key != "usd"},
        "usd": _amounts(one["usd"]),
        "source": source,
    }


def _windows(period: dict[str, Any], peak: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A price of the peak hours once for each of them."""
    if not period.pop("peak", False):
        yield period
        return
    days = {"days": [1, 2, 3, 4, 5], "except": peak["except"]} if period.pop("weekdays", False) else {}
    for window in peak["utc"]:
        yield {"utc": window, **days, **period}


def _split(prices: list[dict[str, Any]], amendment: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """*prices* with other rates until a day."""
    usd, until = _amounts(amendment["usd"]), amendment["until"]
    for period in prices:
        if "when" in period or period.get("from", "") >= until:
            yield period
            continue
        yield {**period, "usd": {**period["usd"], **usd}, "source": amendment["source"]}
        if not any(other.get("from") == until for other in prices if "when" not in other):
            yield {**period, "from": until}


def _add_parts(model: dict[str, Any], amendment: Mapping[str, Any]) -> None:
    """Rates of units that a list gives as a fraction of another unit's."""
    for period in standard(model):
        whole = period["usd"].get(amendment["of"])
        if whole is not None:
            period["usd"] = {
                **{unit: _times(whole, Fraction(factor)) for unit, factor in amendment["factors"].items()},
                **period["usd"],
            }


def _times(rate: Rate, factor: Fraction) -> Rate:
    return written([(over, one * factor) for over, one in steps(rate)])


def _add_tier(model: dict[str, Any], amendment: Mapping[str, Any], as_of: str) -> None:
    factor = Fraction(amendment["factor"])
    wanted = amendment.get("units")
    usd = {
        unit: _times(rate, factor)
        for unit, rate in current(model, as_of).items()
        if (unit in wanted if wanted else unit.endswith("_tokens"))
    }
    known = [period for period in model["prices"] if period.get("when") == amendment["when"]]
    for period in known if wanted else ():
        period["usd"] = {**usd, **period["usd"]}
    if known or not usd:
        return
    model["prices"].append(
        {"when": amendment["when"], "usd": usd, "source": amendment["source"], "at": as_of}
    )


def _uplifts(overlay: Mapping[str, Any], provider: str) -> list[dict[str, Any]]:
    return [
        {key: value for key, value in one.items() if key != "provider"}
        for one in overlay["uplifts"]
        if one["provider"] == provider
    ]


def _dated_tiers(model: dict[str, Any], as_of: str) -> Iterator[dict[str, Any]]:
    """Each tier's prices, and for the days of other standard prices what they were by their ratio to those."""
    tiers: dict[str, list[dict[str, Any]]] = {}
    for period in model["prices"]:
        if "when" in period:
            tiers.setdefault(json.dumps(period["when"], sort_keys=True), []).append(period)
    plain = [one for one in standard(model) if "utc" not in one]
    for periods in tiers.values():
        yield from _with_past(periods, plain, model, as_of)


def _with_past(
    periods: list[dict[str, Any]], plain: list[dict[str, Any]], model: dict[str, Any], as_of: str
) -> Iterator[dict[str, Any]]:
    for one in periods:
        one["usd"] |= _lifetimes(one["usd"], current(model, one.get("from", as_of)))
    first = periods[0]
    known_from = first.get("from", as_of)
    at = first.pop("at", None) or known_from
    now, covering = current(model, at), _start(plain, at)
    recorded = {one["from"] for one in periods if "from" in one}
    for one in plain:
        start = one.get("from", "")
        usd = scaled_all(first["usd"], now, one["usd"])
        if start in recorded or (recorded and start > known_from) or not usd:
            continue
        known = not recorded and start == covering
        begins = {"from": start} if start else {}
        yield {
            "when": first["when"],
            **begins,
            **({} if known else {"ratio": True}),
            "usd": usd,
            **_sourced(first),
        }
    yield from (one for one in periods if "from" in one)


def _start(plain: list[dict[str, Any]], day: str) -> str:
    """When the standard price of *day* began."""
    starts = [one.get("from", "") for one in plain]
    return max((start for start in starts if start <= day), default=min(starts))


def _lifetimes(tier: Mapping[str, Rate], plain: Mapping[str, Rate]) -> dict[str, Rate]:
    """Longer cache writes cost the same multiple in a tier as outside of it, where the tier names the shortest only."""
    short = "cache_write_tokens"
    longer = ("cache_write_1h_tokens", "cache_write_12h_tokens")
    found = {
        unit: scaled(tier[short], plain[short], plain[unit])
        for unit in longer
        if unit in plain and unit not in tier and short in tier and short in plain
    }
    return {unit: rate for unit, rate in found.items() if rate is not None}


def _sourced(period: Mapping[str, Any]) -> dict[str, str]:
    return {"source": period["source"]} if "source" in period else {}
