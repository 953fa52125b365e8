"""Do recorded exchanges cost the same by the way of a span and by that of the price command?"""

import base64
import gzip
import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from otel_burn import names
from otel_burn.calls import Call
from otel_burn.contexts import Context
from otel_burn.formats import recognise
from otel_burn.formats.hosts import region_of
from otel_burn.framing.eventstream import EventStream
from otel_burn.prices.aliases import NONE
from otel_burn.prices.rows import price_row
from otel_burn.reading import Reading
from otel_burn.spans import UNBILLED, describe

PLACES = (
    Path(__file__).parents[3] / "../shared/data/recorded",
    Path(__file__).parents[4] / "shared/data/recorded",
)
FILE = next(
    (place / "exchanges.jsonl.gz" for place in PLACES if place.exists()), PLACES[0] / "exchanges.jsonl.gz"
)
pytestmark = [
    pytest.mark.recorded,
    pytest.mark.skipif(not FILE.exists(), reason="../shared/data/recorded is not beside this repository"),
]
AT = datetime(2026, 11, 20, 12, tzinfo=UTC)


def data(body: Any) -> bytes:
    """A recorded body's bytes."""
    return base64.b64decode(body["base64"]) if isinstance(body, dict) else (body or "").encode()


def objects(exchange: dict[str, Any]) -> Any:
    """What the answer is in JSON: a body, or the list of its events."""
    body = data(exchange["response"])
    if "amazon.eventstream" in (exchange["content_type"] or ""):
        events = list(EventStream().feed(body))
        return [
            json.loads(base64.b64decode(one["chunk"]["bytes"])) if "chunk" in one else one for one in events
        ]
    with suppress(ValueError):
        return json.loads(body)
    found = []
    for line in body.decode("utf-8", "replace").splitlines():
        with suppress(ValueError):
            found.append(json.loads(line.removeprefix("data:")))
    return found


def spans(exchange: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The attributes of the spans that the exchange makes, and its format's name."""
    url = urlsplit(exchange["url"])
    call = Call(
        formats=recognise(exchange["method"], url.path),
        host=url.hostname or "",
        port=url.port,
        path=url.path,
        request_body=data(exchange["request"]),
        retry_count=0,
        traceparent=None,
        on_end=lambda _: None,
        on_progress=lambda _: None,
        started_ns=int(AT.timestamp()) * 10**9,
        status=exchange["status"],
        response_headers={"content-type": exchange["content_type"] or ""},
        encoded=False,
    )
    reading = Reading(call, None)
    if reading.format is None or exchange["status"] != 200:
        return
    reading.feed([data(exchange["response"])])
    told = describe(
        call, reading, reading.response(), Context([], 0, ""), call_id="1", number=1, providers={}
    )
    yield from (one.attributes | {"api": reading.format.name, "host": call.host} for one in told)


def test_a_span_and_the_price_command_agree_on_recorded_exchanges() -> None:
    """Whole answers and streams of some thirty providers: the same amount where the span has one, and else none."""
    different, compared = [], 0
    with gzip.open(FILE, "rt", encoding="utf-8") as lines:
        for exchange in map(json.loads, lines):
            said = list(spans(exchange))
            if (
                len(said) != 1
                or said[0][names.OPERATION_NAME] in UNBILLED
                or names.USAGE_STATUS not in said[0]
            ):
                continue
            (attributes,) = said
            if attributes[names.USAGE_STATUS] != "exact":
                continue
            compared += 1
            told = price_row(row(exchange, attributes), NONE)
            usd = attributes.get(names.COST_USD)
            if (told["usd"] is None) != (usd is None) or (usd is not None and not near(told["usd"], usd)):
                different.append(
                    (exchange["url"].split("?")[0], attributes["api"], usd, told["usd"], told.get("reason"))
                )
    assert not different, "\n".join(map(str, different))
    assert compared > 1_000


def near(one: Decimal, other: float) -> bool:
    """Whether *one* is the amount that a span carries as a float."""
    return abs(one - Decimal(repr(other))) <= Decimal("1e-15") + abs(one) * Decimal("1e-12")


def row(exchange: dict[str, Any], attributes: dict[str, Any]) -> dict[str, Any]:
    """The exchange as a row of the command's file."""
    return {
        "id": exchange["cassette"],
        "provider": attributes[names.PROVIDER_NAME],
        "api": attributes["api"],
        "model": attributes.get(names.REQUEST_MODEL),
        "at": AT.isoformat(),
        "region": region_of(attributes["host"]),
        "usage": objects(exchange),
    }
