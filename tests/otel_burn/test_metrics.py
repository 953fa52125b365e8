"""Does the application's meter provider get the standard metrics, bounded, and does nobody notice an error?"""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from otel_burn.metrics import SECOND_BUCKETS, TOKEN_BUCKETS, Metrics

COMMON = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-5",
    "gen_ai.response.model": "gpt-5-2026",
    "server.address": "api.openai.com",
    "server.port": 443,
}
SPAN: dict[str, Any] = {
    **COMMON,
    "gen_ai.usage.input_tokens": 1000,
    "gen_ai.usage.output_tokens": 0,
    "gen_ai.usage.cache_read.input_tokens": 800,
    "gen_ai.response.time_to_first_chunk": 0.25,
    "gen_ai.conversation.id": "s1",
    "user.id": "ada",
    "burn.context.hashes": ["0" * 16],
}


@pytest.fixture
def reader() -> Iterator[InMemoryMetricReader]:
    """Metrics in memory."""
    reader = InMemoryMetricReader()
    yield reader
    reader.shutdown()


def points(reader: InMemoryMetricReader) -> list[tuple[str, str, dict[str, Any], Any]]:
    """(name, unit, attributes, point) of every series."""
    data = reader.get_metrics_data()
    return [
        (metric.name, metric.unit, dict(point.attributes), point)
        for resource in (data.resource_metrics if data else ())
        for scope in resource.scope_metrics
        for metric in scope.metrics
        for point in metric.data.data_points
    ]


def test_the_standard_metrics(reader: InMemoryMetricReader) -> None:
    """Tokens by type, duration and time to first chunk, with the convention's buckets and only its attributes."""
    metrics = Metrics(MeterProvider([reader], shutdown_on_exit=False))
    metrics.record(SPAN, 1.5)
    metrics.record(SPAN, 0.5)
    found = points(reader)
    assert [(name, unit, attributes) for name, unit, attributes, _ in found] == [
        ("gen_ai.client.token.usage", "{token}", COMMON | {"gen_ai.token.type": "input"}),
        ("gen_ai.client.token.usage", "{token}", COMMON | {"gen_ai.token.type": "output"}),
        ("gen_ai.client.operation.duration", "s", COMMON),
        ("gen_ai.client.operation.time_to_first_chunk", "s", COMMON),
    ]
    assert [(point.count, point.sum) for *_, point in found] == [(2, 2000), (2, 0), (2, 2.0), (2, 0.5)]
    assert [point.explicit_bounds for *_, point in found] == [TOKEN_BUCKETS] * 2 + [SECOND_BUCKETS] * 2
    assert (TOKEN_BUCKETS[-1], SECOND_BUCKETS[-1]) == (67108864, 81.92)


def test_a_failed_call_has_a_duration_and_no_tokens(reader: InMemoryMetricReader) -> None:
    """Usage that nobody reported is no zero, and the error is told apart."""
    Metrics(MeterProvider([reader], shutdown_on_exit=False)).record({**COMMON, "error.type": "429"}, 0.1)
    ((name, _, attributes, _),) = points(reader)
    assert (name, attributes) == ("gen_ai.client.operation.duration", COMMON | {"error.type": "429"})


def test_series_are_bounded(reader: InMemoryMetricReader) -> None:
    """However many names of models come by, and however long, the series stay few; the totals stay whole."""
    metrics = Metrics(MeterProvider([reader], shutdown_on_exit=False))
    for number in range(1000):
        metrics.record({**COMMON, "gen_ai.request.model": f"model-{number}", "error.type": "x" * 9999}, 0.1)
    found = points(reader)
    assert len(found) == 201
    assert sum(point.count for *_, point in found) == 1000
    assert {attributes["error.type"] for _, _, attributes, _ in found} == {"_OTHER"}


def test_no_error_reaches_anyone(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """A meter provider that fails is said once in the log."""

    class Broken:
        def get_meter(self, *_: Any) -> Any:
            raise TypeError("theirs")

    monkeypatch.delenv("OTEL_BURN_RAISE")
    metrics = Metrics(Broken())
    metrics.record(SPAN, 1.0)
    metrics.record(SPAN, 1.0)
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_only_where_the_application_has_set_a_provider() -> None:
    """The global provider is used once it is set, also after the first call, and is never set by us."""
    program = """
import sys
from otel_burn.metrics import Metrics
metrics = Metrics()
metrics.record({"gen_ai.operation.name": "chat"}, 1.0)
assert not any(name.startswith("opentelemetry") for name in sys.modules)
from opentelemetry import metrics as api
metrics.record({"gen_ai.operation.name": "chat"}, 1.0)
assert api._internal._METER_PROVIDER is None
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
reader = InMemoryMetricReader()
api.set_meter_provider(MeterProvider([reader]))
metrics.record({"gen_ai.operation.name": "chat"}, 1.0)
(scope,) = reader.get_metrics_data().resource_metrics[0].scope_metrics
print(scope.scope.name, [metric.name for metric in scope.metrics])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stdout == "otel_burn ['gen_ai.client.operation.duration']\n", done.stderr


def test_a_call_that_a_peer_counts_too_is_counted_once() -> None:
    """By the peer: what is summed up over this process holds each call once, and none is left out."""
    program = """
import httpx2, openai, otel_burn
from opentelemetry.instrumentation.instrumentor import BaseInstrumentor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider

def work(module):
    class Instrumentor(BaseInstrumentor):
        __module__ = module
        def instrumentation_dependencies(self): return ()
        def _instrument(self, **_): pass
        def _uninstrument(self, **_): pass
    Instrumentor().instrument()
    return Instrumentor()

def counted():
    data = reader.get_metrics_data()
    points = [p for r in data.resource_metrics for s in r.scope_metrics for m in s.metrics for p in m.data.data_points]
    return sum(p.count for p in points if "gen_ai.token.type" not in p.attributes)

reader = InMemoryMetricReader()
otel_burn.instrument(tracer_provider=TracerProvider(), meter_provider=MeterProvider([reader]))
http = httpx2.Client(transport=httpx2.MockTransport(lambda _: httpx2.Response(200, json={"id": "resp_1"})))
sdk = openai.OpenAI(api_key="k", http_client=http)

def ask():
    sdk.chat.completions.create(model="m", messages=[])
    sdk.responses.create(model="m", input="x")
    http.post("https://api.openai.com/v1/chat/completions", json={"messages": []})
    otel_burn.instrumentation.active().flush(10)
    return counted()

print(ask())
work("openinference.instrumentation.openai")
print(ask())
llmetry = work("opentelemetry.instrumentation.openai")
print(ask())
llmetry.uninstrument()
work("opentelemetry.instrumentation.genai.openai")
print(ask())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    # Nobody counts as OpenInference is alone; OpenLLMetry counts all but Responses; nobody sees the bare request.
    assert done.stdout.split() == ["3", "6", "8", "9"], done.stdout + done.stderr
