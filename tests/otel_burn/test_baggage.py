"""Do labels reach child services with the application's own propagation, and never an LLM provider?"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any
from urllib.parse import unquote_plus

import anthropic
import httpx2
import pytest
from opentelemetry import baggage, context, propagate, trace
from opentelemetry.baggage.propagation import W3CBaggagePropagator
from opentelemetry.propagators.textmap import DefaultSetter
from opentelemetry.sdk.trace import TracerProvider

import otel_burn
from otel_burn import labels
from otel_burn.errors import BurnError

SENT = {"gen_ai.conversation.id": "s 1/ä", "burn.work.id": "T-1", "gen_ai.agent.name": "scribe"}


@pytest.fixture
def instrumented() -> Iterator[None]:
    """The instrumentation, put in."""
    otel_burn.instrument()
    yield
    otel_burn.uninstrument()


class Labelled:
    """All four labels."""

    def __enter__(self) -> None:
        self._entered = [
            otel_burn.session("s 1/ä"),
            otel_burn.work("T-1"),
            otel_burn.agent("scribe"),
            otel_burn.user("ada"),
        ]
        for label in self._entered:
            label.__enter__()

    def __exit__(self, *error: Any) -> None:
        for label in reversed(self._entered):
            label.__exit__(*error)


class Propagating(httpx2.BaseTransport):
    """Injects beneath the client and sends, as OpenTelemetry's instrumentation of httpx does."""

    def __init__(self) -> None:
        self._inner = httpx2.HTTPTransport()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        propagate.inject(request.headers)
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


def injected(**headers: str) -> dict[str, str]:
    """What the application's propagators put into a request's *headers*, as names and values of the baggage."""
    propagate.inject(headers)
    return parsed(headers.get("baggage", ""))


def parsed(header: str) -> dict[str, str]:
    """A baggage header as names and values."""
    entries = (entry.partition("=") for entry in header.split(",") if entry)
    return {unquote_plus(name): unquote_plus(value) for name, _, value in entries}


def test_labels_go_along_and_are_read_there(instrumented: None) -> None:
    """A child service sees the labels of its caller, which its own override; the user stays at home by default."""
    headers: dict[str, str] = {}
    with Labelled():
        propagate.inject(headers)
    assert parsed(headers["baggage"]) == SENT

    token = context.attach(propagate.extract(headers))  # in the child service, by its instrumentation
    try:
        assert labels.current() == SENT
        with otel_burn.agent("reviewer"):
            assert labels.current() == SENT | {"gen_ai.agent.name": "reviewer"}
            assert injected() == SENT | {"gen_ai.agent.name": "reviewer"}
    finally:
        context.detach(token)
    assert labels.current() == {}


def test_the_application_s_own_baggage_stays(instrumented: None) -> None:
    """Entries of the application travel beside ours, and its context is never touched."""
    token = context.attach(baggage.set_baggage("tenant", "t1"))
    try:
        with otel_burn.session("s1"):
            assert injected() == {"tenant": "t1", "gen_ai.conversation.id": "s1"}
            assert baggage.get_all() == {"tenant": "t1"}
        assert injected() == {"tenant": "t1"}
    finally:
        context.detach(token)


