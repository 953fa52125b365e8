"""What does a Cohere chat exchange say? The second version of the API."""

from collections.abc import Iterable
from typing import Any, Final

from otel_burn import manifest
from otel_burn.exchange import AttributeValue, Block, BlockKind, Request, Response, ToolCall
from otel_burn.formats import cohere_usage
from otel_burn.formats.body import Body
from otel_burn.formats.fields import Fields, Json, count, joined_text, mapping, mappings, parameters, text
from otel_burn.formats.format import About, Format, Part
from otel_burn.manifest import Gathered

_KINDS: Final = {
    "system": BlockKind.SYSTEM,
    "developer": BlockKind.SYSTEM,
    "assistant": BlockKind.ASSISTANT,
    "user": BlockKind.USER,
}
_PART_KINDS: Final = {"image_url": BlockKind.IMAGE, "document": BlockKind.DOCUMENT}


def is_request(body: Body) -> bool:
    """Whether *body* has the shape of a chat request."""
    return body.is_list("messages")


def read_request(body: Body, _path: str) -> Request:
    """The request."""
    return Request(
        model=text(body, "model"), stream=body.get("stream") is True, parameters=chat_parameters(body)
    )


def chat_parameters(body: Fields) -> dict[str, AttributeValue]:
    """The request's parameters: Cohere abbreviates two of them."""
    keys = ("temperature", "max_tokens", "frequency_penalty", "presence_penalty", "seed")
    return parameters({key: body.get(key) for key in keys} | {"top_p": body.get("p"), "top_k": body.get("k")})


def read_response(body: Json, _: About) -> Response:
    """The response from a whole body; an error is a message beside an HTTP status, and has no code."""
    message = mapping(body, "message")
    return _response(
        body,
        output=tuple(_said(message, BlockKind.ASSISTANT)),
        tool_calls=tuple(_tool_call(call) for call in mappings(message, "tool_calls")),
    )


class Stream:
    """A streamed response, complete once `message-end` was seen, which carries the usage."""

    def __init__(self, _: About) -> None:
        self._id: str | None = None
        self._end: Json = {}
        self._plan = Gathered()
        self._contents: dict[int | None, _Content] = {}
        self._calls: dict[int | None, Json] = {}
        self._complete = False

    def add(self, event: Json) -> None:
        """Take in the next event."""
        message = mapping(mapping(event, "delta"), "message")
        match event.get("type"):
            case "message-start":
                self._id = text(event, "id")
            case "content-start" | "content-delta":
                content = self._contents.setdefault(count(event, "index"), _Content())
                content.add(mapping(message, "content"))
            case "tool-plan-delta":
                self._plan.add(text(message, "tool_plan") or "")
            case "tool-call-start" | "tool-call-delta":
                call = self._calls.setdefault(count(event, "index"), {"name": "", "arguments": []})
                delta = mapping(message, "tool_calls")
                call["id"] = text(delta, "id") or call.get("id")
                call["name"] += text(mapping(delta, "function"), "name") or ""
                call["arguments"].append(text(mapping(delta, "function"), "arguments") or "")
            case "message-end":
                self._end = mapping(event, "delta")
                self._complete = True

    def response(self) -> Response:
        """The response as far as it came; tool calls that may be cut are left out."""
        calls = [
            {"id": call["id"], "function": {"name": call["name"], "arguments": "".join(call["arguments"])}}
            for call in self._calls.values()
        ]
        return _response(
            self._end | {"id": self._id},
            output=tuple(self._output(calls)) if self._complete else (),
            tool_calls=tuple(_tool_call(call) for call in calls) if self._complete else (),
            complete=self._complete,
        )

    def _output(self, calls: list[Json]) -> Iterable[Block]:
        if self._plan:
            yield self._plan.block(BlockKind.REASONING)
        for content in self._contents.values():
            yield from content.output()
        yield from _calls(calls)


class _Content:
    """What has been streamed of one item of the content."""

    def __init__(self) -> None:
        self._kind = BlockKind.ASSISTANT
        self._said = Gathered()

    def add(self, piece: Json) -> None:
        """The next piece."""
        if thought := text(piece, "thinking"):
            self._kind = BlockKind.REASONING
            self._said.add(thought)
        self._said.add(text(piece, "text") or "")

    def output(self) -> Iterable[Block]:
        """The item as it will be sent back."""
        if self._said:
            yield self._said.block(self._kind)


def _response(
    body: Json, *, output: tuple[Block, ...], tool_calls: tuple[ToolCall, ...], complete: bool = True
) -> Response:
    usage = mapping(body, "usage")
    reason = text(body, "finish_reason")
    return Response(
        id=text(body, "id"),
        usage=cohere_usage.read_usage(usage),
        usage_raw=cohere_usage.read_raw(usage),
        finish_reasons=(reason,) if reason else (),
        tool_calls=tool_calls,
        output=output,
        complete=complete,
        error_type="ERROR" if reason == "ERROR" else None,
    )


def definition(tool: Any) -> Iterable[Block]:
    """A tool that the model may call."""
    if isinstance(tool, dict):
        declared = mapping(tool, "function") or tool
        yield manifest.block(BlockKind.TOOL_DEFINITION, declared, tool=text(declared, "name") or "")


def document(given: Any) -> Iterable[Block]:
    """A document that the answer shall rest on: a text, or fields."""
    yield manifest.block(BlockKind.DOCUMENT, given)


def _message(message: Any) -> Iterable[Block]:
    if not isinstance(message, dict):
        return
    role = str(message.get("role")).lower()
    if role == "tool":
        yield _tool_result(message)
    else:
        yield from _said(message, _KINDS.get(role, BlockKind.USER))


def _said(message: Json, kind: BlockKind) -> Iterable[Block]:
    if plan := text(message, "tool_plan"):
        yield manifest.block(BlockKind.REASONING, plan)
    content = message.get("content")
    for part in content if isinstance(content, list) else (content,):
        said = text(part, "text") if isinstance(part, dict) else part
        if isinstance(said, str):
            if said:
                yield manifest.block(kind, said)
        elif isinstance(part, dict) and (thought := text(part, "thinking")):
            yield manifest.block(BlockKind.REASONING, thought)
        elif isinstance(part, dict):
            yield manifest.block(_PART_KINDS.get(str(part.get("type")), kind), part)
    yield from _calls(mappings(message, "tool_calls"))


def _calls(calls: Iterable[Json]) -> Iterable[Block]:
    for call in calls:
        function = mapping(call, "function")
        yield manifest.arguments_block(
            text(call, "id") or "", text(function, "name") or "", function.get("arguments", "")
        )


def _tool_call(call: Json) -> ToolCall:
    function = mapping(call, "function")
    return manifest.tool_call(
        text(call, "id") or "", text(function, "name") or "", function.get("arguments", "")
    )


def _tool_result(message: Json) -> Block:
    content = message.get("content")
    said = joined_text(content)
    if said is None:  # documents, the usual form: one that has nothing but data counts as that
        data = [mapping(part, "document").get("data") for part in mappings(message, "content")]
        said = data[0] if len(data) == 1 and data[0] is not None else content
    return manifest.block(
        BlockKind.TOOL_RESULT,
        said,
        tool_call_id=text(message, "tool_call_id") or "",
        error=manifest.error_class(manifest.canonical(said), flagged=False),
    )


FORMAT: Final = Format(
    name="cohere_chat",
    operation="chat",
    paths=("/v2/chat",),
    provider="cohere",
    is_request=is_request,
    read_request=read_request,
    context=(Part("tools", definition), Part("documents", document), Part("messages", _message)),
    read_response=read_response,
    stream=Stream,
)
