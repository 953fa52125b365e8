"""Do exchanges with watsonx, text-generation-inference and Replicate read as what these document?"""

from collections.abc import Callable
from typing import Any

import pytest

from otel_burn import names
from otel_burn.usage import Usage, UsageStatus

Exchanged = Callable[..., Any]
GENERATION = "/ml/v1/text/generation"


def test_a_watsonx_chat_is_a_chat_completion(exchanged: Exchanged) -> None:
    """With a model of another name, on paths that tell of the stream."""
    asked = {"model_id": "ibm/granite-4", "messages": [{"role": "user", "content": "hi"}]}
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    stream = [
        {"id": "c", "model_id": "ibm/granite-4", "choices": [{"index": 0, "delta": {"content": "x"}}]},
        {"id": "c", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
        {"id": "c", "choices": [], "usage": usage},
    ]
    exchange = exchanged("/ml/v1/text/chat_stream", asked, stream)
    assert (exchange.request.model, exchange.request.stream) == ("ibm/granite-4", True)
    assert exchange.response.usage == Usage(input_tokens=10, output_tokens=5)
    assert exchange.response.complete
    deployed = exchanged("/ml/v1/deployments/d/text/chat", {"messages": []}, {"usage": usage})
    assert (deployed.request.stream, deployed.format.provider) == (False, "ibm.watsonx.ai")


def test_a_watsonx_generation_counts_up(exchanged: Exchanged) -> None:
    """The last count of each kind is the largest; without a reason to stop it has broken off."""

    def event(said: str, given: int, made: int, reason: str) -> dict[str, Any]:
        counts = {"input_token_count": given, "generated_token_count": made}
        return {"model_id": "m", "results": [{"generated_text": said, "stop_reason": reason, **counts}]}

    asked = {"model_id": "m", "input": "x", "parameters": {"max_new_tokens": 9}}
    events = [event("hel", 28, 1, "not_finished"), event("lo", 0, 2, "eos_token")]
    streamed = exchanged(f"{GENERATION}_stream", asked, events)
    whole = exchanged(GENERATION, asked, event("hello", 28, 2, "eos_token"))
    assert streamed.response == whole.response
    assert whole.response.usage == Usage(input_tokens=28, output_tokens=2)
    assert whole.request.parameters == {names.REQUEST_MAX_TOKENS: 9}
    cut = exchanged(f"{GENERATION}_stream", asked, events[:1]).response
    assert (cut.usage_status, cut.output) == (UsageStatus.PARTIAL, ())
    refused = exchanged(GENERATION, asked, {"errors": [{"code": "model_not_supported"}]}).response
    assert (refused.error_type, refused.usage) == ("model_not_supported", None)


def test_generation_inference_counts_where_details_were_asked_for(exchanged: Exchanged) -> None:
    """A stream has them in its last event."""
    asked = {"inputs": "x", "parameters": {"details": True}}
    details = {"finish_reason": "length", "generated_tokens": 2, "input_length": 7}
    whole = exchanged("/generate", asked, {"generated_text": "hello", "details": details}).response
    assert whole.usage == Usage(input_tokens=7, output_tokens=2)
    pieces: list[dict[str, Any]] = [{"token": {"text": "hel"}, "generated_text": None}]
    streamed = exchanged(
        "/generate_stream", asked, [*pieces, {"generated_text": "hello", "details": details}]
    )
    assert streamed.response == whole
    assert not exchanged("/generate_stream", asked, pieces).response.complete
    assert exchanged("/generate", asked, {"generated_text": "hello"}).response.usage is None


@pytest.mark.parametrize(
    ("path", "asked", "model"),
    [
        ("/v1/models/meta/llama-4/predictions", {"input": {"prompt": "x"}}, "meta/llama-4"),
        ("/v1/predictions", {"version": "abc", "input": {"prompt": "x"}}, "abc"),
    ],
)
def test_a_replicate_prediction_is_counted_when_it_is_there(
    exchanged: Exchanged, path: str, asked: Any, model: str
) -> None:
    """At once where the caller waits, else when it is fetched."""
    metrics = {"input_token_count": 17, "output_token_count": 20, "predict_time": 0.5}
    done = {
        "id": "p",
        "model": "meta/llama-4",
        "status": "succeeded",
        "output": ["hel", "lo"],
        "metrics": metrics,
    }
    waited = exchanged(path, asked, done)
    assert (waited.request.model, waited.response.deferred) == (model, False)
    assert waited.response.usage == Usage(input_tokens=17, output_tokens=20)
    assert [block.size for block in waited.response.output] == [5]
    begun = exchanged(path, asked, {"id": "p", "status": "starting", "metrics": {}}).response
    assert (begun.deferred, begun.usage, begun.output) == (True, None, ())
    fetched = exchanged("/v1/predictions/p", {}, done, method="GET")
    assert fetched.format.operation == "fetch_response"
    assert (fetched.response.deferred, fetched.response.usage) == (True, waited.response.usage)
