"""Does anything leave that is nobody's business? Canaries in every format, looked for on every way out."""

import json
import logging
import re
import secrets
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from opentelemetry import trace
from opentelemetry.baggage import set_baggage
from opentelemetry.baggage.propagation import W3CBaggagePropagator
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider

import otel_burn
from otel_burn import firewall, instrumentation, locations, manifest
from otel_burn.delivery import post_traces
from otel_burn.formats import FORMATS, recognise
from otel_burn.formats.body import Body
from otel_burn.formats.fields import raw
from otel_burn.spool import drain

CONTENT = f"c0ntent{secrets.token_hex(6)}"
"""In what was said; allowed with content capture."""
AROUND = f"ar0und{secrets.token_hex(6)}"
"""In headers, URLs and the like; allowed never."""
EXCHANGES: dict[str, dict[str, Any]] = json.loads(
    Path(__file__).with_name("exchanges.json").read_text().replace("¤", f"{CONTENT} in ")
)
"""By format: a request, a whole answer and a stream; every text in them that is no identifier is a canary."""
ERRORS: list[Any] = [
    {"error": {"message": CONTENT, "type": f"{CONTENT} type", "code": f"{CONTENT} code", "param": CONTENT}},
    {"type": "error", "error": {"type": "overloaded_error", "message": CONTENT}, "request_id": "r"},
    {"error": {"code": 400, "status": "INVALID_ARGUMENT", "message": CONTENT, "details": [{"x": CONTENT}]}},
    {"error": f"{CONTENT} is not a model"},
    {"message": f"{CONTENT} is wrong", "__type": "ValidationException"},
    {"detail": [{"loc": ["body", CONTENT], "msg": CONTENT, "input": CONTENT}]},
    {"errors": [{"code": "bad", "message": CONTENT}], "status_code": 400},
    {"object": "error", "message": CONTENT, "type": f"{CONTENT} error", "code": None},
    {"status": "failed", "last_error": {"code": f"{CONTENT} c", "message": CONTENT}, "error": CONTENT},
    [CONTENT],
    CONTENT,
]
BREAKS: list[Any] = [
    {"type": "error", "error": {"type": f"{CONTENT} type", "message": CONTENT}},
    {"error": {"message": CONTENT, "code": f"{CONTENT} code"}},
    {"error": CONTENT},
    {"internalServerException": {"message": CONTENT}},
    {"type": "response.failed", "response": {"status": "failed", "error": {"message": CONTENT}}},
]
HEADERS = {
    "authorization": f"Bearer {AROUND}", "x-api-key": AROUND, "api-key": AROUND, "x-goog-api-key": AROUND,
    "cookie": f"session={AROUND}", "x-my-own": AROUND, "user-agent": AROUND, "openai-organization": AROUND,
}  # fmt: skip
ANSWERED = {
    "set-cookie": f"a={AROUND}", "x-my-own": AROUND, "openai-organization": AROUND, "server": AROUND,
    "x-amzn-errormessage": AROUND, "warning": AROUND, "location": f"https://{AROUND}/",
}  # fmt: skip