@pytest.mark.parametrize(
    ("chosen", "names"),
    [("none", set()), ("", set()), ("user, session", {"user.id", "gen_ai.conversation.id"})],
)
def test_what_travels_can_be_chosen(chosen: str, names: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """`OTEL_BURN_BAGGAGE` names the labels that may leave the service."""
    monkeypatch.setenv("OTEL_BURN_BAGGAGE", chosen)
    otel_burn.instrument()
    with Labelled():
        found = injected()
    otel_burn.uninstrument()
    assert set(found) == names


def test_a_mistyped_choice_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """A word that is no label is named, with those that are."""
    monkeypatch.setenv("OTEL_BURN_BAGGAGE", "session,usr")
    with pytest.raises(BurnError, match=r"'usr'.*session, work, agent, user"):
        otel_burn.instrument()


def test_a_provider_never_gets_them(spans: Callable[[], list[Any]], server: Any) -> None:
    """An LLM call goes without labels whoever injects them, above the tap or beneath it; other requests have them."""
    token = context.attach(baggage.set_baggage("tenant", "t1", baggage.set_baggage("user.id", "ada")))
    try:
        with otel_burn.session("s1"), httpx2.Client(transport=Propagating()) as client:
            above: dict[str, str] = {}
            propagate.inject(above)
            for path in ("/v1/chat/completions", "/tickets"):
                client.post(server.url + path, json={"messages": []}, headers=above)
                client.post(server.url + path, json={"messages": []})
    finally:
        context.detach(token)
    found = [(path, parsed(headers["baggage"])) for path, headers, _ in server.requests]
    own = {"tenant": "t1"}
    child = own | {"user.id": "ada", "gen_ai.conversation.id": "s1"}
    assert found == [("/v1/chat/completions", own)] * 2 + [("/tickets", child)] * 2
    assert [span.attributes["gen_ai.conversation.id"] for span in spans()] == ["s1", "s1"]


@pytest.mark.parametrize(
    ("destination", "expected"),
    [
        ({"server.address": "api.openai.com"}, {}),
        ({"http.url": "https://eu.openai.azure.com:443/files"}, {}),
        ({"url.full": "https://tickets.example.com/api.openai.com"}, {"gen_ai.conversation.id": "s1"}),
    ],
)
def test_other_requests_to_a_provider_go_without(
    destination: dict[str, str], expected: dict[str, str], instrumented: None
) -> None:
    """Lists of models, files: what is no call but goes to a provider, as the request's span or headers say."""
    tracer = TracerProvider(shutdown_on_exit=False).get_tracer("client")
    with otel_burn.session("s1"), tracer.start_as_current_span("GET", attributes=destination):
        assert injected() == expected
        assert injected(Host="api.anthropic.com:443") == {}


def test_an_sdk_that_traces_itself_does_not_leak_them(
    spans: Callable[[], list[Any]], server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """anthropic's own tracing propagates to the provider; it sends the trace context, and nothing of ours."""
    server.say({"type": "error", "error": {"type": "invalid_request_error", "message": "no"}}, 400)
    provider = TracerProvider(shutdown_on_exit=False)
    options: Any = {"tracer_provider": provider}
    with (
        Labelled(),
        anthropic.Anthropic(base_url=server.url, open_telemetry=options) as client,
        pytest.raises(anthropic.BadRequestError),
    ):
        client.messages.create(model="m", max_tokens=1, messages=[])
    ((_, headers, _),) = server.requests
    assert "traceparent" in headers
    assert "baggage" not in headers
    assert len(spans()) == 1


def test_a_transport_that_no_tap_sees_goes_without(instrumented: None) -> None:
    """gRPC's instrumentation injects by a setter of its own: a model may be at the other end."""

    class Setter(DefaultSetter):
        __module__ = "opentelemetry.instrumentation.grpc._client"

    metadata: dict[str, str] = {}
    token = context.attach(baggage.set_baggage("user.id", "ada", baggage.set_baggage("tenant", "t1")))
    try:
        with otel_burn.session("s1"):
            propagate.inject(metadata, setter=Setter())
    finally:
        context.detach(token)
    assert parsed(metadata["baggage"]) == {"tenant": "t1"}


def test_a_generator_leaks_nothing_into_its_consumer_s_requests(instrumented: None) -> None:
    """What the consumer of a labelled generator requests between two steps goes without its labels."""

    async def steps() -> AsyncIterator[dict[str, str]]:
        with otel_burn.session("s1"):
            yield injected()
            yield injected()

    async def consume() -> list[dict[str, str]]:
        found = []
        async for step in steps():
            found += [step, injected()]
        return found

    own = {"gen_ai.conversation.id": "s1"}
    assert asyncio.run(consume()) == [own, {}, own, {}]


def test_nothing_stays_behind() -> None:
    """Taken out, the propagator is as it was."""
    before = W3CBaggagePropagator.inject
    otel_burn.instrument()
    otel_burn.instrument()
    assert W3CBaggagePropagator.inject is not before
    otel_burn.uninstrument()
    assert W3CBaggagePropagator.inject is before
    with otel_burn.session("s1"):
        assert injected() == {}
    assert trace.get_current_span() is trace.INVALID_SPAN
    assert "OTEL_BURN_BAGGAGE" not in os.environ
