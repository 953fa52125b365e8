"""What does a token cost by the price list? For what a call could have bought instead: cache reads, for example."""

from datetime import datetime, time
from decimal import Decimal
from functools import cache
from typing import Any, Final

import polars as pl

from otel_burn.prices import billed_model, price, rates
from otel_burn.usage import Usage

KEYS: Final = ("provider", "request_model", "response_model", "service_tier", "day", "price_step")
UNITS: Final = {
    "list_input": "input_tokens",
    "list_read": "cache_read_tokens",
    "list_write": "cache_write_tokens",
    "list_output": "output_tokens",
}
NEEDS: Final = {
    "provider": pl.String(),
    "request_model": pl.String(),
    "response_model": pl.String(),
    "service_tier": pl.String(),
}
"""The columns of a call that say by which list it is billed, beside its day and size."""


def with_list_rates(calls: pl.LazyFrame) -> pl.LazyFrame:
    """*calls* with dollars a token: `list_input`, `list_read`, `list_write`, `list_output`; NULL where no list says.

    `base_input` and `base_output` are those of a small call, `list_step` is the size above which a call is dearer.

    The list is asked once for each model, tier, day and price step (`price_step`) among the calls, not once a call.
    """
    step = pl.lit(pl.Series(steps())).search_sorted(pl.col("input_tokens").fill_null(0), side="left")
    keyed = calls.with_columns(day=pl.col("started_at").dt.date(), price_step=step.cast(pl.Int64))
    listed = (
        keyed.select(KEYS)
        .unique()
        .map_batches(
            _listed, schema=_SCHEMA, projection_pushdown=False, predicate_pushdown=False, slice_pushdown=False
        )
    )
    return keyed.join(listed, on=KEYS, how="left", nulls_equal=True).drop("day", "price_step")


@cache
def steps() -> list[int]:
    """The sizes of a prompt above which some list asks for more, the smallest first."""
    found = {rate.conditions.get("input_tokens_over") for rate in rates()}
    return sorted(int(over) for over in found if over)


BASES: Final = ("base_input", "base_output")
_SCHEMA: Final = pl.Schema(
    {
        **NEEDS,
        "day": pl.Date(),
        "price_step": pl.Int64(),
        **dict.fromkeys((*UNITS, *BASES), pl.Float64()),
        "list_step": pl.Int64(),
    }
)


def _listed(keys: pl.DataFrame) -> pl.DataFrame:
    rows = [{**row, **_rates_of(row)} for row in keys.iter_rows(named=True)]
    return pl.DataFrame(rows, schema=_SCHEMA)


def _rates_of(key: dict[str, Any]) -> dict[str, float | int | None]:
    """The list's rates for a call of its step; those of a small call; and above which size they part."""
    if key["day"] is None:
        return {}
    reached = key["price_step"]
    small = _at(key, 3)
    mine = small if reached == 0 else _at(key, steps()[reached - 1] + 1)
    dearer = (size for size in steps() if _at(key, size + 1)["list_input"] != small["list_input"])
    base = {"base_input": small["list_input"], "base_output": small["list_output"]}
    return {**mine, **base, "list_step": next(dearer, None)}


def _at(key: dict[str, Any], size: int) -> dict[str, float | None]:
    """The price of a call of *size* with one token of each unit."""
    made = price(
        provider=key["provider"],
        model=billed_model(key["provider"], key["request_model"], key["response_model"]),
        at=datetime.combine(key["day"], time()),
        usage=Usage(input_tokens=size, cache_read_tokens=1, cache_write_tokens=1, output_tokens=1),
        service_tier=key["service_tier"],
    )
    by_unit: dict[str, Decimal] = {line.unit: line.rate for line in made.lines}
    return {column: float(by_unit[unit]) if unit in by_unit else None for column, unit in UNITS.items()}
