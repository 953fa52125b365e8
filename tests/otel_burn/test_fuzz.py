"""Does anything that is on the wire reach the caller changed, break us, or become a number that nobody said?"""

import base64
import gzip
import json
import os
import random
import re
import zlib
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otel_burn import instrument, instrumentation, locations, uninstrument
from otel_burn.formats import FORMATS
from otel_burn.formats.body import Body
from otel_burn.formats.format import About, Format
from otel_burn.spool import drain

EXCHANGES: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("exchanges.json").read_text())
RECORDED = Path(__file__).parents[3] / "shared/data/recorded/exchanges.jsonl.gz"
EXAMPLES = int(os.environ.get("OTEL_BURN_FUZZ", "60"))
"""By format: 20 seconds in all; `OTEL_BURN_FUZZ=3000` takes a quarter of an hour."""
Answer = tuple[int, dict[str, str], list[bytes]]

ODD: list[Any] = [
    None, True, -1, 0, 2**63, 2**70, 1e308, float("nan"), float("inf"), "", "\x00", "\ud83d", "9" * 5000, [], {}, [[]],
    [None], {"": None}, "x" * 70_000, -0.5, [1, "a", {}], {"type": 1, "index": "x", "usage": []},
]  # fmt: skip


def mutated(value: Any, chance: random.Random, rate: float) -> Any:
    """*value* with members deleted, doubled, swapped and of other types, here and there."""
    if chance.random() < rate:
        return chance.choice(ODD)
    if isinstance(value, dict):
        pairs = [
            (name, mutated(inner, chance, rate)) for name, inner in value.items() if chance.random() > rate
        ]
        if len(pairs) > 1 and chance.random() < rate:
            at, other = chance.sample(range(len(pairs)), 2)
            pairs[at] = pairs[at][0], pairs[other][1]
        return dict(pairs)
    if isinstance(value, list):
        items = [mutated(one, chance, rate) for one in value if chance.random() > rate]
        return items + items[:1] if chance.random() < rate else items
    return value


def framed(said: Any, kind: str) -> bytes:
    """*said* as a body of the content type *kind*, where it goes into one."""
    if isinstance(said, list) and kind == "text/event-stream":
        return b"".join(f"data: {json.dumps(one)}\n\n".encode() for one in said)
    if isinstance(said, list) and "json" in kind and kind != "application/json":
        return b"".join(json.dumps(one).encode() + b"\n" for one in said)
    return json.dumps(said).encode()


KINDS = (
    "application/json", "text/event-stream", "application/x-ndjson", "application/vnd.amazon.eventstream", "text/plain",
    "audio/mpeg", "APPLICATION/JSON; charset=utf-16", "", "text/event-stream;;", "\xff",
)  # fmt: skip
ENCODINGS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": lambda data: data,
    "zstd": lambda data: b"\x28\xb5\x2f\xfd" + data,
    "identity": lambda data: data,
    "unheard-of": lambda data: data,
    "gzip, deflate": lambda data: zlib.compress(gzip.compress(data)),
}


def damaged(body: bytes, other: bytes, chance: random.Random) -> bytes:
    """*body* cut, spliced with another, or with bytes in it that are no text."""
    at = chance.randrange(len(body) + 1)
    match chance.randrange(8):
        case 0:
            return body[:at]
        case 1:
            return body[:at] + other[chance.randrange(len(other) + 1) :]
        case 2:
            return body[:at] + bytes(chance.randrange(256) for _ in range(3)) + body[at:]
        case 3:
            return body[:at] + b"\x00\r\r\n\n\xff\xfe\xc3" + body[at:]
        case _:
            return body


def answer(said: bytes, kind: str, chance: random.Random) -> Answer:
    """An answer with the body *said*, as somebody may send it."""
    headers = {"content-type": kind if chance.random() < 0.8 else chance.choice(KINDS)}
    if chance.random() < 0.25:
        name = chance.choice(list(ENCODINGS))
        headers["content-encoding"], said = name, ENCODINGS[name](said)
        said = said if chance.random() < 0.6 else damaged(said, said, chance)
    places = sorted(chance.randrange(len(said) + 1) for _ in range(chance.randrange(6)))
    pieces = [said[start:end] for start, end in zip([0, *places], [*places, len(said)], strict=True)]
    return chance.choice([200] * 6 + [400, 429, 500, 302, 204]), headers, pieces


