"""What do merged calls cost? Each billed attempt at the rates of its day; what an emitter says, where we know none."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import accumulate, groupby
from operator import itemgetter
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from otel_burn.prices import RATE_VERSION, Line, Price, aliases, billed_model, price
from otel_burn.prices.aliases import Aliases
from otel_burn.usage import Usage
from otel_burn_collector.ledger.bills import INPUT_PARTS, LINE, PART_OF, PRICED, bills
from otel_burn_collector.ledger.dialects import DIALECTS
from otel_burn_collector.ledger.pricing_columns import price_columns
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
EXTRA_COUNTS: Final = ("image_input_tokens", "image_output_tokens", "audio_cache_read_tokens")


def priced(used: pa.Table) -> pa.Table:
    """The bill of each call in *used*, which has the rows of `steps/read_used.sql`: by columns where those can tell."""
    names = aliases.current()
    plain = _plain(used)
    if plain.sum() < WORTH_COLUMNS:
        return _one_by_one(used.to_pylist(), names)
    found = price_columns(used, names)
    by_columns = plain & found.known
    rest = used.filter(pa.array(~by_columns))
    return pa.concat_tables([bills(used["call_id"], found, by_columns), _one_by_one(rest.to_pylist(), names)])


WORTH_COLUMNS: Final = 64
"""Calls from which on columns cost less than one after another."""


def _plain(used: pa.Table) -> NDArray[np.bool_]:
    """Which rows are a whole call with nothing but tokens of the usual kinds, and a good answer."""
    ids = used["call_id"].combine_chunks()
    found = np.ones(used.num_rows, np.bool_)
    if used.num_rows > 1:
        same = pc.equal(ids[1:], ids[:-1]).to_numpy(zero_copy_only=False)
        found[1:] &= ~same
        found[:-1] &= ~same
    for column, usual in USUAL.items():
        is_usual = pc.is_in(used[column], pa.array(usual, used.schema.field(column).type))
        found &= is_usual.to_numpy()
    return found


USUAL: Final[Mapping[str, Sequence[Any]]] = {
    "status": ("ok",),
    "usage_status": ("exact",),
    "extras": (None,),
    "audio_input_tokens": (None, 0),
    "audio_output_tokens": (None, 0),
}


def _one_by_one(rows: Iterable[Mapping[str, Any]], names: Aliases) -> pa.Table:
    calls = groupby(rows, key=itemgetter("call_id"))
    bills = [_bill(call_id, list(attempts), names) for call_id, attempts in calls]
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
        "rate_id": [line.rate_id or None for line in lines],
    }
    arrays = [pa.array(columns[field.name], field.type) for field in LINE]
    return pa.ListArray.from_arrays(
        pa.array(ends, pa.int32()), pa.StructArray.from_arrays(arrays, fields=list(LINE))
    )


@lru_cache(4096)
def _short(rate: Decimal) -> Decimal:
    return round(rate, 18)


def _bill(call_id: str, attempts: list[Mapping[str, Any]], names: Aliases) -> dict[str, Any]:
    call = attempts[0]
    if _was_refused(call) or _never_left(call):
        return _row(call_id, Decimal(0), "not_metered", (), "nobody answered it, or the answer was an error")
    extras = [json.loads(each["extras"]) if each["extras"] else {} for each in attempts]
    if all("provider_usd" in each for each in extras):
        told = sum((Decimal(str(each["provider_usd"])) for each in extras), Decimal(0))
        return _row(call_id, told, "reported", (), "the provider said so")
    prices = [_price(attempt, extra, names) for attempt, extra in zip(attempts, extras, strict=True)]
    reasons = list(dict.fromkeys(each.reason for each in prices if each.reason))
    if all(each.usd is not None for each in prices):
        lines = _summed([line for each in prices for line in each.lines])
        statuses = {each.status for each in prices}
        if call["usage_status"] == "partial":
            statuses.add("estimated")
            reasons.append(_partial(call["dialect"]))
        usd = sum((line.usd for line in lines), Decimal(0))
        return _row(call_id, usd, max(statuses, key=SURENESS.index), lines, "; ".join(reasons))
    if call["reported_usd"] is not None:
        return _row(
            call_id, call["reported_usd"], "reported", (), f"its emitter said so; {'; '.join(reasons)}"
        )
    return _row(call_id, None, "unpriced", (), "; ".join(reasons))


def _partial(dialect: str | None) -> str:
    left_out = LEFT_OUT.get(dialect or "")
    if left_out:
        return f"its emitter leaves out {left_out}: priced as if there were none"
    return "the answer broke off: what the rest cost, nobody said"


LEFT_OUT: Final = {each.name: each.leaves_out for each in DIALECTS if each.leaves_out}
SURENESS: Final = ("not_metered", "computed", "estimated")
"""Statuses of attempts with a price: that of their sum is the last one."""


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


def _price(attempt: Mapping[str, Any], extra: Mapping[str, Any], names: Aliases) -> Price:
    provider, host = attempt["provider"], attempt["host"]
    asked, answered = attempt["request_model"], attempt["response_model"]
    alias = names.find(asked) or names.find(answered)
    counts = {name: int(extra[name]) for name in EXTRA_COUNTS if name in extra}
    return price(
        provider=(alias and alias.provider) or provider,
        model=alias.model if alias else billed_model(provider, asked, answered, host),
        at=EPOCH + timedelta(microseconds=attempt["at_us"]),
        usage=Usage(
            **{name: attempt[name] for name in USAGE_FIELDS},
            **counts,
            units={name: value for name, value in extra.items() if name not in EXTRA_COUNTS},
        ),
        service_tier=attempt["service_tier"],
        host=None if alias and alias.provider else host,
        region=(alias and alias.region) or attempt["region"],
        asked=asked,
    )


def _summed(lines: Sequence[Line]) -> tuple[Line, ...]:
    """One line for each unit and rate, whatever the number of attempts, to the pico-dollar."""
    quantities: dict[tuple[str, Decimal, str], int] = {}
    for line in lines:
        key = (line.unit, line.rate, line.rate_id)
        quantities[key] = quantities.get(key, 0) + line.quantity
    return tuple(
        Line(unit, quantity, rate, round(rate * quantity, 12), rate_id)
        for (unit, rate, rate_id), quantity in quantities.items()
    )


def _row(
    call_id: str, usd: Decimal | None, status: str, lines: tuple[Line, ...], reason: str = ""
) -> dict[str, Any]:
    parts = dict(_input_parts(lines)) if lines else {}
    return {
        "call_id": call_id,
        "cost_usd": None if usd is None else round(usd, 12),
        "cost_status": status,
        "cost_reason": reason or None,
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
