"""What do all SDKs talk to? The scripted provider, which here speaks as Cohere, Ollama and Bedrock too."""

import json
import re
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import otel_burn
from otel_burn import instrumentation
from otel_burn.demo import openai_format
from otel_burn.demo.dialogue import Answer, Block, Prompt, canonical, text_of, words
from otel_burn.demo.prompt_cache import PromptCache
from otel_burn.demo.provider import CHAT, Api, ScriptedProvider

Json = dict[str, Any]


def _prompt(body: Mapping[str, Any], stream: bool) -> Prompt:
    """A request whose messages have roles, as a prompt."""
    messages = body["messages"]
    system = body.get("system") or next(m["content"] for m in messages if m["role"] == "system")
    tools = body.get("tools") or body.get("toolConfig") or ()
    return Prompt(
        model=body["model"],
        system=text_of(system),
        blocks=(Block(canonical(tools)), *(Block(canonical(message)) for message in messages)),
        turn=sum(message["role"] == "assistant" for message in messages),
        stream=stream,
    )


# ── Mistral and Groq: as OpenAI, but a stream's last words come with whole tool calls and the usage, always ────


def _compact_events(answer: Answer, prompt: Prompt) -> Iterator[bytes]:
    whole = openai_format.plain(answer)
    (choice,) = whole["choices"]
    frame = {**whole, "object": "chat.completion.chunk", "usage": None}
    for word in words(answer.text):
        delta = {"index": 0, "delta": {"role": "assistant", "content": word}, "finish_reason": None}
        yield b"data: %b\n\n" % json.dumps({**frame, "choices": [delta]}).encode()
    calls = [{"index": index, **call} for index, call in enumerate(choice["message"].get("tool_calls", ()))]
    last = {
        "index": 0,
        "delta": {"content": "", "tool_calls": calls or None},
        "finish_reason": choice["finish_reason"],
    }
    yield b"data: %b\n\n" % json.dumps({**frame, "choices": [last], "usage": whole["usage"]}).encode()
    yield b"data: [DONE]\n\n"


COMPACT = replace(CHAT, path=re.compile(r"(/openai)?/v1/chat/completions"), events=_compact_events)

# ── Cohere v2 ──────────────────────────────────────────────────────────────────────────────────────────────


def _cohere_usage(answer: Answer) -> Json:
    counts = {"input_tokens": answer.consumption.input, "output_tokens": answer.consumption.output}
    return {"billed_units": counts, "tokens": counts}


def _cohere_tools(answer: Answer) -> list[Json]:
    return [
        {
            "id": tool.id,
            "type": "function",
            "function": {"name": tool.name, "arguments": canonical(tool.arguments)},
        }
        for tool in answer.tools
    ]


def _cohere_end(answer: Answer) -> Json:
    return {"finish_reason": "TOOL_CALL" if answer.tools else "COMPLETE", "usage": _cohere_usage(answer)}


def _cohere_plain(answer: Answer) -> Json:
    content = {"content": [{"type": "text", "text": answer.text}]}
    message = {"tool_plan": answer.text, "tool_calls": _cohere_tools(answer)} if answer.tools else content
    return {"id": answer.id, "message": {"role": "assistant", **message}, **_cohere_end(answer)}


def _cohere_events(answer: Answer, prompt: Prompt) -> Iterator[bytes]:
    def event(kind: str, **data: Any) -> bytes:
        return f"event: {kind}\ndata: {json.dumps({'type': kind, **data})}\n\n".encode()

    yield event("message-start", id=answer.id, delta={"message": {"role": "assistant"}})
    yield event("content-start", index=0, delta={"message": {"content": {"type": "text", "text": ""}}})
    for word in words(answer.text):
        yield event("content-delta", index=0, delta={"message": {"content": {"text": word}}})
    yield event("content-end", index=0)
    for index, tool in enumerate(_cohere_tools(answer)):
        yield event("tool-call-start", index=index, delta={"message": {"tool_calls": tool}})
        yield event("tool-call-end", index=index)
    yield event("message-end", delta=_cohere_end(answer))
    yield b"data: [DONE]\n\n"


COHERE = Api(
    provider="cohere",
    path=re.compile(r"/v2/chat"),
    request_id=None,
    read=lambda body: _prompt(body, bool(body.get("stream"))),
    count=PromptCache.automatic,
    plain=_cohere_plain,
    events=_cohere_events,
    usage=_cohere_usage,
    error=lambda status, message, request_id: {"id": request_id, "message": message},
)

# ── Ollama: JSON, a line each ──────────────────────────────────────────────────────────────────────────────


def _ollama_usage(answer: Answer) -> Json:
    return {"prompt_eval_count": answer.consumption.input, "eval_count": answer.consumption.output}


def _ollama_line(answer: Answer, text: str, *, done: bool) -> Json:
    message: Json = {"role": "assistant", "content": text}
    if done and answer.tools:
        calls = ({"name": tool.name, "arguments": dict(tool.arguments)} for tool in answer.tools)
        message["tool_calls"] = [{"function": call} for call in calls]
    frame = {
        "model": answer.model,
        "created_at": "2026-11-23T18:00:00.000000Z",
        "message": message,
        "done": done,
    }
    return {**frame, "done_reason": "stop", "total_duration": 9, **_ollama_usage(answer)} if done else frame


