"""How does `opentelemetry-instrument` find us? As an ordinary instrumentation, by entry point."""

from collections.abc import Collection
from typing import Any

from otel_burn import settings
from otel_burn.instrumentation import active, instrument, uninstrument


class OtelBurnInstrumentor:
    """Records LLM calls into the given, else the global, tracer provider, with its sampler and exporters.

    Under `otel-burn run`, and where `otel_burn.instrument()` was called before, a call without a provider of its own
    changes nothing: spans go to the run's collector, with the application's own along, and each call counts once.
    Has what OpenTelemetry's `BaseInstrumentor` offers, without the dependency on the package that it stands in.
    """

    def instrument(self, **options: Any) -> None:
        """Start; of the *options*, `tracer_provider` and `meter_provider` are read."""
        tracer_provider, meter_provider = options.get("tracer_provider"), options.get("meter_provider")
        if tracer_provider is None and active() is None and settings.from_environment().run_id is None:
            from opentelemetry.trace import get_tracer_provider  # noqa: PLC0415 - only where OpenTelemetry loads us

            tracer_provider = get_tracer_provider()
        instrument(tracer_provider=tracer_provider, meter_provider=meter_provider)

    def uninstrument(self, **_: Any) -> None:
        """Stop."""
        uninstrument()

    def instrumentation_dependencies(self) -> Collection[str]:
        """The packages that must be installed: none, as each client is tapped once it is imported."""
        return ()

    @property
    def is_instrumented_by_opentelemetry(self) -> bool:
        """Whether calls are recorded at the moment."""
        return active() is not None
