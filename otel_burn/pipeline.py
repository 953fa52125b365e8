"""Where do our spans go? Through a tracer provider of our own, into the spool, to the collector.

The application's global provider is never set or replaced: billing spans must not depend on its sampler,
its limits or its exporter.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any, Final

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import Tracer

from otel_burn import identity, locations, names
from otel_burn.brief import brief_value
from otel_burn.calls import Call
from otel_burn.delivery import Delivery
from otel_burn.emission import Ids, emit
from otel_burn.otlp import Encoder
from otel_burn.settings import Settings
from otel_burn.spans import Description
from otel_burn.spool import Spool

_LOG: Final = logging.getLogger("otel_burn")

STRUCTURE: Final = frozenset(
    {
        "gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.system", "gen_ai.conversation.id",
        "gen_ai.agent.name", "gen_ai.agent.id", "gen_ai.agent.version", "gen_ai.workflow.name",
        "gen_ai.request.model", "gen_ai.request.stream", "gen_ai.response.id", "gen_ai.response.model",
        "gen_ai.response.finish_reasons", "gen_ai.response.time_to_first_chunk", "gen_ai.tool.name",
        "gen_ai.tool.type", "gen_ai.tool.call.id", "anthropic.request.id", "anthropic.response.service_tier",
        "openai.response.service_tier", "openinference.span.kind", "llm.model_name", "llm.provider",
        "llm.system", "llm.request.type", "traceloop.span.kind", "traceloop.entity.name",
        "traceloop.workflow.name", "session.id", "user.id", "agent.name", "tool.name", "tool_call.id",
        "operation.cost", "error.type", "http.request.method", "http.response.status_code",
        "server.address", "server.port",
    }
)  # fmt: skip
_COMMANDS: Final = ("process.command", "process.command_args", "process.command_line")
"""Resource attributes that aren't kept: arguments may hold secrets."""
_MOST_RESOURCES: Final = 16
"""Resources that are remembered as written: ours, and one for each tracer provider of the application."""
COUNTS: Final = ("gen_ai.usage.", "anthropic.usage.", "llm.token_count.", "llm.cost.")
"""What is kept of the application's own spans: a list of names, and numbers under four prefixes. Other instrumentations
record content by default, also under names that begin like harmless ones (`gen_ai.system_instructions`)."""


class Pipeline:
    """Our own tracer provider and what carries its spans away."""

    def __init__(self, settings: Settings, on_loss: Callable[[], object]) -> None:
        """*on_loss* is told, in whatever thread, that a span was dropped for good."""
        self._settings = settings
        self._on_loss = on_loss
        self._spool: Spool | None = None
        self._delivery: Delivery | None = None
        self._lock = threading.Lock()
        self._tracer: Tracer | None = None
        self._ids = Ids()
        self._provider = TracerProvider(
            id_generator=self._ids,
            sampler=ALWAYS_ON,
            resource=identity.resource(settings),
            shutdown_on_exit=False,
        )
        self._encoders: dict[int, tuple[Resource, Encoder]] = {}
        """By the resource's identity: its hash is that of its JSON, made anew each time."""

    def emit(self, call: Call, described: Description) -> None:
        """Make the span of a call that a tap saw."""
        if self._tracer is None:
            self._tracer = self._provider.get_tracer(names.SCOPE, version("otel-burn"))
        self._ids.identity = described.identity
        # Without its attributes, which the SDK would copy, check and cut: they go straight into the spool.
        self.carry(emit(self._tracer, call, described, {}), described.attributes)

    def carry(self, span: ReadableSpan, attributes: Mapping[str, Any]) -> None:
        """Put a finished *span* with *attributes* into the spool; from here on it outlives the process."""
        known = self._encoders.get(id(span.resource))
        if known is None:
            if len(self._encoders) >= _MOST_RESOURCES:
                self._encoders.clear()
            known = self._encoders[id(span.resource)] = span.resource, Encoder(_resource_of(span.resource))
        data = known[1].request(span, attributes)
        with self._lock:
            if self._spool is None:
                self._spool = _spool(_spool_name(self._settings))
            dropped = 0 if self._spool.append(data) else self._spool.dropped
            if self._delivery is None:
                self._delivery = _delivery(self._spool, self._settings.endpoint, self._lock, self._on_loss)
            if self._delivery is not None:
                self._delivery.wake()
        if dropped:
            self._on_loss()
        if dropped == 1:
            _LOG.warning(
                "otel-burn: no collector takes the spans and the spool is full: new ones are dropped"
            )

    def stop(self, timeout: float) -> None:
        """Deliver what waits, for *timeout* seconds at most, and leave the rest in the spool file.

        A span that ends later gets a spool of its own.
        """
        with self._lock:
            spool, delivery = self._spool, self._delivery
            self._spool = self._delivery = None
        if delivery is not None:
            delivery.stop(timeout)
        elif spool is not None:
            spool.close()

    def forget(self) -> None:
        """In a forked child: let go of the parent's spool without touching it."""
        if self._spool is not None:
            self._spool.release()


def structure_of(span: ReadableSpan, run_id: str | None) -> dict[str, Any]:
    """The attributes of the application's own *span* without anything that could be content."""
    kept: dict[str, Any] = {
        key: brief_value(value)
        for key, value in (span.attributes or {}).items()
        if key in STRUCTURE or (key.startswith(COUNTS) and isinstance(value, int | float))
    }
    if run_id:
        kept[names.RUN_ID] = run_id
    return kept


def _resource_of(resource: Resource) -> dict[str, Any]:
    """The attributes of an application's *resource* without its command line."""
    return {name: value for name, value in resource.attributes.items() if name not in _COMMANDS}


class _Forwarding(SpanProcessor):
    """Hands each finished span on."""

    def __init__(self, carry: Callable[[ReadableSpan], None]) -> None:
        self._carry = carry

    def on_end(self, span: ReadableSpan) -> None:
        self._carry(span)


def forward(provider: Any, carry: Callable[[ReadableSpan], None]) -> None:
    """Let *carry* see each span that the application's own SDK *provider* finishes."""
    provider.add_span_processor(_Forwarding(carry))


def _delivery(
    spool: Spool, endpoint: str, lock: threading.Lock, on_loss: Callable[[], object]
) -> Delivery | None:
    try:
        return Delivery(spool, endpoint, lock, on_loss)
    except RuntimeError:  # no thread can be started (any more): the spool waits for the next collector
        return None


def _spool(name: str) -> Spool:
    """The spool of this process: on disk where that can be, as not in a container whose file system is read-only."""
    try:
        return Spool(locations.spool(), name)
    except OSError as error:
        _LOG.warning(
            "otel-burn: nothing can be written to %s (%s): spans wait in memory until the collector takes them, and "
            "are lost with the process. OTEL_BURN_HOME names another folder",
            locations.home(), error.strerror,
        )  # fmt: skip
        return Spool(None, name)


def _spool_name(settings: Settings) -> str:
    return f"{settings.run_id or 'process'}-{os.getpid()}-{time.time_ns()}"
