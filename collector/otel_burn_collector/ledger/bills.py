"""What is a bill in the ledger? Its columns, and those of calls that were priced by columns."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from otel_burn.prices import RATE_VERSION
from otel_burn_collector.ledger.pricing_columns import UNITS, Ints, Priced

INPUT_PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    "read_pico": ("cache_read_tokens", "audio_cache_read_tokens", "image_cache_read_tokens"),
    "write_pico": ("cache_write_tokens", "cache_write_1h_tokens", "cache_write_12h_tokens"),
    "rest_pico": ("input_tokens", "audio_input_tokens", "image_input_tokens"),
}
"""Which lines of a bill belong to which stretch of the prompt."""
PART_OF: Final = {unit: part for part, units in INPUT_PARTS.items() for unit in units}

LINE: Final = pa.struct(
    {
        "unit": pa.string(),
        "quantity": pa.int64(),
        "rate": pa.decimal128(38, 18),
        "usd": pa.decimal128(38, 12),
        "rate_id": pa.string(),
    }
)
PRICED: Final = pa.schema(
    {
        "call_id": pa.string(),
        "cost_usd": pa.decimal128(38, 12),
        "cost_status": pa.string(),
        "cost_reason": pa.string(),
        "rate_version": pa.string(),
        "read_pico": pa.decimal128(38, 0),
        "write_pico": pa.decimal128(38, 0),
        "rest_pico": pa.decimal128(38, 0),
    }
)

PICO: Final = 1000
"""The columns' unit of money is a thousandth of what the ledger keeps."""


def bills(call_ids: pa.ChunkedArray, found: Priced, wanted: NDArray[np.bool_]) -> pa.Table:
    """The bills of the *wanted* rows, their lines rounded to the pico-dollar, and summed."""
    rows = np.flatnonzero(wanted)
    quantities = np.stack([quantity[rows] for quantity in found.quantities], axis=1)
    rates = np.stack([rate[rows] for rate in found.rates], axis=1)
    usd = _rounded(quantities * rates)
    reasons = found.reasons[rows]
    columns: dict[str, Any] = {
        "call_id": call_ids.take(pa.array(rows)).combine_chunks(),
        "cost_usd": _decimals(usd.sum(axis=1), 12),
        "cost_status": pa.array(np.where(reasons == "", "computed", "estimated"), pa.string()),
        "cost_reason": pa.array([reason or None for reason in reasons], pa.string()),
        "rate_version": pa.array([RATE_VERSION], pa.string()).take(pa.array(np.zeros(len(rows), np.int64))),
    }
    for part, units in INPUT_PARTS.items():
        places = [place for place, unit in enumerate(UNITS) if unit in units]
        columns[part] = _decimals(usd[:, places].sum(axis=1), 0)
    table = pa.table([columns[name] for name in PRICED.names], schema=PRICED)
    return table.append_column("cost_lines", _lines(found, rows, quantities, rates, usd))


def _lines(found: Priced, rows: Ints, quantities: Ints, rates: Ints, usd: Ints) -> pa.ListArray:
    there = quantities != 0
    _, unit = np.nonzero(there)
    ids = np.stack([found.ids(place)[rows] for place in range(len(UNITS))], axis=1)[there]
    arrays = {
        "unit": pa.array(UNITS, pa.string()).take(pa.array(unit)),
        "quantity": pa.array(quantities[there]),
        "rate": _decimals(rates[there] * PICO, 18),
        "usd": _decimals(usd[there], 12),
        "rate_id": pa.array(ids, pa.string()),
    }
    ends = np.concatenate(([0], np.cumsum(there.sum(axis=1)))).astype(np.int32)
    fields = [arrays[field.name] for field in LINE]
    return pa.ListArray.from_arrays(pa.array(ends), pa.StructArray.from_arrays(fields, fields=list(LINE)))


def _rounded(femto: Ints) -> Ints:
    """To the pico-dollar, a half to the even one, as `round` does with decimals."""
    whole, rest = np.divmod(femto, PICO)
    up = (rest > PICO // 2) | ((rest == PICO // 2) & (whole % 2 == 1))
    found: Ints = whole + up
    return found


def _decimals(whole: Ints, digits: int) -> pa.Array:
    """Whole numbers of the last of *digits* behind the point."""
    plain = pa.array(whole).cast(pa.decimal128(38, 0))
    return pa.Array.from_buffers(pa.decimal128(38, digits), len(plain), plain.buffers())
