"""What does a model's own answer on Bedrock say, where it is a text? Titan, Llama, Mistral, Cohere, AI21, embeddings …

Source: "Inference request parameters and response fields for foundation models" in the Amazon Bedrock user guide. The
shape tells the family, as a model may stand behind an ARN that doesn't.
"""

from collections.abc import Iterable
from typing import Any, Final

from otel_burn import manifest
from otel_burn.exchange import Block, BlockKind, Response, ToolCall
from otel_burn.formats.fields import Json, count, mapping, mappings, raw, text
from otel_burn.manifest import Gathered
from otel_burn.usage import Usage

_LISTS: Final = ("results", "outputs", "generations", "completions", "choices")
"""Where the answers stand, one item each; else the body itself is the answer."""
_TEXTS: Final = ("outputText", "text", "generation", "completion")
_REASONS: Final = ("completionReason", "stop_reason", "finish_reason", "finishReason")
_INPUTS: Final = ("input_tokens", "prompt_tokens", "inputTextTokenCount", "prompt_token_count")
_OUTPUTS: Final = (
    "output_tokens", "completion_tokens", "totalOutputTextTokenCount", "generation_token_count", "tokenCount"
)  # fmt: skip


def read_text(body: Json) -> Response:
    """The response from a whole body."""
    answers = [_Answer.of(item) for item in _items(body)]
    return _response(body, _counts(body), answers)


class TextStream:
    """A streamed text, complete once a reason for its end was seen."""

    def __init__(self) -> None:
        self._merged: Json = {}
        self._counts: Json = {}
        self._answer = _Answer()

    def add(self, event: Json) -> None:
        """Take in the next chunk; counts that it repeats replace those before."""
        for item in _items(event):
            self._answer.add(item)
        self._counts |= _counts(event)
        self._merged |= {
            key: value for key, value in event.items() if key in ("id", "usage", "meta") and value
        }
        self._merged |= {
            k: v for k, v in mapping(event, "response").items() if k in ("meta", "tool_calls") and v
        }

    def response(self, *, complete: bool) -> Response:
        """The response as far as it came; *complete* where something else told that it ended."""
        complete = complete or self._answer.reason is not None
        return _response(self._merged, self._counts, [self._answer], complete=complete)


class _Answer:
    """One text, whole or as far as it was streamed."""

    def __init__(self) -> None:
        self.reason: str | None = None
        self._said = Gathered()

    @classmethod
    def of(cls, item: Json) -> "_Answer":
        """The answer that *item* is."""
        answer = cls()
        answer.add(item)
        return answer

    def add(self, item: Json) -> None:
        """The next piece."""
        said = [text(item, key) for key in _TEXTS] + [text(mapping(item, "data"), "text")]
        if item.get("event_type") != "stream-end":  # repeats the whole text
            self._said.add(next((piece for piece in said if piece), ""))
        reasons = [text(item, key) for key in _REASONS] + [text(mapping(item, "finishReason"), "reason")]
        self.reason = next((reason for reason in reasons if reason), self.reason)

    def output(self) -> Iterable[Block]:
        """The text as it will be sent back."""
        if self._said:
            yield self._said.block(BlockKind.ASSISTANT)


def _items(body: Json) -> list[Json]:
    return next((found for key in _LISTS if (found := mappings(body, key))), [body])


def _counts(body: Json) -> Json:
    """The counts that stand in *body* or in its answers; those of several answers added up."""
    found: Json = {key: number for key in (*_INPUTS, *_OUTPUTS) if (number := count(body, key)) is not None}
    tokens = [
        number for item in mappings(body, "results") if (number := count(item, "tokenCount")) is not None
    ]
    return found | {"tokenCount": sum(tokens)} if tokens else found


def _response(body: Json, counts: Json, answers: list[_Answer], *, complete: bool = True) -> Response:
    said = mapping(body, "usage") or mapping(mapping(body, "meta"), "billed_units") or counts
    images = _listed(body, "images") or _listed(body, "artifacts")
    return Response(
        id=text(body, "id") or text(body, "response_id"),
        model=text(body, "model"),
        usage=_read_usage(said, images=len(images)),
        usage_raw=raw(said),
        finish_reasons=tuple(answer.reason for answer in answers if answer.reason),
        tool_calls=tuple(_tool_calls(body)) if complete else (),
        output=tuple(block for answer in answers for block in answer.output()) if complete else (),
        complete=complete,
    )


def _listed(body: Json, key: str) -> list[Any]:
    value = body.get(key)
    return value if isinstance(value, list) else []


def _read_usage(said: Json, *, images: int) -> Usage | None:
    units = {"images": float(images)} if images else {}
    if searches := count(said, "search_units"):
        units["search_units"] = searches
    given = next((number for key in _INPUTS if (number := count(said, key)) is not None), None)
    written = next((number for key in _OUTPUTS if (number := count(said, key)) is not None), None)
    if given is None and written is None and not units:
        return None
    return Usage(input_tokens=given, output_tokens=written, units=units)


def _tool_calls(body: Json) -> Iterable[ToolCall]:
    for call in mappings(body, "tool_calls"):
        yield manifest.tool_call(text(call, "id") or "", text(call, "name") or "", call.get("parameters", {}))
