"""What does a Gemini Interactions exchange say? Created, streamed, run in the background, or fetched later."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from otel_burn import manifest, names
from otel_burn.exchange import AttributeValue, Block, BlockKind, Request, Response, ToolCall
from otel_burn.formats.body import Body
from otel_burn.formats.fields import Json, count, error_code, mapping, mappings, parameters, raw, text
from otel_burn.formats.format import About, Format, Part
from otel_burn.formats.gemini_content import media
from otel_burn.formats.gemini_generate import error_status
from otel_burn.manifest import Gathered
from otel_burn.usage import Usage

_PATH: Final = "/interactions"
_UNFINISHED: Final = frozenset({"queued", "in_progress"})
_FAILED: Final = frozenset({"failed"})
_KINDS: Final = {"image": BlockKind.IMAGE, "audio": BlockKind.DOCUMENT, "video": BlockKind.DOCUMENT}


def is_request(body: Body) -> bool:
    """Whether *body* has the shape of a request for an interaction with a model or an agent."""
    return ("model" in body or "agent" in body) and ("input" in body or "continuation_token" in body)


def read_request(body: Body, _path: str) -> Request:
    """The request. An agent stands where a model would: it is what is asked, and what has a price."""
    return Request(
        model=text(body, "model") or text(body, "agent"),
        stream=body.get("stream") is True,
        parameters=_parameters(body),
    )


def read_response(body: Json, about: About) -> Response:
    """The response from a whole body, success or error."""
    if (error := body.get("error")) and "status" not in body:
        return Response(error_type=_error(error))
    steps = [*mappings(body, "steps"), *mappings(body, "outputs")]
    return _response(
        body,
        fetched=_is_fetch(about),
        output=tuple(block for step in steps for block in _answered(step)),
        tool_calls=tuple(_tool_call(step) for step in steps if step.get("type") == "function_call"),
    )


def _is_fetch(about: About) -> bool:
    return not about.path.endswith(_PATH)


class Stream:
    """A streamed interaction, complete once `interaction.completed` was seen, or `[DONE]` after a final status.

    Counts on the way are cumulative; those of the completed interaction hold.
    """

    def __init__(self, about: About) -> None:
        self._fetched = _is_fetch(about)
        self._interaction: Json = {}
        self._steps: dict[int | None, _Step] = {}
        self._complete = False
        self._error: str | None = None

    def add(self, event: Json) -> None:
        """Take in the next event; the first version of the API called steps content."""
        kind = text(event, "event_type") or ""
        if kind.startswith(("step.", "content.")):
            self._add_to_step(kind, event)
        elif kind in ("interaction.status_update", "interaction.created", "interaction.start"):
            self._interaction |= mapping(event, "interaction")
            self._interaction |= {key: event[key] for key in ("status", "usage") if event.get(key)}
            self._interaction.setdefault("id", event.get("interaction_id"))
        elif kind in ("interaction.completed", "interaction.complete"):
            self._interaction |= mapping(event, "interaction")
            self._complete = True
        elif kind == "error":
            self._error = _error(event.get("error"))
        elif event.get("done") is True:
            status = text(self._interaction, "status")
            self._complete = self._complete or (status is not None and status not in _UNFINISHED)

    def _add_to_step(self, kind: str, event: Json) -> None:
        index = count(event, "index")
        if kind.endswith(".start"):
            self._steps[index] = _Step(mapping(event, "step") or mapping(event, "content"))
        elif kind.endswith(".delta") and (step := self._steps.get(index)):
            step.add(mapping(event, "delta"))
        usage = mapping(event, "usage") or mapping(mapping(event, "metadata"), "total_usage")
        if usage:
            self._interaction["usage"] = usage

    def response(self) -> Response:
        """The response as far as it came; tool calls that may be cut are left out."""
        steps = list(self._steps.values()) if self._complete else []
        return _response(
            self._interaction,
            fetched=self._fetched,
            output=tuple(block for step in steps for block in step.output()),
            tool_calls=tuple(_tool_call(step.joined()) for step in steps if step.is_our_call),
            complete=self._complete,
            error=self._error,
        )


class _Step:
    """What has been streamed of one step."""

    def __init__(self, start: Json) -> None:
        self._start = start
        self._kind = BlockKind.REASONING if start.get("type") == "thought" else BlockKind.ASSISTANT
        self._pieces: list[Gathered | Json] = []
        self._arguments: list[str] = []
        self.is_our_call = start.get("type") == "function_call"
        for content in (*mappings(start, "content"), *mappings(start, "summary")):
            self._piece(content)
        if said := text(start, "text"):
            self._say(said)

    def add(self, delta: Json) -> None:
        """The next piece."""
        match text(delta, "type"):
            case "arguments_delta":
                self._arguments.append(text(delta, "arguments") or "")
            case "thought_summary":
                self._piece(mapping(delta, "content"))
            case "text" | "image" | "audio" | "document" | "video":
                self._piece(delta)
            case "thought_signature" | "text_annotation" | None:
                pass
            case _:
                self._start = self._start | {k: v for k, v in delta.items() if k != "type"}

    def _piece(self, content: Json) -> None:
        if (said := text(content, "text")) is None:
            self._pieces.append(content)
        else:
            self._say(said)

    def _say(self, said: str) -> None:
        last = self._pieces[-1] if self._pieces else None
        if not isinstance(last, Gathered):
            last = Gathered()
            self._pieces.append(last)
        last.add(said)

    def joined(self) -> Json:
        """The step, its arguments put together."""
        return self._start | {"arguments": "".join(self._arguments)} if self._arguments else self._start

    def output(self) -> Iterable[Block]:
        """The step as it will be sent back."""
        if not self._pieces:
            yield from _answered(self.joined())
        for piece in self._pieces:
            if not isinstance(piece, Gathered):
                yield from _content(piece, self._kind)
            elif piece:
                yield piece.block(self._kind)


def read_usage(usage: Json) -> Usage | None:
    """The token counts. The input excludes what tools put into the prompt, and the output the thoughts, unless the
    total says that they are in there."""
    given, tools = count(usage, "total_input_tokens"), count(usage, "total_tool_use_tokens")
    said, thought = count(usage, "total_output_tokens"), count(usage, "total_thought_tokens")
    if given is None and said is None:
        return None
    inside = count(usage, "total_tokens") == (given or 0) + (tools or 0) + (said or 0)
    read = _modalities(usage, "cached_tokens_by_modality")
    into = _modalities(usage, "input_tokens_by_modality", "tool_use_tokens_by_modality")
    made = _modalities(usage, "output_tokens_by_modality")
    searches = sum(
        count(tool, "count") or 0
        for tool in mappings(usage, "grounding_tool_count")
        if tool.get("type") == "google_search"
    )
    return Usage(
        input_tokens=None if given is None else given + (tools or 0),
        output_tokens=None if said is None else said + (0 if inside else thought or 0),
        cache_read_tokens=count(usage, "total_cached_tokens"),
        reasoning_tokens=thought,
        audio_input_tokens=into.get("audio"),
        audio_output_tokens=made.get("audio"),
        audio_cache_read_tokens=read.get("audio"),
        image_input_tokens=into.get("image"),
        image_output_tokens=made.get("image"),
        units={
            unit: quantity
            for unit, quantity in (("tool_use_input_tokens", tools), ("web_search_requests", searches))
            if quantity
        },
    )


def _modalities(usage: Json, *keys: str) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for key in keys:
        for detail in mappings(usage, key):
            if (tokens := count(detail, "tokens")) is not None:
                name = (text(detail, "modality") or "").lower()
                found[name] = found.get(name, 0) + tokens
    return found


def _response(
    interaction: Json,
    *,
    fetched: bool,
    output: tuple[Block, ...],
    tool_calls: tuple[ToolCall, ...],
    complete: bool = True,
    error: str | None = None,
) -> Response:
    usage = mapping(interaction, "usage")
    status = text(interaction, "status")
    unfinished = status in _UNFINISHED
    errors = mappings(interaction, "errors")
    failure = (_error(errors[0]) if errors else status) if status in _FAILED else None
    return Response(
        id=text(interaction, "id") or None,
        model=text(interaction, "model") or text(interaction, "agent"),
        usage=read_usage(usage),
        usage_raw=raw(usage),
        finish_reasons=(status,) if status and not unfinished else (),
        tool_calls=tool_calls,
        output=output,
        service_tier=text(interaction, "service_tier"),
        # An interaction does not tell whether it ran in the background: whoever fetches one may be the first to see
        # its usage, and the attempts know whether it was counted.
        deferred=fetched or unfinished,
        complete=complete,
        error_type=error or failure,
    )


def _error(error: object) -> str:
    """The class of *error*: a code that is one word or ends in one, as a URI does, or Google's status."""
    said = text(error, "code") if isinstance(error, dict) else None
    if said:
        return error_code({"code": said.rpartition("/")[2]})
    return error_status(error)


