"""What do many calls cost at once? The same prices as `otel_burn.prices.price`, by columns.

Calls of one provider, model, host, tier, region and day (or half an hour, where the time decides) have the same rates:
these are found once, by the scalar path's own look-up, and joined to the rows as of their time. What is left is to
multiply and add whole numbers. What could be more than 64 bits, and units that few calls have, are left to the scalar
path; a property test holds the two against each other.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from otel_burn.prices import billed_model
from otel_burn.prices.aliases import Aliases
from otel_burn.prices.calculation import ROUTER, STAND_INS
from otel_burn.prices.lookup import DIGITS, Rates, Tariff, find_rates
from otel_burn.prices.sellers import Listed, find_model, is_local

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

KEYS: Final = ("provider", "request_model", "response_model", "host", "service_tier", "region")
UNITS: Final = (
    "input_tokens", "cache_read_tokens", "cache_write_tokens", "cache_write_1h_tokens", "output_tokens",
)  # fmt: skip
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
SLOT_US: Final = 30 * 60 * 10**6
"""Windows of a day begin and end with a half hour."""
DAY_SLOTS: Final = 48
FINE: Final = 15
"""Digits behind the point of a dollar in which columns count; a finer rate is left to the scalar path."""
COARSER: Final = 10 ** (DIGITS - FINE)
DEAREST: Final = 10 ** (FINE - 3)
"""A tenth of a cent for a token; with MOST tokens on either side no sum exceeds 64 bits."""
MOST: Final = 2**22


class Priced(NamedTuple):
    """What rows cost: for each of UNITS a column of quantities and one of rates (in 10⁻¹⁵ dollars)."""

    known: Flags
    """Whether the columns could tell; the other rows are the scalar path's."""
    quantities: Sequence[Ints]
    rates: Sequence[Ints]
    sheets: Sequence["_Sheet"]
    codes: Ints
    """For each row twice the number of its sheet, and one more where its prompt is over the threshold."""

    @property
    def usd(self) -> Ints:
        """In 10⁻¹⁵ dollars, where `known`."""
        found = np.zeros(len(self.codes), np.int64)
        for quantity, rate in zip(self.quantities, self.rates, strict=True):
            found += quantity * rate
        return found

    def ids(self, unit: int) -> NDArray[np.object_]:
        """The ids of the rates of a unit."""
        both = [ids[unit] for sheet in self.sheets for ids in (sheet.ids, sheet.ids_above)]
        found: NDArray[np.object_] = np.array(both, np.object_)[self.codes]
        return found

    @property
    def reasons(self) -> NDArray[np.object_]:
        """Why a row's price is an estimate; empty where it isn't."""
        found: NDArray[np.object_] = np.array([sheet.reason for sheet in self.sheets], np.object_)[
            self.codes // 2
        ]
        return found


class _Sheet(NamedTuple):
    """What a key's rows cost a token: by unit below and above the threshold; -1 where there is no rate."""

    below: Sequence[int]
    above: Sequence[int]
    over: int
    ids: Sequence[str]
    ids_above: Sequence[str]
    reason: str


NOTHING: Final = _Sheet([-1] * len(UNITS), [-1] * len(UNITS), 0, [""] * len(UNITS), [""] * len(UNITS), "")


def price_columns(calls: pa.Table, names: Aliases) -> Priced:
    """Price the rows of *calls*, which has the columns of `steps/read_used.sql`."""
    codes, sheets = _joined(calls, names)
    given = _ints(calls["input_tokens"])
    quantities, known = _quantities(calls, given)
    known &= ~_nulls(calls["input_tokens"])
    codes = codes * 2 + (given > np.array([one.over for one in sheets], np.int64)[codes])
    rates = []
    for unit, quantity in enumerate(quantities):
        both = np.array([each[unit] for one in sheets for each in (one.below, one.above)], np.int64)
        rate = both[codes]
        if (both < 0).any():
            known &= (rate >= 0) | (quantity == 0)
            rate = np.maximum(rate, 0)
        rates.append(rate)
    known &= np.repeat([one is not NOTHING for one in sheets], 2)[codes]
    return Priced(known, quantities, rates, sheets, codes)


def _quantities(calls: pa.Table, given: Ints) -> tuple[Sequence[Ints], Flags]:
    """The disjoint units of each row, and whether they can be."""
    written, read = _ints(calls["output_tokens"]), _ints(calls["cache_read_tokens"])
    hour, told = _ints(calls["cache_write_1h_tokens"]), calls["cache_write_tokens"]
    write = _ints(told)
    if told.null_count:
        write = np.where(_nulls(told), _ints(calls["cache_write_5m_tokens"]) + hour, write)
    parts = (given - read - write, read, write - hour, hour, written)
    fits = (given < MOST) & (written < MOST)
    for part in parts:
        fits &= part >= 0
    return parts, fits


