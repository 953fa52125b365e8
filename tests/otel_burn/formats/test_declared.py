"""Do the smaller APIs read as the current SDKs of their providers declare them?"""

from collections.abc import Callable
from typing import Any

import pytest

from otel_burn.exchange import BlockKind
from otel_burn.usage import Usage, UsageStatus

Exchanged = Callable[..., Any]
BILLED = {"billed_units": {"input_tokens": 9.0, "output_tokens": 40.0}, "tokens": {"input_tokens": 70}}
GENERATED = {
    "id": "gen_1",
    "generations": [{"id": "g", "text": "hi", "finish_reason": "COMPLETE"}],
    "meta": BILLED,
}
NDJSON = "application/stream+json"
CHAT: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "x"}]}
COUNTS = {"prompt_tokens": 30, "completion_tokens": 8, "total_tokens": 38}


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (GENERATED, NDJSON),
        (
            [
                {"event_type": "text-generation", "text": "hi", "is_finished": False},
                {"event_type": "stream-end", "is_finished": True, "response": GENERATED},
            ],
            NDJSON,
        ),
    ],
    ids=["whole", "streamed"],
)
def test_cohere_generates(exchanged: Exchanged, said: Any, kind: str) -> None:
    """A prompt, its texts, and the billed units."""
    asked = {"model": "command", "prompt": "once", "max_tokens": 5, "stream": isinstance(said, list)}
    found = exchanged("/v1/generate", asked, said, kind=kind)
    assert found.format.operation == "text_completion"
    assert [block.kind for block in found.context] == [BlockKind.USER]
    assert found.response.usage == Usage(9, 40)
    assert (found.response.id, found.response.finish_reasons) == ("gen_1", ("COMPLETE",))


def test_a_cohere_stream_that_fails_has_no_usage(exchanged: Exchanged) -> None:
    """It says why, and is not complete."""
    said = [{"event_type": "stream-error", "is_finished": True, "finish_reason": "ERROR", "err": "words"}]
    response = exchanged("/v1/generate", {"prompt": "x", "stream": True}, said, kind=NDJSON).response
    assert (response.usage_status, response.error_type) == (UsageStatus.MISSING, "ERROR")
    assert not response.complete


def test_cohere_parses_by_the_page(exchanged: Exchanged) -> None:
    """Pages are billed, not tokens."""
    asked = {"model": "parse", "document": {"type": "document_url", "document_url": "u"}}
    said = {"id": "p_1", "pages": [], "meta": {"billed_units": {"pages": 3}}, "finish_reason": "COMPLETE"}
    found = exchanged("/v2/parse", asked, said)
    assert [block.kind for block in found.context] == [BlockKind.DOCUMENT]
    assert found.response.usage == Usage(units={"pages": 3})


def test_ollama_answers_questions(exchanged: Exchanged) -> None:
    """System One reads a state once for all questions."""
    asked = {
        "model": "one",
        "state": {"a": 1},
        "questions": {"q": {"type": "noul", "instructions": "is it?"}},
    }
    said = {"model": "one", "answers": {}, "usage": {"input_tokens": 12, "output_tokens": 1}}
    found = exchanged("/v1/systemone", asked, said)
    assert (found.format.provider, found.response.model) == ("ollama", "one")
    assert [block.kind for block in found.context] == [BlockKind.USER, BlockKind.SYSTEM]
    assert found.response.usage == Usage(12, 1)


def test_mistral_s_tier_stands_in_its_usage(exchanged: Exchanged) -> None:
    """Nobody else's does."""
    said = {"id": "1", "choices": [], "usage": COUNTS | {"service_tier": "priority"}}
    assert exchanged("/v1/chat/completions", CHAT, said).response.service_tier == "priority"


@pytest.mark.parametrize("streamed", [False, True])
def test_what_groq_counts_beside_its_usage_stays_on_the_span(exchanged: Exchanged, streamed: bool) -> None:
    """The models of a compound system have counts of their own, which the usage sums up."""
    models = {"models": [{"model": "llama", "usage": COUNTS}]}
    last = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    said: Any = {"id": "1", "choices": [], "usage": COUNTS, "usage_breakdown": models}
    said = said | {"x_groq": {"usage": {"dram_cached_tokens": 4}}}
    if streamed:
        said = [last | {"x_groq": {"id": "r", "usage": COUNTS, "usage_breakdown": models}}]
    response = exchanged("/openai/v1/chat/completions", CHAT | {"stream": streamed}, said).response
    assert response.usage == Usage(30, 8)
    assert '"usage_breakdown":{"models":[{"model":"llama","usage":{"prompt_tokens":30' in response.usage_raw
    assert ('"x_groq":{"dram_cached_tokens":4}' in response.usage_raw) is not streamed
