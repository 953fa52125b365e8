"""Do recorded exchanges of Google, Cohere, Mistral, Ollama, Voyage and Writer read as exactly what they carry?"""

import gzip
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
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
CAPTURED = sorted(DATA.glob("captures/gemini-cli*/llm_requests.jsonl"))
HOSTS = ("googleapis.com", "cohere.com", "mistral.ai", "voyageai.com", "writer.com", "127.0.0.1")
pytestmark = [
    pytest.mark.recorded,
    pytest.mark.skipif(not RECORDED.exists(), reason="needs ../shared/data/recorded beside the project"),
]
Json = dict[str, Any]
Counts = tuple[int | None, int | None, int | None, int | None]
"""Input, output, cache reads and reasoning."""
NOTHING: Counts = (None, None, None, None)


def recorded() -> Iterator[tuple[Json, Format]]:
    """The exchanges with the hosts of these providers, and the format that reads each."""
    with gzip.open(RECORDED, "rt") as lines:
        for exchange in map(json.loads, lines):
            host, path = urlsplit(exchange["url"]).hostname or "", urlsplit(exchange["url"]).path
            if not host.endswith(HOSTS) or not isinstance(exchange["request"], str):
                continue
            asked = Body(exchange["request"].encode())
            spoken = next(one for one in recognise(exchange["method"], path) if one.is_request(asked))
            if not path.startswith("/v1beta/openai/"):
                yield exchange, spoken


def read(spoken: Format, exchange: Json, seed: int | None = None) -> Response:
    """Our reading, of the whole body or of one that is cut at random."""
    path = urlsplit(exchange["url"]).path
    about = About(path, Body(exchange["request"].encode()), {"content-type": exchange["content_type"]})
    answer = Answer(spoken, about, encoded=False)
    body = exchange["response"].encode()
    dice = random.Random(seed)
    cuts = [0, *sorted(dice.choices(range(len(body) + 1), k=0 if seed is None else 40)), len(body)]
    for start, end in pairwise(cuts):
        answer.feed(body[start:end])
    return answer.response()


def events(exchange: Json) -> list[Json]:
    """The JSON objects of a body, one a line or `data:` field where it has several: no parser of ours."""
    body: str = exchange["response"]
    kind = exchange["content_type"].partition(";")[0]
    lines = [body] if kind == "application/json" else body.splitlines()
    found = [line.removeprefix("data:").strip() for line in lines if not line.startswith("event:")]
    return [json.loads(line) for line in found if line and line != "[DONE]"]


def _sum(*counts: int | None) -> int | None:
    given = [count for count in counts if count is not None]
    return sum(given) if given else None


def _gemini(said: list[Json]) -> Counts:
    used = [event["usageMetadata"] for event in said if "promptTokenCount" in event.get("usageMetadata", {})]
    if not used:
        return NOTHING
    get = used[-1].get
    return (
        _sum(get("promptTokenCount"), get("toolUsePromptTokenCount")),
        _sum(get("candidatesTokenCount"), get("thoughtsTokenCount")),
        get("cachedContentTokenCount"),
        get("thoughtsTokenCount"),
    )


def _cohere(said: list[Json]) -> Counts:
    last = said[-1]
    last = last.get("response") or last.get("delta") or last
    usage = last.get("usage") or last.get("meta") or {}
    billed = usage.get("billed_units", {})
    given, cached = billed.get("input_tokens"), usage.get("cached_tokens")
    return (
        given, billed.get("output_tokens"), cached if cached is not None and cached <= given else None, None,
    )  # fmt: skip


def _openai(said: list[Json]) -> Counts:
    used = [event["usage"] for event in said if event.get("usage")]
    if not used:
        return NOTHING
    total = used[-1].get("total_tokens")
    details = used[-1].get("prompt_token_details") or used[-1].get("prompt_tokens_details") or {}
    thought = used[-1].get("completion_token_details") or {}
    return (
        used[-1].get("prompt_tokens", total),
        used[-1].get("completion_tokens"),
        details.get("cached_tokens", used[-1].get("num_cached_tokens")),
        thought.get("reasoning_tokens"),
    )


