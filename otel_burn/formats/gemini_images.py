"""What does an Imagen exchange say? Vertex AI's and Gemini's `:predict` with prompts, billed by the image."""

from collections.abc import Iterable
from typing import Any, Final

from otel_burn import manifest
from otel_burn.exchange import Block, BlockKind, Request, Response
from otel_burn.formats.body import Body, value_of
from otel_burn.formats.fields import Json, mapping, mappings, parameters, text
from otel_burn.formats.format import About, Format, Part
from otel_burn.formats.gemini_generate import error_status, model_of
from otel_burn.usage import Usage


def is_request(body: Body) -> bool:
    """Whether *body* asks `:predict` for images: the verb serves every kind of model."""
    first = value_of(next(iter(body.items("instances")), None))
    return body.is_list("instances") and isinstance(first, dict) and text(first, "prompt") is not None


def read_request(body: Body, path: str) -> Request:
    """The request; the path names the model."""
    asked = mapping(body, "parameters")
    return Request(model=model_of(path), parameters=parameters({"n": asked.get("sampleCount")}))


def read_response(body: Json, _: About) -> Response:
    """The response, success or error; an image that was filtered out has no bytes and costs nothing."""
    if error := body.get("error"):
        return Response(error_type=error_status(error))
    images = [
        block for prediction in mappings(body, "predictions") if (block := _image(prediction)) is not None
    ]
    usage = Usage(units={"images": len(images)}) if "predictions" in body else None
    return Response(usage=usage, output=tuple(images))


def _image(image: Json) -> Block | None:
    data = text(image, "bytesBase64Encoded") or text(image, "gcsUri")
    return manifest.block(BlockKind.IMAGE, data) if data else None


def _instance(instance: Any) -> Iterable[Block]:
    if not isinstance(instance, dict):
        return
    if said := text(instance, "prompt"):
        yield manifest.block(BlockKind.USER, said)
    if (image := _image(mapping(instance, "image"))) is not None:
        yield image


FORMAT: Final = Format(
    name="gemini_images",
    operation="generate_content",
    paths=(":predict",),
    provider="gcp.vertex_ai",
    is_request=is_request,
    read_request=read_request,
    context=(Part("instances", _instance),),
    read_response=read_response,
)
