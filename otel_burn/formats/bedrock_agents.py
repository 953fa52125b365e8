"""What does a Bedrock agent, flow or knowledge base say of the model calls within it? What its traces report.

Source: botocore's service model of bedrock-agent-runtime.
"""

import base64
import binascii
from collections.abc import Callable, Iterable
from typing import Any, Final

from otel_burn import manifest
from otel_burn.exchange import Block, BlockKind, Request, Response
from otel_burn.formats.bedrock_envelope import http_error, stream_error
from otel_burn.formats.body import Body
from otel_burn.formats.fields import Json, count, mapping, raw, text
from otel_burn.formats.format import About, Format, Part
from otel_burn.manifest import Gathered
from otel_burn.usage import Usage

_PROVIDER: Final = "aws.bedrock"
_STEPS: Final = ("preProcessingTrace", "orchestrationTrace", "routingClassifierTrace", "postProcessingTrace")
"""The parts of a trace in which models are called."""


class Stream:
    """An agent's or a flow's answer. It has no terminator but its end: an exception tells that it broke off.

    Each model call that a trace reports is a response of its own; the agent's answer itself is billed for nothing else.
    """

    def __init__(self, _: About) -> None:
        self._said = Gathered()
        self._models: dict[str, str] = {}
        self._more: list[Response] = []
        self._ended = False
        self._reason: str | None = None
        self._error: str | None = None

    def add(self, event: Json) -> None:
        """Take in the next event."""
        self._error = self._error or stream_error(event)
        self._say(_text_of(event))
        trace = mapping(mapping(event, "trace"), "trace")
        for step in _STEPS:
            self._more.extend(self._invoked(mapping(trace, step)))
        if "returnControl" in event:
            self._ended, self._reason = True, "return_control"
        if completion := mapping(event, "flowCompletionEvent"):
            self._ended, self._reason = True, text(completion, "completionReason")

    def response(self) -> Response:
        """The response as far as it came."""
        complete = self._ended and self._error is None
        return Response(
            finish_reasons=(self._reason,) if self._reason else (),
            output=(self._said.block(BlockKind.ASSISTANT),) if complete and self._said else (),
            more=tuple(self._more),
            complete=complete,
            error_type=self._error,
        )

    def _say(self, piece: str) -> None:
        if piece:
            self._said.add(piece)
            self._ended = True

    def _invoked(self, step: Json) -> Iterable[Response]:
        """The model call that *step* reports, if it does: first what goes in, with the model, then what came out."""
        asked, answered = mapping(step, "modelInvocationInput"), mapping(step, "modelInvocationOutput")
        if model := text(asked, "foundationModel"):
            self._models[text(asked, "traceId") or ""] = model
        usage = mapping(mapping(answered, "metadata"), "usage")
        if read := read_usage(usage):
            yield Response(
                model=self._models.get(text(answered, "traceId") or ""), usage=read, usage_raw=raw(usage)
            )


def read_usage(usage: Json) -> Usage | None:
    """The token counts of one model call."""
    given, written = count(usage, "inputTokens"), count(usage, "outputTokens")
    return None if given is None and written is None else Usage(input_tokens=given, output_tokens=written)


def _text_of(event: Json) -> str:
    """The piece of the answer that *event* brings."""
    if packed := text(mapping(event, "chunk"), "bytes"):
        try:
            return base64.b64decode(packed).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            return ""
    said = mapping(mapping(event, "flowOutputEvent"), "content").get("document")
    return text(mapping(event, "output"), "text") or (said if isinstance(said, str) else "")


def read_response(body: Json, about: About) -> Response:
    """The response from a whole body, success or error."""
    said = text(mapping(body, "output"), "text")
    return Response(
        output=(manifest.block(BlockKind.ASSISTANT, said),) if said else (),
        error_type=http_error(body, about),
    )


def read_agent(body: Body, _path: str) -> Request:
    """The request; an agent's model is known only where the agent is defined in line."""
    return Request(model=text(body, "foundationModel"), stream=True)


def read_flow(_body: Body, _path: str) -> Request:
    """The request; each node of a flow has a model of its own."""
    return Request(model=None, stream=True)


def read_retrieval(body: Body, path: str) -> Request:
    """The request; its model is an id or an ARN."""
    configuration = mapping(body, "retrieveAndGenerateConfiguration")
    models = (text(mapping(configuration, key), "modelArn") for key in _SOURCES)
    return Request(model=next((model for model in models if model), None), stream=path.endswith("Stream"))


def read_ranking(body: Body, _path: str) -> Request:
    """The request; its model is an ARN."""
    configuration = mapping(mapping(body, "rerankingConfiguration"), "bedrockRerankingConfiguration")
    return Request(model=text(mapping(configuration, "modelConfiguration"), "modelArn"))


_SOURCES: Final = ("knowledgeBaseConfiguration", "externalSourcesConfiguration")


def _user(value: Any) -> Iterable[Block]:
    said = text(value, "text") if isinstance(value, dict) else value
    if isinstance(said, str):
        yield manifest.block(BlockKind.USER, said)


def _query(value: Any) -> Iterable[Block]:
    return _user(mapping(value, "textQuery")) if isinstance(value, dict) else ()


def _instruction(value: Any) -> Iterable[Block]:
    if isinstance(value, str):
        yield manifest.block(BlockKind.SYSTEM, value)


def _input(value: Any) -> Iterable[Block]:
    said = mapping(value, "content").get("document") if isinstance(value, dict) else None
    yield manifest.block(BlockKind.USER, said or value)


def _is_agent(body: Body) -> bool:
    return "inputText" in body or "sessionState" in body or "inlineSessionState" in body


def _agent(name: str, operation: str, is_request: Callable[[Body], bool]) -> Format:
    return Format(
        name=name,
        operation=operation,
        paths=("/agents/*/agentAliases/*/sessions/*/text", "/agents/*"),
        provider=_PROVIDER,
        is_request=is_request,
        read_request=read_agent,
        context=(Part("instruction", _instruction), Part("inputText", _user)),
        read_response=read_response,
        stream=Stream,
    )


FORMATS: Final = (
    _agent("bedrock_agent", "invoke_agent", lambda body: body.get("enableTrace") is True and _is_agent(body)),
    # Without its trace nothing tells what an agent burned: a call whose usage is missing.
    _agent("bedrock_agent_untraced", "chat", _is_agent),
    Format(
        name="bedrock_flow",
        operation="invoke_workflow",
        paths=("/flows/*/aliases/*",),
        provider=_PROVIDER,
        is_request=lambda body: body.is_list("inputs"),
        read_request=read_flow,
        context=(Part("inputs", _input),),
        read_response=read_response,
        stream=Stream,
    ),
    Format(
        name="bedrock_retrieve_and_generate",
        operation="chat",
        paths=("/retrieveAndGenerate", "/retrieveAndGenerateStream"),
        provider=_PROVIDER,
        is_request=lambda body: isinstance(body.get("input"), dict),
        read_request=read_retrieval,
        context=(Part("input", _user),),
        read_response=read_response,
        stream=Stream,
    ),
    Format(
        name="bedrock_rerank",
        operation="rerank",
        paths=("/rerank",),
        provider=_PROVIDER,
        is_request=lambda body: "rerankingConfiguration" in body,
        read_request=read_ranking,
        context=(Part("queries", _query),),
        read_response=read_response,
    ),
)