def streams(name: str, aws: Any, chunks: Any) -> Iterator[tuple[str, list[bytes]]]:
    """The content type and the bytes of a format's stream: whole, cut, and broken off by each kind of error."""
    exchange = EXCHANGES[name]
    kind, events = exchange.get("kind"), exchange.get("events", [])
    tails: list[list[Any]] = [[], *([said] for said in BREAKS)] if kind else []
    for tail in tails:
        said = events + tail if not tail else events[: len(events) // 2] + tail
        if kind in ("aws", "aws chunks"):
            yield "application/vnd.amazon.eventstream", (aws if kind == "aws" else chunks)(*said)
        elif kind == "text/event-stream":
            texts = [one if isinstance(one, str) else json.dumps(one) for one in said]
            yield kind, [f"event: x\ndata: {text}\n\n".encode() for text in texts]
        else:
            yield str(kind), [json.dumps(one).encode() + b"\n" for one in said]


def answers(name: str, aws: Any, chunks: Any) -> Iterator[tuple[int, str, list[bytes]]]:
    """All answers to a format's request."""
    yield 200, "application/json", [json.dumps(EXCHANGES[name]["said"]).encode()]
    for error in ERRORS:
        for status in (400, 200):
            yield status, "application/json", [json.dumps(error).encode()]
    yield 502, "text/html", [f"<html>{CONTENT}".encode()]
    yield 200, "text/plain", [f"{CONTENT} as plain text".encode()]
    for kind, said in streams(name, aws, chunks):
        yield 200, kind, said
        yield 200, kind, [b"".join(said)[:-20]]


def exchange_all(aws: Any, chunks: Any) -> int:
    """Send every request for each of its answers, with canaries around it; how many calls that were."""
    playing: list[Any] = []
    calls = 0

    def play(_: httpx2.Request) -> httpx2.Response:
        status, kind, said = playing.pop()
        if not status:
            raise httpx2.ConnectError(f"{CONTENT} {AROUND}")
        return httpx2.Response(status, headers=ANSWERED | {"content-type": kind}, content=iter(said))

    with httpx2.Client(transport=httpx2.MockTransport(play)) as client:
        for name, exchange in EXCHANGES.items():
            asked, path = exchange["asked"], exchange["path"]
            url = f"https://{AROUND}:{AROUND}@llm.example/gateway/{AROUND}{path}?key={AROUND}#{AROUND}"
            method, sent = ("GET", {}) if asked is None else ("POST", {"json": asked})
            for answer in answers(name, aws, chunks):
                playing.append(answer)
                with client.stream(method, url, headers=HEADERS, **sent) as response:
                    response.read()
                calls += 1
            playing.append((0, "", []))
            with pytest.raises(httpx2.ConnectError):
                client.request(method, url, headers=HEADERS, **sent)
            calls += 1
        playing.append((200, "application/json", [json.dumps({"text": CONTENT}).encode()]))
        client.post(
            "https://llm.example/v1/audio/transcriptions",
            files={"file": (f"{CONTENT}.wav", CONTENT.encode(), "audio/wav")},
            data={"model": "m", "prompt": CONTENT},
            headers=HEADERS,
        )
    return calls + 1


def work_around(provider: TracerProvider) -> None:
    """An application's own span, which says what spans of other instrumentations do say."""
    with (
        pytest.raises(ValueError, match=CONTENT),
        provider.get_tracer("app").start_as_current_span("agent") as span,
    ):
        span.set_attribute("gen_ai.operation.name", "invoke_agent")
        span.set_attribute("gen_ai.agent.name", "a" * 100_000)
        for name in ("gen_ai.input.messages", "input.value", "url.full", "http.request.header.authorization"):
            span.set_attribute(name, f"{CONTENT} {AROUND}")
        span.add_event("gen_ai.content.prompt", {"gen_ai.prompt": CONTENT})
        raise ValueError(CONTENT)


@pytest.fixture
def application(monkeypatch: pytest.MonkeyPatch) -> Iterator[TracerProvider]:
    """The application's own global tracer provider."""
    resource = Resource({"service.name": "app", "process.command_args": ("app", f"--key={AROUND}")})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)
    yield provider
    provider.shutdown()


@pytest.fixture
def metrics() -> Iterator[InMemoryMetricReader]:
    """Where the metrics go."""
    reader = InMemoryMetricReader()
    yield reader
    reader.shutdown()


def left(
    home: Path, server: Any, metrics: InMemoryMetricReader, caplog: pytest.LogCaptureFixture
) -> tuple[list[Any], bytes]:
    """The spans that arrive on the wire, and all bytes that left by any way."""
    said = b"".join(path.read_bytes() for path in sorted(home.rglob("*")) if path.is_file())
    assert drain(locations.spool(), lambda data: post_traces(server.url, data)) > 0
    said += b"".join(body for _, _, body in server.requests)
    said += (metrics.get_metrics_data() or pytest.fail()).to_json().encode()
    ours = [record for record in caplog.records if record.name.startswith(("otel_burn", "opentelemetry"))]
    return server.received_spans(), said + "\n".join(record.getMessage() for record in ours).encode()


def found(canary: str, said: bytes) -> list[bytes]:
    """What stands around each *canary* that got out."""
    return re.findall(rb"(?s).{0,80}%b.{0,20}" % canary.encode(), said)


