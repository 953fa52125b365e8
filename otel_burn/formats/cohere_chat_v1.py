"""What does a Cohere chat exchange say? The first version of the API: a message, and the history apart."""

from collections.abc import Iterable
from typing import Any, Final

from otel_burn import manifest
from otel_burn.exchange import Block, BlockKind, Request, Response
from otel_burn.formats import cohere_usage
from otel_burn.formats.body import Body
from otel_burn.formats.cohere_chat import chat_parameters, definition, document
from otel_burn.formats.fields import Json, mapping, mappings, text
from otel_burn.formats.format import About, Format, Part

_KINDS: Final = {"system": BlockKind.SYSTEM, "chatbot": BlockKind.ASSISTANT, "user": BlockKind.USER}


def is_request(body: Body) -> bool:
    """Whether *body* has the shape of a chat request; others on this path speak as OpenAI does."""
    return "message" in body and not body.is_list("messages")


def read_request(body: Body, _path: str) -> Request:
    """The request."""
    return Request(
        model=text(body, "model"), stream=body.get("stream") is True, parameters=chat_parameters(body)
    )


def read_response(body: Json, _: About) -> Response:
    """The response from a whole body; an error is a message beside an HTTP status, and has no code."""
    meta, reason = mapping(body, "meta"), text(body, "finish_reason")
    calls = mappings(body, "tool_calls")
    return Response(
        id=text(body, "response_id") or text(body, "generation_id"),
        usage=cohere_usage.read_usage(meta),
        usage_raw=cohere_usage.read_raw(meta),
        finish_reasons=(reason,) if reason else (),
        tool_calls=tuple(
            manifest.tool_call("", text(call, "name") or "", call.get("parameters", {})) for call in calls
        ),
        output=tuple(_said(text(body, "text"), calls, BlockKind.ASSISTANT)),
        error_type=reason if (reason or "").startswith("ERROR") else None,
    )


class Stream:
    """A streamed response, complete once `stream-end` was seen: it repeats the response as a whole."""

    def __init__(self, about: About) -> None:
        self._about = about
        self._id: str | None = None
        self._end: Json | None = None

    def add(self, event: Json) -> None:
        """Take in the next event."""
        self._id = text(event, "generation_id") or self._id
        if event.get("event_type") == "stream-end":
            self._end = {"finish_reason": event.get("finish_reason")} | mapping(event, "response")

    def response(self) -> Response:
        """The response as far as it came."""
        if self._end is None:
            return Response(id=self._id, complete=False)
        return read_response(self._end, self._about)


def _history(message: Any) -> Iterable[Block]:
    if not isinstance(message, dict):
        return
    kind = _KINDS.get(str(message.get("role")).lower(), BlockKind.USER)
    yield from _said(text(message, "message"), mappings(message, "tool_calls"), kind)
    for result in mappings(message, "tool_results"):
        yield from _tool_result(result)


def _said(said: str | None, calls: Iterable[Json], kind: BlockKind) -> Iterable[Block]:
    if said:
        yield manifest.block(kind, said)
    for call in calls:
        yield manifest.arguments_block("", text(call, "name") or "", call.get("parameters", {}))


def _preamble(said: Any) -> Iterable[Block]:
    return _said(said if isinstance(said, str) else None, (), BlockKind.SYSTEM)


def _user(said: Any) -> Iterable[Block]:
    return _said(said if isinstance(said, str) else None, (), BlockKind.USER)


def _tool_result(result: Any) -> Iterable[Block]:
    if isinstance(result, dict):
        outputs = result.get("outputs")
        yield manifest.block(
            BlockKind.TOOL_RESULT,
            outputs,
            tool=text(mapping(result, "call"), "name") or "",
            error=manifest.error_class(manifest.canonical(outputs), flagged=False),
        )


FORMAT: Final = Format(
    name="cohere_chat_v1",
    operation="chat",
    paths=("/v1/chat",),
    provider="cohere",
    is_request=is_request,
    read_request=read_request,
    context=(
        Part("tools", definition),
        Part("preamble", _preamble),
        Part("chat_history", _history),
        Part("documents", document),
        Part("message", _user),
        Part("tool_results", _tool_result),
    ),
    read_response=read_response,
    stream=Stream,
)
