"""How does a comparison read? Both sides and what they add to the cost as rows, the main reason as a sentence."""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Final

import polars as pl

from otel_burn.wording import plural
from otel_burn_dashboards.comparing import Comparison, Side
from otel_burn_dashboards.figures import (
    NOTHING,
    UNPRICED,
    brief,
    change,
    count,
    share,
    short,
    signed_usd,
    usd,
)
from otel_burn_dashboards.summaries import Coverage, without_price
from otel_burn_dashboards.variance import FACTORS, Drivers, drivers
from otel_burn_dashboards.waterfall import NAMES

MILLION: Final = 1_000_000
METHOD: Final = (
    "What each factor adds is its mean effect over all orders in which the factors could have changed (Shapley value), "
    "so that all add up to the difference. Calls without a price are left out, and named."
)


def sentence(compared: Comparison) -> str:
    """Which side cost more, how much, and what that is owed to."""
    left, right, effects = compared.left, compared.right, compared.effects
    if effects is None:
        return "What one side cost is unknown, so the difference in dollars is, too."
    difference = right.priced.cost - left.priced.cost
    if not difference:
        return f"Both cost {usd(left.priced.cost)}."
    way = "more" if difference > 0 else "less"
    costs = f"{usd(right.priced.cost)} against {usd(left.priced.cost)}"
    main = max(effects, key=lambda factor: abs(effects[factor]))
    told = f"{brief(right.name)} cost {usd(abs(difference))} {way} than {brief(left.name)}: {costs}."
    return f"{told} What changed it most: {NAMES[main]} ({signed_usd(effects[main])})."


def rows(compared: Comparison) -> pl.DataFrame:
    """What the sides are, in numbers that people read, and what each of these adds to the cost."""
    sides = [(side, drivers(side.priced)) for side in (compared.left, compared.right)]
    told = []
    for what, factor, read in _ROWS:
        left, right = (read(side, values) for side, values in sides)
        effect = signed_usd(compared.effects[factor]) if factor and compared.effects else ""
        told.append((what, left[0], right[0], change(right[1], left[1]) or "", effect))
    if compared.effects:
        told[0] = (*told[0][:4], signed_usd(compared.right.priced.cost - compared.left.priced.cost))
    return pl.DataFrame(told, schema=("what", "left", "right", "change", "effect"), orient="row")


def exact(compared: Comparison) -> pl.DataFrame:
    """The same as numbers, for a file: sizes of the factors, what each adds, and the costs."""
    left, right = (drivers(side.priced) for side in (compared.left, compared.right))
    effects = {factor: f"{effect:f}" for factor, effect in (compared.effects or {}).items()}
    told: list[tuple[str, str, float | None, float | None, str | None]] = []
    for factor in FACTORS:
        sizes = list(zip(_PARTS.get(factor, ("",)), left[factor], right[factor], strict=True))
        told += [
            (factor, part, _float(one), _float(other), None if place else effects.get(factor))
            for place, (part, one, other) in enumerate(sizes)
        ]
    costs = compared.left.priced.cost, compared.right.priced.cost
    told.append(
        ("cost", "", float(costs[0]), float(costs[1]), f"{costs[1] - costs[0]:f}" if effects else None)
    )
    schema = {
        "factor": pl.String,
        "part": pl.String,
        "left": pl.Float64,
        "right": pl.Float64,
        "effect_usd": pl.String,
    }
    return pl.DataFrame(told, schema=schema, orient="row")


def coverage(compared: Comparison) -> Coverage:
    """How much of both sides the explanation rests on."""
    sentences, missing = [], []
    for side in (compared.left, compared.right):
        of = plural(side.totals.answered, "answered call")
        sentences.append(f"{side.name}: {side.priced.calls:,} of {of} with a price")
        if warning := without_price(side.unpriced):
            missing.append(f"{side.name}: {warning}")
    return Coverage(tuple(sentences), " ".join(missing) or None)


_PARTS: Final = {
    "cache": ("uncached", "cache write", "cache read"),
    "price": ("uncached", "cache write", "cache read", "output"),
}
"""What a factor consists of; its effect is that of all of them together, and stands with the first."""

Told = tuple[str, float | None]


def _spend(side: Side, _values: Drivers) -> Told:
    cost = side.priced.cost
    known = side.priced.calls > 0 or not side.totals.unpriced_calls
    return (usd(cost), float(cost)) if known else (UNPRICED, None)


def _calls(side: Side, _values: Drivers) -> Told:
    return count(side.priced.calls), float(side.priced.calls)


def _each(factor: str) -> Callable[[Side, Drivers], Told]:
    """So many tokens a call."""

    def told(_side: Side, values: Drivers) -> Told:
        number = _float(values[factor][0])
        return (NOTHING if number is None else short(number)), number

    return told


def _cache(side: Side, _values: Drivers) -> Told:
    """How much of the input was read from the cache, and how much was written to it."""
    _, written, read, _ = side.priced.tokens
    if not side.priced.input:
        return NOTHING, None
    stored = f", {share(written, side.priced.input)} stored" if written else ""
    return f"{share(read, side.priced.input)} read{stored}", None


def _price(_side: Side, values: Drivers) -> Told:
    """What a million tokens cost: uncached input, output."""
    uncached, _, _, output = values["price"]
    told = uncached is not None or output is not None
    return (f"{_rate(uncached)} in, {_rate(output)} out" if told else NOTHING), None


def _rate(price: Fraction | None) -> str:
    return NOTHING if price is None else usd(Decimal(str(round(float(price) * MILLION, 4))))


def _fees(_side: Side, values: Drivers) -> Told:
    fees = values["fees"][0]
    return (NOTHING if fees is None else usd(Decimal(str(round(float(fees), 12))))), _float(fees)


def _number(name: str) -> Callable[[Side, Drivers], Told]:
    def told(side: Side, _values: Drivers) -> Told:
        number = int(getattr(side.totals, name))
        return count(number), float(number)

    return told


_ROWS: Final[tuple[tuple[str, str, Callable[[Side, Drivers], Told]], ...]] = (
    ("cost", "", _spend),
    (NAMES["calls"], "calls", _calls),
    (NAMES["context"], "context", _each("context")),
    (NAMES["cache"], "cache", _cache),
    (NAMES["output"], "output", _each("output")),
    (f"{NAMES['price']}, a million tokens", "price", _price),
    (f"{NAMES['fees']}, a call", "fees", _fees),
    ("calls without a price", "", _number("unpriced_calls")),
    ("failed calls", "", _number("failed")),
    ("sessions", "", _number("sessions")),
)
"""What the table says, line by line: its name, the factor of the cost that it is, how it reads."""


def _float(number: Fraction | None) -> float | None:
    return None if number is None else float(number)
