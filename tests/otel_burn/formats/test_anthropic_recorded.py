"""Do recorded Anthropic exchanges read as exactly the usage that they carry, wherever the network cuts them?"""

import gzip
import itertools
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from otel_burn.answers import Answer
from otel_burn.exchange import Response
from otel_burn.formats import recognise
from otel_burn.formats.body import Body
from otel_burn.formats.format import About, Format
from otel_burn.usage import Usage

DATA = Path(__file__).parents[4] / "shared/data"
RECORDED = DATA / "recorded/exchanges.jsonl.gz"
CAPTURED = sorted(DATA.glob("captures/*/llm_requests.jsonl"))
pytestmark = [
    pytest.mark.recorded,
    pytest.mark.skipif(not RECORDED.exists(), reason="needs ../shared/data/recorded beside the project"),
]
FIELDS = (
    "input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens",
    "ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens",
)  # fmt: skip


def recorded() -> Iterator[tuple[dict[str, Any], Format]]:
    """The exchanges that a format of Anthropic's own API reads."""
    with gzip.open(RECORDED, "rt") as lines:
        for exchange in map(json.loads, lines):
            path = urlsplit(exchange["url"]).path
            asked = (
                Body((exchange["request"] or "").encode()) if isinstance(exchange["request"], str) else None
            )
            spoken = [f for f in recognise(exchange["method"], path) if asked and f.is_request(asked)]
            if spoken and spoken[0].name.startswith("anthropic_"):
                yield exchange, spoken[0]


def read(spoken: Format, exchange: dict[str, Any], seed: int | None = None) -> Response:
    """Our reading, of the whole body or of one that is cut at random."""
    path = urlsplit(exchange["url"]).path
    about = About(path, Body(exchange["request"].encode()), {"content-type": exchange["content_type"]})
    answer = Answer(spoken, about, encoded=False)
    body = exchange["response"].encode()
    dice = random.Random(seed)
    cuts = [0, *sorted(dice.choices(range(len(body) + 1), k=0 if seed is None else 40)), len(body)]
    for start, end in itertools.pairwise(cuts):
        answer.feed(body[start:end])
    return answer.response()


def last_numbers(body: str) -> dict[str, int]:
    """The last number behind each field's name, by a search of the text: no parser of ours."""
    of_message = re.sub(r'"iterations": ?\[[^]]*\]', "", body)
    found = {name: re.findall(rf'"{name}": ?(\d+)', of_message) for name in FIELDS}
    return {name: int(numbers[-1]) for name, numbers in found.items() if numbers}


def ours(usage: Usage) -> dict[str, int]:
    """Our counts, by the API's names."""
    cached = (usage.cache_read_tokens or 0) + (usage.cache_write_tokens or 0)
    named = zip(
        FIELDS,
        (
            (usage.input_tokens or 0) - cached, usage.output_tokens, usage.cache_read_tokens,
            usage.cache_write_tokens, usage.cache_write_5m_tokens, usage.cache_write_1h_tokens,
        ), strict=True,
    )  # fmt: skip
    return {name: number for name, number in named if number is not None}


def test_every_recorded_usage_is_exact() -> None:
    """Each count is the last one in the text, whole and cut at random; the two readings agree in everything."""
    wrong, exact = [], 0
    for seed, (exchange, spoken) in enumerate(recorded()):
        response = read(spoken, exchange)
        assert read(spoken, exchange, seed) == response
        if exchange["status"] != 200 or spoken.name != "anthropic_messages":
            assert response.usage is None
            continue
        exact += response.usage is not None and response.complete
        if ours(response.usage or Usage()) != last_numbers(exchange["response"]):
            wrong.append((exchange["cassette"], exchange["index"], response.usage))
    assert wrong == []
    assert exact > 230


def test_advisors_are_calls_of_their_own() -> None:
    """What an advisor burned stands beside the counts of the message, under its own model."""
    found = 0
    for exchange, spoken in recorded():
        advice = re.findall(
            r'"input_tokens": (\d+), "model": "([^"]+)", "output_tokens": (\d+), "type": "advisor',
            exchange["response"],
        )
        more = read(spoken, exchange).more
        assert [
            (str(one.usage and one.usage.input_tokens), one.model, str(one.usage and one.usage.output_tokens))
            for one in more
        ] == advice
        found += len(advice)
    assert found >= 2


def test_errors_have_their_class() -> None:
    """An error body gives its type and no usage."""
    errors = [read(spoken, exchange) for exchange, spoken in recorded() if exchange["status"] >= 400]
    assert {error.error_type for error in errors} == {"invalid_request_error", "not_found_error"}


def test_answers_come_back_as_they_were() -> None:
    """Where a recorded request carries the answer before it, the blocks have equal hashes."""
    found = 0
    earlier: dict[str, list[str]] = {}
    for exchange, spoken in recorded():
        carried = [block.hash for block in spoken.blocks(Body(exchange["request"].encode()))]
        said = earlier.get(exchange["cassette"], [])
        found += bool(said) and any(carried[at : at + len(said)] == said for at in range(len(carried)))
        earlier[exchange["cassette"]] = [block.hash for block in read(spoken, exchange).output]
    assert found > 50


@pytest.mark.skipif(not CAPTURED, reason="needs ../shared/data/captures beside the project")
def test_captured_agents_are_read() -> None:
    """Real agents' requests are recognised; the context of a turn begins with that of the turn before."""
    read_requests, grown = 0, 0
    for file in CAPTURED:
        before: list[str] = []
        for request in map(json.loads, file.read_text().splitlines()):
            body = Body(json.dumps(request.get("request_body")).encode())
            spoken = [f for f in recognise(request["method"], request["path"]) if f.is_request(body)]
            if spoken and spoken[0].name == "anthropic_messages":
                blocks = [block.hash for block in spoken[0].blocks(body)]
                read_requests += (
                    bool(blocks) and spoken[0].read_request(body, request["path"]).model is not None
                )
                grown += bool(before) and blocks[: len(before)] == before
                before = blocks
    assert read_requests > 35
    assert grown > 25
