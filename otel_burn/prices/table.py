"""Which rates do we know? Reads rates.jsonl when the first price is asked for, a seller's list when it is needed."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, cached_property
from hashlib import md5
from pathlib import Path
from typing import Any, Final, NamedTuple

Clause = Mapping[str, Any]
"""A match rule as rates.jsonl has it: {"equals": text}, {"or": [clauses]}, …"""

RULES: Final[Mapping[str, Callable[[Any, str], bool]]] = {
    "equals": lambda rule, text: bool(text == rule.lower()),
    "starts_with": lambda rule, text: text.startswith(rule.lower()),
    "ends_with": lambda rule, text: text.endswith(rule.lower()),
    "contains": lambda rule, text: rule.lower() in text,
    "regex": lambda rule, text: re.search(rule, text) is not None,
    "or": lambda rules, text: any(matches(rule, text) for rule in rules),
    "and": lambda rules, text: all(matches(rule, text) for rule in rules),
}

Steps = str | Sequence[Any]
"""A unit's rate as rates.jsonl has it: decimal text, or [base, [more input tokens than, rate], …]."""


@dataclass(frozen=True, slots=True)
class Period:
    """Rates of one model that hold from a day to another, in a daily window (UTC, "HH:MM"), for a condition."""

    valid_from: str
    valid_to: str | None
    """The first day on which it no longer holds, where that isn't the beginning of the next one."""
    window: tuple[str, str] | None
    days: tuple[int, ...]
    """On which days of the week (1 is Monday) the window holds; none: on all."""
    but: frozenset[str]
    """Days on which the window doesn't hold."""
    when: Mapping[str, str]
    usd: Mapping[str, Steps]
    source: str
    by_ratio: bool
    """Whether a tier's rates are known for another day only, and were scaled as the standard rates changed."""

    def covers(self, day: str, weekday: int, minute: str) -> bool:
        """Whether it holds at that time."""
        if self.valid_from > day or (self.valid_to is not None and day >= self.valid_to):
            return False
        if self.window is None:
            return True
        start, end = self.window
        inside = start <= minute < end if start <= end else minute >= start or minute < end
        return inside and day not in self.but and (not self.days or weekday in self.days)


@dataclass(frozen=True, slots=True)
class Model:
    """A line of a price list: which model names it covers, and its prices, oldest first."""

    name: str
    match: Clause
    periods: tuple[Period, ...]


@dataclass(frozen=True, slots=True)
class Uplift:
    """What a seller adds to the tokens of some models where they are served in a region."""

    models: re.Pattern[str]
    regions: frozenset[str]
    """`*`: in any but the global one."""
    factor: Decimal
    valid_from: str
    source: str


@dataclass(frozen=True)
class Provider:
    """A price list: its models, and how hosts and models name it."""

    name: str
    api: re.Pattern[str]
    models_match: Clause
    resells: tuple[str, ...]
    source: str
    uplifts: tuple[Uplift, ...]
    lines: list[str]
    """Its models' lines of the file, not read yet."""

    @cached_property
    def models(self) -> tuple[Model, ...]:
        """What it sells, in the order in which names are looked up."""
        rows = map(json.loads, self.lines)
        return tuple(
            Model(row["model"], row["match"], tuple(_period(one, self.source) for one in row["prices"]))
            for row in rows
        )


class Rate(NamedTuple):
    """A dated price of one unit, for every other tool that wants the table flat.

    `conditions` names what the price asks for: a `service_tier`, `processing`, `speed`, data `zone`, more input tokens
    than `input_tokens_over`, a daily window `utc`. `valid_to` is the first day on which it no longer holds.
    """

    id: str
    """16 hex digits over everything else but the source: another price is another id."""
    provider: str
    model: str
    unit: str
    conditions: Mapping[str, str]
    usd: Decimal
    valid_from: str | None
    valid_to: str | None
    source: str


def matches(clause: Clause, text: str) -> bool:
    """Whether the lower-case *text* fulfils the clause; an empty clause is never fulfilled."""
    return any(RULES[name](rule, text) for name, rule in clause.items())


@cache
def providers() -> Mapping[str, Provider]:
    """Every price list by the provider's name."""
    known: dict[str, Provider] = {}
    text = Path(__file__).with_name("rates.jsonl").read_text(encoding="utf-8")
    provider = None
    for line in text.splitlines()[1:]:
        if line.startswith('{"provider"'):
            provider = _provider(json.loads(line))
            known[provider.name] = provider
        elif provider is not None:
            provider.lines.append(line)
    return known


