"""Do recorded exchanges in OpenAI's formats read as exactly the usage that their bytes carry, however they are cut?"""

import gzip
import json
import random
from collections import Counter
from collections.abc import Iterator
from functools import cache
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

SHARED = Path(__file__).parents[4] / "shared/data"
RECORDED = SHARED / "recorded/exchanges.jsonl.gz"
CAPTURES = sorted((SHARED / "captures").glob("*/llm_requests.jsonl"))
pytestmark = [
    pytest.mark.recorded,
    pytest.mark.skipif(not RECORDED.exists(), reason="needs ../shared/data beside the project"),
]

Exchange = dict[str, Any]


@cache
def exchanges() -> list[tuple[Exchange, Format]]:
    """The exchanges that one of our formats recognises, whose bodies are text."""
    with gzip.open(RECORDED, "rt") as lines:
        return [
            (exchange, spoken)
            for exchange in map(json.loads, lines)
            if isinstance(exchange["response"], str) and (spoken := spoken_in(exchange)) is not None
        ]


def spoken_in(exchange: Exchange) -> Format | None:
    """Our format of an exchange."""
    asked = Body((exchange["request"] or "").encode())
    found = recognise(exchange["method"], urlsplit(exchange["url"]).path)
    first = next((spoken for spoken in found if spoken.is_request(asked)), None)
    return first if first and first.name.startswith("openai_") else None


def answer(exchange: Exchange, spoken: Format, pieces: list[bytes] | None = None) -> Response:
    """The answer by our reading, in *pieces* or whole."""
    path = urlsplit(exchange["url"]).path
    headers = {"content-type": exchange["content_type"] or ""}
    reading = Answer(spoken, About(path, Body((exchange["request"] or "").encode()), headers), encoded=False)
    for piece in pieces or [exchange["response"].encode()]:
        reading.feed(piece)
    return reading.response()


def last_usage(text: str) -> dict[str, Any]:
    """The last usage object of a body, found line by line: no parser of ours."""
    lines = [line[5:].strip() for line in text.splitlines() if line.startswith("data:")] or [text]
    found: dict[str, Any] = {}
    for line in lines:
        if line[:1] != "{":
            continue
        said = json.loads(line)
        for holder in (said, said.get("response"), said.get("x_groq")):
            if isinstance(holder, dict) and isinstance(holder.get("usage"), dict):
                found = holder["usage"]
    return found


def number(usage: dict[str, Any], *paths: str) -> int | None:
    """The first number at one of *paths*."""
    for path in paths:
        value: Any = usage
        for key in path.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, int):
            return value
    return None


def expected(usage: dict[str, Any]) -> dict[str, int | None]:
    """What the convention makes of a usage object: all that was read, all that was written, and their parts."""
    given = number(usage, "prompt_tokens", "input_tokens")
    total = number(usage, "total_tokens")
    written = number(usage, "completion_tokens", "output_tokens")
    if given is None:
        given = total  # embeddings of Voyage
    elif written is not None and total is not None and total > given + written:
        written = total - given  # Gemini leaves its thoughts out of the output, not out of the total
    return {
        "input_tokens": given,
        "output_tokens": written,
        "cache_read_tokens": number(
            usage, "prompt_tokens_details.cached_tokens", "input_tokens_details.cached_tokens",
            "num_cached_tokens", "cached_tokens",
        ),
        "cache_write_tokens": number(
            usage, "prompt_tokens_details.cache_write_tokens", "input_tokens_details.cache_write_tokens"
        ),
        "reasoning_tokens": number(
            usage, "completion_tokens_details.reasoning_tokens", "output_tokens_details.reasoning_tokens"
        ),
        "audio_input_tokens": number(usage, "prompt_tokens_details.audio_tokens"),
    }  # fmt: skip


def read(response: Response) -> dict[str, int | None]:
    """The same numbers by our reading."""
    usage = response.usage
    return {name: getattr(usage, name, None) for name in expected({})}


def test_every_usage_is_read_exactly() -> None:
    """Each part of each recorded usage is what stands in the bytes; where none stands there, there is none."""
    wrong = []
    counted: Counter[str] = Counter()
    for exchange, spoken in exchanges():
        told = last_usage(exchange["response"])
        response = answer(exchange, spoken)
        usage = expected(told) if told else dict.fromkeys(expected({}))
        if spoken.operation == "count_tokens" or (spoken.method == "GET" and not response.deferred):
            usage = read(response)
        if read(response) != usage:
            wrong.append((exchange["cassette"], exchange["index"], told, response.usage))
        counted[spoken.name] += bool(told)
    assert wrong == []
    assert counted["openai_chat"] > 650
    assert counted["openai_responses"] > 190
    assert counted["openai_embeddings"] > 60
    assert counted["openai_completions"] > 60


