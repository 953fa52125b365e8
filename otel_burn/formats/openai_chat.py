"""What does an OpenAI Chat Completions exchange say? Also spoken by many other hosts."""

from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import unquote

from otel_burn import manifest
from otel_burn.exchange import Block, BlockKind, Request, Response, ToolCall
from otel_burn.formats.body import Body
from otel_burn.formats.fields import (
    Json,
    count,
    error_code,
    joined_text,
    mapping,
    mappings,
    parameters,
    raw,
    text,
)
from otel_burn.formats.format import About, Format, Part
from otel_burn.formats.openai_messages import (
    asked_calls,
    attachments,
    call_blocks,
    choice_blocks,
    context_message,
    definition,
    parts_of,
    thoughts,
    tool_call,
)
from otel_burn.formats.openai_usage import read_timings, read_usage
from otel_burn.manifest import Gathered

_MODEL_PATHS: Final = ("/deployments/", "/engines/", "/serving-endpoints/")
"""What stands before the model in the path: at Azure, at what speaks as OpenAI did first, at Databricks."""


def is_request(body: Body) -> bool:
    """Whether *body* has the shape of a chat completion request."""
    return body.is_list("messages") and isinstance(body.get("model", ""), str)


def read_request(body: Body, path: str) -> Request:
    """The request; Azure names its deployment in the path too."""
    return Request(
        model=text(body, "model") or deployment(path),
        stream=body.get("stream") is True,
        parameters=parameters(body),
    )


def deployment(path: str) -> str | None:
    """The model that a *path* names (`/openai/deployments/NAME/…`)."""
    for before in _MODEL_PATHS:
        _, found, after = path.partition(before)
        if found:
            return unquote(after.partition("/")[0])
    return None


def read_response(body: Json, about: About) -> Response:
    """The response from a whole body, success or error."""
    choices = mappings(body, "choices")
    return _response(
        body | {"usage": _usage(body, choices)},
        about,
        finish_reasons=tuple(r for choice in choices if (r := text(choice, "finish_reason"))),
        output=tuple(block for choice in choices for block in choice_blocks(choice)),
        tool_calls=tuple(
            tool_call(call) for choice in choices for call in asked_calls(mapping(choice, "message"))
        ),
    )


class Stream:
    """A streamed response, complete once `[DONE]` was seen, or once nothing more can come that counts.

    Some hosts close the connection without a `[DONE]`. There a response is complete when all its choices have a
    finish reason and the usage has come with the last of them or later; where none was asked for and none ever came,
    the finish reasons alone will do, as nothing that is billed follows them.

    Usage is read from any chunk, the last one that has it wins: some hosts repeat it cumulatively, and some
    send it beside the last choice.
    """

    def __init__(self, about: About) -> None:
        self._about = about
        self._merged: Json = {}
        self._choices: dict[int | None, _Choice] = {}
        self._done = False
        self._settled = False

    def add(self, event: Json) -> None:
        """Take in the next chunk."""
        if self._goes_on(event):
            return
        self._done = self._done or event.get("done") is True
        for key, value in event.items():
            if value and key in _KEPT:
                self._merged[key] = value
        choices = mappings(event, "choices")
        if not choices and event.get("object") == "error":
            self._merged["error"] = event
        for choice in choices:
            index = count(choice, "index")
            if (known := self._choices.get(index)) is None:
                known = self._choices[index] = _Choice()
            known.add(choice)
            if error := choice.get("error"):
                self._merged["error"] = error
        if usage := _usage(event, choices):
            self._merged["usage"] = usage
            self._settled = self._finished()

    def response(self) -> Response:
        """The response as far as it came; what may be cut is left out."""
        complete = self._done or self._over()
        choices = list(self._choices.values())
        whole = choices if complete else []
        return _response(
            self._merged,
            self._about,
            finish_reasons=tuple(choice.finish for choice in choices if choice.finish),
            output=tuple(block for choice in whole for block in choice.output()),
            tool_calls=tuple(tool_call(call) for choice in whole for call in choice.calls()),
            complete=complete,
        )

    def _goes_on(self, event: Json) -> bool:
        """Whether *event* is nothing but the next words of a choice, as nearly all are; if so, they are taken in."""
        try:
            (choice,) = event["choices"]
            delta, known = choice["delta"], self._choices[choice["index"]]
            words = delta["content"]
        except (KeyError, TypeError, ValueError):  # anything else, or nobody's format
            return False
        if type(words) is not str or len(delta) != 1 or choice.get("finish_reason") is not None:
            return False
        if event.get("usage") is not None or not (
            event.keys() <= _ONLY_WORDS and choice.keys() <= _ONLY_CHOICE
        ):
            return False
        known.say(words)
        return True

    def _finished(self) -> bool:
        expected = count(self._about.asked, "n") or 1
        return len(self._choices) >= expected and all(choice.finish for choice in self._choices.values())

    def _over(self) -> bool:
        if self._settled:
            return True
        asked = mapping(self._about.asked, "stream_options").get("include_usage") is True
        return not asked and "usage" not in self._merged and self._finished()


