"""Are counts that can't be true marked, and never hidden?"""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from opentelemetry.sdk.trace import ReadableSpan

from otel_burn import names
from otel_burn.anomalies import anomaly
from otel_burn.usage import Usage

Spans = Callable[[], list[ReadableSpan]]


@pytest.mark.parametrize(
    ("usage", "said"),
    [
        (
            Usage(10, 5, cache_read_tokens=8, cache_write_tokens=3),
            "11 cached tokens are more than the 10 input tokens",
        ),
        (Usage(10, 5, reasoning_tokens=6), "6 reasoning tokens are more than the 5 output tokens"),
        (Usage(10, 5, audio_input_tokens=11), "11 audio tokens are more than the 10 input tokens"),
        (Usage(10, 5, image_output_tokens=6), "6 image tokens are more than the 5 output tokens"),
        (
            Usage(10, 5, cache_read_tokens=2, audio_cache_read_tokens=3),
            "3 cached audio tokens are more than the 2 cached tokens",
        ),
        (Usage(10, 5, cache_read_tokens=10, reasoning_tokens=5, audio_input_tokens=10), None),
        (Usage(None, 5, cache_read_tokens=8), None),
    ],
)
def test_no_part_is_larger_than_its_whole(usage: Usage, said: str | None) -> None:
    """What a part is of has room for it."""
    assert anomaly(usage) == said


@pytest.mark.parametrize(
    ("path", "usage", "said"),
    [
        ("/v1/responses", {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}, None),
        (
            "/v1/responses",
            {"input_tokens": 10, "output_tokens": 5, "total_tokens": 12},
            "the provider's total of 12 tokens is not the 15 input and output tokens",
        ),
        ("/v1/responses", {"input_tokens": 10, "output_tokens": 5, "total_tokens": "many"}, None),
        ("/v1/responses", {"input_tokens": 10, "output_tokens": 5}, None),
    ],
)
def test_a_total_that_is_none_is_marked(
    path: str, usage: dict[str, Any], said: str | None, spans: Spans
) -> None:
    """The counts stay as the provider gave them, and the mark says what is wrong with them."""
    answer = {"id": "resp_1", "object": "response", "status": "completed", "model": "m", "usage": usage}
    transport = httpx2.MockTransport(lambda _: httpx2.Response(200, json=answer))
    with httpx2.Client(transport=transport) as client:
        client.post(f"http://llm{path}", json={"model": "m", "input": "x"})
    (span,) = spans()
    found = dict(span.attributes or {})
    assert (found[names.USAGE_INPUT_TOKENS], found[names.USAGE_OUTPUT_TOKENS]) == (10, 5)
    assert found.get(names.USAGE_ANOMALY) == said
