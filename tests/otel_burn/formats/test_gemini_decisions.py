"""Does a decision read as what google-genai 3 declares?"""

from collections.abc import Callable
from typing import Any

from google import genai
from opentelemetry.sdk.trace import ReadableSpan

from otel_burn import names
from otel_burn.exchange import BlockKind
from otel_burn.usage import Usage

USAGE = {"total_input_tokens": 70, "total_cached_tokens": 20, "total_output_tokens": 4, "total_tokens": 74}
ASKED: dict[str, Any] = {
    "model": "models/gemini-3-flash",
    "input": "the build is red",
    "questions": {
        "urgent": {"type": "noul", "instructions": "is it urgent?"},
        "owner": {"type": "choice", "instructions": "whose is it?", "criteria": {"ops": "", "dev": ""}},
    },
}
ANSWERED = {"answers": {"urgent": {"type": "noul", "noul": 0.9, "confidence": 0.9}}, "usage": USAGE}


def test_a_decision_is_read(exchanged: Callable[..., Any]) -> None:
    """The input is the prefix of every question, and the usage is an interaction's."""
    found = exchanged("/v1beta/decisions", ASKED, ANSWERED)
    assert (found.format.name, found.request.model) == ("gemini_decisions", "gemini-3-flash")
    assert [block.kind for block in found.context] == [BlockKind.USER, BlockKind.SYSTEM, BlockKind.SYSTEM]
    assert found.response.usage == Usage(70, 4, cache_read_tokens=20)


def test_a_refused_input_and_an_error_say_so(exchanged: Callable[..., Any]) -> None:
    """A blocked prompt has a finish reason, an error its canonical status."""
    blocked = exchanged("/v1beta/decisions", ASKED, {"prompt_feedback": {"block_reason": "SAFETY"}}).response
    assert (blocked.finish_reasons, blocked.usage) == (("SAFETY",), None)
    failed = exchanged("/v1beta/decisions", ASKED, {"error": {"status": "INVALID_ARGUMENT"}}).response
    assert failed.error_type == "INVALID_ARGUMENT"


def test_the_sdk_s_decisions_are_recorded(server: Any, spans: Callable[[], list[ReadableSpan]]) -> None:
    """What google-genai sends and reads is one call with exact usage."""
    server.say(ANSWERED)
    client = genai.Client(api_key="k", http_options={"base_url": server.url})
    answered = client.decisions.create(**ASKED)
    assert answered.usage.total_input_tokens == 70
    (span,) = spans()
    found = dict(span.attributes or {})
    assert found[names.USAGE_INPUT_TOKENS] == 70
    assert found[names.REQUEST_MODEL] == "gemini-3-flash"
    assert found[names.USAGE_STATUS] == "exact"
