"""What does a Gemini batch say? Its creation what was asked, the finished batch what each answer bills for."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from otel_burn import names
from otel_burn.exchange import Request, Response
from otel_burn.formats import gemini_generate
from otel_burn.formats.batch_lines import fetched
from otel_burn.formats.body import Body
from otel_burn.formats.fields import Json, mapping, mappings, text
from otel_burn.formats.format import About, Format
from otel_burn.formats.gemini_content import object_at


def is_creation(body: Body) -> bool:
    """Whether *body* has the shape of a batch, its requests inline or in a file."""
    return isinstance(body.get("batch"), dict)


def read_creation(body: Body, path: str) -> Request:
    """The model of the path, and how many requests there are where they are inline."""
    given = object_at(object_at(mapping(body, "batch"), "inputConfig"), "requests")
    asked = mappings(given, "requests")
    return Request(
        model=gemini_generate.model_of(path), parameters={names.BATCH_REQUESTS: len(asked)} if asked else {}
    )


def read_created(body: Json, _: About) -> Response:
    """The batch's name; its usage comes with the results."""
    error = body.get("error")
    return Response(id=text(body, "name"), error_type=gemini_generate.error_status(error) if error else None)


def read_batch(body: Json, about: About) -> Response:
    """The answers of a finished batch. Whoever looks again sees them again: each has an id to be told by.

    OpenAI's batches, which have the path in common, hold no answers.
    """
    answered = mapping(body, "response") or mapping(mapping(body, "metadata"), "output")
    listed = mappings(mapping(answered, "inlinedResponses"), "inlinedResponses")
    named = text(body, "name") or _named(about)
    found = [answer for index, one in enumerate(listed) for answer in _answer(one, f"{named}/{index}", about)]
    return Response(more=tuple(found))


def _named(about: About) -> str:
    """What is fetched, `files/NAME:download`: what stands before it in the path may be a gateway's key."""
    return "/".join(about.path.split("/")[-2:])


def _answers(line: Json, index: int, about: About) -> Iterable[Response]:
    return _answer(line, f"{_named(about)}/{index}", about)


def _answer(one: Json, name: str, about: About) -> Iterable[Response]:
    """The answer of *name*, if it has counts: one that failed is not billed."""
    response = gemini_generate.read_response(mapping(one, "response"), about)
    if response.usage is not None:
        yield replace(response, id=response.id or name, service_tier="batch")


CREATION: Final = Format(
    name="gemini_batch_creation",
    operation="create_batch",
    paths=(":batchGenerateContent",),
    provider="gcp.gemini",
    is_request=is_creation,
    read_request=read_creation,
    context=(),
    read_response=read_created,
)
RESULTS: Final = Format(
    name="gemini_batch_results",
    paths=("/v1/batches/*", "/v1beta/batches/*", "/v1alpha/batches/*"),
    provider="gcp.gemini",
    **fetched(_answers) | {"read_response": read_batch, "stream": None},
)
FILE: Final = Format(
    name="gemini_batch_file", paths=("/files/*:download",), provider="gcp.gemini", **fetched(_answers)
)
