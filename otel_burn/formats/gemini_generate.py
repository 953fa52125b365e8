"""What does a Gemini generateContent exchange say? On AI Studio and on Vertex AI, whole or streamed."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final
from urllib.parse import unquote

from otel_burn.exchange import AttributeValue, Block, BlockKind, Request, Response, ToolCall
from otel_burn.formats import gemini_content, gemini_usage
from otel_burn.formats.body import Body
from otel_burn.formats.fields import Json, count, mapping, mappings, parameters, raw, text
from otel_burn.formats.format import About, Format, Part
from otel_burn.formats.gemini_content import Streamed, member, object_at

_STREAM: Final = ":streamGenerateContent"
_FINISH_REASONS: Final = {
    1: "STOP", 2: "MAX_TOKENS", 3: "SAFETY", 4: "RECITATION", 5: "OTHER", 6: "BLOCKLIST",
    7: "PROHIBITED_CONTENT", 8: "SPII", 9: "MALFORMED_FUNCTION_CALL",
}  # fmt: skip
"""By number, as Vertex writes enumerations where asked to (`enum-encoding=int`)."""
_PARAMETERS: Final = {
    "temperature": "temperature",
    "topP": "top_p",
    "topK": "top_k",
    "maxOutputTokens": "max_tokens",
    "seed": "seed",
    "presencePenalty": "presence_penalty",
    "frequencyPenalty": "frequency_penalty",
    "candidateCount": "n",
}


def is_request(body: Body) -> bool:
    """Whether *body* has the shape of a generateContent request."""
    return "contents" in body


def read_request(body: Body, path: str) -> Request:
    """The request; the path names the model, and whether the answer is streamed."""
    return Request(model=model_of(path), stream=path.endswith(_STREAM), parameters=_parameters(body))


def model_of(path: str) -> str | None:
    """The model in a *path* such as `/v1beta/models/MODEL:verb`; of a tuned one its id."""
    return unquote(path.rpartition("/")[2].partition(":")[0]) or None


def error_status(error: object) -> str:
    """The canonical status of Google's *error* object: `INVALID_ARGUMENT`, `RESOURCE_EXHAUSTED` …"""
    status = error.get("status") if isinstance(error, dict) else None
    named = isinstance(status, str) and status.replace("_", "").isalnum() and len(status) <= 64
    return str(status) if named else "error"


def read_response(body: Json, _: About) -> Response:
    """The response from a whole body, success or error."""
    if error := body.get("error"):
        return Response(error_type=error_status(error))
    candidates = mappings(body, "candidates")
    return _response(
        body,
        reasons=_reasons(candidates),
        queries=gemini_usage.search_queries(candidates),
        output=tuple(
            block
            for candidate in candidates
            for block in gemini_content.blocks(candidate.get("content"), BlockKind.ASSISTANT)
        ),
        tool_calls=tuple(
            call for candidate in candidates for call in gemini_content.tool_calls(candidate.get("content"))
        ),
    )


class Stream:
    """A streamed response. The protocol has no last event: it is complete once every candidate has told why it
    finished, or the prompt was blocked, which leaves no candidates.

    Each chunk repeats the usage so far; the last one that counts tokens holds.
    """

    def __init__(self, _: About) -> None:
        self._kept: Json = {}
        self._usage: Json = {}
        self._candidates: dict[int, _Candidate] = {}
        self._error: str | None = None

    def add(self, event: Json) -> None:
        """Take in the next chunk."""
        if error := event.get("error"):
            self._error = error_status(error)
        self._kept.update({key: event[key] for key in _KEPT if event.get(key) is not None})
        if usage := mapping(event, "usageMetadata"):
            counted = gemini_usage.read_usage(usage) is not None
            self._usage = usage if counted else self._usage | usage
        for candidate in mappings(event, "candidates"):
            self._candidates.setdefault(count(candidate, "index") or 0, _Candidate()).add(candidate)

    def response(self) -> Response:
        """The response as far as it came; tool calls that may be cut are left out."""
        candidates = self._candidates.values()
        finished = bool(candidates) and all(candidate.reasons for candidate in candidates)
        complete = self._error is None and (finished or bool(_blocked(self._kept)))
        response = _response(
            self._kept | {"usageMetadata": self._usage},
            reasons=tuple(reason for candidate in candidates for reason in candidate.reasons),
            queries=sum(candidate.queries for candidate in candidates),
            output=tuple(block for one in candidates for block in one.content.output()) if complete else (),
            tool_calls=tuple(call for one in candidates for call in one.content.tool_calls())
            if complete
            else (),
        )
        return replace(response, complete=complete, error_type=self._error)


class _Candidate:
    """What has been streamed of one candidate."""

    def __init__(self) -> None:
        self.content = Streamed()
        self.reasons: tuple[str, ...] = ()
        self.queries = 0

    def add(self, candidate: Json) -> None:
        """The next chunk."""
        self.content.add(candidate.get("content"))
        self.reasons = _reasons([candidate]) or self.reasons
        self.queries = gemini_usage.search_queries([candidate]) or self.queries


_KEPT: Final = ("responseId", "modelVersion", "promptFeedback")


def _response(
    body: Json,
    *,
    reasons: tuple[str, ...],
    queries: int,
    output: tuple[Block, ...],
    tool_calls: tuple[ToolCall, ...],
) -> Response:
    usage = mapping(body, "usageMetadata")
    return Response(
        id=text(body, "responseId"),
        model=text(body, "modelVersion"),
        usage=gemini_usage.read_usage(usage, queries),
        usage_raw=raw(usage),
        finish_reasons=reasons or _blocked(body),
        tool_calls=tool_calls,
        output=output,
        service_tier=gemini_usage.service_tier(usage),
    )


def _blocked(body: Json) -> tuple[str, ...]:
    """Why the prompt was refused, if it was."""
    reason = mapping(body, "promptFeedback").get("blockReason")
    return (str(reason),) if isinstance(reason, str | int) and reason else ()


def _reasons(candidates: Iterable[Json]) -> tuple[str, ...]:
    found = []
    for candidate in candidates:
        reason = candidate.get("finishReason")
        if isinstance(reason, int):
            reason = _FINISH_REASONS.get(reason, "OTHER" if reason else None)
        if isinstance(reason, str) and reason and reason != "FINISH_REASON_UNSPECIFIED":
            found.append(reason)
    return tuple(found)


def _parameters(body: Body) -> dict[str, AttributeValue]:
    config = object_at(body, "generationConfig")
    given: dict[str, Any] = {ours: member(config, theirs) for theirs, ours in _PARAMETERS.items()}
    level = member(object_at(config, "thinkingConfig"), "thinkingLevel")
    return parameters(given | {"reasoning_effort": level})


CONTEXT: Final = (
    Part("tools", gemini_content.definitions),
    Part("systemInstruction", gemini_content.system),
    Part("system_instruction", gemini_content.system),
    Part("contents", gemini_content.message),
)

FORMAT: Final = Format(
    name="gemini_generate",
    operation="generate_content",
    paths=(":generateContent", _STREAM),
    provider="gcp.gemini",
    is_request=is_request,
    read_request=read_request,
    context=CONTEXT,
    read_response=read_response,
    stream=Stream,
)
