"""Is what is tried again one call, for those who count their retries and for those who don't?"""

import threading
from collections.abc import Callable
from typing import Any

import httpx
import openai
import pytest
from opentelemetry.sdk.trace import ReadableSpan

from otel_burn.attempts import Attempts
from otel_burn.calls import Call
from otel_burn.exchange import Response

Spans = Callable[[], list[ReadableSpan]]
REFUSAL = {"error": {"message": "slow down"}}


def numbers(spans: Spans) -> list[int]:
    """Each span's attempt number; 1 begins a call."""
    found = [span.attributes or {} for span in spans()]
    ids = [attempt["burn.call.id"] for attempt in found]
    said = [attempt["burn.attempt.number"] for attempt in found]
    begun = [number == 1 or ids[at] == ids[at - 1] for at, number in enumerate(said)]
    assert all(begun)
    return [int(str(number)) for number in said]


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 529])
def test_a_loop_in_the_user_s_own_code(server: Any, spans: Spans, asked: Any, chat: Any, status: int) -> None:
    """Whoever asks the same after such a refusal tries again; after an answer it is a new call."""
    for answer in ((REFUSAL, status), (REFUSAL, status), (chat, 200), (chat, 200)):
        server.say(*answer)
    with httpx.Client() as client:
        for _ in range(4):
            client.post(f"{server.url}/v1/chat/completions", json=asked)
    assert numbers(spans) == [1, 2, 3, 1]


@pytest.mark.parametrize("status", [400, 401, 404, 422])
def test_refusals_that_stay(server: Any, spans: Spans, asked: Any, status: int) -> None:
    """A request that is wrong is as wrong the second time: two calls."""
    with httpx.Client() as client:
        for _ in range(2):
            server.say(REFUSAL, status)
            client.post(f"{server.url}/v1/chat/completions", json=asked)
    assert numbers(spans) == [1, 1]


def test_around_an_sdk_that_counts(server: Any, spans: Spans, asked: Any, chat: Any) -> None:
    """Who gives up and is called again goes on with the same call."""
    for _ in range(3):
        server.say(REFUSAL, 429, retry_after="0")
    server.say(chat)
    with openai.OpenAI(base_url=f"{server.url}/v1", max_retries=1) as client:
        with pytest.raises(openai.RateLimitError):
            client.chat.completions.create(**asked)
        client.chat.completions.create(**asked)
    assert numbers(spans) == [1, 2, 3, 4]


def test_other_questions_are_other_calls(server: Any, spans: Spans, asked: Any) -> None:
    """Another body, and the same body in another thread."""
    url = f"{server.url}/v1/chat/completions"
    for _ in range(3):
        server.say(REFUSAL, 429)
    with httpx.Client() as client:
        client.post(url, json=asked)
        client.post(url, json=asked | {"seed": 1})
        thread = threading.Thread(target=client.post, args=[url], kwargs={"json": asked})
        thread.start()
        thread.join()
    assert numbers(spans) == [1, 1, 1]


def call(**about: Any) -> Call:
    """A call that has ended."""
    fields = {"formats": (), "host": "a", "port": None, "path": "/", "request_body": b"{}", "retry_count": 0}
    return Call(
        **(fields | {"traceparent": None, "flow": 1, "started_ns": 0} | about),
        on_end=lambda _: None,
        on_progress=lambda _: None,
        parent=None,
        labels={},
    )


SECOND = 10**9


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ({"status": 429}, {"started_ns": 59 * SECOND}, True),
        ({"status": 429}, {"started_ns": 61 * SECOND}, False),
        ({"status": 429}, {"started_ns": 61 * SECOND, "retry_count": 1}, True),
        ({"status": 429}, {"host": "b"}, False),
        ({"status": 307}, {"host": "b"}, True),
        ({"status": 200, "error": "TimeoutError"}, {}, True),
        ({"status": 0, "error": "ConnectError"}, {}, True),
        ({"status": 200}, {}, False),
        ({"status": 200}, {"retry_count": 1}, False),
        ({"status": 404}, {"retry_count": 1}, True),
        ({"status": 200}, {"retry_count": 2}, False),
    ],
)
def test_what_goes_on(first: dict[str, Any], second: dict[str, Any], same: bool) -> None:
    """The rules, one by one."""
    attempts = Attempts()
    one, _ = attempts.number(call(**first), Response())
    other, number = attempts.number(call(**second), Response())
    assert (one == other) is same
    assert number == (2 if same else 1 + second.get("retry_count", 0))


def test_an_error_within_a_stream() -> None:
    """A provider that breaks off with an error is asked again."""
    attempts = Attempts()
    one, _ = attempts.number(call(status=200), Response(complete=False, error_type="overloaded_error"))
    assert attempts.number(call(), Response()) == (one, 2)
