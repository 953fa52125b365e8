"""How does `opentelemetry-instrument` find us? As an ordinary instrumentation, by entry point."""

from typing import Any

from otel_burn.instrumentation import instrument, uninstrument


class OtelBurnInstrumentor:
    """Records LLM calls into the given, else the global, tracer provider, with its sampler and exporters."""

    def instrument(self, **options: Any) -> None:
        """Start; `tracer_provider` is the only option that we read."""
        from opentelemetry.trace import get_tracer_provider  # noqa: PLC0415 - only where OpenTelemetry loads us

        instrument(tracer_provider=options.get("tracer_provider") or get_tracer_provider())

    def uninstrument(self, **_: Any) -> None:
        """Stop."""
        uninstrument()
