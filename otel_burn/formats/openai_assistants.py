"""What does a run of an OpenAI assistant say? Started, streamed, continued with tool outputs, or fetched."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from otel_burn.exchange import Block, Request, Response
from otel_burn.formats.body import Body
from otel_burn.formats.fields import Json, error_code, mapping, mappings, parameters, raw, text
from otel_burn.formats.format import About, Format, Part
from otel_burn.formats.openai_items import instructions
from otel_burn.formats.openai_messages import context_message, definition, tool_call
from otel_burn.formats.openai_usage import read_usage

_ASSISTANT: Final = "asst_"
"""How the ids of assistants begin; other APIs have threads, runs and assistants with other ids."""
_RUN: Final = "thread.run"


def is_request(body: Body) -> bool:
    """Whether *body* starts a run."""
    return (text(body, "assistant_id") or "").startswith(_ASSISTANT)


def is_continuation(body: Body) -> bool:
    """Whether *body* brings a run the outputs of tools."""
    return body.is_list("tool_outputs")


def is_fetch(_: Body) -> bool:
    """Whether a run is asked for: the path has told."""
    return True


def read_request(body: Body, _path: str) -> Request:
    """The request; most often the assistant knows the model."""
    return Request(model=text(body, "model"), stream=body.get("stream") is True, parameters=parameters(body))


def read_response(body: Json, _: About) -> Response:
    """The state of a run. Its usage comes when it is over, on whichever answer that is, and counts once."""
    usage, error = mapping(body, "usage"), body.get("error") or body.get("last_error")
    asked = mapping(mapping(body, "required_action"), "submit_tool_outputs")
    status = text(body, "status")
    return Response(
        id=text(body, "id"),
        model=text(body, "model"),
        usage=read_usage(usage),
        usage_raw=raw(usage),
        finish_reasons=tuple(_finish_reasons(body)),
        tool_calls=tuple(tool_call(call) for call in mappings(asked, "tool_calls")),
        deferred=body.get("object") == _RUN,
        error_type=error_code(error) if error else status if status in _FAILED else None,
    )


_FAILED: Final = frozenset({"failed", "expired"})
_OVER: Final = {"completed": "stop", "requires_action": "tool_calls", "failed": "error", "expired": "error"}


def _finish_reasons(run: Json) -> Iterable[str]:
    if reason := text(mapping(run, "incomplete_details"), "reason") or _OVER.get(str(run.get("status"))):
        yield reason


class Stream:
    """A streamed run: events carry it again in each of its states. Complete once it waits for nobody but the caller."""

    def __init__(self, about: About) -> None:
        self._about = about
        self._run: Json = {}
        self._done = False

    def add(self, event: Json) -> None:
        """Take in the next event."""
        self._done = self._done or event.get("done") is True
        if event.get("object") == _RUN:
            self._run = event
        elif "error" in event:
            self._run = self._run | {"error": event["error"]}

    def response(self) -> Response:
        """The response as far as it came."""
        over = self._done or self._run.get("status") in (*_OVER, "cancelled", "incomplete")
        return replace(read_response(self._run, self._about), complete=over)


def _output(value: Any) -> Iterable[Block]:
    if isinstance(value, dict):
        result = {"role": "tool", "content": value.get("output"), "tool_call_id": value.get("tool_call_id")}
        yield from context_message(result)


def _thread(value: Any) -> Iterable[Block]:
    for message in mappings(value, "messages") if isinstance(value, dict) else []:
        yield from context_message(message)


FORMAT: Final = Format(
    name="openai_assistants",
    operation="chat",
    paths=("/threads/*/runs", "/threads/runs"),
    provider="openai",
    is_request=is_request,
    read_request=read_request,
    context=(
        Part("tools", definition),
        Part("instructions", instructions),
        Part("additional_instructions", instructions),
        Part("thread", _thread),
        Part("additional_messages", context_message),
    ),
    read_response=read_response,
    stream=Stream,
)

CONTINUED: Final = replace(
    FORMAT,
    name="openai_assistants_continued",
    operation="fetch_response",
    paths=("/threads/*/runs/*/submit_tool_outputs",),
    is_request=is_continuation,
    context=(Part("tool_outputs", _output),),
)

FETCHED: Final = replace(
    FORMAT,
    name="openai_assistants_fetched",
    operation="fetch_response",
    paths=("/threads/*/runs/run_*",),
    is_request=is_fetch,
    context=(),
    stream=None,
    method="GET",
)