def _ollama_events(answer: Answer, prompt: Prompt) -> Iterator[bytes]:
    for word in words(answer.text):
        yield json.dumps(_ollama_line(answer, word, done=False)).encode() + b"\n"
    yield json.dumps(_ollama_line(answer, "", done=True)).encode() + b"\n"


OLLAMA = Api(
    provider="ollama",
    path=re.compile(r"/api/chat"),
    request_id=None,
    read=lambda body: _prompt(body, bool(body.get("stream", True))),  # it streams unless told not to
    count=PromptCache.automatic,
    plain=lambda answer: _ollama_line(answer, answer.text, done=True),
    events=_ollama_events,
    usage=_ollama_usage,
    error=lambda status, message, request_id: {"error": message},
    stream_type="application/x-ndjson",
)

# ── Bedrock Converse: an AWS event stream ──────────────────────────────────────────────────────────────────


def _converse_usage(answer: Answer) -> Json:
    used = answer.consumption
    counts = {
        "inputTokens": used.uncached,
        "outputTokens": used.output,
        "totalTokens": used.input + used.output,
    }
    return {**counts, "cacheReadInputTokens": used.cache_read, "cacheWriteInputTokens": 0}


def _converse_end(answer: Answer) -> Json:
    return {"usage": _converse_usage(answer), "metrics": {"latencyMs": 9}}


def _converse_plain(answer: Answer) -> Json:
    uses = ({"toolUseId": tool.id, "name": tool.name, "input": dict(tool.arguments)} for tool in answer.tools)
    message = {"role": "assistant", "content": [{"text": answer.text}, *({"toolUse": use} for use in uses)]}
    stop = "tool_use" if answer.tools else "end_turn"
    return {"output": {"message": message}, "stopReason": stop, **_converse_end(answer)}


def _converse_events(answer: Answer, prompt: Prompt) -> Iterator[bytes]:
    yield _aws_event("messageStart", {"role": "assistant"})
    for word in words(answer.text):
        yield _aws_event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": word}})
    yield _aws_event("contentBlockStop", {"contentBlockIndex": 0})
    for index, tool in enumerate(answer.tools, start=1):
        start = {"toolUse": {"toolUseId": tool.id, "name": tool.name}}
        piece = {"toolUse": {"input": canonical(tool.arguments)}}
        yield _aws_event("contentBlockStart", {"contentBlockIndex": index, "start": start})
        yield _aws_event("contentBlockDelta", {"contentBlockIndex": index, "delta": piece})
        yield _aws_event("contentBlockStop", {"contentBlockIndex": index})
    yield _aws_event("messageStop", {"stopReason": "tool_use" if answer.tools else "end_turn"})
    yield _aws_event("metadata", _converse_end(answer))


def _aws_event(kind: str, event: Json) -> bytes:
    """One message of `application/vnd.amazon.eventstream`."""
    named = {":event-type": kind, ":content-type": "application/json", ":message-type": "event"}
    headers = b"".join(
        struct.pack(f">B{len(name)}sBH{len(value)}s", len(name), name.encode(), 7, len(value), value.encode())
        for name, value in named.items()
    )
    payload = json.dumps(event).encode()
    prelude = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    message = prelude + struct.pack(">I", zlib.crc32(prelude)) + headers + payload
    return message + struct.pack(">I", zlib.crc32(message))


CONVERSE = Api(
    provider="aws.bedrock",
    path=re.compile(r"/model/(?P<model>[^/]+)/converse(?P<stream>-stream)?"),
    request_id=None,
    read=lambda body: _prompt(body, bool(body["stream"])),
    count=PromptCache.automatic,
    plain=_converse_plain,
    events=_converse_events,
    usage=_converse_usage,
    error=lambda status, message, request_id: {"message": message},
    stream_type="application/vnd.amazon.eventstream",
)


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedProvider]:
    """The scripted provider; `addresses` are the URLs of all that listens there, by provider."""
    running = ScriptedProvider()
    others = {
        "mistral": COMPACT, "groq": COMPACT, "cohere": COHERE, "ollama": OLLAMA, "bedrock": CONVERSE
    }  # fmt: skip
    addresses = {name: running.listen(api).address for name, api in others.items()}
    for name in ("openai", "anthropic", "gemini"):
        addresses[name] = getattr(running, name).address
    monkeypatch.setattr(running, "addresses", {n: f"http://{a}" for n, a in addresses.items()}, raising=False)
    with running:
        yield running


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Iterator[Callable[[], list[ReadableSpan]]]:
    """Instrument into memory; call it for the spans that are finished, in the order of their beginning."""
    monkeypatch.setenv("OTEL_BURN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OTEL_BURN_RAISE", "1")
    exporter = InMemorySpanExporter()
    tracers = TracerProvider(shutdown_on_exit=False)
    tracers.add_span_processor(SimpleSpanProcessor(exporter))
    otel_burn.instrument(tracer_provider=tracers)

    def finished() -> list[ReadableSpan]:
        active = instrumentation.active()
        assert active is not None
        assert active.flush(5)
        return sorted(exporter.get_finished_spans(), key=lambda span: span.start_time or 0)

    yield finished
    otel_burn.uninstrument()
    tracers.shutdown()
