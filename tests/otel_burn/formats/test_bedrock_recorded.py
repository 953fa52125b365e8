"""Do recorded Bedrock exchanges read as exactly the usage that they carry, wherever the network cuts them?"""

import base64
import gzip
import itertools
import json
import random
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from otel_burn.answers import Answer
from otel_burn.exchange import Response
from otel_burn.formats import recognise
from otel_burn.formats.body import Body
from otel_burn.formats.format import About, Format

RECORDED = Path(__file__).parents[4] / "shared/data/recorded/exchanges.jsonl.gz"
pytestmark = [
    pytest.mark.recorded,
    pytest.mark.skipif(not RECORDED.exists(), reason="needs ../shared/data/recorded beside the project"),
]
INPUTS = ("inputTokens", "input_tokens", "inputTextTokenCount", "prompt_token_count", "prompt_tokens")
OUTPUTS = ("outputTokens", "output_tokens", "totalOutputTextTokenCount", "generation_token_count", "tokenCount",
           "completion_tokens")  # fmt: skip
CACHED = (
    "cacheReadInputTokens",
    "cacheWriteInputTokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
)


def raw(body: Any) -> bytes:
    """A recorded body's bytes."""
    return body.encode() if isinstance(body, str) else base64.b64decode((body or {}).get("base64", ""))


def recorded() -> Iterator[tuple[dict[str, Any], Format]]:
    """The exchanges with Bedrock's own endpoints."""
    with gzip.open(RECORDED, "rt") as lines:
        for exchange in map(json.loads, lines):
            url = urlsplit(exchange["url"])
            if (url.hostname or "").startswith("bedrock-runtime."):
                asked = Body(raw(exchange["request"]))
                yield (
                    exchange,
                    next(f for f in recognise(exchange["method"], url.path) if f.is_request(asked)),
                )


def read(spoken: Format, exchange: dict[str, Any], seed: int | None = None) -> Response:
    """Our reading, of the whole body or of one that is cut at random."""
    about = About(
        urlsplit(exchange["url"]).path,
        Body(raw(exchange["request"])),
        {"content-type": exchange["content_type"]},
    )
    answer = Answer(spoken, about, encoded=False)
    body = raw(exchange["response"])
    dice = random.Random(seed)
    cuts = [0, *sorted(dice.choices(range(len(body) + 1), k=0 if seed is None else 40)), len(body)]
    for start, end in itertools.pairwise(cuts):
        answer.feed(body[start:end])
    return answer.response()


def said(exchange: dict[str, Any]) -> str:
    """The text of an answer, chunks in base64 decoded: no parser of ours."""
    text = raw(exchange["response"]).decode("utf-8", "replace")
    chunks = re.findall(r'"bytes":"([A-Za-z0-9+/=]+)"', text)
    return "\n".join([text, *(base64.b64decode(chunk).decode() for chunk in chunks)])


def last(text: str, names: tuple[str, ...]) -> int | None:
    """The last number behind any of *names*."""
    numbers = re.findall(rf'"(?:{"|".join(names)})":\s*(\d+)', text)
    return int(numbers[-1]) if numbers else None


def independent(exchange: dict[str, Any]) -> tuple[int | None, int | None]:
    """Input, cached included, and output."""
    text = re.sub(r'"cacheDetails":\s*\[[^]]*\]', "", said(exchange))
    given, cached = last(text, INPUTS), sum(last(text, (name,)) or 0 for name in CACHED)
    return None if given is None else given + cached, last(text, OUTPUTS)


def test_every_recorded_usage_is_exact() -> None:
    """Input and output are the last ones in the text, whole and cut at random; what has none is missing."""
    wrong, statuses = [], Counter[str]()
    for seed, (exchange, spoken) in enumerate(recorded()):
        response = read(spoken, exchange)
        assert read(spoken, exchange, seed) == response
        usage = response.usage
        statuses[str(response.usage_status)] += 1
        if (usage and usage.input_tokens, usage and usage.output_tokens) != independent(exchange):
            wrong.append((exchange["cassette"], exchange["index"], usage))
    assert wrong == []
    assert statuses["exact"] > 240
    assert statuses["partial"] == 0


def test_bedrocks_own_metrics_say_the_same() -> None:
    """The counts that Bedrock adds to the last chunk of a model's own stream equal those that we read.

    But for the output of Claude 3.5 with a tool call, where the model's own count is the larger one.
    """
    compared = 0
    for exchange, spoken in recorded():
        metrics = re.findall(r'"inputTokenCount":\s*(\d+),\s*"outputTokenCount":\s*(\d+)', said(exchange))
        usage = read(spoken, exchange).usage
        if metrics and usage:
            compared += 1
            uncached = usage.uncached_input_tokens
            assert str(uncached) == metrics[-1][0]
            if '"stop_reason":"tool_use"' not in said(exchange):
                assert str(usage.output_tokens) == metrics[-1][1]
    assert compared > 25


def test_totals_are_the_sum() -> None:
    """Where Converse tells a total, it is our input and output."""
    compared = 0
    for exchange, spoken in recorded():
        usage = read(spoken, exchange).usage
        if spoken.name == "bedrock_converse" and usage and (total := last(said(exchange), ("totalTokens",))):
            compared += 1
            assert (usage.input_tokens or 0) + (usage.output_tokens or 0) == total
    assert compared > 130


def test_requests_name_their_model_and_context() -> None:
    """The model is the path's, decoded; each request that can be read has blocks, each answer of a chat too."""
    for exchange, spoken in recorded():
        path = urlsplit(exchange["url"]).path
        body = Body(raw(exchange["request"]))
        assert spoken.read_request(body, path).model == unquote(path.split("/")[2])
        assert spoken.read_request(body, path).stream == path.endswith("-stream")
        if exchange["status"] == 200 and ("messages" in body or "prompt" in body or "inputText" in body):
            assert spoken.blocks(body)
        if exchange["status"] == 200 and spoken.operation != "embeddings":
            assert read(spoken, exchange).output


def test_answers_come_back_as_they_were() -> None:
    """Where a recorded request carries the answer before it, the blocks have equal hashes."""
    found = 0
    earlier: dict[str, list[str]] = {}
    for exchange, spoken in recorded():
        carried = [block.hash for block in spoken.blocks(Body(raw(exchange["request"])))]
        answered = earlier.get(exchange["cassette"], [])
        found += bool(answered) and any(
            carried[at : at + len(answered)] == answered for at in range(len(carried))
        )
        earlier[exchange["cassette"]] = [block.hash for block in read(spoken, exchange).output]
    assert found > 20