def rates() -> Iterator[Rate]:
    """The whole table, one row per provider, model, unit and condition; uplifts are rows of the unit `*`."""
    for provider in providers().values():
        yield from _uplift_rates(provider)
        for model in provider.models:
            for period in model.periods:
                yield from _period_rates(provider, model, period)


def unit_steps(steps: Steps) -> Iterator[tuple[int | None, Decimal]]:
    """A unit's rate as (None, base), then (threshold, rate) for more input tokens than the threshold."""
    listed: Sequence[Any] = (steps,) if isinstance(steps, str) else steps
    yield None, Decimal(listed[0])
    for over, usd in listed[1:]:
        yield over, Decimal(usd)


def _provider(row: Mapping[str, Any]) -> Provider:
    return Provider(
        name=row["provider"],
        api=re.compile(row["api"]),
        models_match=row.get("models", {}),
        resells=tuple(row.get("resells", ())),
        source=row["source"],
        uplifts=tuple(map(_uplift, row.get("uplifts", ()))),
        lines=[],
    )


def _uplift(row: Mapping[str, Any]) -> Uplift:
    return Uplift(
        models=re.compile(row["models"]),
        regions=frozenset(row["regions"]),
        factor=Decimal(row["factor"]),
        valid_from=row.get("from", ""),
        source=row["source"],
    )


def _period(price: Mapping[str, Any], source: str) -> Period:
    return Period(
        valid_from=price.get("from", ""),
        valid_to=price.get("to"),
        window=tuple(price["utc"]) if "utc" in price else None,
        days=tuple(price.get("days", ())),
        but=frozenset(price.get("except", ())),
        when=price.get("when", {}),
        usd=price["usd"],
        source=price.get("source", source),
        by_ratio=price.get("ratio", False),
    )


def rate_id(seller: str, model: Model, period: Period, unit: str, over: int | None, usd: Decimal) -> str:
    """The name of a dated price: another price, date or condition has another one."""
    return _id(_said_of_period(seller, model, period), unit, over, usd)


def _said_of_period(seller: str, model: Model, period: Period) -> str:
    """What the ids of a period are made of; its prices share it."""
    days, since = period.days, period.valid_from
    return _listed(seller, model.name, model.match, period.when, period.window, days, since)


def _id(before: str, *plain: object) -> str:
    """16 hex digits over a list in JSON that goes on after *before* with what needs no escapes."""
    listed = before[:-1] + "".join(f', "{one}"' for one in plain) + "]"
    return md5(listed.encode(), usedforsecurity=False).hexdigest()[:16]


def _listed(*said: object) -> str:
    return json.dumps([str(one) for one in said])


def _period_rates(provider: Provider, model: Model, period: Period) -> Iterator[Rate]:
    said, valid_to = _said_of_period(provider.name, model, period), _valid_to(model, period)
    conditions = dict(period.when)
    if period.window is not None:
        conditions["utc"] = "-".join(period.window)
    if period.days:
        conditions["days"] = ",".join(map(str, period.days))
    for unit, steps in period.usd.items():
        for over, usd in unit_steps(steps):
            yield Rate(
                id=_id(said, unit, over, usd),
                provider=provider.name,
                model=model.name,
                unit=unit,
                conditions=conditions if over is None else {**conditions, "input_tokens_over": str(over)},
                usd=usd,
                valid_from=period.valid_from or None,
                valid_to=valid_to,
                source=period.source,
            )


def _valid_to(model: Model, period: Period) -> str | None:
    later = (
        each.valid_from
        for each in model.periods
        if each.when == period.when and each.window == period.window and each.valid_from > period.valid_from
    )
    return min((*later, *([period.valid_to] if period.valid_to else ())), default=None)


def _uplift_rates(provider: Provider) -> Iterator[Rate]:
    for uplift in provider.uplifts:
        for region in sorted(uplift.regions):
            model, conditions = uplift.models.pattern or "*", {"region": region}
            yield Rate(
                id=_id(_listed(provider.name, model, "*", region, uplift.factor), uplift.valid_from),
                provider=provider.name,
                model=model,
                unit="*",
                conditions={**conditions, "kind": "factor"},
                usd=uplift.factor,
                valid_from=uplift.valid_from or None,
                valid_to=None,
                source=uplift.source,
            )
