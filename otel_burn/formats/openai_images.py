"""What does an OpenAI images exchange say? Generated, edited and varied images, billed by token or by piece."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from otel_burn import manifest
from otel_burn.exchange import Block, BlockKind, Request, Response
from otel_burn.formats.body import Body
from otel_burn.formats.fields import Json, count, mapping, mappings, parameters, raw, text
from otel_burn.formats.format import About, Format, Part
from otel_burn.formats.openai_chat import deployment, error_of
from otel_burn.formats.openai_usage import read_usage
from otel_burn.usage import Usage


def is_request(body: Body) -> bool:
    """Whether *body* has the shape of an images request. A form's files are not seen, and a variation has no prompt."""
    return isinstance(body.get("prompt", ""), str) and isinstance(body.get("model", ""), str)


def read_request(body: Body, path: str) -> Request:
    """The request; a form says everything in words."""
    return Request(
        model=text(body, "model") or deployment(path),
        stream=body.get("stream") in (True, "true"),
        parameters=parameters(body),
    )


def read_response(body: Json, about: About) -> Response:
    """The response from a whole body, success or error."""
    usage, svg = mapping(body, "usage"), mapping(body, "svg_usage")
    return Response(
        id=text(body, "id"),
        model=text(body, "model") or about.headers.get("x-ms-served-model"),
        usage=_with_images(read_usage(usage), len(mappings(body, "data"))),
        usage_raw=raw(usage | {"svg_usage": svg} if svg else usage),
        # What wrote the SVG is another model, whose tokens are counted beside those of the images.
        more=(Response(model=text(svg, "model"), usage=read_usage(svg), usage_raw=raw(svg)),) if svg else (),
        region=about.headers.get("x-ms-region"),
        error_type=error_of(body),
    )


class Stream:
    """A streamed response: partial images, and one `….completed` event with the usage for each that is asked for."""

    def __init__(self, about: About) -> None:
        self._about = about
        self._completed: list[Json] = []
        self._last: Json = {}

    def add(self, event: Json) -> None:
        """Take in the next event, without the image in it."""
        if str(event.get("type")).endswith(".completed"):
            self._completed.append(event | {"b64_json": None})
        if event.get("type") == "error" or "error" in event:
            self._last = event if "error" in event else {"error": event}

    def response(self) -> Response:
        """The response as far as it came."""
        done = len(self._completed)
        read = [read_response(event, self._about) for event in self._completed]
        counted = [one.usage for one in read if one.usage is not None]
        return Response(
            usage=_with_images(_sum(counted), done),
            usage_raw=read[-1].usage_raw if done == 1 else None,
            complete=done >= _asked_for(self._about.asked),
            error_type=error_of(self._last),
        )


def _asked_for(body: Body) -> int:
    in_words = text(body, "n") or ""
    return int(in_words) if in_words.isdecimal() and len(in_words) < 4 else count(body, "n") or 1


def _sum(usages: list[Usage]) -> Usage | None:
    """The counts of several images that were streamed in one answer, each with its own."""
    if not usages:
        return None

    def total(name: str) -> int | None:
        counts = [found for one in usages if (found := getattr(one, name)) is not None]
        return sum(counts) if counts else None

    totals: dict[str, Any] = {name: total(name) for name in _SUMMED}
    return replace(usages[0], **totals)


_SUMMED: Final = (
    "input_tokens", "output_tokens", "cache_read_tokens", "image_input_tokens", "image_output_tokens",
)  # fmt: skip


def _with_images(usage: Usage | None, images: int) -> Usage | None:
    """*usage* with the number of images, which is what models without tokens are billed by."""
    if usage is not None and usage.image_output_tokens is None:
        usage = replace(
            usage, image_output_tokens=usage.output_tokens
        )  # it says no more: all that came is image
    return replace(usage or Usage(), units={"images": images}) if images else usage


def _prompt(value: Any) -> Iterable[Block]:
    if isinstance(value, str):
        yield manifest.block(BlockKind.USER, value)


def _source(value: Any) -> Iterable[Block]:
    if value:
        yield manifest.block(BlockKind.IMAGE, value)


FORMAT: Final = Format(
    name="openai_images",
    operation="generate_content",
    paths=("/images/generations", "/images/edits", "/images/variations"),
    provider="openai_compatible",
    is_request=is_request,
    read_request=read_request,
    context=(Part("prompt", _prompt), Part("images", _source)),
    read_response=read_response,
    stream=Stream,
)
