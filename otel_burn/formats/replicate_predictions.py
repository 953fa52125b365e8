"""What does a Replicate prediction say? Begun by one call, and often finished only when it is fetched later."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final
from urllib.parse import unquote

from otel_burn import manifest
from otel_burn.exchange import Block, BlockKind, Request, Response
from otel_burn.formats.body import Body
from otel_burn.formats.fields import Json, count, mapping, parameters, raw, text
from otel_burn.formats.format import About, Format, Part
from otel_burn.usage import Usage

_UNFINISHED: Final = frozenset({"starting", "processing"})
_COUNTS: Final = ("input_token_count", "output_token_count")


def is_request(body: Body) -> bool:
    """Whether *body* gives a model its input."""
    return isinstance(body.get("input"), dict)


def read_request(body: Body, path: str) -> Request:
    """The request: the model stands in the path, or the version of one in the body."""
    _, official, named = path.removesuffix("/predictions").partition("/models/")
    asked = mapping(body, "input")
    return Request(
        model=unquote(named) if official else text(body, "version"),
        parameters=parameters(asked | {"max_tokens": asked.get("max_tokens", asked.get("max_new_tokens"))}),
    )


def read_response(body: Json, about: About) -> Response:
    """The prediction as far as it is; language models report the tokens, others none."""
    metrics, status = mapping(body, "metrics"), text(body, "status")
    given, said = (count(metrics, name) for name in _COUNTS)
    unfinished = status in _UNFINISHED
    return Response(
        id=text(body, "id"),
        model=text(body, "model"),
        usage=None if given is None and said is None else Usage(input_tokens=given, output_tokens=said),
        usage_raw=raw({name: metrics[name] for name in _COUNTS if count(metrics, name) is not None}),
        finish_reasons=(status,) if status and not unfinished else (),
        output=() if unfinished else tuple(_output(body.get("output"))),
        deferred=unfinished or not about.path.endswith("/predictions"),
        error_type="failed" if status == "failed" else None,
    )


def _output(output: Any) -> Iterable[Block]:
    """A text, which comes in pieces from a language model."""
    pieces = output if isinstance(output, list) else [output]
    if said := "".join(piece for piece in pieces if isinstance(piece, str)):
        yield manifest.block(BlockKind.ASSISTANT, said)


def _input(given: Any) -> Iterable[Block]:
    for key, kind in (
        ("system_prompt", BlockKind.SYSTEM),
        ("prompt", BlockKind.USER),
        ("image", BlockKind.IMAGE),
    ):
        if isinstance(given, dict) and (said := text(given, key)):
            yield manifest.block(kind, said)


FORMAT: Final = Format(
    name="replicate_predictions",
    operation="text_completion",
    paths=("/v1/predictions", "/v1/models/*/*/predictions"),
    provider="replicate",
    is_request=is_request,
    read_request=read_request,
    context=(Part("input", _input, whole=True),),
    read_response=read_response,
)
FETCHED: Final = replace(
    FORMAT,
    name="replicate_fetched",
    operation="fetch_response",
    paths=("/v1/predictions/*",),
    is_request=lambda _: True,
    context=(),
    method="GET",
)
