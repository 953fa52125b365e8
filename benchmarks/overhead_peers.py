"""Which instrumentations are compared, and how is each switched on? One row each.

All of a row's own settings are in `variables` and `start`; what a row doesn't say is the default of that package.
All export traces to the same sink: the peers through a `BatchSpanProcessor` and the OTLP/HTTP protobuf exporter,
otel-burn by its own delivery. Imports are inside the functions: they are part of what starting costs.
"""

import json
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

ENVIRONMENTS = {
    "current": (
        "openai>=3,<4",
        "anthropic>=2,<3",
        "opentelemetry-exporter-otlp-proto-http>=1.45,<2",
        "opentelemetry-instrumentation-openai>=0.62.4",
        "opentelemetry-instrumentation-anthropic>=0.62.4",
        "openinference-instrumentation-openai>=0.1.66",
        "openinference-instrumentation-anthropic>=3.1",
        "opentelemetry-instrumentation-genai-openai>=1.3b0",
        "opentelemetry-instrumentation-genai-anthropic>=1.3b0",
    ),
    # OpenLIT refuses openai 3 and anthropic 1. The narrow ranges are for pip: the parts of OpenTelemetry that OpenLIT
    # asks for were last released together as 0.66b1, and pip gives up before it finds that out.
    "openlit": (
        "openlit>=1.45",
        "openai>=2,<3",
        "anthropic>=0.60,<1",
        "opentelemetry-exporter-otlp-proto-http>=1.45,<1.45.2",
        "opentelemetry-sdk>=1.45.1,<1.45.2",
        "opentelemetry-instrumentation>=0.66b1,<0.66b2",
    ),
}
"""What is installed in each environment beside otel-burn; each has a baseline and an otel-burn row of its own."""

_DELIVERY_SECONDS = 1.3
"""otel-burn gathers spans for a second before it posts them."""


@dataclass
class Started:
    """How a started instrumentation is brought to rest."""

    settle: Callable[[], object] = lambda: None
    """Everything so far is exported, so that it isn't counted with what follows."""
    stop: Callable[[], object] = lambda: None
    """Everything is exported, and nothing follows."""


@dataclass(frozen=True)
class Variant:
    """A row of the comparison."""

    name: str
    environment: str
    start: Callable[[str, str], Started]
    """Switches it on for one SDK (`openai`, `anthropic`) and a sink."""
    variables: dict[str, str] = field(default_factory=dict)


def _nothing(_sdk: str, _sink: str) -> Started:
    return Started()


def _otel_burn(_sdk: str, _sink: str) -> Started:
    import otel_burn

    otel_burn.instrument()
    return Started(lambda: time.sleep(_DELIVERY_SECONDS), otel_burn.uninstrument)


def _provider(sink: str) -> tuple[Any, Started]:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{sink}/v1/traces")))
    return provider, Started(provider.force_flush, provider.shutdown)


def _openllmetry(sdk: str, sink: str) -> Started:
    provider, started = _provider(sink)
    if sdk == "openai":
        from opentelemetry.instrumentation.openai import OpenAIInstrumentor as Instrumentor
    else:
        from opentelemetry.instrumentation.anthropic import AnthropicInstrumentor as Instrumentor
    Instrumentor().instrument(tracer_provider=provider)
    return started


def _openinference(sdk: str, sink: str) -> Started:
    provider, started = _provider(sink)
    if sdk == "openai":
        from openinference.instrumentation.openai import OpenAIInstrumentor as Instrumentor
    else:
        from openinference.instrumentation.anthropic import AnthropicInstrumentor as Instrumentor
    Instrumentor().instrument(tracer_provider=provider)
    return started


def _otel_genai(sdk: str, sink: str) -> Started:
    provider, started = _provider(sink)
    if sdk == "openai":
        from opentelemetry.instrumentation.genai.openai import OpenAIInstrumentor as Instrumentor
    else:
        from opentelemetry.instrumentation.genai.anthropic import AnthropicInstrumentor as Instrumentor
    Instrumentor().instrument(tracer_provider=provider)
    return started


def _openlit(content: bool) -> Callable[[str, str], Started]:
    def start(sdk: str, sink: str) -> Started:
        from opentelemetry import trace

        provider, started = _provider(sink)
        trace.set_tracer_provider(provider)
        import openlit
        from openlit._instrumentors import MODULE_NAME_MAP

        with tempfile.NamedTemporaryFile("w", suffix=".json") as prices:  # it would download them otherwise
            json.dump({"chat": {}}, prices)
            prices.flush()
            openlit.init(
                capture_message_content=content,
                disable_metrics=True,
                disable_events=True,
                pricing_json=prices.name,
                disabled_instrumentors=[name for name in MODULE_NAME_MAP if name != sdk],
            )
        return started

    return start


_HIDDEN = {
    f"OPENINFERENCE_HIDE_{what}": "true"
    for what in ("INPUTS", "OUTPUTS", "INPUT_MESSAGES", "OUTPUT_MESSAGES")
}
NONE, OURS = "SDK alone", "otel-burn"
VARIANTS = (
    Variant(NONE, "current", _nothing),
    Variant(OURS, "current", _otel_burn),
    Variant("OpenLLMetry (no content)", "current", _openllmetry, {"TRACELOOP_TRACE_CONTENT": "false"}),
    Variant("OpenLLMetry", "current", _openllmetry),
    Variant("OpenInference (hidden)", "current", _openinference, _HIDDEN),
    Variant("OpenInference", "current", _openinference),
    Variant("OTel genai", "current", _otel_genai),
    Variant(NONE, "openlit", _nothing),
    Variant(OURS, "openlit", _otel_burn),
    Variant("OpenLIT (no content)", "openlit", _openlit(False)),
    Variant("OpenLIT", "openlit", _openlit(True)),
)


def variables(variant: Variant, sink: str, home: str) -> dict[str, str]:
    """The environment of a process that measures *variant*: ours of today, without what could steer any of them."""
    steering = ("OTEL_", "OPENAI_", "ANTHROPIC_", "TRACELOOP_", "OPENINFERENCE_", "OPENLIT_", "PYTHON")
    own = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(steering) and not name.lower().endswith("_proxy")
    }
    return {
        **own,
        "ANTHROPIC_OPEN_TELEMETRY": "false",  # its own tracing, in every variant
        "OTEL_BURN_ENDPOINT": sink,
        "OTEL_BURN_HOME": home,
        **variant.variables,
    }
