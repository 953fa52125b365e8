"""What does an OpenAI Responses exchange say? Created, streamed, compacted, decided, or fetched from the background."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from otel_burn import manifest, names
from otel_burn.exchange import AttributeValue, Block, BlockKind, Request, Response
from otel_burn.formats.anthropic_count_tokens import OPERATION as COUNT_TOKENS
from otel_burn.formats.body import Body
from otel_burn.formats.fields import Json, count, error_code, mapping, mappings, parameters, raw, text
from otel_burn.formats.format import About, Format, Part
from otel_burn.formats.openai_chat import deployment
from otel_burn.formats.openai_items import (
    containers,
    definition,
    images,
    instructions,
    item_blocks,
    of_type,
    tool_calls,
    web_searches,
)
from otel_burn.formats.openai_usage import read_usage
from otel_burn.usage import Usage

_CONTEXT_KEYS: Final = ("input", "instructions", "prompt", "previous_response_id", "conversation")
_REASONS: Final = {"completed": "stop", "failed": "error", "cancelled": "cancelled"}
"""Finish reasons, which this API does not name, by status; an incomplete response says why."""
_ENDS: Final = frozenset(
    {"response.completed", "response.incomplete", "response.failed", "response.cancelled"}
)
"""The events that end a stream; each carries the whole response."""


def is_request(body: Body) -> bool:
    """Whether *body* has the shape of a request for a response: of a model, or of a stored prompt."""
    asks = isinstance(body.get("model"), str) or isinstance(body.get("prompt"), dict)
    return asks and any(key in body for key in _CONTEXT_KEYS)


def is_decision(body: Body) -> bool:
    """Whether *body* asks for answers to questions about an input."""
    return body.is_list("questions") and "input" in body and isinstance(body.get("model"), str)


def is_fetch(_: Body) -> bool:
    """Whether a stored response is asked for: the path has told."""
    return True


def read_request(body: Body, path: str) -> Request:
    """The request."""
    return Request(
        model=text(body, "model") or deployment(path),
        stream=body.get("stream") is True,
        parameters=dict(_parameters(body)),
    )


def read_response(body: Json, about: About) -> Response:
    """The response from a whole body, success or error."""
    return _response(body, mappings(body, "output"), about)


def read_count(body: Json, about: About) -> Response:
    """The outcome of counting tokens. The count that it carries is no usage."""
    return Response(error_type=_response(body, [], about).error_type)


class Stream:
    """A streamed response, complete once an event of `_ENDS` was seen.

    The last event repeats all output; where a server leaves that out, the items that were done on the way count.
    """

    def __init__(self, about: About) -> None:
        self._about = about
        self._response: Json = {}
        self._items: list[Json] = []
        self._complete = False

    def add(self, event: Json) -> None:
        """Take in the next event."""
        kind = text(event, "type")
        if response := mapping(event, "response"):
            self._response = response
            self._complete = self._complete or kind in _ENDS
        elif kind == "response.output_item.done":
            self._items.append(mapping(event, "item"))
        elif kind == "error" or "error" in event:
            self._response = self._response | {"error": mapping(event, "error") or event}

    def response(self) -> Response:
        """The response as far as it came; what may be cut is left out."""
        items = mappings(self._response, "output") or self._items
        return _response(
            self._response, items if self._complete else [], self._about, complete=self._complete
        )


def _response(body: Json, items: list[Json], about: About, *, complete: bool = True) -> Response:
    usage, extra = mapping(body, "usage"), mapping(body, "tool_usage")
    return Response(
        id=text(body, "id"),
        model=text(body, "model") or about.headers.get("x-ms-served-model"),
        usage=_with_tools(read_usage(usage), extra, items),
        usage_raw=raw(usage | {"tool_usage": extra} if usage and extra else usage),
        finish_reasons=tuple(_finish_reasons(body)),
        tool_calls=tuple(tool_calls(items)),
        output=tuple(block for item in items for block in item_blocks(item)),
        service_tier=text(body, "service_tier"),
        region=about.headers.get("x-ms-region"),
        deferred=body.get("background") is True,
        complete=complete,
        error_type=_error(body),
    )


def _with_tools(usage: Usage | None, extra: Json, items: list[Json]) -> Usage | None:
    """*usage* with what the provider's own tools bill: as it counts them, else as many as stand in the output."""
    if usage is None:
        return None
    searches = count(mapping(extra, "web_search"), "num_requests")
    found = {
        "web_search_requests": web_searches(items) if searches is None else searches,
        "images": images(items),
        "file_searches": of_type(items, "file_search_call"),
        "code_interpreter_sessions": containers(items),
    }
    return replace(usage, units={unit: n for unit, n in found.items() if n} | dict(usage.units))


def _error(body: Json) -> str | None:
    if error := body.get("error"):
        return error_code(error)
    return str(body["status"]) if body.get("status") in ("failed", "cancelled") else None


def _finish_reasons(body: Json) -> Iterable[str]:
    status = text(body, "status") or ("completed" if body.get("object") == "response.compaction" else None)
    if status == "incomplete":
        yield text(mapping(body, "incomplete_details"), "reason") or status
    elif reason := _REASONS.get(status or ""):
        yield reason


def question(value: Any) -> Iterable[Block]:
    """The block of a question that is to be decided: what is to be judged, and by what."""
    yield manifest.block(BlockKind.SYSTEM, value)


def _parameters(body: Body) -> Iterable[tuple[str, AttributeValue]]:
    yield from parameters(body).items()
    given: tuple[tuple[str, Any], ...] = (
        (names.REQUEST_MAX_TOKENS, count(body, "max_output_tokens")),
        (names.REQUEST_REASONING_LEVEL, text(mapping(body, "reasoning"), "effort")),
        (names.REQUEST_PREVIOUS_RESPONSE_ID, text(body, "previous_response_id")),
        (names.CONVERSATION_ID, text(body, "conversation") or text(mapping(body, "conversation"), "id")),
    )
    yield from ((name, value) for name, value in given if value)


_CONTEXT: Final = (Part("tools", definition), Part("instructions", instructions), Part("input", item_blocks))

FORMAT: Final = Format(
    name="openai_responses",
    operation="chat",
    paths=("/responses", "/responses/compact"),
    provider="openai_compatible",
    is_request=is_request,
    read_request=read_request,
    context=_CONTEXT,
    read_response=read_response,
    stream=Stream,
)

DECISIONS: Final = replace(
    FORMAT,
    name="openai_decisions",
    paths=("/decisions",),
    is_request=is_decision,
    context=(Part("questions", question), Part("input", item_blocks)),
    stream=None,
)

COUNT: Final = Format(
    name="openai_responses_count",
    operation=COUNT_TOKENS,
    paths=("/responses/input_tokens",),
    provider="openai_compatible",
    is_request=is_request,
    read_request=read_request,
    context=(),
    read_response=read_count,
)

FETCHED: Final = Format(
    name="openai_responses_fetched",
    operation="fetch_response",
    paths=("/responses/resp_*",),
    provider="openai_compatible",
    is_request=is_fetch,
    read_request=read_request,
    context=(),
    read_response=read_response,
    stream=Stream,
    method="GET",
)

CANCELLED: Final = replace(
    FETCHED, name="openai_responses_cancelled", paths=("/responses/resp_*/cancel",), method="POST"
)
