"""What does a batch of Messages say? Its creation what was asked, its results what each answer bills for."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from otel_burn import names
from otel_burn.exchange import Request, Response
from otel_burn.formats import anthropic_messages
from otel_burn.formats.batch_lines import fetched, read_line
from otel_burn.formats.body import Body
from otel_burn.formats.fields import Json, error_code, mapping, mappings, text
from otel_burn.formats.format import About, Format


def is_creation(body: Body) -> bool:
    """Whether *body* has the shape of a batch of Messages requests."""
    return body.is_list("requests")


def read_creation(body: Body, _path: str) -> Request:
    """The model, where all requests of the batch ask for one, and how many there are."""
    asked = [mapping(one, "params") for one in mappings(body, "requests")]
    models = {text(one, "model") for one in asked}
    return Request(
        model=models.pop() if len(models) == 1 else None, parameters={names.BATCH_REQUESTS: len(asked)}
    )


def read_created(body: Json, _: About) -> Response:
    """The batch's id; its usage comes with the results."""
    error = body.get("error")
    return Response(id=text(body, "id"), error_type=error_code(error) if error else None)


def read_results(body: Json, about: About) -> Response:
    """The response from a body of a single result, or an error."""
    if "result" not in body:
        return Response(error_type=anthropic_messages.read_response(body, about).error_type)
    return read_line(_answers, body, about)


def _answers(line: Json, _: int, about: About) -> Iterable[Response]:
    """The message of a result that has one: those that errored, expired or were canceled are not billed."""
    if message := mapping(mapping(line, "result"), "message"):
        response = anthropic_messages.read_response(message, about)
        yield replace(response, service_tier="batch", more=())
        yield from (replace(one, service_tier="batch") for one in response.more)


CREATION: Final = Format(
    name="anthropic_batch_creation",
    operation="create_batch",
    paths=("/v1/messages/batches",),
    provider="anthropic",
    is_request=is_creation,
    read_request=read_creation,
    context=(),
    read_response=read_created,
)

RESULTS: Final = Format(
    name="anthropic_batch_results",
    paths=("/v1/messages/batches/*/results",),
    provider="anthropic",
    **fetched(_answers) | {"read_response": read_results},
)
