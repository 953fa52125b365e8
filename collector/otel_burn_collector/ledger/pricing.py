"""What do merged calls cost? Each billed attempt at the rates of its day; what an emitter says, where we know none."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import accumulate, groupby
from operator import itemgetter
from typing import Any, Final

import pyarrow as pa

from otel_burn.prices import RATE_VERSION, Line, Price, billed_model, price
from otel_burn.usage import Usage
from otel_burn_collector.ledger.report_rows import table

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
USAGE_FIELDS: Final = (
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "cache_write_5m_tokens",
    "cache_write_1h_tokens",
    "reasoning_tokens",
    "audio_input_tokens",
    "audio_output_tokens",
)
INPUT_PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    "read_pico": ("cache_read_tokens",),
    "write_pico": ("cache_write_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens"),
    "rest_pico": ("input_tokens", "audio_input_tokens"),
}
"""Which lines of a bill belong to which stretch of the prompt."""
PART_OF: Final = {unit: part for part, units in INPUT_PARTS.items() for unit in units}

LINE: Final = pa.struct(
    {
        "unit": pa.string(),
        "quantity": pa.int64(),
        "rate": pa.decimal128(38, 18),
        "usd": pa.decimal128(38, 12),
    }
)
PRICED: Final = pa.schema(
    {
        "call_id": pa.string(),
        "cost_usd": pa.decimal128(38, 12),
        "cost_status": pa.string(),
        "rate_version": pa.string(),
        "read_pico": pa.decimal128(38, 0),
        "write_pico": pa.decimal128(38, 0),
        "rest_pico": pa.decimal128(38, 0),
    }
)


def priced(rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """The bill of each call in *rows*, which are those of `steps/read_used.sql`."""
    calls = groupby(rows, key=itemgetter("call_id"))
    bills = [_bill(call_id, list(attempts)) for call_id, attempts in calls]
    lines = [bill.pop("lines") for bill in bills]
    return table(bills, PRICED).append_column("cost_lines", _line_rows(lines))


def _line_rows(bills: Sequence[tuple[Line, ...]]) -> pa.Array:
    """Lists of lines, made column by column."""
    ends = list(accumulate(map(len, bills), initial=0))
    lines = [line for bill in bills for line in bill]
    columns = {
        "unit": [line.unit for line in lines],
        "quantity": [line.quantity for line in lines],
        "rate": [_short(line.rate) for line in lines],
        "usd": [line.usd for line in lines],
    }
    arrays = [pa.array(columns[field.name], field.type) for field in LINE]
    return pa.ListArray.from_arrays(
        pa.array(ends, pa.int32()), pa.StructArray.from_arrays(arrays, fields=list(LINE))
    )


@lru_cache(4096)
def _short(rate: Decimal) -> Decimal:
    return round(rate, 18)


def _bill(call_id: str, attempts: list[Mapping[str, Any]]) -> dict[str, Any]:
    call = attempts[0]
    if _was_refused(call) or _never_left(call):
        return _row(call_id, Decimal(0), "not_metered", ())
    prices = [_price(attempt) for attempt in attempts]
    if all(each.usd is not None for each in prices):
        lines = _summed([line for each in prices for line in each.lines])
        statuses = {each.status for each in prices}
        if call["usage_status"] == "partial":
            statuses.add("estimated")  # a lower bound: what the broken-off rest cost, nobody said
        return _row(call_id, sum((line.usd for line in lines), Decimal(0)), max(statuses), lines)
    if call["reported_usd"] is not None:
        return _row(call_id, call["reported_usd"], "reported", ())
    return _row(call_id, None, "unpriced", ())


def _was_refused(call: Mapping[str, Any]) -> bool:
    """A provider that answered with an error generated nothing, and bills nothing: that is known, so it is 0."""
    refused = call["status"] == "error" and (call["http_status"] or 0) >= 400
    return refused and call["input_tokens"] is None and call["output_tokens"] is None


_NO_CONNECTION: Final = (
    "ConnectError", "ConnectTimeout", "ConnectionRefusedError", "NewConnectionError", "ConnectTimeoutError",
    "NameResolutionError", "ClientConnectorError", "ClientConnectorDNSError", "ConnectionTimeoutError",
    "EndpointConnectionError",
)  # fmt: skip
"""How HTTP clients name a connection that never came to be (httpx, urllib3, aiohttp, botocore, Python)."""


def _never_left(call: Mapping[str, Any]) -> bool:
    """What reached nobody costs nothing."""
    failures = call["failures"] or [None]
    return all((failure or "").rpartition(".")[2] in _NO_CONNECTION for failure in failures)


def _price(attempt: Mapping[str, Any]) -> Price:
    return price(
        provider=attempt["provider"],
        model=billed_model(attempt["provider"], attempt["request_model"], attempt["response_model"]),
        at=EPOCH + timedelta(microseconds=attempt["at_us"]),
        usage=Usage(**{name: attempt[name] for name in USAGE_FIELDS}),
        service_tier=attempt["service_tier"],
        host=attempt["host"],
    )


def _summed(lines: Sequence[Line]) -> tuple[Line, ...]:
    """One line for each unit and rate, whatever the number of attempts, to the pico-dollar."""
    quantities: dict[tuple[str, Decimal], int] = {}
    for line in lines:
        key = (line.unit, line.rate)
        quantities[key] = quantities.get(key, 0) + line.quantity
    return tuple(
        Line(unit, quantity, rate, round(rate * quantity, 12))
        for (unit, rate), quantity in quantities.items()
    )


def _row(call_id: str, usd: Decimal | None, status: str, lines: tuple[Line, ...]) -> dict[str, Any]:
    parts = dict(_input_parts(lines)) if lines else {}
    return {
        "call_id": call_id,
        "cost_usd": None if usd is None else round(usd, 12),
        "cost_status": status,
        "lines": lines,
        "rate_version": RATE_VERSION if lines else None,
        **parts,
    }


def _input_parts(lines: tuple[Line, ...]) -> Iterator[tuple[str, Decimal]]:
    pico = dict.fromkeys(INPUT_PARTS, 0)
    for line in lines:
        if line.unit in PART_OF:
            pico[PART_OF[line.unit]] += int(line.usd.scaleb(12))
    return ((part, Decimal(each)) for part, each in pico.items())
