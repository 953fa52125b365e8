"""What does a raw answer bill, and under which conditions? Of any provider, whole, streamed, or its usage alone."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from otel_burn.formats import anthropic_usage, gemini_usage
from otel_burn.formats.fields import Json, count, mapping, mappings, text
from otel_burn.formats.openai_usage import quantity_of
from otel_burn.prices import shapes
from otel_burn.prices.reported import reported
from otel_burn.usage import Usage

WITHIN: Final = ("response", "body", "result", "message", "metadata", "x_groq", "delta")
"""Where an answer may stand within what wraps it: a batch's line, an event."""
USAGES: Final = ("usage", "usageMetadata", "usage_metadata", "meta", "usage_info")
ITEMS: Final[Mapping[str, str]] = {
    "web_search_call": "web_search_requests",
    "file_search_call": "file_searches",
    "code_interpreter_call": "code_interpreter_sessions",
    "x_search_call": "x_searches",
    "code_execution_call": "code_executions",
}
"""Items of an output that are billed each, beside tokens."""
COUNTED: Final[Mapping[str, str]] = {
    "characters": "characters",
    "images": "images",
    "image_pixels": "pixels",
    "pages": "pages",
    "pages_processed": "pages",
}
"""What is billed by the piece where there are no tokens: speech, images, documents."""
HEARD: Final = ("transcri", "translat", "listen", "speech-to-text")
"""APIs whose whole answers tell how long the audio was, and no usage."""
SERVER_TOOLS: Final[Mapping[str, str]] = {
    "x_search_calls": "x_searches",
    "code_interpreter_calls": "code_executions",
    "file_search_calls": "file_searches",
    "document_search_calls": "file_searches",
}
"""How xAI counts its own tools, in `server_side_tool_usage_details`."""


@dataclass(frozen=True, slots=True)
class Raw:
    """What an answer says of its price."""

    usage: Usage | None
    model: str | None = None
    tier: str | None = None
    asked_tier: str | None = None
    """The tier that was asked for; which one served, the answer may not say."""
    region: str | None = None
    reported: Decimal | None = None
    """What the provider itself says that it costs."""
    more: tuple[tuple[str | None, Usage | None], ...] = ()
    """Responses of other models within this one."""
    total: int | None = None
    problem: str = ""
    """Why there is no usage to go by."""


def read(answer: Any, *, provider: str, api: str, model: str) -> Raw:
    """What *answer* says: a response's body, its usage object, or the list of its stream's events."""
    body = _joined(answer) if isinstance(answer, list) else answer
    if not isinstance(body, dict):
        return Raw(None, problem=f"the usage is {type(answer).__name__}, not an object")
    asked = mapping(body, "request")
    body = _innermost(body)
    found = next((body[key] for key in USAGES if key in body), body)
    if not isinstance(found, dict) or not found:
        return Raw(None, model=_model(body), problem="the provider reported no usage")
    if problem := shapes.malformed(found):
        return Raw(None, model=_model(body), reported=reported(found), problem=problem)
    return _read(body, found, asked, provider, api, _model(body) or model)


def _read(body: Json, found: Json, asked: Json, provider: str, api: str, model: str) -> Raw:
    shape = shapes.shape_of(found, provider.lower(), model.lower())
    usage = shape.read(found) if shape else None
    anthropic = shape is not None and shape.name == "Anthropic"
    usage = _with_fees(usage, body, found, api)
    if usage is not None and usage.input_tokens is None and not usage.units:
        usage = None
    return Raw(
        usage=usage,
        model=_model(body),
        tier=_tier(body, found),
        asked_tier=text(asked, "service_tier") or text(asked, "speed"),
        region=text(found, "inference_geo"),
        reported=reported(found),
        more=tuple((one.model, one.usage) for one in anthropic_usage.more(found)) if anthropic else (),
        total=_total(found),
        problem="" if usage else "the usage has none of the counts that a provider reports",
    )