def _ollama(said: list[Json]) -> Counts:
    return said[-1].get("prompt_eval_count"), said[-1].get("eval_count"), None, None


INDEPENDENT: dict[str, Callable[[list[Json]], Counts]] = {
    "googleapis.com": _gemini,
    "cohere.com": _cohere,
    "mistral.ai": _openai,
    "voyageai.com": _openai,
    "writer.com": _openai,
    "127.0.0.1": _ollama,
}


def counts(usage: Usage | None) -> Counts:
    """Our counts."""
    if usage is None:
        return NOTHING
    return usage.input_tokens, usage.output_tokens, usage.cache_read_tokens, usage.reasoning_tokens


def test_every_recorded_usage_is_exact() -> None:
    """Each count is what stands in the JSON, whole and cut at random; both readings agree in everything."""
    wrong, exact = [], Counter[str]()
    for seed, (exchange, spoken) in enumerate(recorded()):
        response = read(spoken, exchange)
        assert read(spoken, exchange, seed) == response
        if exchange["status"] >= 400:
            assert response.usage is None
            continue
        host = next(host for host in HOSTS if (urlsplit(exchange["url"]).hostname or "").endswith(host))
        exact[host] += response.usage is not None and response.complete
        if counts(response.usage) != INDEPENDENT[host](events(exchange)):
            wrong.append((exchange["cassette"], exchange["index"], response.usage))
    assert wrong == []
    assert exact["googleapis.com"] > 225
    assert exact["cohere.com"] > 60
    assert exact["mistral.ai"] > 40
    assert exact["writer.com"] > 55
    assert exact["voyageai.com"] == 6
    assert exact["127.0.0.1"] == 30


def test_every_answer_ends_by_its_protocol() -> None:
    """Whatever was recorded whole is complete, and the same stream cut before its last event is not."""
    for exchange, spoken in recorded():
        if exchange["status"] >= 400 or not exchange["response"]:
            continue
        assert read(spoken, exchange).complete, exchange["cassette"]
        if exchange["content_type"].startswith("application/json") or spoken.name == "writer_completions":
            continue
        half = exchange | {"response": exchange["response"][: len(exchange["response"]) // 3]}
        assert not read(spoken, half).complete, exchange["cassette"]
        assert not read(spoken, half).tool_calls


def test_requests_keep_their_model_and_every_message() -> None:
    """The model is the body's or the path's, and each message gives at least one block."""
    for exchange, spoken in recorded():
        body = Body(exchange["request"].encode())
        path = urlsplit(exchange["url"]).path
        asked = spoken.read_request(body, path)
        assert asked.model == body.get("model") or f"/{asked.model}:" in path
        said = [
            one for key in ("messages", "contents") for one in body.get(key) or ()
            if one.get("content") or one.get("parts") or one.get("tool_calls")
        ]  # fmt: skip
        assert len(spoken.blocks(body)) >= len(said)


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
def test_a_captured_agent_is_read() -> None:
    """Gemini CLI's contexts grow turn by turn, and its answers are as the provider counted them."""
    grown, exact = 0, 0
    before: list[str] = []
    for line in CAPTURED[0].read_text().splitlines():
        exchange = json.loads(line)
        body = Body(json.dumps(exchange["request_body"]).encode())
        spoken = next(one for one in recognise("POST", exchange["path"]) if one.is_request(body))
        hashes = [block.hash for block in spoken.blocks(body)]
        grown += bool(before) and hashes[: len(before)] == before
        before = hashes
        answers = exchange["events"] or [exchange["response_body"]]
        lines = "".join(f"data: {json.dumps(event)}\r\n\r\n" for event in answers)
        answer = Answer(spoken, About(exchange["path"], body), encoded=False)
        answer.feed(lines.encode())
        response = answer.response()
        assert response.complete
        exact += counts(response.usage) == _gemini([{"usageMetadata": exchange["usage_native"]}])
    assert grown >= 4
    assert exact == 8
