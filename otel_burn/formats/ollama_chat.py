"""What does an Ollama chat exchange say? At `/api/chat`, streamed a line of JSON at a time unless told otherwise."""

from collections.abc import Iterable
from typing import Any, Final

from otel_burn import manifest
from otel_burn.exchange import Block, BlockKind, Request, Response, ToolCall
from otel_burn.formats import ollama_usage
from otel_burn.formats.body import Body
from otel_burn.formats.fields import Json, mapping, mappings, text
from otel_burn.formats.format import About, Format, Part
from otel_burn.manifest import Gathered

_KINDS: Final = {"system": BlockKind.SYSTEM, "assistant": BlockKind.ASSISTANT}


def is_request(body: Body) -> bool:
    """Whether *body* has the shape of a chat request."""
    return body.is_list("messages") and "model" in body


def read_request(body: Body, _path: str) -> Request:
    """The request: it asks for a stream unless it says that it does not."""
    return Request(
        model=text(body, "model"),
        stream=body.get("stream") is not False,
        parameters=ollama_usage.read_parameters(body),
    )


def read_response(body: Json, _: About) -> Response:
    """The response from a whole body; an error is a text beside an HTTP status, and has no code."""
    message = mapping(body, "message")
    return _response(
        body,
        output=tuple(_said(message, BlockKind.ASSISTANT)),
        tool_calls=tuple(_tool_call(call) for call in mappings(message, "tool_calls")),
    )


class Stream:
    """A streamed response, complete once a line said `done`: that line carries the counts."""

    def __init__(self, _: About) -> None:
        self._last: Json = {}
        self._thought = Gathered()
        self._said = Gathered()
        self._calls: list[Json] = []
        self._error: str | None = None

    def add(self, event: Json) -> None:
        """Take in the next line."""
        if "error" in event:
            self._error = "error"
            return
        self._last = event
        message = mapping(event, "message")
        self._thought.add(text(message, "thinking") or "")
        self._said.add(text(message, "content") or "")
        self._calls += mappings(message, "tool_calls")

    def response(self) -> Response:
        """The response as far as it came; tool calls that may be cut are left out."""
        complete = self._last.get("done") is True and self._error is None
        return _response(
            self._last,
            output=tuple(self._output()) if complete else (),
            tool_calls=tuple(_tool_call(call) for call in self._calls) if complete else (),
            complete=complete,
            error=self._error,
        )

    def _output(self) -> Iterable[Block]:
        if self._thought:
            yield self._thought.block(BlockKind.REASONING)
        if self._said:
            yield self._said.block(BlockKind.ASSISTANT)
        yield from _calls(self._calls)


def _response(
    body: Json,
    *,
    output: tuple[Block, ...],
    tool_calls: tuple[ToolCall, ...],
    complete: bool = True,
    error: str | None = None,
) -> Response:
    reason = text(body, "done_reason")
    return Response(
        model=text(body, "model"),
        usage=ollama_usage.read_usage(body),
        usage_raw=ollama_usage.read_raw(body),
        finish_reasons=(reason,) if reason else (),
        tool_calls=tool_calls,
        output=output,
        complete=complete,
        error_type=error,
    )


def _definition(tool: Any) -> Iterable[Block]:
    if isinstance(tool, dict):
        declared = mapping(tool, "function") or tool
        yield manifest.block(BlockKind.TOOL_DEFINITION, declared, tool=text(declared, "name") or "")


def _message(message: Any) -> Iterable[Block]:
    if not isinstance(message, dict):
        return
    if message.get("role") == "tool":
        said = text(message, "content") or ""
        yield manifest.block(
            BlockKind.TOOL_RESULT,
            said,
            tool=text(message, "tool_name") or text(message, "name") or "",
            tool_call_id=text(message, "tool_call_id") or text(message, "tool_name") or "",
            error=manifest.error_class(said, flagged=False),
        )
    else:
        yield from _said(message, _KINDS.get(str(message.get("role")), BlockKind.USER))


def _said(message: Json, kind: BlockKind) -> Iterable[Block]:
    if thought := text(message, "thinking"):
        yield manifest.block(BlockKind.REASONING, thought)
    if said := text(message, "content"):
        yield manifest.block(kind, said)
    images = message.get("images")
    for image in images if isinstance(images, list) else ():
        yield manifest.block(BlockKind.IMAGE, image)
    yield from _calls(mappings(message, "tool_calls"))


def _calls(calls: Iterable[Json]) -> Iterable[Block]:
    for call in calls:
        function = mapping(call, "function")
        yield manifest.arguments_block(
            text(call, "id") or text(function, "name") or "",
            text(function, "name") or "",
            function.get("arguments", {}),
        )


def _tool_call(call: Json) -> ToolCall:
    function = mapping(call, "function")
    return manifest.tool_call(
        text(call, "id") or text(function, "name") or "",
        text(function, "name") or "",
        function.get("arguments", {}),
    )


FORMAT: Final = Format(
    name="ollama_chat",
    operation="chat",
    paths=("/api/chat",),
    provider="ollama",
    is_request=is_request,
    read_request=read_request,
    context=(Part("tools", _definition), Part("messages", _message)),
    read_response=read_response,
    stream=Stream,
)