def _parameters(body: Body) -> dict[str, AttributeValue]:
    config = mapping(body, "generation_config")
    found = parameters(
        config
        | {"max_tokens": config.get("max_output_tokens"), "reasoning_effort": config.get("thinking_level")}
    )
    if previous := text(body, "previous_interaction_id"):
        found[names.REQUEST_PREVIOUS_RESPONSE_ID] = previous
    return found


def _definition(tool: Any) -> Iterable[Block]:
    if isinstance(tool, dict):
        declared = {key: value for key, value in tool.items() if key != "type"} or tool
        name = text(tool, "name") or text(tool, "type") or ""
        yield manifest.block(BlockKind.TOOL_DEFINITION, declared, tool=name)


def _system(said: Any) -> Iterable[Block]:
    return _content(said, BlockKind.SYSTEM)


def asked(item: Any) -> Iterable[Block]:
    """The blocks of one item of the input: a text, content, a step, or a turn with its role."""
    if isinstance(item, dict) and "role" in item:
        kind = BlockKind.ASSISTANT if item["role"] == "model" else BlockKind.USER
        content = item.get("content")
        for one in content if isinstance(content, list) else (content,):
            yield from _step(one, kind)
    else:
        yield from _step(item, BlockKind.USER)


def _answered(step: Json) -> Iterable[Block]:
    """The blocks of one step of an answer, which may repeat what was asked."""
    return () if step.get("type") == "user_input" else _step(step, BlockKind.ASSISTANT)