class _Choice:
    """What has been streamed of one choice."""

    def __init__(self) -> None:
        self.finish: str | None = None
        self._thought = Gathered()
        self._said = Gathered()
        self._refused = Gathered()
        self._audio: str | None = None
        self._images: list[Json] = []
        self._calls: list[_Call] = []
        self._current: dict[int | None, _Call] = {}

    def add(self, choice: Json) -> None:
        """The next piece."""
        self.finish = text(choice, "finish_reason") or self.finish
        delta = mapping(choice, "delta")
        if piece := delta.get("content") or choice.get("text"):
            self._add_content(piece)
        if delta.keys() <= _PLAIN:
            return
        if piece := thoughts(delta):
            self._thought.add(piece)
        if piece := text(delta, "refusal"):
            self._refused.add(piece)
        for call in asked_calls(delta):
            self._add_call(call)
        self._audio = text(mapping(delta, "audio"), "id") or self._audio
        self._images += mappings(delta, "images")

    def say(self, words: str) -> None:
        """The next words, where a chunk has nothing else."""
        if words:
            self._said.add(words)

    def _add_content(self, piece: Any) -> None:
        for part in [{"text": piece}] if isinstance(piece, str) else mappings({"parts": piece}, "parts"):
            if said := text(part, "text"):
                self._said.add(said)
            elif thought := joined_text(part.get("thinking")):
                self._thought.add(thought)

    def _add_call(self, delta: Json) -> None:
        """Some hosts send several calls under one index: another id with another name begins another call."""
        index = count(delta, "index")
        call = self._current.get(index)
        if call is None or call.is_another(delta):
            call = self._current[index] = _Call()
            self._calls.append(call)
        call.add(delta)

    def calls(self) -> list[Json]:
        """The tool calls, put together."""
        return [call.joined() for call in self._calls]

    def output(self) -> Iterable[Block]:
        """The choice as it will be sent back."""
        if self._thought:
            yield self._thought.block(BlockKind.REASONING)
        if self._said:
            yield self._said.block(BlockKind.ASSISTANT)
        if self._refused:
            yield self._refused.block(BlockKind.ASSISTANT)
        yield from attachments(self._images, self._audio)
        yield from call_blocks(self.calls())


class _Call:
    """What has been streamed of one tool call: in pieces, as they can be many."""

    def __init__(self) -> None:
        self._id = ""
        self._names: list[str] = []
        self._arguments: list[str] = []

    def is_another(self, delta: Json) -> bool:
        """Whether *delta* begins a call of its own."""
        call_id, name, _ = parts_of(delta)
        return bool(call_id and name and self._names and call_id != self._id)

    def add(self, delta: Json) -> None:
        """The next piece."""
        call_id, name, arguments = parts_of(delta)
        self._id = self._id or call_id
        if name:
            self._names.append(name)
        if arguments:
            self._arguments.append(manifest.canonical(arguments))

    def joined(self) -> Json:
        """The call as a whole body has it."""
        function = {"name": "".join(self._names), "arguments": "".join(self._arguments)}
        return {"id": self._id, "function": function}


_ONLY_WORDS: Final = frozenset(
    {
        "id",
        "object",
        "created",
        "model",
        "service_tier",
        "system_fingerprint",
        "obfuscation",
        "choices",
        "usage",
    }
)
_ONLY_CHOICE: Final = frozenset({"index", "delta", "finish_reason", "logprobs", "content_filter_results"})
"""Members of a chunk, and of its choice, that say nothing new once a stream has begun."""
_KEPT: Final = frozenset(
    {"id", "model", "service_tier", "error", "base_resp", "timings", "usage_breakdown", "x_groq"}
)
_PLAIN: Final = frozenset({"role", "content"})
"""All that most deltas have."""


def _usage(event: Json, choices: list[Json]) -> Json:
    """The usage object of a body or a chunk: Groq's streams have it in a field of their own, Moonshot's in a choice."""
    for holder in (event, mapping(event, "x_groq"), *choices):
        if usage := mapping(holder, "usage"):
            return usage
    return {}


def _beside(body: Json) -> Iterable[tuple[str, Json]]:
    """What Groq counts beside its usage: by the model of a compound system, and by the memory of its cache."""
    told = mapping(body, "x_groq")
    if models := mappings(mapping(body, "usage_breakdown") or mapping(told, "usage_breakdown"), "models"):
        yield "usage_breakdown", {"models": models}
    if told.get("usage") != body.get("usage") and (cached := mapping(told, "usage")):
        yield "x_groq", cached


def _response(
    body: Json,
    about: About,
    *,
    finish_reasons: tuple[str, ...],
    output: tuple[Block, ...],
    tool_calls: tuple[ToolCall, ...],
    complete: bool = True,
) -> Response:
    usage, timings = mapping(body, "usage"), mapping(body, "timings")
    counted = usage or timings
    return Response(
        id=text(body, "id"),
        model=text(body, "model") or about.headers.get("x-ms-served-model"),
        usage=read_usage(usage) if usage else read_timings(timings),
        usage_raw=raw(counted | dict(_beside(body)) if counted else counted),
        finish_reasons=finish_reasons,
        tool_calls=tool_calls,
        output=output,
        service_tier=text(body, "service_tier") or text(usage, "service_tier"),  # the latter at Mistral
        region=about.headers.get("x-ms-region"),
        complete=complete,
        error_type=error_of(body),
    )


def error_of(body: Json) -> str | None:
    """The class of the error that *body* reports, also where its status was 200."""
    if error := body.get("error"):
        return error_code(error)
    if body.get("object") == "error":  # Mistral, older vLLM
        return error_code(body)
    for choice in mappings(body, "choices"):
        if error := choice.get("error"):  # OpenRouter
            return error_code(error)
    code = count(mapping(body, "base_resp"), "status_code")  # MiniMax
    return str(code) if code else None


FORMAT: Final = Format(
    name="openai_chat",
    operation="chat",
    paths=("/chat/completions", "/invocations"),
    provider="openai_compatible",
    is_request=is_request,
    read_request=read_request,
    context=(Part("tools", definition), Part("functions", definition), Part("messages", context_message)),
    read_response=read_response,
    stream=Stream,
    usage_on_request=True,
)
