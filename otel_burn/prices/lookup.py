"""Which price list, which line of it, and which rates hold for a call? All of it cached."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache

from otel_burn.prices.table import Model, Period, Provider, Steps, matches, providers, unit_steps

OTEL_PROVIDERS: Mapping[str, str] = {
    "aws.bedrock": "aws",
    "bedrock": "aws",
    "azure.ai.inference": "azure",
    "azure.ai.openai": "azure",
    "az.ai.inference": "azure",
    "az.ai.openai": "azure",
    "gcp.gemini": "google",
    "gcp.gen_ai": "google",
    "gcp.vertex_ai": "google",
    "gemini": "google",
    "vertex": "google",
    "vertex_ai": "google",
    "mistral_ai": "mistral",
    "mistralai": "mistral",
    "moonshot_ai": "moonshotai",
    "together_ai": "together",
    "voyage_ai": "voyageai",
    "x_ai": "x-ai",
    "xai": "x-ai",
    "z_ai": "zai",
}
"""`gen_ai.provider.name` (and what SDKs write instead) to the name in our table, where they differ."""

NOBODY = frozenset({"", "unknown", "_other", "other", "custom", "openai_compatible", "litellm", "langchain"})
"""Names that say nothing about who bills: then the model's own name decides."""

CLOSED = ("anthropic", "google", "openai", "x-ai")
"""Makers whose models nobody can run at home: whoever sells them, the maker's list is a fair estimate."""

LOCAL = frozenset({"ollama", "llama.cpp", "llamacpp", "lmstudio", "lm_studio"})
"""Programs that run a model on the user's own machine, where nobody meters tokens."""

HOSTED = ("-cloud", ":cloud")
"""How Ollama names the models that it runs on machines of its own, for money."""

STANDARD = frozenset({"", "default", "standard", "standard_only", "auto", "on_demand"})
"""Service tiers that are billed at the list price."""

TIERS: Mapping[str, tuple[Mapping[str, str], ...]] = {
    "batch": ({"processing": "batch"},),
    "flex": ({"service_tier": "flex"},),
    "on_demand_flex": ({"service_tier": "flex"},),
    "priority": ({"service_tier": "priority"},),
    "on_demand_priority": ({"service_tier": "priority"},),
    "fast": ({"speed": "fast"}, {"service_tier": "fast"}),
}
"""Service tiers as responses name them to the condition in the table; the first that a model has counts."""

COMPACT_DATE = re.compile(r"-(20\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=-|:|$)")

CACHED = 4096
"""Distinct (provider, model, tier, day) that stay resolved: an agent uses few, a collector a few hundred."""


@dataclass(frozen=True, slots=True)
class Tariff:
    """A unit's rate below its first threshold, and the higher ones, the highest threshold first."""

    base: Decimal
    above: tuple[tuple[int, Decimal], ...] = ()

    def at(self, input_tokens: int) -> Decimal:
        """The rate of a call that read *input_tokens*, cache included."""
        for over, usd in self.above:
            if input_tokens > over:
                return usd
        return self.base


@dataclass(frozen=True, slots=True, eq=False)
class Listed:
    """A model's line on a price list."""

    model: Model
    own: bool
    """Whether it is the list of the model's seller, not that of a maker whom the seller resells."""
    guessed: bool
    """Whether nothing but the model's name told who the seller is."""

    @property
    def has_windows(self) -> bool:
        """Whether the price depends on the time of day."""
        return any(period.window for period in self.model.periods)


@lru_cache(maxsize=CACHED)
def is_local(provider: str | None, model: str) -> bool:
    """Whether the call ran on a machine of the user's own."""
    return (provider or "").lower() in LOCAL and not model.lower().endswith(HOSTED)


@lru_cache(maxsize=CACHED)
def find_model(provider: str | None, model: str, host: str | None) -> Listed | None:
    """The line on the price list of whoever bills the call, or None when no list has it."""
    for seller, reference, guessed in _sellers((provider or "").lower().strip(), model.lower().strip(), host):
        # Some routers write dates without dashes.
        for spelling in (reference, COMPACT_DATE.sub(r"-\1-\2-\3", reference)):
            if listed := _on_list(seller, spelling, guessed):
                return listed
    return None


def _sellers(provider: str, model: str, host: str | None) -> Iterator[tuple[Provider, str, bool]]:
    """Who may bill the call, what it calls the model, and whether that is a guess by the model's name."""
    if seller := _owner(host) or _named(provider):
        yield seller, model, False
    elif provider in NOBODY:
        prefix, slash, rest = model.partition("/")
        if slash and (seller := _named(prefix)):
            yield seller, rest, True
        for seller in map(providers().__getitem__, CLOSED):
            if matches(seller.models_match, model):
                yield seller, model, True


def _named(provider: str) -> Provider | None:
    return providers().get(OTEL_PROVIDERS.get(provider, provider))


def _owner(host: str | None) -> Provider | None:
    if not host:
        return None
    return next((each for each in providers().values() if re.match(each.api, f"https://{host}/")), None)


@lru_cache(maxsize=CACHED)
def find_rates(listed: Listed, day: date, minute: str, tier: str | None) -> Mapping[str, Tariff] | None:
    """Every unit's rate on *day* (UTC) at *minute* ("HH:MM"), or None when the tier's rates are unknown."""
    name = (tier or "").lower().strip()
    usd = dict(_standard(listed.model, day.isoformat(), minute).usd)
    if name not in STANDARD:
        period = _of_tier(listed, name, day.isoformat())
        if period is None:
            return None
        usd.update(period.usd)
    return {unit: _tariff(steps) for unit, steps in usd.items()}


def _on_list(seller: Provider, reference: str, guessed: bool) -> Listed | None:
    for name in (seller.name, *seller.resells):
        for model in providers()[name].models:
            if matches(model.match, reference):
                return Listed(model, own=name == seller.name, guessed=guessed)
    return None


def _standard(model: Model, day: str, minute: str) -> Period:
    standard = [period for period in model.periods if not period.when]
    active = [period for period in standard if period.valid_from <= day and _in_window(period, minute)]
    # A price that begins later is still the best known one for a call before it.
    return active[-1] if active else standard[0]


def _of_tier(listed: Listed, name: str, day: str) -> Period | None:
    """The latest rates of a tier. A reseller's tiers are its own affair: the list does not tell them."""
    if not listed.own:
        return None
    for condition in TIERS.get(name, ()):
        active = [p for p in listed.model.periods if p.when == condition and p.valid_from <= day]
        if active:
            return active[-1]
    return None


def _in_window(period: Period, minute: str) -> bool:
    if period.window is None:
        return True
    start, end = period.window
    return start <= minute < end if start <= end else minute >= start or minute < end


def _tariff(steps: Steps) -> Tariff:
    by_threshold = list(unit_steps(steps))
    above = [(over, usd) for over, usd in reversed(by_threshold) if over is not None]
    return Tariff(by_threshold[0][1], tuple(above))