def _step(step: Any, kind: BlockKind) -> Iterable[Block]:
    if not isinstance(step, dict):
        yield from _content(step, kind)
        return
    step_type = str(step.get("type"))
    if step_type in ("user_input", "model_output"):
        spoken = BlockKind.USER if step_type == "user_input" else BlockKind.ASSISTANT
        content = step.get("content")
        for one in content if isinstance(content, list) else (content,):
            yield from _content(one, spoken)
    elif step_type == "thought":
        if thought := "".join(text(one, "text") or "" for one in mappings(step, "summary")):
            yield manifest.block(BlockKind.REASONING, thought)
    elif step_type.endswith("_call"):
        name = text(step, "name") or step_type.removesuffix("_call")
        yield manifest.arguments_block(text(step, "id") or "", name, step.get("arguments", {}))
    elif step_type.endswith("_result"):
        yield _result(step, step_type)
    else:
        yield from _content(step, kind)


def _content(content: Any, kind: BlockKind) -> Iterable[Block]:
    said = text(content, "text") if isinstance(content, dict) else content
    if isinstance(said, str):
        if said:
            yield manifest.block(kind, said)
    elif isinstance(content, dict) and content:
        uri, data = text(content, "uri"), text(content, "data")
        if uri is None and data is None:
            yield manifest.block(_KINDS.get(str(content.get("type")), kind), content)
        else:
            mime_type = "image/" if content.get("type") == "image" else text(content, "mime_type")
            yield media(mime_type, data=data, uri=uri)


def _result(step: Json, step_type: str) -> Block:
    result = step.get("result")
    said = "".join(text(one, "text") or "" for one in mappings(step, "result")) or result
    name = text(step, "name") or ("" if step_type == "function_result" else step_type.removesuffix("_result"))
    return manifest.block(
        BlockKind.TOOL_RESULT,
        said,
        tool=name,
        tool_call_id=text(step, "call_id") or "",
        error=manifest.error_class(manifest.canonical(said), flagged=step.get("is_error") is True),
    )


def _tool_call(step: Json) -> ToolCall:
    return manifest.tool_call(text(step, "id") or "", text(step, "name") or "", step.get("arguments", {}))


CONTEXT: Final = (
    Part("tools", _definition),
    Part("system_instruction", _system),
    Part("input", asked),
)

FORMAT: Final = Format(
    name="gemini_interactions",
    operation="chat",
    paths=(_PATH,),
    provider="gcp.gemini",
    is_request=is_request,
    read_request=read_request,
    context=CONTEXT,
    read_response=read_response,
    stream=Stream,
)
FETCH: Final = Format(
    name="gemini_interactions_fetch",
    operation="fetch_response",
    paths=(f"{_PATH}/*",),
    provider="gcp.gemini",
    is_request=lambda _: True,
    read_request=lambda _body, _path: Request(model=None),
    context=(),
    read_response=read_response,
    stream=Stream,
    method="GET",
)
CANCELLED: Final = replace(
    FETCH, name="gemini_interactions_cancelled", paths=(f"{_PATH}/*/cancel",), method="POST"
)
