"""What does an InvokeModel exchange on Bedrock say? Each model speaks its own format there, told by its shape."""

import base64
import binascii
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Final

from otel_burn import manifest
from otel_burn.exchange import Block, BlockKind, Request, Response
from otel_burn.formats import anthropic_messages, bedrock_converse, openai_chat
from otel_burn.formats.bedrock_envelope import (
    header_counts,
    http_error,
    model_of,
    parameters_of,
    read_metrics,
    service_tier,
    speed,
    stream_error,
)
from otel_burn.formats.bedrock_families import TextStream, read_text
from otel_burn.formats.body import Body
from otel_burn.formats.fields import Json, decoded, mapping, mappings, raw, text
from otel_burn.formats.format import About, Format, Part

_METRICS: Final = "amazon-bedrock-invocationMetrics"
"""A member of the last chunk, whatever the model: Bedrock's own counts."""
_TRACE: Final = "amazon-bedrock-trace"
"""A member of the last chunk where a guardrail was asked to tell what it did; one that blocked counts nothing."""


def read_request(body: Body, path: str) -> Request:
    """The request; the path says which model, and whether it streams."""
    return Request(
        model=model_of(path),
        stream=path.endswith("-with-response-stream"),
        parameters=parameters_of(body),
    )


def read_response(body: Json, about: About) -> Response:
    """The response from a whole body, success or error. What it doesn't count itself, the headers do."""
    if error := http_error(body, about):
        return Response(error_type=error)
    response = replace(_read_family(body, about), complete=True)
    return _counted(response, header_counts(about), about)


def _read_family(body: Json, about: About) -> Response:
    if body.get("type") in ("message", "error"):
        return anthropic_messages.read_response(body, about)
    if isinstance(body.get("output"), dict):
        return bedrock_converse.read_response(body, about)
    said = read_text(body)
    if mappings(body, "choices"):
        chat = openai_chat.FORMAT.read_response(body, about)
        return replace(
            chat,
            output=chat.output or said.output,
            finish_reasons=chat.finish_reasons or said.finish_reasons,
        )
    return said


def _counted(response: Response, counts: Json, about: About) -> Response:
    """*response* with Bedrock's own *counts* where the model's are missing, and with what the headers tell."""
    counted, usage = read_metrics(counts), response.usage
    if counted is not None and (usage is None or usage.input_tokens is None):
        counted = replace(counted, units=usage.units if usage else {})
        response = replace(response, usage=counted, usage_raw=raw(counts))
    elif counted is not None and usage is not None and usage.output_tokens is None:
        response = replace(response, usage=replace(usage, output_tokens=counted.output_tokens))
    return replace(
        response,
        service_tier=response.service_tier or service_tier(about),
        speed=response.speed or speed(about),
    )


class Stream:
    """A streamed response: each chunk carries an event in the model's own format, base64-encoded.

    Complete by that format's own terminator, or with the last chunk of all, which has Bedrock's metrics.
    """

    def __init__(self, about: About) -> None:
        self._about = about
        self._family: Any = None
        self._metrics: Json = {}
        self._ended = False
        self._error: str | None = None

    def add(self, event: Json) -> None:
        """Take in the next event."""
        if not isinstance(event.get("chunk"), dict):
            self._error = self._error or stream_error(event)
            return
        said = _unpacked(event["chunk"])
        self._metrics |= mapping(said, _METRICS)
        self._ended = self._ended or _METRICS in said or _TRACE in said
        if self._family is None and (start := _start_of(said)):
            self._family = start(self._about)
        if self._family is not None:
            self._family.add(said)

    def response(self) -> Response:
        """The response as far as it came."""
        ended = self._ended and self._error is None
        if isinstance(self._family, TextStream):
            response = self._family.response(complete=ended)
        elif self._family is not None:
            if ended:
                self._family.add({"done": True})
            response = self._family.response()
        else:
            response = Response(complete=ended)
        if self._error:
            response = replace(response, complete=False, error_type=self._error)
        return _counted(response, self._metrics, self._about)


def _unpacked(chunk: Json) -> Json:
    try:
        return decoded(base64.b64decode(text(chunk, "bytes") or ""))
    except (binascii.Error, ValueError):
        return {}


