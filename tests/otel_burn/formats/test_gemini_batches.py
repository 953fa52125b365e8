"""Is each answer of a Gemini batch counted, when the batch is fetched?"""

import json
from collections.abc import Callable
from typing import Any

import httpx

from otel_burn import names
from otel_burn.usage import Usage

Exchanged = Callable[..., Any]


def answer(number: int, **more: Any) -> dict[str, Any]:
    """One answer, as generateContent gives it."""
    said = {"content": {"role": "model", "parts": [{"text": "x"}]}, "finishReason": "STOP"}
    usage = {"promptTokenCount": number, "candidatesTokenCount": 1}
    return {"candidates": [said], "usageMetadata": usage, "modelVersion": "m", **more}


INLINE = [{"response": answer(7, responseId="r7")}, {"error": {"code": 3}}, {"response": answer(8)}]
BATCH = {"name": "batches/b", "done": True, "response": {"inlinedResponses": {"inlinedResponses": INLINE}}}


def test_a_batch_is_created_without_usage(exchanged: Exchanged) -> None:
    """It says how many requests it has."""
    asked: dict[str, Any] = {
        "batch": {"inputConfig": {"requests": {"requests": [{"request": {}}, {"request": {}}]}}}
    }
    exchange = exchanged("/v1beta/models/m:batchGenerateContent", asked, {"name": "batches/b"})
    assert (exchange.request.model, exchange.request.parameters) == ("m", {names.BATCH_REQUESTS: 2})
    assert (exchange.response.id, exchange.response.usage) == ("batches/b", None)


def test_a_finished_batch_has_its_answers(exchanged: Exchanged) -> None:
    """Each with its usage and an id; those that failed have none. A running one has none yet."""
    found = exchanged("/v1beta/batches/b", {}, BATCH, method="GET").response.more
    assert [(one.id, one.service_tier, one.usage) for one in found] == [
        ("r7", "batch", Usage(input_tokens=7, output_tokens=1)),
        ("batches/b/2", "batch", Usage(input_tokens=8, output_tokens=1)),
    ]  # fmt: skip
    same = {"name": "batches/b", "metadata": {"output": BATCH["response"]}}
    assert exchanged("/v1beta/batches/b", {}, same, method="GET").response.more == found
    running = {"name": "batches/b", "metadata": {"state": "BATCH_STATE_RUNNING"}}
    assert exchanged("/v1beta/batches/b", {}, running, method="GET").response.more == ()
    openais = {"id": "batch_1", "object": "batch", "status": "completed", "output_file_id": "f"}
    assert exchanged("/v1/batches/batch_1", {}, openais, method="GET").response.more == ()


def test_an_output_file_has_an_answer_a_line(exchanged: Exchanged) -> None:
    """Any other file that is downloaded has none."""
    path = "/download/v1beta/files/f:download"
    lines = [{"key": "a", "response": answer(7)}, {"key": "b", "response": answer(8)}]
    found = exchanged(path, {}, lines, method="GET", kind="application/jsonl").response.more
    assert [one.usage.input_tokens for one in found] == [7, 8]
    assert exchanged(path, {}, {"other": 1}, method="GET").response.more == ()


def test_a_batch_that_is_looked_at_twice_counts_once(server: Any, spans: Callable[[], list[Any]]) -> None:
    """Each answer is one call, however often the batch is polled."""
    with httpx.Client(base_url=server.url) as client:
        for _ in range(2):
            server.say(BATCH)
            assert client.get("/v1beta/batches/b").json() == json.loads(json.dumps(BATCH))
    counted = [span.attributes.get(names.USAGE_INPUT_TOKENS) for span in spans()]
    assert sorted(count for count in counted if count is not None) == [7, 8]
