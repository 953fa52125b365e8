"""Where do our spans go? Into the spool, and to the collector.

No tracer provider is between, neither the application's nor one of our own: billing spans must not depend on anybody's
sampler, limits or exporter.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

from otel_burn import identity, locations, names
from otel_burn.calls import Call
from otel_burn.delivery import Delivery
from otel_burn.emission import finished
from otel_burn.otlp import Encoder, of_sdk
from otel_burn.settings import Settings
from otel_burn.spans import Description
from otel_burn.spool import Spool

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import ReadableSpan

_LOG: Final = logging.getLogger("otel_burn")

_COMMANDS: Final = ("process.command", "process.command_args", "process.command_line")
"""Resource attributes that aren't kept: arguments may hold secrets."""
_MOST_RESOURCES: Final = 16
"""Resources of an application's tracer providers that are remembered as written."""


class Pipeline:
    """Writes spans as OTLP, keeps them in a spool, and has them delivered."""

    def __init__(self, settings: Settings, on_loss: Callable[[], object]) -> None:
        """*on_loss* is told, in whatever thread, that a span was dropped for good."""
        self._settings = settings
        self._on_loss = on_loss
        self._spool: Spool | None = None
        self._delivery: Delivery | None = None
        self._lock = threading.Lock()
        self._scope = names.SCOPE, version("otel-burn")
        self._encoder = Encoder(identity.resource(settings))
        self._encoders: dict[int, tuple[Resource, Encoder]] = {}
        """Of an application's resources, by their `id`: a resource's hash is that of its JSON, made anew each time."""

    def emit(self, call: Call, described: Description) -> None:
        """Make the span of a call that a tap saw."""
        self._keep(self._encoder.request(finished(call, described, self._scope), described.attributes))

    def carry(self, span: "ReadableSpan", attributes: Mapping[str, Any]) -> None:
        """Take over the application's own finished *span* with these *attributes* of it."""
        known = self._encoders.get(id(span.resource))
        if known is None:
            if len(self._encoders) >= _MOST_RESOURCES:
                self._encoders.clear()
            known = self._encoders[id(span.resource)] = span.resource, Encoder(_plain(span.resource))
        self._keep(known[1].request(of_sdk(span), attributes))

    def _keep(self, data: bytes) -> None:
        """Put a span into the spool; from here on it outlives the process."""
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


def _plain(resource: "Resource") -> dict[str, Any]:
    """The attributes of an application's *resource* without its command line."""
    return {name: value for name, value in resource.attributes.items() if name not in _COMMANDS}


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