def test_answers_of_status_200_are_complete_and_others_name_their_error() -> None:
    """A whole recording is never taken for a broken stream, and an error is never taken for an answer."""
    odd = [
        (exchange["cassette"], exchange["index"], exchange["status"], response)
        for exchange, spoken in exchanges()
        for response in [answer(exchange, spoken)]
        if (exchange["status"] == 200) != (response.complete and not response.error_type)
        and '"error"' not in exchange["response"]
    ]
    assert odd == []


@pytest.mark.parametrize("seed", range(3))
def test_cuts_change_nothing(seed: int) -> None:
    """Every recording reads the same, wherever its bytes are cut."""
    dice = random.Random(seed)
    for exchange, spoken in exchanges()[seed::7]:
        data = exchange["response"].encode()
        cuts = sorted({0, len(data), *(dice.randrange(len(data) + 1) for _ in range(12))})
        pieces = [data[start:end] for start, end in pairwise(cuts)]
        assert answer(exchange, spoken, pieces or [b""]) == answer(exchange, spoken)


@pytest.mark.parametrize("seed", range(2))
def test_a_broken_stream_reports_no_more_than_it_saw(seed: int) -> None:
    """A stream that ends before its last event is not exact, unless its usage was there already."""
    dice = random.Random(seed)
    for exchange, spoken in exchanges():
        if "event-stream" not in (exchange["content_type"] or "") or exchange["status"] != 200:
            continue
        data = exchange["response"].encode()
        part = data[: dice.randrange(len(data))]
        broken, whole = answer(exchange, spoken, [part]), answer(exchange, spoken)
        assert not broken.complete or broken.usage in (whole.usage, None)
        assert broken.complete or not (broken.tool_calls or broken.output)


def test_what_was_answered_is_found_in_the_next_context() -> None:
    """In recorded conversations the blocks of answers are blocks of later requests: the hashes meet."""
    by_cassette: dict[tuple[str, str], list[tuple[Exchange, Format]]] = {}
    for exchange, spoken in exchanges():
        by_cassette.setdefault((exchange["source"], exchange["cassette"]), []).append((exchange, spoken))
    asked = met = 0
    for turns in by_cassette.values():
        for (first, spoken), (then, spoken_then) in pairwise(turns):
            calls = {one.id: one for one in answer(first, spoken).tool_calls if one.id}
            context = spoken_then.blocks(Body((then["request"] or "").encode()))
            sent = {block.hash for block in context}
            ours = [block for block in answer(first, spoken).output if block.tool_call_id in calls]
            carried = [block for block in ours if any(b.tool_call_id == block.tool_call_id for b in context)]
            asked += len(carried)
            met += sum(block.hash in sent for block in carried)
    assert asked > 80
    assert met == asked


def captured() -> Iterator[tuple[str, dict[str, Any]]]:
    """The requests of real agents in our formats, with the usage that was served to them."""
    for file in CAPTURES:
        for line in file.read_text().splitlines():
            one = json.loads(line)
            if str(one["api"]).startswith("openai."):
                yield file.parent.name, one


def test_captured_traffic_of_agents_is_read() -> None:
    """Requests of real agents are recognised, and their answers read as the usage that was served."""
    seen = 0
    for agent, one in captured():
        asked = Body(json.dumps(one["request_body"]).encode())
        spoken = next(each for each in recognise(one["method"], one["path"]) if each.is_request(asked))
        assert spoken.read_request(asked, one["path"]).model == one["request_body"]["model"], agent
        assert spoken.blocks(asked), agent
        about = About(one["path"], asked)
        if one["events"]:
            assert spoken.stream is not None
            stream = spoken.stream(about)
            for event in one["events"]:
                stream.add(event.get("data", event) if isinstance(event, dict) else {"done": True})
            stream.add({"done": True})
            response = stream.response()
        else:
            response = spoken.read_response(one["response_body"], about)
        if one["usage_served"] and one["usage_native"]:
            seen += 1
            assert read(response)["input_tokens"] == expected(one["usage_native"])["input_tokens"], agent
            assert read(response)["output_tokens"] == expected(one["usage_native"])["output_tokens"], agent
    assert seen > 40