_CONVERSE: Final = frozenset(
    {"messageStart", "contentBlockStart", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata"}
)


def _start_of(event: Json) -> Callable[[About], Any] | None:
    """What reads the stream whose first event is *event*."""
    kind = text(event, "type") or ""
    if kind.startswith(("message_", "content_block_")) or kind in ("ping", "error"):
        return anthropic_messages.Stream
    if _CONVERSE & event.keys():
        return bedrock_converse.Stream
    if any("delta" in choice for choice in mappings(event, "choices")):
        return openai_chat.FORMAT.stream
    return (lambda _: TextStream()) if event else None


def _definition(tool: Any) -> Iterable[Block]:
    shape = openai_chat if isinstance(tool, dict) and "function" in tool else anthropic_messages
    return _reader(shape.FORMAT, "tools")(tool)


def _message(message: Any) -> Iterable[Block]:
    """The blocks of a message in any of the models' shapes."""
    if not isinstance(message, dict):
        return ()
    parts = mappings(message, "content")
    if parts and not any("type" in part for part in parts):
        return bedrock_converse.context_message(message)
    theirs = text(message, "role") in ("tool", "developer", "system") or not any(
        text(part, "type") in _ANTHROPIC for part in parts
    )
    return _reader((openai_chat if theirs else anthropic_messages).FORMAT, "messages")(message)


_ANTHROPIC: Final = frozenset(
    {"tool_use", "tool_result", "thinking", "redacted_thinking", "image", "document"}
)


def _reader(format: Format, key: str) -> Callable[[Any], Iterable[Block]]:
    return next(part.read for part in format.context if part.key == key)


def _plain(kind: BlockKind) -> Callable[[Any], Iterable[Block]]:
    """Reads a value as one block of *kind*; where it has a text, as that."""

    def read(value: Any) -> Iterable[Block]:
        said = text(value, "message") or text(value, "text") if isinstance(value, dict) else None
        if isinstance(value, dict) and value.get("role") == "CHATBOT":
            yield manifest.block(BlockKind.ASSISTANT, said or value)
        elif value is not None:
            yield manifest.block(kind, said or value)

    return read


_ASKED: Final = (
    "message", "prompt", "inputText", "query", "texts", "inputs", "text_prompts", "textToImageParams",
    "singleEmbeddingParams",
)  # fmt: skip
_CONTEXT: Final = (
    Part("tools", _definition),
    Part("toolConfig", bedrock_converse.CONTEXT[0].read),
    Part("preamble", _plain(BlockKind.SYSTEM)),
    Part("system", bedrock_converse.CONTEXT[1].read),
    Part("documents", _plain(BlockKind.DOCUMENT)),
    Part("chat_history", _plain(BlockKind.USER)),
    Part("messages", _message),
    Part("tool_results", _plain(BlockKind.TOOL_RESULT)),
    *(Part(key, _plain(BlockKind.USER)) for key in _ASKED),
)


def _is_chat(body: Body) -> bool:
    return body.is_list("messages") or isinstance(body.get("message"), str)


def _is_embedding(body: Body) -> bool:
    """Titan's has an `inputText` as its text models have, but never their configuration."""
    return (
        "input_type" in body
        or "inputImage" in body
        or ("inputText" in body and "textGenerationConfig" not in body)
        or "EMBEDDING" in (text(body, "taskType") or "")
    )


def _is_rerank(body: Body) -> bool:
    return "query" in body and body.is_list("documents")


def _is_image(body: Body) -> bool:
    return (
        "taskType" in body
        or "text_prompts" in body
        or ("prompt" in body and bool(_OF_IMAGES & {key for key in _OF_IMAGES if key in body}))
    )


_OF_IMAGES: Final = frozenset(
    {"aspect_ratio", "output_format", "image", "mode", "negative_prompt", "cfg_scale"}
)


def _format(name: str, operation: str, is_request: Callable[[Body], bool]) -> Format:
    return Format(
        name=f"bedrock_invoke_{name}",
        operation=operation,
        paths=("/model/*/invoke", "/model/*/invoke-with-response-stream"),
        provider="aws.bedrock",
        is_request=is_request,
        read_request=read_request,
        context=_CONTEXT,
        read_response=read_response,
        stream=Stream,
    )


FORMATS: Final = (
    _format("chat", "chat", _is_chat),
    _format("rerank", "rerank", _is_rerank),
    _format("embeddings", "embeddings", _is_embedding),
    _format("images", "generate_content", _is_image),
    _format("completion", "text_completion", lambda _: True),
)
"""One path, one reading; what is asked for tells the operation. No other format has these paths."""