def taken(client: httpx2.Client, playing: list[Answer], path: str, asked: bytes | None, said: Answer) -> Any:
    """What the caller gets: status and bytes, or the class of the exception."""
    playing.append(said)
    request = client.build_request(
        "GET" if asked is None else "POST", f"http://llm{path}", content=asked, headers={"x": "1"}
    )
    try:
        response = client.send(request, stream=True)
        try:
            return response.status_code, dict(response.headers), b"".join(response.iter_bytes())
        finally:
            response.close()
    except Exception as error:  # noqa: BLE001 - whatever it is, it must be the same one
        return type(error), str(error)


class Line:
    """A client whose answers are scripted."""

    def __init__(self) -> None:
        self.playing: list[Answer] = []

        def play(_: httpx2.Request) -> httpx2.Response:
            status, headers, pieces = self.playing.pop()
            raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
            return httpx2.Response(status, headers=raw, content=iter(pieces))

        self.client = httpx2.Client(transport=httpx2.MockTransport(play))

    def same_with_us(self, path: str, asked: bytes | None, said: Answer) -> list[Any]:
        """The spans of one call, which the caller gets no other answer to than without us."""
        plain = taken(self.client, self.playing, path, asked, said)
        instrument()
        try:
            active = instrumentation.active()
            assert active is not None
            assert taken(self.client, self.playing, path, asked, said) == plain
            assert active.flush(30)
        finally:
            uninstrument()
        return delivered()