def _total(usage: Json) -> int | None:
    """The provider's own sum, where it is one: Perplexity's deep research bills beside it, Voyage counts pixels in."""
    if "citation_tokens" in usage or "image_pixels" in usage:
        return None
    keys = ("total_tokens", "totalTokens", "totalTokenCount")
    return next((n for key in keys if (n := count(usage, key))), None)


def _innermost(body: Json) -> Json:
    """The answer itself, within what wraps it."""
    while not any(key in body for key in USAGES):
        wrapped = ((key, mapping(body, key)) for key in WITHIN)
        inner = next((one for key, one in wrapped if one and (key != "x_groq" or "usage" in one)), None)
        if inner is None:
            break
        body = inner
    return body


def _model(body: Json) -> str | None:
    return text(body, "model") or text(body, "modelVersion") or text(body, "model_version")


def _tier(body: Json, usage: Json) -> str | None:
    """The tier that served the call, a fast mode as `fast`."""
    if text(usage, "speed") == "fast" or text(body, "speed") == "fast":
        return "fast"
    own = (
        text(usage, "service_tier")
        or text(body, "service_tier")
        or text(mapping(body, "serviceTier"), "type")
    )
    return own or gemini_usage.service_tier(shapes.camel(usage)) or shapes.langchain_tier(usage)


def _with_fees(usage: Usage | None, body: Json, found: Json, api: str) -> Usage | None:
    counted: dict[str, float] = {unit: n for key, unit in COUNTED.items() if (n := count(found, key))}
    if usage is None and any(word in api.lower() for word in HEARD):
        lengths = (quantity_of(body.get(key)) for key in ("duration", "audio_duration"))
        counted |= {"audio_input_seconds": heard} if (heard := next(filter(None, lengths), None)) else {}
    if usage is None and not counted:
        return None
    usage = usage or Usage()
    units = {**counted, **_items(body), **shapes.grounding(body), **_server_tools(found), **usage.units}
    usage = replace(usage, units=units)
    made = "output_tokens_details" in found or "completion_tokens_details" in found
    if "image" in api.lower() and not made and usage.image_output_tokens is None:
        return replace(
            usage, image_output_tokens=usage.output_tokens
        )  # this endpoint says no more: all are image
    return usage


def _items(body: Json) -> dict[str, int]:
    """The billed items of a response's output, by unit."""
    types = body.get("output_item_types")
    items: list[Json] = (
        [{"type": one} for one in types] if isinstance(types, list) else mappings(body, "output")
    )
    found: dict[str, int] = {}
    for item in items:
        unit = ITEMS.get(str(item.get("type")))
        searches = mapping(item, "action").get("type", "search") == "search"
        if unit and (unit != "web_search_requests" or searches):
            found[unit] = found.get(unit, 0) + 1
    if "code_interpreter_sessions" in found:
        ids = {item.get("container_id") for item in items if item.get("type") == "code_interpreter_call"}
        found["code_interpreter_sessions"] = len(ids)
    return found


def _server_tools(usage: Json) -> dict[str, int]:
    tools = mapping(usage, "server_side_tool_usage_details")
    return {unit: n for key, unit in SERVER_TOOLS.items() if (n := count(tools, key))}


def _joined(events: Iterable[Any]) -> Json:
    """One answer of the *events* of its stream: usage is told cumulatively, so what comes later replaces."""
    body: Json = {}
    usage: Json = {}
    for event in _events(events):
        body |= {key: value for key, value in event.items() if key not in USAGES and value is not None}
        for key in USAGES:
            if said := mapping(event, key):
                usage[key] = usage.get(key, {}) | (anthropic_usage.of_delta(said) if key == "usage" else said)
    return body | usage


def _events(events: Iterable[Any]) -> Iterator[Json]:
    for event in events:
        if not isinstance(event, dict):
            continue
        inner = _innermost(event)
        if event.get("type") == "message_start":
            said = dict(mapping(inner, "usage"))
            said.pop(
                "output_tokens", None
            )  # a placeholder: the first count comes with the first `message_delta`
            inner = {**inner, "usage": said}
        yield inner
