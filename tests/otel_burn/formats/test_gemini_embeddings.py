"""Do embeddings and images of Google's read as what it documents?"""

from collections.abc import Callable
from typing import Any

from otel_burn.usage import Usage

Exchanged = Callable[..., Any]
PREDICT = "/v1/projects/p/locations/l/publishers/google/models/m:predict"
CONTENT = {"parts": [{"text": "x"}]}


def test_contents_are_counted_together(exchanged: Exchanged) -> None:
    """One or many, by the prompt's tokens; an older model reports none."""
    usage = {"promptTokenCount": 7, "promptTokenDetails": [{"modality": "IMAGE", "tokenCount": 3}]}
    many = {
        "requests": [{"model": "models/m", "content": CONTENT}, {"model": "models/m", "content": CONTENT}]
    }
    exchange = exchanged(
        "/v1beta/models/m:batchEmbedContents", many, {"embeddings": [], "usageMetadata": usage}
    )
    assert exchange.response.usage == Usage(input_tokens=7, image_input_tokens=3)
    assert (exchange.request.model, len(exchange.context)) == ("m", 2)
    one = exchanged("/v1beta/models/m:embedContent", {"content": CONTENT}, {"embedding": {"values": [1]}})
    assert (one.response.usage, one.context) == (None, exchange.context[:1])


def test_predictions_are_counted_one_by_one(exchanged: Exchanged) -> None:
    """Vertex reports the tokens of each, as floats at times, and the characters billed."""
    asked = {"instances": [{"content": "a", "task_type": "X"}, {"content": "b"}]}
    said = {
        "predictions": [{"embeddings": {"values": [1], "statistics": {"token_count": n}}} for n in (4.0, 5)],
        "metadata": {"billableCharacterCount": 11},
    }
    exchange = exchanged(PREDICT, asked, said)
    assert exchange.format.operation == "embeddings"
    assert exchange.response.usage == Usage(input_tokens=9, units={"characters": 11})
    multimodal = exchanged(
        PREDICT, {"instances": [{"text": "a", "image": {"gcsUri": "u"}}]}, {"predictions": [{}]}
    )
    assert (multimodal.response.usage, len(multimodal.context)) == (None, 2)


def test_images_are_billed_by_the_piece(exchanged: Exchanged) -> None:
    """One that was filtered out is none."""
    said = {"predictions": [{"bytesBase64Encoded": "aGk="}, {"raiFilteredReason": "x"}]}
    exchange = exchanged(
        PREDICT, {"instances": [{"prompt": "a cat"}], "parameters": {"sampleCount": 2}}, said
    )
    assert exchange.format.operation == "generate_content"
    assert exchange.response.usage == Usage(units={"images": 1})
    assert [block.kind for block in exchange.response.output] == ["image"]
    refused = exchanged(PREDICT, {"instances": [{"prompt": "x"}]}, {"error": {"status": "INVALID_ARGUMENT"}})
    assert (refused.response.usage, refused.response.error_type) == (None, "INVALID_ARGUMENT")