def delivered() -> list[Any]:
    """The spans in the spool, as the stock parser reads them."""
    found: list[bytes] = []
    drain(locations.spool(), found.append)
    return [
        span
        for data in found
        for resource in ExportTraceServiceRequest.FromString(data).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


_NUMBER = re.compile(rb"\d[\d.]*(?:[eE][+-]?\d+)?")
_PACKED = re.compile(rb'"bytes": ?"([A-Za-z0-9+/=]+)"')


def numbers(body: bytes) -> set[int]:
    """Every whole number in *body*, also in what it packs."""
    texts = [body]
    for packed in _PACKED.findall(body):
        with_padding = packed + b"=" * (-len(packed) % 4)
        texts.append(base64.b64decode(with_padding))
    found = {0}
    for text in _NUMBER.findall(b" ".join(texts)):
        for value in (text, *text.split(b".")):  # also of a number that something was spliced into
            try:
                found.add(int(float(value)))
            except (ValueError, OverflowError):
                continue
    return {value for value in found if value < 2**53}


def explained(count: int, said: set[int]) -> bool:
    """Whether *count* is one of the numbers that were *said*, or the sum of up to three, or the rest of a total."""
    if count in said or any(count + other in said for other in said):
        return True
    return any(count - one - other in said for one, other in combinations(said, 2)) or any(
        count - 2 * one in said for one in said
    )


def check(spans: list[Any], path: str, asked: bytes | None, body: bytes | None) -> None:
    """One span of the call, small, and no number in it that stands nowhere."""
    made = [{one.key: one.value for one in span.attributes} for span in spans]
    called = [said for said in made if "burn.context.chain" in said]
    assert len(called) <= 1, path
    assert len({span.span_id for span in spans}) == len(spans)
    said = numbers(body or b"")
    for one in made:
        for name, value in one.items():
            assert len(value.string_value) <= 16_400 or name == "burn.tool_calls.args", name
            if name.startswith("gen_ai.usage.") and "prefill" not in str(body):
                assert explained(value.int_value, said), (path, name, value, body)


def play(line: Line, path: str, asked: bytes | None, said: Answer, *, spoken: bool = False) -> None:
    """Send one exchange both ways and judge what comes of it; *spoken* is a request that must be a call."""
    spans = line.same_with_us(path, asked, said)
    if spoken:
        assert sum(any(one.key == "burn.context.chain" for one in span.attributes) for span in spans) == 1, (
            path
        )
    _, headers, pieces = said
    line.playing.append((200, headers, pieces))
    try:
        body: bytes | None = line.client.get("http://plain").content
    except httpx2.DecodingError:
        body = None
    if body is not None:
        check(spans, path, asked, body)


@pytest.fixture(scope="module")
def line() -> Iterator[Line]:
    """A scripted line."""
    made = Line()
    yield made
    made.client.close()


def retyped(value: Any) -> Iterator[Any]:
    """*value*, each time with one member in it that is something else."""
    if isinstance(value, dict | list):
        members = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in list(members):
            for other in retyped(inner):
                changed = value.copy()
                changed[key] = other
                yield changed
    yield from ([], {}, [{}], 1, 1.5, "x", None)


@pytest.mark.parametrize("spoken", FORMATS, ids=lambda spoken: spoken.name)
def test_every_member_of_every_other_type(spoken: Format) -> None:
    """One by one, in the request, the answer and each event: it is read or left, and nothing is raised."""
    exchange = EXCHANGES[spoken.name]
    about = About(exchange["path"], Body(json.dumps(exchange["asked"] or {}).encode()))
    for asked in retyped(exchange["asked"] or {}):
        body = Body(json.dumps(asked).encode())
        spoken.is_request(body)
        spoken.read_request(body, exchange["path"])
        spoken.blocks(body)
    for said in retyped(exchange["said"]):
        if isinstance(said, dict):
            spoken.read_response(said, about)
    for at, event in enumerate(exchange.get("events", ())):
        for other in retyped(event):
            assert spoken.stream is not None
            stream = spoken.stream(about)
            for one in [*exchange["events"][:at], other, *exchange["events"][at + 1 :]]:
                if isinstance(one, dict):
                    stream.add(one)
            stream.response()


UNSPOKEN = ("fetched", "fetch", "results", "output", "file", "cancelled", "continued")
"""Formats of which a call may be no span, and has no context."""


@pytest.mark.parametrize("name", EXCHANGES)
@settings(
    max_examples=EXAMPLES,
)
@given(seed=st.integers(0, 2**64))
def test_mutated_exchanges(name: str, seed: int, line: Line) -> None:
    """Deleted, doubled, swapped, retyped, truncated, spliced, mislabelled: the caller notices nothing of us."""
    chance = random.Random(seed)
    exchange, other = EXCHANGES[name], EXCHANGES[chance.choice(list(EXCHANGES))]
    rate = chance.choice([0, 0.01, 0.05, 0.2])
    streamed = "events" in exchange and chance.random() < 0.6
    kind = exchange["kind"] if streamed and not exchange["kind"].startswith("aws") else "application/json"
    said = framed(mutated(exchange["events" if streamed else "said"], chance, rate), kind)
    said = damaged(said, framed(other["said"], "application/json"), chance) if rate else said
    asked, spoken = None, not name.endswith(UNSPOKEN)
    if exchange["asked"] is not None:
        asked = json.dumps(exchange["asked"]).encode()
        if chance.random() < 0.3:
            spoken = False
            asked = damaged(json.dumps(mutated(exchange["asked"], chance, rate)).encode(), b"[{", chance)
    play(line, exchange["path"], asked, answer(said, kind, chance), spoken=spoken)


@pytest.mark.recorded
@pytest.mark.skipif(not RECORDED.exists(), reason="needs ../shared/data/recorded beside the project")
def test_mutated_recordings(line: Line) -> None:
    """A sample of what providers really said, damaged."""
    chance = random.Random(EXAMPLES)
    with gzip.open(RECORDED, "rt") as lines:
        exchanges = [json.loads(one) for one in lines]
    for exchange in chance.sample(exchanges, min(2 * EXAMPLES, len(exchanges))):
        asked, said = (
            base64.b64decode(body["base64"]) if isinstance(body, dict) else (body or "").encode()
            for body in (exchange["request"], exchange["response"])
        )
        path = "/" + exchange["url"].split("/", 3)[-1]
        body = asked if exchange["method"].upper() == "POST" else None
        said = damaged(said, said, chance)
        play(line, path, body, answer(said, exchange["content_type"] or "", chance))
