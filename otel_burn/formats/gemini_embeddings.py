"""What does a Gemini embedding exchange say? embedContent, batchEmbedContents, and Vertex AI's predict."""

from collections.abc import Iterable
from typing import Any, Final

from otel_burn import manifest
from otel_burn.exchange import Block, BlockKind, Request, Response
from otel_burn.formats import gemini_content, gemini_usage
from otel_burn.formats.body import Body, value_of
from otel_burn.formats.fields import Json, count, mapping, mappings, raw, text
from otel_burn.formats.format import About, Format, Part
from otel_burn.formats.gemini_generate import error_status, model_of
from otel_burn.usage import Usage

_INPUTS: Final = frozenset({"content", "text", "image", "video"})
"""What an instance of an embedding model has, beside settings such as `task_type`."""


def read_request(_: Body, path: str) -> Request:
    """The request; the path names the model."""
    return Request(model=model_of(path))


def is_content(body: Body) -> bool:
    """Whether *body* has the shape of a request to embed content."""
    return "content" in body or body.is_list("requests")


def read_response(body: Json, _: About) -> Response:
    """The response, success or error. Older models report no usage."""
    if error := body.get("error"):
        return Response(error_type=error_status(error))
    usage = mapping(body, "usageMetadata")
    return Response(
        usage=gemini_usage.read_usage(usage),
        usage_raw=raw(usage),
        service_tier=gemini_usage.service_tier(usage),
    )


def _request(asked: Any) -> Iterable[Block]:
    return gemini_content.message(asked.get("content") if isinstance(asked, dict) else None)


def is_prediction(body: Body) -> bool:
    """Whether *body* asks `:predict` for embeddings: the verb serves every kind of model."""
    first = value_of(next(iter(body.items("instances")), None))
    return body.is_list("instances") and isinstance(first, dict) and not _INPUTS.isdisjoint(first)


def read_prediction(body: Json, _: About) -> Response:
    """The response of `:predict`: each embedding has its own count of tokens, all share the characters billed."""
    if error := body.get("error"):
        return Response(error_type=error_status(error))
    statistics = [
        found
        for prediction in mappings(body, "predictions")
        if (found := mapping(mapping(prediction, "embeddings"), "statistics"))
    ]
    counts = [tokens for one in statistics if (tokens := count(one, "token_count")) is not None]
    characters = count(mapping(body, "metadata"), "billableCharacterCount")
    reported = bool(counts) or characters is not None
    return Response(
        usage=Usage(
            input_tokens=sum(counts) if counts else None,
            units={} if characters is None else {"characters": characters},
        )
        if reported
        else None,
        usage_raw=raw({"token_count": counts, "metadata": mapping(body, "metadata")}) if reported else None,
    )


def _instance(instance: Any) -> Iterable[Block]:
    if not isinstance(instance, dict):
        return
    for key in ("content", "text"):
        if said := text(instance, key):
            yield manifest.block(BlockKind.USER, said)
    for key, kind in (("image", BlockKind.IMAGE), ("video", BlockKind.DOCUMENT)):
        if media := mapping(instance, key):
            yield manifest.block(kind, media)


FORMAT: Final = Format(
    name="gemini_embeddings",
    operation="embeddings",
    paths=(":embedContent", ":batchEmbedContents"),
    provider="gcp.gemini",
    is_request=is_content,
    read_request=read_request,
    context=(Part("content", gemini_content.message), Part("requests", _request)),
    read_response=read_response,
)
PREDICT: Final = Format(
    name="gemini_predict_embeddings",
    operation="embeddings",
    paths=(":predict",),
    provider="gcp.vertex_ai",
    is_request=is_prediction,
    read_request=read_request,
    context=(Part("instances", _instance),),
    read_response=read_prediction,
)
