"""Do real recorded exchanges read as exactly the usage that they carry?"""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from otel_burn.answers import Answer
from otel_burn.formats import recognise
from otel_burn.formats.body import Body
from otel_burn.formats.format import About, Format
from otel_burn.usage import Usage

RECORDED = Path(__file__).parents[3] / "shared/data/recorded/exchanges.jsonl.gz"
pytestmark = [
    pytest.mark.recorded,
    pytest.mark.skipif(not RECORDED.exists(), reason="needs ../shared/data/recorded beside the project"),
]


def exchanges() -> Iterator[tuple[dict[str, Any], Format]]:
    """The successful exchanges in a format that we read, whose bodies are text."""
    with gzip.open(RECORDED, "rt") as lines:
        for exchange in map(json.loads, lines):
            formats = recognise(exchange["method"], urlsplit(exchange["url"]).path)
            spoken = next(iter(formats), None)
            bodies = exchange["request"], exchange["response"]
            if (
                spoken
                and exchange["status"] == 200
                and all(isinstance(body, str) and body for body in bodies)
            ):
                yield exchange, spoken


def read(exchange: dict[str, Any], spoken: Format, body: str) -> Usage | None:
    """The usage by our reading."""
    headers = {"content-type": exchange["content_type"]}
    answer = Answer(spoken, About("/", Body(exchange["request"].encode()), headers), encoded=False)
    answer.feed(body.encode())
    return answer.response().usage


def independent(body: str) -> dict[str, int]:
    """The last number in each token field of a usage object, line by line: no parser of ours."""
    lines = [line[5:] for line in body.splitlines() if line.startswith("data:")] or [body]
    found: dict[str, int] = {}
    for line in lines:
        if line.strip() in ("[DONE]", ""):
            continue
        said = json.loads(line)
        for holder in (said, said.get("message") or {}, said.get("x_groq") or {}):
            found |= {k: v for k, v in (holder.get("usage") or {}).items() if isinstance(v, int)}
    return found


def test_every_exchange_that_carries_usage_yields_exactly_that() -> None:
    """Output counts equal the last ones in the text; inputs too, plus what Anthropic counts apart."""
    wrong, read_count = [], 0
    for exchange, spoken in exchanges():
        body = exchange["response"]
        numbers = independent(body)
        usage = read(exchange, spoken, body) or Usage()
        read_count += usage.input_tokens is not None
        output = numbers.get("completion_tokens", numbers.get("output_tokens"))
        given = numbers.get("prompt_tokens", numbers.get("input_tokens"))
        cached = (usage.cache_read_tokens or 0) + (usage.cache_write_tokens or 0)
        ours = (usage.input_tokens or 0) - (cached if spoken.name == "anthropic_messages" else 0)
        if given is not None and (usage.output_tokens, ours) != (output, given):
            wrong.append((exchange["cassette"], exchange["index"], numbers, usage))
    assert wrong == []
    assert read_count > 900


def test_what_carries_no_usage_yields_none() -> None:
    """Where no count stands in the text, none comes out."""
    invented = [
        exchange["cassette"]
        for exchange, spoken in exchanges()
        if not independent(exchange["response"]) and read(exchange, spoken, exchange["response"]) is not None
    ]
    assert invented == []


def test_requests_are_recognised_and_their_blocks_add_up() -> None:
    """Every recorded request reads as one, its model is its own, and each message gives at least one block."""
    for exchange, spoken in exchanges():
        body = json.loads(exchange["request"])
        asked = Body(exchange["request"].encode())
        assert spoken.is_request(asked)
        path = urlsplit(exchange["url"]).path
        assert "model" not in body or spoken.read_request(asked, path).model == body["model"]
        said = [
            message for message in body["messages"] if message.get("content") or message.get("tool_calls")
        ]
        assert len(spoken.blocks(asked)) >= len(said)
