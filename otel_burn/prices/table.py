"""Which rates do we know? Reads rates.jsonl once, when the first price is asked for."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

Clause = Mapping[str, Any]
"""A match rule as rates.jsonl has it: {"equals": text}, {"or": [clauses]}, …"""

RULES: Mapping[str, Callable[[Any, str], bool]] = {
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
    """Rates of one model that hold from a date, in a daily window (UTC, "HH:MM"), for a service tier."""

    valid_from: str
    window: tuple[str, str] | None
    when: Mapping[str, str]
    usd: Mapping[str, Steps]


@dataclass(frozen=True, slots=True)
class Model:
    """A line of a price list: which model names it covers, and its prices, oldest first."""

    name: str
    match: Clause
    periods: tuple[Period, ...]


@dataclass(frozen=True, slots=True)
class Provider:
    """A price list: its models, and how hosts and models name it."""

    name: str
    api: str
    models_match: Clause
    resells: tuple[str, ...]
    source: str
    models: list[Model]


@dataclass(frozen=True, slots=True)
class Rate:
    """A dated price of one unit, for every other tool that wants the table flat.

    `conditions` names what the price asks for: a `service_tier`, `processing`, `speed`, more input tokens
    than `input_tokens_over`, a daily window `utc`. `valid_to` is the first day on which it no longer holds.
    """

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
    for row in map(json.loads, text.splitlines()[1:]):
        if "provider" in row:
            provider = _provider(row)
            known[provider.name] = provider
        else:
            provider.models.append(Model(row["model"], row["match"], _periods(row["prices"])))
    return known


def rates() -> Iterator[Rate]:
    """The whole table, one row per provider, model, unit and condition."""
    for provider in providers().values():
        for model in provider.models:
            for period in model.periods:
                for unit, steps in period.usd.items():
                    for over, usd in unit_steps(steps):
                        yield _flat(provider, model, period, unit, over, usd)


def unit_steps(steps: Steps) -> Iterator[tuple[int | None, Decimal]]:
    """A unit's rate as (None, base), then (threshold, rate) for more input tokens than the threshold."""
    listed: Sequence[Any] = (steps,) if isinstance(steps, str) else steps
    yield None, Decimal(listed[0])
    for over, usd in listed[1:]:
        yield over, Decimal(usd)


def _provider(row: Mapping[str, Any]) -> Provider:
    return Provider(
        name=row["provider"],
        api=row["api"],
        models_match=row.get("models", {}),
        resells=tuple(row.get("resells", ())),
        source=row["source"],
        models=[],
    )


def _periods(prices: Sequence[Mapping[str, Any]]) -> tuple[Period, ...]:
    return tuple(_dated(prices))


def _dated(prices: Sequence[Mapping[str, Any]]) -> Iterator[Period]:
    # A daily window is listed after the price that it refines and says no date of its own:
    # without this, DeepSeek's peak hours of August would reprice the calls of July.
    start: str = ""
    when: Mapping[str, str] = {}
    for price in prices:
        if price.get("when", when) != when:
            start, when = "", price["when"]
        start = price.get("from", start)
        yield Period(start, tuple(price["utc"]) if "utc" in price else None, when, price["usd"])


def _flat(
    provider: Provider, model: Model, period: Period, unit: str, over: int | None, usd: Decimal
) -> Rate:
    conditions = dict(period.when)
    if over is not None:
        conditions["input_tokens_over"] = str(over)
    if period.window is not None:
        conditions["utc"] = "-".join(period.window)
    return Rate(
        provider=provider.name,
        model=model.name,
        unit=unit,
        conditions=conditions,
        usd=usd,
        valid_from=period.valid_from or None,
        valid_to=_valid_to(model, period),
        source=provider.source,
    )


def _valid_to(model: Model, period: Period) -> str | None:
    later = (
        each.valid_from
        for each in model.periods
        if each.when == period.when and each.valid_from > period.valid_from
    )
    return min(later, default=None)