def _joined(calls: pa.Table, names: Aliases) -> tuple[Ints, list[_Sheet]]:
    """For each row the number of its sheet, and the sheets."""
    combined, firsts = _combined(calls)
    listed = [_listed(*(calls[name][row].as_py() for name in KEYS), names=names) for row in firsts]
    slots = _ints(calls["at_us"]) // SLOT_US
    by_time = np.array([found is not None and found[0].has_windows for found in listed], np.bool_)[combined]
    slots = np.where(by_time, slots, slots // DAY_SLOTS * DAY_SLOTS)
    lowest = int(slots.min(initial=0))
    width = int(slots.max(initial=0)) - lowest + 1
    codes, rows = _dense(combined * width + (slots - lowest), width * len(firsts))
    return codes, [_sheet(listed[int(combined[row])], int(slots[row])) for row in rows]


def _combined(calls: pa.Table) -> tuple[Ints, Ints]:
    """For each row the number of its combination of KEYS, and a row of each."""
    codes, rows = np.zeros(calls.num_rows, np.int64), np.zeros(min(1, calls.num_rows), np.int64)
    for name in KEYS:
        encoded = pc.dictionary_encode(calls[name].combine_chunks(), null_encoding="encode")
        if (values := len(encoded.dictionary)) > 1:
            indices = encoded.indices.to_numpy(zero_copy_only=False)
            codes, rows = _dense(codes * values + indices, len(rows) * values)
    return codes, rows


def _dense(codes: Ints, size: int) -> tuple[Ints, Ints]:
    """*codes* below *size* numbered without gaps, and a row of each."""
    if size > SPARSE:
        _, rows, found = np.unique(codes, return_index=True, return_inverse=True)
        return found, rows
    row_of = np.full(size, -1, np.int64)
    row_of[codes] = np.arange(len(codes))
    present = row_of >= 0
    return (np.cumsum(present) - 1)[codes], row_of[present]


SPARSE: Final = 2**24
"""Numbers up to which a table of all of them is faster than sorting."""


_Found = tuple[Listed, str | None, str | None]
"""A line of a price list, with the tier and the region that served."""


def _listed(
    provider: str | None,
    asked: str | None,
    answered: str | None,
    host: str | None,
    tier: str | None,
    region: str | None,
    *,
    names: Aliases,
) -> _Found | None:
    alias = names.find(asked) or names.find(answered)
    model = alias.model if alias else billed_model(provider, asked, answered, host)
    seller, place = (alias and alias.provider) or provider, (alias and alias.region) or region
    if not model or is_local(seller, model) or ROUTER.search(asked or model):
        return None
    listed = find_model(seller, model, None if alias and alias.provider else host, place)
    return None if listed is None else (listed, tier, place)


def _sheet(found: _Found | None, slot: int) -> _Sheet:
    if found is None:
        return NOTHING
    listed, tier, region = found
    at = EPOCH + timedelta(microseconds=slot * SLOT_US)
    rates = find_rates(listed, at.date(), f"{at:%H:%M}" if listed.has_windows else "", tier, region)
    return NOTHING if rates is None else _rows(rates)


def _rows(rates: Rates) -> _Sheet:
    """The sheet of *rates*; none where a call could be billed for more than UNITS."""
    if (
        not rates.tariffs
        or "reasoning_tokens" in rates.tariffs
        or {"requests", "requests_low"} & rates.tariffs.keys()
    ):
        return NOTHING
    tariffs = [_tariff(unit, rates) for unit in UNITS]
    steps = {over for tariff in tariffs if tariff for over, _, _ in tariff.above}
    if len(steps) > 1 or any(len(tariff.above) > 1 for tariff in tariffs if tariff):
        return NOTHING
    over = steps.pop() if steps else 0
    below = [(tariff.base, tariff.id) if tariff else (-1, "") for tariff in tariffs]
    above = [tariff.at(over + 1) if tariff else (-1, "") for tariff in tariffs]
    return _Sheet(
        [_coarse(rate) for rate, _ in below],
        [_coarse(rate) for rate, _ in above],
        over,
        [name for _, name in below],
        [name for _, name in above],
        "; ".join(rates.notes),
    )


def _tariff(unit: str, rates: Rates) -> Tariff | None:
    return rates.tariffs.get(unit) or rates.tariffs.get(STAND_INS.get(unit, ""))


def _coarse(rate: int) -> int:
    """*rate* in 10⁻¹⁵ dollars; -1 where that would round or overflow it."""
    coarse, rest = divmod(rate, COARSER)
    return coarse if rest == 0 and 0 <= coarse <= DEAREST else -1


def _nulls(column: pa.ChunkedArray) -> Flags:
    found: Flags = pc.is_null(column).to_numpy()
    return found


def _ints(column: pa.ChunkedArray) -> Ints:
    found: Ints = pc.fill_null(column, 0).to_numpy()
    return found