@pytest.mark.parametrize("capture", ["", "SPAN_ONLY"], ids=["content off", "content on"])
def test_no_canary_gets_out(
    capture: str, application: TracerProvider, metrics: InMemoryMetricReader, server: Any, aws_stream: Any,
    aws_chunks: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Every format, every answer, every way out: what was said only where it is captured, what stands around never."""
    monkeypatch.setenv("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", capture)
    monkeypatch.setenv("OTEL_BURN_RUN_ID", "run-1")
    monkeypatch.setenv("OTEL_BURN_ENDPOINT", f"http://{AROUND}:{AROUND}@127.0.0.1:9")
    monkeypatch.setattr(instrumentation, "_warned", [])
    for ours in ("otel_burn", "opentelemetry"):
        caplog.set_level(logging.DEBUG, ours)
    provider = MeterProvider([metrics], shutdown_on_exit=False)
    with warnings.catch_warnings(record=True) as warned:
        otel_burn.instrument(meter_provider=provider)
        otel_burn.instrument(tracer_provider=application)  # warns, of the endpoint
        calls = exchange_all(aws_stream, aws_chunks)
        work_around(application)
        otel_burn.uninstrument()
    spans, said = left(tmp_path / "home", server, metrics, caplog)
    made = [span for span in spans if any(one.key == "burn.call.id" for one in span.attributes)]
    assert len({value.value.string_value for span in made for value in span.attributes}) > 100
    assert len(made) >= calls - len(EXCHANGES)  # a fetch that holds no answer is no call
    assert any(span.name == "agent" and span.status.code == 2 for span in spans)
    assert b"otel-burn: this process is instrumented already" in said
    assert found(AROUND, said) == []
    assert bool(found(CONTENT, said)) == bool(capture), found(CONTENT, said)[:5]
    assert not [one for one in warned if CONTENT in str(one.message) or AROUND in str(one.message)]
    assert max(len(span.name) for span in spans) <= 256
    assert (
        max(len(one.value.string_value) for span in spans for one in span.attributes if "agent" in one.key)
        <= 256
    )


def test_the_table_has_every_format() -> None:
    """Each exchange is read by the format that it stands for."""
    assert set(EXCHANGES) == {spoken.name for spoken in FORMATS}
    for name, exchange in EXCHANGES.items():
        asked = exchange["asked"]
        body = Body(b"" if asked is None else json.dumps(asked).encode())
        spoken = recognise("GET" if asked is None else "POST", exchange["path"])
        assert next(one.name for one in spoken if one.is_request(body)) == name
        assert ("events" in exchange) <= any(one.stream is not None for one in spoken if one.name == name)


def test_no_label_travels_to_a_provider() -> None:
    """What the application itself put into its baggage goes on; our labels stay."""
    otel_burn.instrument()
    try:
        with otel_burn.session(CONTENT), otel_burn.user(AROUND):
            carrier = {"host": "api.openai.com"}
            W3CBaggagePropagator().inject(carrier, set_baggage("theirs", "1"))
            assert carrier["baggage"] == "theirs=1"
            other: dict[str, str] = {}
            W3CBaggagePropagator().inject(other)
            assert AROUND not in str(other)
    finally:
        otel_burn.uninstrument()


def test_our_own_failure_quotes_nothing(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error of ours is logged by its class and place: its words may be those that could not be read."""
    monkeypatch.delenv("OTEL_BURN_RAISE")
    monkeypatch.setattr(firewall, "_SAID", set())

    @firewall.guarded
    def fail() -> int:
        return int(f"{CONTENT} is no number")

    assert fail() is None
    (record,) = caplog.records
    assert "ValueError" in record.getMessage()
    assert "test_canary.py:" in record.getMessage()
    assert CONTENT not in caplog.text


@pytest.mark.parametrize(
    ("usage", "kept"),
    [
        ({"n": 1, "ok": True, "none": None}, {"n": 1, "ok": True, "none": None}),
        ({"said": "a sentence", "tier": "standard"}, {"tier": "standard"}),
        ({"a sentence": 1, "\ud83d": 1, "k" * 65: 1}, {}),
        ({"list": [1, "TEXT", "two words", {"x": "two words"}]}, {"list": [1, "TEXT", {}]}),
        ({"big": 2**70, "nan": float("nan")}, {"nan": None}),
    ],
)  # fmt: skip
def test_raw_usage_holds_no_sentence(usage: dict[str, Any], kept: dict[str, Any]) -> None:
    """Numbers, booleans, nulls and words."""
    assert json.loads(raw(usage) or "") == kept


def test_raw_usage_is_small() -> None:
    """However deep, long or wide it is."""
    deep: dict[str, Any] = {}
    for _ in range(300):
        deep = {"a": deep, "n": 1}
    wide = {f"k{number}": [{"word": "w" * 60}] * 1000 for number in range(1000)}
    for usage in (deep, wide, {"n": 1, "a": wide}):
        assert len(raw(usage) or "") < 16_400
    assert json.loads(raw({"n": 1, "a": wide}) or "")["n"] == 1


def test_names_of_arguments() -> None:
    """A parameter's name stays; one that a model made up is a hash, and there are not thousands."""
    call = manifest.tool_call(
        "c", "write", {"path": "a", "max_results": 1, f"/home/{CONTENT}": "x", "n" * 65: 1}
    )
    names = sorted(call.args)
    assert names[:2] == ["max_results", "path"]
    assert [name[0] for name in names[2:]] == ["~", "~"]
    assert len(manifest.tool_call("c", "write", {f"k{n}": n for n in range(9999)}).args) == 64
