"""Which spans does the ingest benchmark send? Of the size and shape of GenAI spans, the same in every run."""

import random
from collections.abc import Iterator

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

REQUEST_SPANS = 512
TRACE_SPANS = 32
BEGIN = 1_790_000_000_000_000_000
NOTES, NOTE_BYTES = 1_000, 1_000
COMMON_TEXTS = {
    "gen_ai.conversation.id": "session-{number}",
    "gen_ai.agent.name": "agent-{number}",
    "server.address": "api.openai.com",
}
CALL_TEXTS = COMMON_TEXTS | {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-5",
    "gen_ai.response.model": "gpt-5-2025-08-07",
    "gen_ai.response.id": "chatcmpl-{number}-{index}",
    "burn.usage.status": "exact",
}
TOOL_TEXTS = COMMON_TEXTS | {
    "gen_ai.operation.name": "execute_tool",
    "gen_ai.tool.name": "read_file",
    "gen_ai.tool.call.id": "call-{number}-{index}",
    "gen_ai.tool.type": "function",
    "app.one": "y" * 40,
    "app.two": "z" * 40,
}
CALL_NUMBERS = {
    "gen_ai.usage.input_tokens": (10_000, 20_000),
    "gen_ai.usage.output_tokens": (100, 900),
    "gen_ai.usage.cache_read.input_tokens": (0, 9_000),
    "gen_ai.usage.reasoning.output_tokens": (0, 99),
    "http.response.status_code": (200, 200),
    "server.port": (443, 443),
}
TOOL_NUMBERS = {f"app.count.{number}": (0, 10**number) for number in range(6)}
"""By the least and the most that they say."""
WORDS = (
    *("the", "agent", "read", "wrote", "a", "file", "of", "test", "and", "ran"),
    *("it", "again", "with", "other", "arguments", "until", "nothing", "failed"),
)


def requests(spans: int, calls: float) -> Iterator[bytes]:
    """Export requests with that many spans; the first *calls* of every ten are LLM calls."""
    for number in range(max(1, spans // REQUEST_SPANS)):
        yield request(number, calls)


def request(number: int, calls: float) -> bytes:
    """The request *number*: sixteen traces of 32 spans, ids at random, a note of a thousand bytes in each span."""
    message = ExportTraceServiceRequest()
    resource = message.resource_spans.add()
    resource.resource.attributes.add(key="service.name").value.string_value = f"agent-{number % 7}"
    scopes = [resource.scope_spans.add(), resource.scope_spans.add()]
    scopes[False].scope.name, scopes[True].scope.name = "agent.framework", "otel_burn"
    dice = random.Random(number)
    traces = [dice.randbytes(16) for _ in range(REQUEST_SPANS // TRACE_SPANS)]
    for index in range(REQUEST_SPANS):
        is_call = index % 10 < calls * 10
        trace = traces[index // TRACE_SPANS]
        add_span(scopes[is_call], number, index, (trace, dice.randbytes(8)), dice, is_call=is_call)
    return bytes(message.SerializeToString())


def note(dice: random.Random) -> str:
    """One of a thousand texts of a thousand bytes."""
    words = random.Random(dice.randrange(NOTES))
    return " ".join(words.choice(WORDS) for _ in range(250))[:NOTE_BYTES]


def add_span(
    scope: object, number: int, index: int, ids: tuple[bytes, bytes], dice: random.Random, *, is_call: bool
) -> None:
    """Add one span of a session of 32 turns."""
    at = BEGIN + (number * REQUEST_SPANS + index) * 1_000_000
    span = scope.spans.add(  # type: ignore[attr-defined]
        trace_id=ids[0],
        span_id=ids[1],
        name="chat gpt-5" if is_call else "invoke_tool",
        kind=3 if is_call else 1,
        start_time_unix_nano=at,
        end_time_unix_nano=at + 900_000,
    )
    texts = CALL_TEXTS if is_call else TOOL_TEXTS
    for key, text in texts.items():
        span.attributes.add(key=key).value.string_value = text.format(number=number, index=index)
    span.attributes.add(key="app.note").value.string_value = note(dice)
    for key, (least, most) in (CALL_NUMBERS if is_call else TOOL_NUMBERS).items():
        span.attributes.add(key=key).value.int_value = dice.randint(least, most)
    span.attributes.add(key="app.list").value.array_value.values.add().string_value = "stop"
